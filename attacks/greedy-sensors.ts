import { z } from 'zod';
import { goalOf, copyGoal } from '../core/goal.ts';
import { define } from './define.ts';
import { objectiveOf } from './objective/index.ts';
import { objectiveField, targetField } from './options.ts';
import { targetOf } from './target/index.ts';
import { learning } from './target/learning.ts';

/**
 * The k sensors that matter: one after the other, the feature and end of its interval that raise the objective most are added to those that
 * were chosen, while any does. Asks `2 O` forward passes a sensor and no gradient, so that plateaus do not stop it.
 */
export const greedySensors = define(
  'Greedy sensors',
  'Greedy selection by marginal gain, after Papernot et al. (2016), arXiv 1511.07528, with values for its saliency',
  z.strictObject({
    objective: objectiveField(),
    target: targetField,
    sensors: z
      .int()
      .min(1)
      .max(10_000)
      .default(3)
      .meta({ title: 'Sensors', description: 'How many may be changed, k.' }),
  }),
  ({ objective: objectiveName, target: targetName, sensors }) => {
    const objective = objectiveOf(objectiveName);
    const target = targetOf(targetName);
    return {
      stage: 'observation',
      access: 'score',
      check: (head) => objective.check(head),
      ...learning(target, objective),
      perturb(x, rows, victim, context, out) {
        const { head, observationSize: features } = victim;
        const { set } = context;
        const goal = goalOf(victim, rows);
        goal.x.set(x);
        victim.logits(x, rows, goal.clean);
        target.aim(rows, context, goal, victim);
        const bound = goalOf(victim, rows);
        copyGoal(goal, bound);
        const lower = new Float32Array(x.length);
        const upper = new Float32Array(x.length);
        set.bounds(lower, upper);
        const point = x.slice();
        const value = new Float32Array(rows);
        const best = new Float32Array(rows);
        const choice = new Int32Array(rows);
        const logits = new Float32Array(rows * victim.logitsSize);
        const slope = new Float32Array(logits.length);
        out.set(x);
        objective.evaluate(head, goal.clean, bound, rows, best, slope);
        for (let k = 0; k < sensors; k++) {
          choice.fill(-1);
          for (let j = 0; j < features; j++) {
            for (const [end, values] of [lower, upper].entries()) {
              point.set(out);
              let any = false;
              for (let i = j; i < point.length; i += features) {
                if (!set.free(i)) continue;
                point[i] = values[i]!;
                any = true;
              }
              if (!any) continue;
              set.project(point);
              victim.logits(point, rows, logits);
              objective.evaluate(head, logits, bound, rows, value, slope);
              for (let r = 0; r < rows; r++) {
                if (!(value[r]! > best[r]!)) continue;
                best[r] = value[r]!;
                choice[r] = 2 * j + end;
              }
            }
          }
          for (let r = 0; r < rows; r++) {
            if (choice[r]! < 0) continue;
            const i = r * features + (choice[r]! >> 1);
            out[i] = choice[r]! % 2 === 0 ? lower[i]! : upper[i]!;
          }
          set.project(out);
        }
      },
    };
  },
);
