/** A finite double as an exact fraction of 2^1100. */
function scaled(value: number): bigint {
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, value);
  const bits = view.getBigUint64(0);
  const exponent = Number((bits >> 52n) & 0x7ffn);
  const fraction = bits & 0xfffffffffffffn;
  const mantissa = exponent === 0 ? fraction : fraction | 0x10000000000000n;
  const magnitude = mantissa << BigInt(Math.max(exponent, 1) + 1100 - 1075);
  return bits >> 63n === 1n ? -magnitude : magnitude;
}

/** Whether |a − b| ≤ epsilon, in exact arithmetic. */
export function exactlyWithin(a: number, b: number, epsilon: number): boolean {
  const difference = scaled(a) - scaled(b);
  return (difference < 0n ? -difference : difference) <= scaled(epsilon);
}

/** Whether ‖(a − b) ⊘ epsilon‖ ≤ 1, in exact arithmetic; features of epsilon 0 must be equal. */
export function exactlyNormWithin(
  norm: 'l1' | 'l2',
  a: ArrayLike<number>,
  b: ArrayLike<number>,
  epsilon: ArrayLike<number>,
): boolean {
  const power = norm === 'l2' ? 2n : 1n;
  let [sum, denominator] = [0n, 1n];
  for (let j = 0; j < epsilon.length; j++) {
    const difference = scaled(a[j]!) - scaled(b[j]!);
    const bound = scaled(epsilon[j]!) ** power;
    if (difference === 0n) continue;
    if (bound === 0n) return false;
    sum = sum * bound + (difference < 0n ? -difference : difference) ** power * denominator;
    denominator *= bound;
  }
  return sum <= denominator;
}
