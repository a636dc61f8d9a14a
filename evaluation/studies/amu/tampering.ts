import type { Rng } from '../../../core/rng.ts';
import { featureGroups } from '../../../attacks/presets.ts';

/** Share of a window's sensors that are tampered with. */
const share = 0.25;
/** Amplitudes, drawn evenly in their logarithm; normalised units. */
const [faintest, strongest] = [0.005, 0.1];

/** Whether nobody would tamper with it: month, day and hour are known. */
export function isCalendar(feature: string): boolean {
  return featureGroups['time']!(feature);
}

/**
 * Tampers with a window in place: each sensor with a probability of ¼, in one of four ways: noise of either sign in each hour, an offset that stays, one that
 * alternates, or the reading of the hour before. What is shown stays in [0, 1].
 * @param x [hours×size]  @param asked columns that may be tampered with  @param touched [size] 1 where it was
 */
export function tamper(x: Float32Array, size: number, asked: readonly number[], touched: Uint8Array, rng: Rng): void {
  touched.fill(0);
  const amplitude = faintest * (strongest / faintest) ** rng.uniform();
  for (const j of asked) {
    if (rng.uniform() >= share) continue;
    touched[j] = 1;
    const kind = rng.int(4);
    const sign = rng.uniform() < 0.5 ? -1 : 1;
    for (let t = x.length / size - 1; t >= 0; t--) {
      const at = t * size + j;
      if (kind === 3) {
        if (t > 0) x[at] = x[at - size]!;
        continue;
      }
      const way = kind === 0 ? (rng.uniform() < 0.5 ? -1 : 1) : kind === 1 ? sign : t % 2 === 0 ? sign : -sign;
      x[at] = Math.max(0, Math.min(1, x[at]! + way * amplitude));
    }
  }
}
