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
