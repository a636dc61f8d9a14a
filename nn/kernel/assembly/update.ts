// Over all parameters of a network at once; `count` is a multiple of 8. Padding is 0 in every array and stays 0.

/** `out[j] ← out[j] + Σ_rows delta[row, j]`, rows in order; the row stride is `count` floats. */
export function sumRows(delta: u32, out: u32, rows: u32, count: u32): void {
  for (let j: u32 = 0; j < count; j += 8) {
    let at = delta + j * 4;
    let low = v128.load(out);
    let high = v128.load(out, 16);
    for (let row: u32 = 0; row < rows; row++) {
      low = f32x4.add(low, v128.load(at));
      high = f32x4.add(high, v128.load(at, 16));
      at += count * 4;
    }
    v128.store(out, low);
    v128.store(out, high, 16);
    out += 32;
  }
}

/** `Σ xᵢ²` in float64. */
export function sumSquares(x: u32, count: u32): f64 {
  let low = f64x2.splat(0);
  let high = f64x2.splat(0);
  for (let i: u32 = 0; i < count; i += 4) {
    const v = v128.load(x + i * 4);
    const a = f64x2.promote_low_f32x4(v);
    const b = f64x2.promote_low_f32x4(v128.shuffle<f64>(v, v, 1, 0));
    low = f64x2.add(low, f64x2.mul(a, a));
    high = f64x2.add(high, f64x2.mul(b, b));
  }
  const sum = f64x2.add(low, high);
  return f64x2.extract_lane(sum, 0) + f64x2.extract_lane(sum, 1);
}

/** See `adamCoefficients` for the formula and the scalars. */
export function adam(
  parameter: u32,
  gradient: u32,
  first: u32,
  second: u32,
  count: u32,
  rate: f32,
  beta1: f32,
  beta2: f32,
  rest1: f32,
  rest2: f32,
  root: f32,
  epsilon: f32,
  scale: f32,
): void {
  for (let i: u32 = 0; i < count * 4; i += 16) {
    const g = f32x4.mul(v128.load(gradient + i), f32x4.splat(scale));
    const m = f32x4.add(f32x4.mul(f32x4.splat(beta1), v128.load(first + i)), f32x4.mul(f32x4.splat(rest1), g));
    const v = f32x4.add(
      f32x4.mul(f32x4.splat(beta2), v128.load(second + i)),
      f32x4.mul(f32x4.splat(rest2), f32x4.mul(g, g)),
    );
    v128.store(first + i, flush(m));
    v128.store(second + i, flush(v));
    const denominator = f32x4.add(f32x4.mul(f32x4.sqrt(v), f32x4.splat(root)), f32x4.splat(epsilon));
    const step = f32x4.div(f32x4.mul(f32x4.splat(rate), m), denominator);
    v128.store(parameter + i, f32x4.sub(v128.load(parameter + i), step));
  }
}

/** `v ← αv + (1−α)g²`, `θ ← θ − rate·g / √(v + ε)`. */
export function rmsprop(
  parameter: u32,
  gradient: u32,
  squares: u32,
  count: u32,
  rate: f32,
  alpha: f32,
  rest: f32,
  epsilon: f32,
  scale: f32,
): void {
  for (let i: u32 = 0; i < count * 4; i += 16) {
    const g = f32x4.mul(v128.load(gradient + i), f32x4.splat(scale));
    const v = f32x4.add(
      f32x4.mul(f32x4.splat(alpha), v128.load(squares + i)),
      f32x4.mul(f32x4.splat(rest), f32x4.mul(g, g)),
    );
    v128.store(squares + i, flush(v));
    const step = f32x4.div(f32x4.mul(f32x4.splat(rate), g), f32x4.sqrt(f32x4.add(v, f32x4.splat(epsilon))));
    v128.store(parameter + i, f32x4.sub(v128.load(parameter + i), step));
  }
}

/**
 * Values too small to move a weight become 0: the moments of a dead unit would else decay into the subnormal range and stay
 * there, where arithmetic is many times slower. NaN stays.
 */
function flush(x: v128): v128 {
  return v128.andnot(x, f32x4.lt(f32x4.abs(x), f32x4.splat(1e-36)));
}

/** `x ← x + t·(y − x)`. */
export function lerp(x: u32, y: u32, count: u32, t: f32): void {
  for (let i: u32 = 0; i < count * 4; i += 16) {
    const old = v128.load(x + i);
    v128.store(x + i, f32x4.add(old, f32x4.mul(f32x4.splat(t), f32x4.sub(v128.load(y + i), old))));
  }
}
