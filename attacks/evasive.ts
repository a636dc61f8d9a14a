import { z } from 'zod';
import type { AttackContext, ObservationAttack } from '../core/attack.ts';
import { goalOf } from '../core/goal.ts';
import type { GradientAccess } from '../core/victim.ts';
import { needBothSides } from './objective/categorical.ts';
import { define } from './define.ts';
import { objectiveOf } from './objective/index.ts';
import { objectiveField, targetField } from './options.ts';
import { cosine } from './step/schedule.ts';
import { targetOf } from './target/index.ts';
import { learning } from './target/learning.ts';

const config = z.strictObject({
  objective: objectiveField('grouped-margin'),
  target: targetField,
  steps: z.int().min(1).max(100_000).default(100).meta({ title: 'Steps', description: 'Gradients per row.' }),
  weight: z.number().min(0).default(10).meta({
    title: 'Weight',
    description: 'λ: what a score beyond nine tenths of its threshold costs, in units of the objective.',
  }),
});

/**
 * The attack that knows the detectors: `max_x' L(z(x')) − λ · Σ_d max(0, s_d(x') − 0.9 h_d)/h_d` by projected ascent, s_d the scores of the
 * scenario's detectors given what their lane was shown before, h_d their thresholds. The best iterate is kept, the clean point included; its
 * gradient is normalised by its largest entry and not reduced to signs, since detectors care how far a feature moves. Where a detector is an
 * exact rule (tariff, night, forecasts), a constraint keeps it and a penalty only nearly does: give the threat that constraint.
 *
 * Source: Tramèr, Carlini, Brendel and Madry (2020), "On Adaptive Attacks to Adversarial Example Defenses".
 */
export const evasive = define(
  'Evasive: the objective less what detectors would notice',
  'Tramèr et al. (2020), "On Adaptive Attacks to Adversarial Example Defenses"',
  config,
  ({ objective: name, target: targetName, steps, weight }): ObservationAttack => {
    const objective = objectiveOf(name);
    const target = targetOf(targetName);
    const schedule = cosine(1);

    function perturb(
      x: Float32Array,
      rows: number,
      victim: GradientAccess,
      context: AttackContext,
      out: Float32Array,
    ): void {
      const { alarm, set, threat } = context;
      const size = x.length / rows;
      const goal = goalOf(victim, rows);
      goal.x.set(x);
      victim.logits(x, rows, goal.clean);
      target.aim(rows, context, goal, victim);
      const value = new Float32Array(rows);
      const score = new Float32Array(rows);
      const best = new Float64Array(rows).fill(Number.NEGATIVE_INFINITY);
      const gradient = new Float32Array(x.length);
      const slope = new Float32Array(x.length);
      const point = Float32Array.from(x);
      const position = Float64Array.from(x);
      out.set(x);
      for (let k = 0; k <= steps; k++) {
        victim.valueAndGradient({ objective, goal }, point, rows, value, gradient);
        alarm?.evaluate(point, rows, score, slope);
        const rate = schedule.at(k, steps);
        for (let r = 0; r < rows; r++) {
          const joint = value[r]! - weight * score[r]!;
          const from = r * size;
          if (joint > best[r]!) {
            best[r] = joint;
            out.set(point.subarray(from, from + size), from);
          }
          let largest = 0;
          for (let i = from; i < from + size; i++) {
            gradient[i] = (gradient[i]! - weight * slope[i]!) * threat.epsilon[i - from]!;
            largest = Math.max(largest, Math.abs(gradient[i]!));
          }
          if (!(largest > 0)) continue;
          for (let i = from; i < from + size; i++)
            position[i]! += (rate * threat.epsilon[i - from]! * gradient[i]!) / largest;
        }
        set.project(position);
        point.set(position);
        set.project(point);
      }
    }

    return {
      stage: 'observation',
      access: 'gradient',
      evades: true,
      check(head) {
        objective.check(head);
        if (target.sided && head.kind === 'categorical') needBothSides('a target with a side', head.values);
      },
      ...learning(target, objective),
      perturb,
    };
  },
);
