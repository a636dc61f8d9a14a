// Pointwise functions over `count` floats, a multiple of 4. Codes are the positions in `activationNames`:
// 0 linear, 1 relu, 2 tanh, 3 silu, 4 elu. NaN stays NaN: the operand order of pmin and pmax is chosen for that.

/** `h ← φ(h)`; silu, whose slope cannot be told from its value, leaves the slope at `slope`. */
export function activate(code: u32, h: u32, slope: u32, count: u32): void {
  const end = h + count * 4;
  const zero = f32x4.splat(0);
  const one = f32x4.splat(1);
  if (code == 1) {
    for (; h < end; h += 16) v128.store(h, f32x4.pmax(v128.load(h), zero));
  } else if (code == 2) {
    for (; h < end; h += 16) v128.store(h, tanh(v128.load(h)));
  } else if (code == 3) {
    for (; h < end; h += 16, slope += 16) {
      // Below −87 the sigmoid is 0 in float32, but only a finite z times it is 0 too.
      const z = f32x4.pmax(v128.load(h), f32x4.splat(-87));
      const e = exp(f32x4.neg(z));
      const sigmoid = f32x4.div(one, f32x4.add(one, e));
      v128.store(h, f32x4.mul(z, sigmoid));
      // σ·(1 + z·(1 − σ)), with 1 − σ = e·σ, which does not cancel.
      v128.store(slope, f32x4.mul(sigmoid, f32x4.add(one, f32x4.mul(z, f32x4.mul(e, sigmoid)))));
    }
  } else if (code == 4) {
    for (; h < end; h += 16) {
      const z = v128.load(h);
      v128.store(h, v128.bitselect(z, f32x4.sub(exp(z), one), f32x4.gt(z, zero)));
    }
  }
}

/** `δ ← δ ∘ φ'`, from the value `h` or, for silu, from the slope. */
export function chain(code: u32, delta: u32, h: u32, slope: u32, count: u32): void {
  const end = delta + count * 4;
  const zero = f32x4.splat(0);
  const one = f32x4.splat(1);
  if (code == 1) {
    for (; delta < end; delta += 16, h += 16) {
      v128.store(delta, v128.and(v128.load(delta), f32x4.gt(v128.load(h), zero)));
    }
  } else if (code == 2) {
    for (; delta < end; delta += 16, h += 16) {
      const value = v128.load(h);
      v128.store(delta, f32x4.mul(v128.load(delta), f32x4.sub(one, f32x4.mul(value, value))));
    }
  } else if (code == 3) {
    for (; delta < end; delta += 16, slope += 16) {
      v128.store(delta, f32x4.mul(v128.load(delta), v128.load(slope)));
    }
  } else if (code == 4) {
    for (; delta < end; delta += 16, h += 16) {
      const value = v128.load(h);
      const factor = v128.bitselect(one, f32x4.add(value, one), f32x4.gt(value, zero));
      v128.store(delta, f32x4.mul(v128.load(delta), factor));
    }
  }
}

/**
 * `eˣ = 2ⁿ·eʳ`, r = x − n·ln 2 in two parts, |r| ≤ ln 2 / 2, eʳ by a polynomial. Relative error below 1.2e-7.
 * Source: Cephes, expf.c (Moshier).
 */
function exp(x: v128): v128 {
  const clamped = f32x4.pmax(f32x4.pmin(x, f32x4.splat(88.3)), f32x4.splat(-87.3));
  // Adding 1.5·2²³ rounds to an integer and leaves it in the low bits of the mantissa.
  const magic = f32x4.splat(12582912);
  const shifted = f32x4.add(f32x4.mul(clamped, f32x4.splat(1.44269504088896341)), magic);
  const n = f32x4.sub(shifted, magic);
  const r = f32x4.add(
    f32x4.sub(clamped, f32x4.mul(n, f32x4.splat(0.693359375))),
    f32x4.mul(n, f32x4.splat(2.1219444e-4)),
  );
  let p = f32x4.splat(1.98756915e-4);
  p = f32x4.add(f32x4.mul(p, r), f32x4.splat(1.3981999507e-3));
  p = f32x4.add(f32x4.mul(p, r), f32x4.splat(8.3334519073e-3));
  p = f32x4.add(f32x4.mul(p, r), f32x4.splat(4.1665795894e-2));
  p = f32x4.add(f32x4.mul(p, r), f32x4.splat(1.6666665459e-1));
  p = f32x4.add(f32x4.mul(p, r), f32x4.splat(5.0000001201e-1));
  p = f32x4.add(f32x4.add(f32x4.mul(p, f32x4.mul(r, r)), r), f32x4.splat(1));
  const power = i32x4.shl(i32x4.add(shifted, i32x4.splat(127)), 23);
  return f32x4.mul(p, power);
}

/**
 * `1 − 2 / (e²ˣ + 1)` from 0.625 on, below it an odd polynomial that does not cancel. Error below 1.2e-7.
 * Source: Cephes, tanhf.c (Moshier).
 */
function tanh(x: v128): v128 {
  const sign = v128.and(x, i32x4.splat(0x80000000));
  const magnitude = f32x4.abs(x);
  const one = f32x4.splat(1);
  const far = f32x4.sub(one, f32x4.div(f32x4.splat(2), f32x4.add(exp(f32x4.add(magnitude, magnitude)), one)));
  const square = f32x4.mul(x, x);
  let p = f32x4.splat(-5.70498872745e-3);
  p = f32x4.add(f32x4.mul(p, square), f32x4.splat(2.06390887954e-2));
  p = f32x4.add(f32x4.mul(p, square), f32x4.splat(-5.37397155531e-2));
  p = f32x4.add(f32x4.mul(p, square), f32x4.splat(1.33314422036e-1));
  p = f32x4.add(f32x4.mul(p, square), f32x4.splat(-3.33332819422e-1));
  const near = f32x4.add(f32x4.mul(f32x4.mul(p, square), x), x);
  return v128.bitselect(near, v128.or(far, sign), f32x4.lt(magnitude, f32x4.splat(0.625)));
}
