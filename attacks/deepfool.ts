import { z } from 'zod';
import { goalOf } from '../core/goal.ts';
import type { Objective } from '../core/victim.ts';
import { argMax } from '../logits/row.ts';
import { define } from './define.ts';
import { groupedMargin } from './objective/grouped-margin.ts';
import { success } from './objective/success.ts';
import { questioning } from './questioning.ts';

/** `z_k − z_y`, y the clean bin. */
function over(bin: number): Objective {
  return {
    name: `bin ${bin} over the clean one`,
    check() {},
    evaluate(_head, logits, goal, rows, value, gradient) {
      const size = logits.length / rows;
      gradient.fill(0);
      for (let r = 0, at = 0; r < rows; r++, at += size) {
        const clean = argMax(goal.clean, at, size);
        value[r] = logits[at + bin]! - logits[at + clean]!;
        if (clean === bin) continue;
        gradient[at + bin] = 1;
        gradient[at + clean] = -1;
      }
    },
  };
}

/** Part of an epsilon that each step goes beyond its border, so that it is crossed where the box cuts the overshoot off. */
const beyond = 1e-5;

/**
 * Steps to the nearest of the linearised borders between the clean bin and each other one, on a continuous head to neutral, until the decision
 * has changed. With u = ε ⊙ ∇f: in L-inf `|f| / ‖u‖₁ · ε ⊙ sign u`, in L2 `|f| / ‖u‖₂² · ε ⊙ u`, in L1 and L0 the one feature with the largest
 * |u|; the whole way is lengthened by the overshoot. The clean observation where what is found is not within the threat set.
 */
export const deepfool = define(
  'DeepFool',
  'Moosavi-Dezfooli, Fawzi, Frossard (2016), arXiv 1511.04599',
  z.strictObject({
    steps: z
      .int()
      .min(1)
      .max(10_000)
      .default(50)
      .meta({ title: 'Steps', description: 'At most; each asks a gradient a bin.' }),
    overshoot: z
      .number()
      .min(0)
      .max(10)
      .default(0.02)
      .meta({ title: 'Overshoot', description: 'Part of the way beyond the border.' }),
  }),
  ({ steps, overshoot }) =>
    questioning(
      (head) => success.check(head),
      function* (x, rows, victim, { threat, set }, out) {
        const { head, observationSize: features } = victim;
        const { epsilon, low, high, norm } = threat;
        const goal = goalOf(victim, rows);
        goal.x.set(x);
        yield { kind: 'logits', x, rows, out: goal.clean };
        const borders = head.kind === 'categorical' ? head.values.map((_, bin) => over(bin)) : [groupedMargin];
        const way = new Float64Array(x.length); // in units of epsilon
        const point = x.slice();
        const value = new Float32Array(rows);
        const gradient = new Float32Array(x.length);
        const distance = new Float64Array(rows);
        const nearest = new Float64Array(x.length);
        const logits = new Float32Array(rows * victim.logitsSize);
        const slope = new Float32Array(logits.length);
        const done = new Uint8Array(rows);
        out.set(x);
        for (let k = 0; k < steps && done.includes(0); k++) {
          distance.fill(Number.POSITIVE_INFINITY);
          for (const objective of borders) {
            yield { kind: 'gradient', objective: { objective, goal }, x: point, rows, value, gradient };
            for (let r = 0; r < rows; r++) {
              let sum = 0;
              let squares = 0;
              let most = 0;
              for (let j = 0, i = r * features; j < features; j++, i++) {
                const u = Math.abs(gradient[i]! * epsilon[j]!);
                sum += u;
                squares += u * u;
                most = Math.max(most, u);
              }
              if (!(sum > 0)) continue;
              const length =
                Math.abs(value[r]!) / (norm === 'linf' ? sum : norm === 'l2' ? Math.sqrt(squares) : most) + beyond;
              if (!(length < distance[r]!)) continue;
              distance[r] = length;
              for (let j = 0, i = r * features, free = true; j < features; j++, i++) {
                const u = gradient[i]! * epsilon[j]!;
                if (norm === 'linf') nearest[i] = length * Math.sign(u);
                else if (norm === 'l2') nearest[i] = (length * u) / Math.sqrt(squares);
                else {
                  nearest[i] = free && Math.abs(u) === most ? length * Math.sign(u) : 0;
                  if (nearest[i] !== 0) free = false;
                }
              }
            }
          }
          for (let r = 0; r < rows; r++) {
            for (let j = 0, i = r * features; j < features; j++, i++) {
              if (done[r] === 1 || distance[r] === Number.POSITIVE_INFINITY || !(epsilon[j]! > 0)) continue;
              way[i]! += nearest[i]!;
              const to = x[i]! + (1 + overshoot) * way[i]! * epsilon[j]!;
              point[i] = Math.min(Math.max(high[j]!, x[i]!), Math.max(Math.min(low[j]!, x[i]!), to));
            }
          }
          yield { kind: 'logits', x: point, rows, out: logits };
          success.evaluate(head, logits, goal, rows, value, slope);
          for (let r = 0; r < rows; r++) if (value[r]! > 0) done[r] = 1;
        }
        set.project(point);
        yield { kind: 'logits', x: point, rows, out: logits };
        success.evaluate(head, logits, goal, rows, value, slope);
        for (let r = 0; r < rows; r++)
          if (value[r]! > 0) for (let i = r * features; i < (r + 1) * features; i++) out[i] = point[i]!;
      },
    ),
);
