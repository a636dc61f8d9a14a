import type { Rng } from './rng.ts';

/** Shuffles in place, every order equally likely. Source: Fisher and Yates, as Durstenfeld (1964). */
export function shuffle(values: Int32Array, rng: Rng): void {
  for (let i = values.length - 1; i > 0; i--) {
    const j = rng.int(i + 1);
    const other = values[j]!;
    values[j] = values[i]!;
    values[i] = other;
  }
}
