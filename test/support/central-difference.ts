/** `(f(x + step) − f(x − step)) / (2·step)` in one entry of an array that f reads; the entry is put back. */
export function centralDifference(
  array: Float32Array | Float64Array,
  index: number,
  step: number,
  f: () => number,
): number {
  const kept = array[index]!;
  array[index] = kept + step;
  const above = f();
  array[index] = kept - step;
  const below = f();
  array[index] = kept;
  return (above - below) / (2 * step);
}
