import { z } from 'zod';
import { define } from './define.ts';

const config = z.strictObject({
  window: z
    .int()
    .min(2)
    .nullable()
    .default(1000)
    .meta({ title: 'Window', description: 'Rows that mean and deviation are of; null: all rows so far.' }),
  warmUp: z.int().min(2).default(25).meta({ title: 'Warm-up', description: 'Rows before the first score.' }),
  least: z
    .number()
    .positive()
    .default(0.01)
    .meta({ title: 'Least deviation', description: 'A deviation counts as at least this, normalised units.' }),
});

/**
 * The paper's detector: `Σ_j |x_j − mean_j| / max(sd_j, least)`, mean and deviation of the last rows that were *reported*: what an attack
 * shows it every day, it takes for usual. Source: specs/bifurcation.md 3.4.
 */
export const zScore = define(
  'z-score against the last rows',
  'Broda-Milian, Al-Mallah, Dagdougui (2024), arXiv 2407.05182',
  config,
  ({ window, warmUp, least }) => ({
    fit: ({ features: { length: size } }) => ({
      watch() {
        const held = window === null ? null : new Float32Array(window * size);
        const sum = new Float64Array(size);
        const squares = new Float64Array(size);
        let seen = 0;
        return {
          score(x, at, gradient, gradientAt = 0) {
            const count = window === null ? seen : Math.min(seen, window);
            let score = 0;
            for (let j = 0; j < size; j++) {
              if (gradient !== undefined) gradient[gradientAt + j] = 0;
              if (seen < warmUp) continue; // a window may be shorter
              const mean = sum[j]! / count;
              const deviation = Math.max(least, Math.sqrt(Math.max(0, squares[j]! / count - mean * mean)));
              const away = x[at + j]! - mean;
              score += Math.abs(away) / deviation;
              if (gradient !== undefined) gradient[gradientAt + j] = Math.sign(away) / deviation;
            }
            return score;
          },
          push(x, at) {
            const slot = held === null || window === null ? -1 : (seen % window) * size;
            for (let j = 0; j < size; j++) {
              const value = x[at + j]!;
              if (held !== null) {
                const old = held[slot + j]!; // 0 while the window fills
                sum[j]! -= old;
                squares[j]! -= old * old;
                held[slot + j] = value;
              }
              sum[j]! += value;
              squares[j]! += value * value;
            }
            seen++;
          },
        };
      },
    }),
  }),
);
