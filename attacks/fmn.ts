import { z } from 'zod';
import { l0Norm } from './ball/l0.ts';
import { l1Norm } from './ball/l1.ts';
import { l2Norm } from './ball/l2.ts';
import type { ScaledNorm } from './ball/scaled.ts';
import { scaledRow } from './ball/scaled.ts';
import { define } from './define.ts';
import { leastNorm } from './least-norm.ts';
import { success } from './objective/success.ts';
import { searchFields } from './options.ts';
import { questioning } from './questioning.ts';

/** L-inf as a norm of the scaled metric. */
const linfNorm: Pick<ScaledNorm, 'measure' | 'nearest'> = {
  measure(length, count) {
    let most = 0;
    for (let f = 0; f < count; f++) most = Math.max(most, length[f]!);
    return most;
  },
  nearest({ count, size, reach, length }, radius) {
    for (let f = 0; f < count; f++) length[f] = Math.min(size[f]!, reach[f]!, radius);
  },
};
const norms = { linf: linfNorm, l2: l2Norm, l1: l1Norm, l0: l0Norm };

/**
 * The least perturbation that changes the decision: a ball whose radius grows while the row fails and shrinks while it succeeds. With
 * `d = (x' − x) ⊘ ε`: fails the first times, radius `(‖d‖ + |f| / ‖ε ⊙ ∇f‖*)(1 + γ)`, d of the nearest point of the threat set and γ so that a
 * border which is plane is crossed; later `·(1 + γ)`; succeeds, `min(·(1 − γ), ‖best‖)`; then a step
 * `α u / ‖u‖₂` and the nearest point of that ball and the box. α falls from 1 to 0.01, γ from 0.05 to 0.001, by cosines. The clean
 * observation where no perturbation within the threat set succeeds.
 */
export const fmn = define(
  'Fast minimum norm',
  'Pintor et al. (2021), arXiv 2102.12827',
  z.strictObject({ steps: searchFields.steps }),
  ({ steps }) =>
    questioning(
      (head) => success.check(head),
      function* (x, rows, victim, { threat, set }, out) {
        const features = victim.observationSize;
        const { epsilon, low, high } = threat;
        const norm = norms[threat.norm];
        const search = yield* leastNorm(x, rows, victim);
        const { objective, point, value, gradient, tried, judged, best } = search;
        const radius = new Float64Array(rows);
        const row = scaledRow(features);
        const free = Int32Array.from(Array.from(epsilon.keys()).filter((j) => epsilon[j]! > 0));
        row.count = free.length;
        const far = threat.norm === 'linf' ? Math.sqrt(free.length) : 1;
        out.set(x);
        const dual = (from: number): number => {
          let sum = 0;
          let squares = 0;
          let most = 0;
          for (const j of free) {
            const slope = Math.abs(gradient[from + j]! * epsilon[j]!);
            sum += slope;
            squares += slope * slope;
            most = Math.max(most, slope);
          }
          return threat.norm === 'linf' ? sum : threat.norm === 'l2' ? Math.sqrt(squares) : most;
        };
        for (let k = 0; k <= steps; k++) {
          if (k < steps) yield { kind: 'gradient', objective, x: point, rows, value, gradient };
          const fall = (1 + Math.cos((Math.PI * k) / steps)) / 2;
          const alpha = far * (0.01 + 0.99 * fall);
          const gamma = 0.001 + 0.049 * fall;
          yield* search.judge(set);
          for (let r = 0; r < rows; r++) {
            const from = r * features;
            for (let f = 0; f < row.count; f++) {
              const j = free[f]!;
              row.length[f] = Math.abs(tried[from + j]! - x[from + j]!) / epsilon[j]!;
            }
            const length = norm.measure(row.length, row.count);
            if (judged[r]! > 0 && length < best[r]!) {
              best[r] = length;
              for (let j = 0; j < features; j++) out[from + j] = tried[from + j]!;
            }
            if (k === steps) continue;
            if (value[r]! > 0) radius[r] = Math.min(radius[r]! * (1 - gamma), best[r]!);
            else if (best[r] === Number.POSITIVE_INFINITY)
              radius[r] = (length + Math.abs(value[r]!) / dual(from)) * (1 + gamma);
            else radius[r] = radius[r]! * (1 + gamma);
            if (!(radius[r]! < 1e6)) radius[r] = 1;
            if (threat.norm === 'l0') radius[r] = threat.sensors!;
            let squares = 0;
            for (const j of free) squares += (gradient[from + j]! * epsilon[j]!) ** 2;
            for (let f = 0; f < row.count; f++) {
              const j = free[f]!;
              const i = from + j;
              const step = squares > 0 ? (alpha * gradient[i]! * epsilon[j]!) / Math.sqrt(squares) : 0;
              const d = (point[i]! - x[i]!) / epsilon[j]! + step;
              row.size[f] = Math.abs(d);
              gradient[i] = d; // its sign is wanted below
              const end = d < 0 ? x[i]! - Math.min(low[j]!, x[i]!) : Math.max(high[j]!, x[i]!) - x[i]!;
              row.reach[f] = end / epsilon[j]!;
            }
            norm.nearest(row, radius[r]!);
            for (let f = 0; f < row.count; f++) {
              const i = from + free[f]!;
              point[i] = x[i]! + Math.sign(gradient[i]!) * row.length[f]! * epsilon[free[f]!]!;
            }
          }
        }
      },
    ),
);
