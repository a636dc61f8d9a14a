const float = new Float32Array(1);
const bits = new Int32Array(float.buffer);

/** The largest float32 below a finite float32. */
export function previousFloat32(value: number): number {
  if (value === 0) return -1.401298464324817e-45;
  float[0] = value;
  bits[0]! += value > 0 ? -1 : 1;
  return float[0];
}

/** The largest float32 ≤ the exact sum of two float32 numbers. Uses Knuth's TwoSum for the part a double loses. */
export function sumDown(a: number, b: number): number {
  const sum = a + b;
  const bPart = sum - a;
  const error = a - (sum - bPart) + (b - bPart);
  const rounded = Math.fround(sum);
  return rounded > sum || (rounded === sum && error < 0) ? previousFloat32(rounded) : rounded;
}
