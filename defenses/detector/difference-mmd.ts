import { z } from 'zod';
import type { Detector } from '../../core/detector.ts';
import { ConfigError } from '../../core/errors.ts';
import { rng } from '../../core/rng.ts';
import { define } from './define.ts';

const name = 'difference-mmd';
const config = z.strictObject({
  window: z
    .int()
    .min(4)
    .default(168)
    .meta({ title: 'Window', description: 'Steps that are compared with clean ones.' }),
  reference: z.int().min(4).default(256).meta({ title: 'Reference', description: 'Clean steps that are kept for it.' }),
  warmUp: z.int().min(2).default(24).meta({ title: 'Warm-up', description: 'Steps before the first score.' }),
});

/**
 * `MMD²_u` of the last differences `d_t = |x_t − x_{t−1}|` against clean ones, Gaussian kernel with the median distance of the clean ones.
 * One kernel row a step: sums of the window are kept. Sources: Gretton et al. (2012); specs/bifurcation.md 3.4, test 2.
 */
export const differenceMmd = define(
  'Two-sample test of first differences over a window',
  'Gretton et al. (2012), "A Kernel Two-Sample Test"',
  config,
  (options): Detector => ({
    fit({ features, observation, learn, steps }) {
      const size = features.length;
      const usable = Array.from({ length: steps }, (_, t) => t).filter(
        (t) => t > 0 && learn[t] === 1 && learn[t - 1] === 1,
      );
      const count = Math.min(options.reference, usable.length);
      if (count < 4)
        throw new ConfigError(`detector '${name}': ${usable.length} clean differences, expected at least 4`);
      const stream = rng(0).split(name);
      const reference = new Float64Array(count * size);
      for (let r = 0; r < count; r++) {
        const at = r + stream.int(usable.length - r);
        [usable[r], usable[at]] = [usable[at]!, usable[r]!];
        for (let j = 0; j < size; j++) {
          const i = usable[r]! * size + j;
          reference[r * size + j] = Math.abs(observation[i]! - observation[i - size]!);
        }
      }
      const distance = (a: Float64Array, i: number, b: Float64Array, k: number): number => {
        let sum = 0;
        for (let j = 0; j < size; j++) sum += (a[i * size + j]! - b[k * size + j]!) ** 2;
        return sum;
      };
      const all: number[] = [];
      for (let i = 0; i < count; i++) for (let k = 0; k < i; k++) all.push(distance(reference, i, reference, k));
      const median = all.sort((a, b) => a - b)[all.length >> 1]!;
      if (!(median > 0)) throw new ConfigError(`detector '${name}': half of the clean differences are equal`);
      const scale = -0.5 / median;
      const own = all.reduce((sum, squared) => sum + Math.exp(scale * squared), 0) / all.length;

      return {
        watch() {
          const { window, warmUp } = options;
          const held = new Float64Array(window * size);
          /** [window] `Σ_r k(d, reference_r)` of each */
          const toReference = new Float64Array(window);
          const last = new Float32Array(size);
          const fresh = new Float64Array(size);
          const slope = new Float64Array(size);
          let seen = 0; // rows; one difference less
          let within = 0; // Σ over pairs of the window, once each
          let across = 0; // Σ_w toReference

          /** The slot that the next difference takes, and how many stand beside it then. */
          const slotOf = (): number => (seen - 1) % window;
          const others = (): number => Math.min(seen - 1, window - 1);
          /** What the difference in a slot adds to the sum of pairs. */
          const pairsOf = (d: Float64Array, at: number, but: number, filled: number): number => {
            let sum = 0;
            for (let w = 0; w < filled; w++) if (w !== but) sum += Math.exp(scale * distance(d, at, held, w));
            return sum;
          };
          const mmd = (pairs: number, cross: number, n: number): number =>
            pairs / ((n * (n - 1)) / 2) + own - (2 * cross) / (n * count);
          const evicted = { within: 0, across: 0 };
          const evict = (): void => {
            const slot = slotOf();
            const full = seen > window;
            evicted.within = full ? within - pairsOf(held, slot, slot, window) : within;
            evicted.across = full ? across - toReference[slot]! : across;
          };

          return {
            score(x, at, gradient, gradientAt = 0) {
              gradient?.fill(0, gradientAt, gradientAt + size);
              if (seen <= warmUp) return 0;
              const slot = slotOf();
              const n = others() + 1;
              const filled = Math.min(seen - 1, window);
              for (let j = 0; j < size; j++) fresh[j] = Math.abs(x[at + j]! - last[j]!);
              slope.fill(0);
              let [pairs, cross] = [0, 0];
              const near = 1 / ((n * (n - 1)) / 2);
              const far = -2 / (n * count);
              for (let w = 0; w < filled; w++) {
                if (w === slot) continue; // the oldest makes room
                const k = Math.exp(scale * distance(fresh, 0, held, w));
                pairs += k;
                if (gradient === undefined) continue;
                const weight = near * k * 2 * scale;
                for (let j = 0; j < size; j++) slope[j]! += weight * (fresh[j]! - held[w * size + j]!);
              }
              for (let r = 0; r < count; r++) {
                const k = Math.exp(scale * distance(fresh, 0, reference, r));
                cross += k;
                if (gradient === undefined) continue;
                const weight = far * k * 2 * scale;
                for (let j = 0; j < size; j++) slope[j]! += weight * (fresh[j]! - reference[r * size + j]!);
              }
              if (gradient !== undefined) {
                for (let j = 0; j < size; j++) gradient[gradientAt + j] = slope[j]! * Math.sign(x[at + j]! - last[j]!);
              }
              return mmd(evicted.within + pairs, evicted.across + cross, n);
            },
            push(x, at) {
              if (seen > 0) {
                const slot = slotOf();
                const filled = Math.min(seen - 1, window);
                for (let j = 0; j < size; j++) fresh[j] = Math.abs(x[at + j]! - last[j]!);
                const pairs = pairsOf(fresh, 0, slot, filled);
                let cross = 0;
                for (let r = 0; r < count; r++) cross += Math.exp(scale * distance(fresh, 0, reference, r));
                within = evicted.within + pairs;
                across = evicted.across + cross;
                held.set(fresh, slot * size);
                toReference[slot] = cross;
              }
              last.set(x.subarray(at, at + size));
              seen++;
              evict();
            },
          };
        },
      };
    },
  }),
);
