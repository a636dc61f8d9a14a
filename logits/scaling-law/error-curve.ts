import { assertLength } from '../../core/errors.ts';

/**
 * Adversarial error of every order: `Err_j = P(the clean top class is no longer among the top j − 1)`, j = 2…. Err_2 is the change of the
 * prediction. Against the prediction, not the label: the clean error would be a floor, and the slope on log axes without meaning.
 * @param z [N×K] logits under attack  @param top [N] the clean top classes  @param orders how many j, from 2  @returns [orders]
 */
export function errorsOf(z: Float32Array, top: ArrayLike<number>, size: number, orders: number): number[] {
  const rows = z.length / size;
  assertLength(top, rows, 'top', 'errorsOf');
  const left = Array.from({ length: orders }, () => 0);
  for (let row = 0, at = 0; row < rows; row++, at += size) {
    const own = z[at + top[row]!]!;
    let ahead = 0;
    for (let k = 0; k < size; k++) if (z[at + k]! > own) ahead++;
    for (let j = 0; j < Math.min(ahead, orders); j++) left[j]! += 1;
  }
  return left.map((count) => count / rows);
}

/** Logit differences `Δ_1j`, j = 2…, of every row: [j − 2][N]. @param z [N×K] */
export function differencesOf(z: Float32Array, size: number, orders: number): Float64Array[] {
  const rows = z.length / size;
  const columns = Array.from({ length: orders }, () => new Float64Array(rows));
  const sorted = new Float64Array(size);
  for (let row = 0; row < rows; row++) {
    for (let k = 0; k < size; k++) sorted[k] = z[row * size + k]!;
    sorted.sort();
    for (let j = 0; j < orders; j++) columns[j]![row] = sorted[size - 1]! - sorted[size - 2 - j]!;
  }
  return columns;
}

/** `count` numbers from low to high, evenly spaced on a logarithmic axis. */
export function logSpaced(low: number, high: number, count: number): number[] {
  return Array.from({ length: count }, (_, i) => low * (high / low) ** (i / (count - 1)));
}
