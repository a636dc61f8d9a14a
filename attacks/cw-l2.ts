import { z } from 'zod';
import { define } from './define.ts';
import { leastNorm } from './least-norm.ts';
import { success } from './objective/success.ts';
import { questioning } from './questioning.ts';

/**
 * The least L2 perturbation that changes the decision: Adam on `‖d‖² + c · max(−f, −κ)`, d = (x' − x) ⊘ ε, f the margin, with a bisection of c
 * for each row. The box is kept by projection, where the paper substitutes a tanh: with it a feature of a tiny epsilon would hardly be
 * searched. The clean observation where nothing found is within the threat set.
 */
export const cwL2 = define(
  'Carlini and Wagner, L2',
  'Carlini and Wagner (2017), arXiv 1608.04644, section V.A',
  z.strictObject({
    steps: z.int().min(1).max(100_000).default(100).meta({ title: 'Steps', description: 'Gradients per constant.' }),
    searches: z.int().min(1).max(50).default(9).meta({ title: 'Searches', description: 'Constants that are tried.' }),
    constant: z.number().positive().default(0.01).meta({ title: 'Constant', description: 'The first one, c.' }),
    rate: z.number().positive().default(0.05).meta({ title: 'Rate', description: 'Of Adam, in units of epsilon.' }),
    confidence: z.number().min(0).default(0).meta({ title: 'Confidence', description: 'Margin that is enough, κ.' }),
  }),
  ({ steps, searches, constant, rate, confidence }) =>
    questioning(
      (head) => success.check(head),
      function* (x, rows, victim, { threat, set }, out) {
        const features = victim.observationSize;
        const { epsilon, low, high } = threat;
        const search = yield* leastNorm(x, rows, victim);
        const { objective, point, value, gradient, tried, judged, best } = search;
        const moved = new Float64Array(x.length);
        const first = new Float64Array(x.length);
        const second = new Float64Array(x.length);
        const weight = new Float64Array(rows).fill(constant);
        const under = new Float64Array(rows);
        const above = new Float64Array(rows).fill(Number.POSITIVE_INFINITY);
        const found = new Uint8Array(rows);
        out.set(x);
        for (let run = 0; run < searches; run++) {
          for (const values of [moved, first, second, found]) values.fill(0);
          point.set(x);
          for (let k = 1; k <= steps; k++) {
            yield { kind: 'gradient', objective, x: point, rows, value, gradient };
            for (let r = 0; r < rows; r++) {
              const pull = value[r]! < confidence ? weight[r]! : 0;
              for (let j = 0, i = r * features; j < features; j++, i++) {
                if (!(epsilon[j]! > 0)) continue;
                const g = 2 * moved[i]! - pull * gradient[i]! * epsilon[j]!;
                first[i] = 0.9 * first[i]! + 0.1 * g;
                second[i] = 0.999 * second[i]! + 0.001 * g * g;
                const step = first[i]! / (1 - 0.9 ** k) / (Math.sqrt(second[i]! / (1 - 0.999 ** k)) + 1e-8);
                const to = x[i]! + (moved[i]! - rate * step) * epsilon[j]!;
                point[i] = Math.min(Math.max(high[j]!, x[i]!), Math.max(Math.min(low[j]!, x[i]!), to));
                moved[i] = (point[i]! - x[i]!) / epsilon[j]!;
              }
            }
            yield* search.judge(set);
            for (let r = 0; r < rows; r++) {
              if (!(judged[r]! > confidence)) continue;
              let length = 0;
              for (let j = 0, i = r * features; j < features; j++, i++)
                if (epsilon[j]! > 0) length += ((tried[i]! - x[i]!) / epsilon[j]!) ** 2;
              found[r] = 1;
              if (length >= best[r]!) continue;
              best[r] = length;
              for (let i = r * features; i < (r + 1) * features; i++) out[i] = tried[i]!;
            }
          }
          for (let r = 0; r < rows; r++) {
            if (found[r] === 1) above[r] = weight[r]!;
            else under[r] = weight[r]!;
            weight[r] = above[r] === Number.POSITIVE_INFINITY ? 10 * weight[r]! : (under[r]! + above[r]!) / 2;
          }
        }
      },
    ),
);
