// The inner loop of a gradient attack over [rows×features], row-major and not padded; `moved` has a byte for each row. Positions are
// float64, so that a hundred small steps add up; what the victim is asked is the float32 nearest to a position. See nn/ascent.ts.

/**
 * `x ← Π(x + rate_r·size_j·sign(along))`, Π on the box `lower … upper`; a NaN goes to `clean`. A row that stays as it is, to the bit,
 * has `moved` 0.
 */
export function signStep(
  position: u32,
  along: u32,
  size: u32,
  rate: u32,
  lower: u32,
  upper: u32,
  clean: u32,
  point: u32,
  moved: u32,
  rows: u32,
  features: u32,
): u32 {
  let count: u32 = 0;
  const pairs = features & ~1;
  for (let row: u32 = 0; row < rows; row++) {
    const factor = load<f64>(rate + row * 8);
    let changed = i64x2.splat(0);
    for (let j: u32 = 0; j < pairs; j += 2) {
      const slope = f64x2.promote_low_f32x4(v128.load64_zero(along));
      const step = f64x2.mul(f64x2.splat(factor), v128.load(size + j * 8));
      const old = v128.load(position);
      const to = confine(f64x2.add(old, signed(step, slope)), lower, upper, clean);
      v128.store(position, to);
      v128.store64_lane(point, f32x4.demote_f64x2_zero(to), 0);
      changed = v128.or(changed, v128.xor(old, to));
      position += 16;
      point += 8;
      along += 8;
      lower += 8;
      upper += 8;
      clean += 8;
    }
    if (pairs < features) {
      const slope = f64x2.promote_low_f32x4(v128.load32_zero(along));
      const step = f64x2.mul(f64x2.splat(factor), v128.load64_zero(size + pairs * 8));
      const old = v128.load64_zero(position);
      const moving = f64x2.add(old, signed(step, slope));
      const to = confineOne(moving, lower, upper, clean);
      v128.store64_lane(position, to, 0);
      v128.store32_lane(point, f32x4.demote_f64x2_zero(to), 0);
      changed = v128.or(changed, v128.and(v128.xor(old, to), i64x2(-1, 0)));
      position += 8;
      point += 4;
      along += 4;
      lower += 4;
      upper += 4;
      clean += 4;
    }
    const any: u32 = v128.any_true(changed) ? 1 : 0;
    store<u8>(moved + row, any);
    count += any;
  }
  return count;
}

/**
 * `x ← Π(x + α(z − x) + (1 − α)(x − x'))`, z the position that `signStep` has just reached, x what was held in `held` before it, x' what
 * was in `last`; then `last ← x`.
 */
export function blend(
  position: u32,
  held: u32,
  last: u32,
  lower: u32,
  upper: u32,
  clean: u32,
  point: u32,
  count: u32,
  alpha: f64,
): void {
  const keep = f64x2.splat(alpha);
  const carry = f64x2.splat(1 - alpha);
  const pairs = count & ~1;
  let i: u32 = 0;
  for (; i < pairs; i += 2) {
    const x = v128.load(held + i * 8);
    const pull = f64x2.mul(keep, f64x2.sub(v128.load(position + i * 8), x));
    const drift = f64x2.mul(carry, f64x2.sub(x, v128.load(last + i * 8)));
    const to = confine(f64x2.add(f64x2.add(x, pull), drift), lower + i * 4, upper + i * 4, clean + i * 4);
    v128.store(last + i * 8, x);
    v128.store(position + i * 8, to);
    v128.store64_lane(point + i * 4, f32x4.demote_f64x2_zero(to), 0);
  }
  if (i < count) {
    const x = v128.load64_zero(held + i * 8);
    const pull = f64x2.mul(keep, f64x2.sub(v128.load64_zero(position + i * 8), x));
    const drift = f64x2.mul(carry, f64x2.sub(x, v128.load64_zero(last + i * 8)));
    const to = confineOne(f64x2.add(f64x2.add(x, pull), drift), lower + i * 4, upper + i * 4, clean + i * 4);
    v128.store64_lane(last + i * 8, x, 0);
    v128.store64_lane(position + i * 8, to, 0);
    v128.store32_lane(point + i * 4, f32x4.demote_f64x2_zero(to), 0);
  }
}

/** `s ← g + β_r·s`, in float64 and rounded once; `beta` [rows]. */
export function conjugate(direction: u32, gradient: u32, beta: u32, rows: u32, features: u32): void {
  for (let row: u32 = 0; row < rows; row++) {
    const factor = load<f64>(beta + row * 8);
    for (let j: u32 = 0; j < features; j++) {
      const s: f64 = load<f32>(gradient) + factor * load<f32>(direction);
      store<f32>(direction, s as f32);
      direction += 4;
      gradient += 4;
    }
  }
}

/** `out_r = Σ_j a_rj·(b_rj − c_rj)` in float64, j in order: the products that conjugate coefficients are made of. */
export function rowProducts(a: u32, b: u32, c: u32, out: u32, rows: u32, features: u32): void {
  for (let row: u32 = 0; row < rows; row++) {
    let sum: f64 = 0;
    for (let j: u32 = 0; j < features; j++) {
      sum += (load<f32>(a) as f64) * ((load<f32>(b) as f64) - (load<f32>(c) as f64));
      a += 4;
      b += 4;
      c += 4;
    }
    store<f64>(out + row * 8, sum);
  }
}

/** `step` where the slope is positive, `−step` where it is negative, else 0. */
function signed(step: v128, slope: v128): v128 {
  const zero = f64x2.splat(0);
  const up = v128.and(step, f64x2.gt(slope, zero));
  return f64x2.sub(up, v128.and(step, f64x2.lt(slope, zero)));
}

function confine(to: v128, lower: u32, upper: u32, clean: u32): v128 {
  const low = f64x2.promote_low_f32x4(v128.load64_zero(lower));
  const high = f64x2.promote_low_f32x4(v128.load64_zero(upper));
  return nearest(to, low, high, f64x2.promote_low_f32x4(v128.load64_zero(clean)));
}

function confineOne(to: v128, lower: u32, upper: u32, clean: u32): v128 {
  const low = f64x2.promote_low_f32x4(v128.load32_zero(lower));
  const high = f64x2.promote_low_f32x4(v128.load32_zero(upper));
  return nearest(to, low, high, f64x2.promote_low_f32x4(v128.load32_zero(clean)));
}

/** The nearest number of the box, compared as the float32 that it will be; its ends are assigned, so that they keep their bits. */
function nearest(to: v128, low: v128, high: v128, clean: v128): v128 {
  const single = f64x2.promote_low_f32x4(f32x4.demote_f64x2_zero(to));
  const below = v128.bitselect(low, clean, f64x2.le(single, low));
  const inside = v128.bitselect(to, high, f64x2.lt(single, high));
  return v128.bitselect(inside, below, f64x2.gt(single, low));
}
