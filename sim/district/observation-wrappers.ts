import { assertLength, ShapeError } from '../../core/errors.ts';

/*
 * CityLearn's observation wrappers beside the normalising one, over the limits of an observation space (float32).
 * Source: specs/citylearn.md 11.
 */

/** Limits each value to its observation space, in place. [n], [n], [n] */
export function clipObservation(values: Float64Array, low: Float64Array, high: Float64Array): void {
  assertLength(low, values.length, 'low', 'clipObservation');
  assertLength(high, values.length, 'high', 'clipObservation');
  for (let i = 0; i < values.length; i++)
    values[i] = Math.min(Math.max(values[i]!, Math.fround(low[i]!)), Math.fround(high[i]!));
}

/** The edges of `count` bins, evenly from the lowest to the highest value of a space: NumPy's `linspace` of two float32 numbers, in float64. */
export function binEdges(low: number, high: number, count: number): Float64Array {
  if (!Number.isInteger(count) || count < 1) throw new ShapeError(`${count} bins, expected a whole number from 1 on`);
  const first = Math.fround(low);
  const last = Math.fround(high);
  const step = Math.fround(last - first) / (count - 1);
  const edges = Float64Array.from({ length: count }, (_, i) => (i === 0 ? first : i * step + first));
  if (count > 1) edges[count - 1] = last;
  return edges;
}

/** Which bin a value is in: 0 … count, with `edge[i − 1] < value ≤ edge[i]`; not a number is above all (NumPy's `digitize`, right). */
export function binOf(value: number, edges: Float64Array): number {
  let bin = 0;
  while (bin < edges.length && !(value <= edges[bin]!)) bin++;
  return bin;
}

/** The bins of a whole observation. `edges` one array a value. [n] → [n] */
export function discretizeObservation(values: Float64Array, edges: readonly Float64Array[], out: Int32Array): void {
  assertLength(edges, values.length, 'edges', 'discretizeObservation');
  assertLength(out, values.length, 'out', 'discretizeObservation');
  for (let i = 0; i < values.length; i++) out[i] = binOf(values[i]!, edges[i]!);
}
