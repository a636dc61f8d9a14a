import { z } from 'zod';
import type { AttackContext, Rehearsal, ThreatModel } from '../core/attack.ts';
import { StateError } from '../core/errors.ts';
import { goalOf } from '../core/goal.ts';
import type { Objective } from '../core/victim.ts';
import { threatSet } from './ball/threat-set.ts';
import { define } from './define.ts';
import { needBothSides } from './objective/categorical.ts';
import { objectiveOf } from './objective/index.ts';
import { objectiveField, targetField } from './options.ts';
import { cosine } from './step/schedule.ts';
import { targetOf } from './target/index.ts';
import { learning } from './target/learning.ts';
import type { TargetSchedule } from './target/schedule.ts';

/** Clean steps of one parity, and the victim they were recorded of. */
interface Heard {
  readonly x: Float32Array;
  readonly rows: number;
  readonly victim: Rehearsal['victim'];
}

/**
 * One bias for every step, played open loop, with no question asked: `v ← clip(v + η_k sign Σ_t g_t, ±1)`, x' = Π(x + ε ⊙ v), g_t the gradient
 * `ε ⊙ ∇L(Π(x_t + ε ⊙ v))` at length 1 in L1, so that no step drowns the others, summed over clean steps recorded beforehand. Of all v tried
 * the one with the best mean objective on them is kept. Even and odd steps have a bias each, which a toggled target needs.
 */
export const universal = define(
  'Universal perturbation',
  'Moosavi-Dezfooli et al. (2017), arXiv 1610.08401, by sign ascent as in Shafahi et al. (2020), arXiv 1811.11304',
  z.strictObject({
    objective: objectiveField(),
    target: targetField,
    record: z
      .int()
      .min(2)
      .max(1_000_000)
      .default(336)
      .meta({ title: 'Record', description: 'Clean steps that it learns from, before the first attacked one.' }),
    steps: z
      .int()
      .min(1)
      .max(100_000)
      .default(50)
      .meta({ title: 'Steps', description: 'Gradients of each recorded step.' }),
  }),
  ({ objective: objectiveSpec, target: targetName, record, steps }) => {
    const objective = objectiveOf(objectiveSpec);
    const target = targetOf(targetName);
    let heard: readonly [Heard, Heard] | undefined;
    let learned: { readonly of: ThreatModel; readonly bias: readonly Float64Array[] } | undefined;
    return {
      stage: 'observation',
      access: 'none',
      check(head) {
        objective.check(head);
        if (target.sided && head.kind === 'categorical') needBothSides('a target with a side', head.values);
      },
      ...learning(target, objective),
      // oxlint-disable-next-line require-yield -- what takes time begins with the first step, when the threat is known
      *prepare(rehearsal) {
        const ofRecording = rehearsal.recordedPolicy && { policy: (name: string) => rehearsal.recordedPolicy!(name) };
        target.prepare?.({ ...rehearsal, ...ofRecording });
        heard = [listen(rehearsal, record, 0), listen(rehearsal, record, 1)];
        learned = undefined;
      },
      perturb(x, rows, _victim, context, out) {
        if (heard === undefined)
          throw new StateError('universal: perturb before prepare, which records what it learns from');
        if (learned?.of !== context.threat) {
          const bias = heard.map((part, parity) => learn(part, objective, target, { ...context, step: parity }, steps));
          learned = { of: context.threat, bias };
        }
        shift(x, rows, learned.bias[context.step % 2]!, context.threat.epsilon, out);
        context.set.project(out);
      },
    };
  },
);

function shift(x: Float32Array, rows: number, bias: Float64Array, epsilon: Float32Array, out: Float32Array): void {
  for (let r = 0, i = 0; r < rows; r++)
    for (let j = 0; j < epsilon.length; j++, i++) out[i] = epsilon[j]! > 0 ? x[i]! + bias[j]! * epsilon[j]! : x[i]!;
}

function listen(rehearsal: Rehearsal, steps: number, parity: 0 | 1): Heard {
  const heard = rehearsal.record(steps);
  const lane = heard.lanes * rehearsal.features.length;
  const count = Math.ceil((heard.steps - parity) / 2);
  const x = new Float32Array(count * lane);
  for (let k = 0; k < count; k++) {
    const t = 2 * k + parity;
    x.set(heard.observation.subarray(t * lane, (t + 1) * lane), k * lane);
  }
  return { x, rows: count * heard.lanes, victim: rehearsal.victim };
}

function learn(
  { x, rows, victim }: Heard,
  objective: Objective,
  target: TargetSchedule,
  context: AttackContext,
  steps: number,
): Float64Array {
  const { threat } = context;
  const { epsilon } = threat;
  const features = epsilon.length;
  const goal = goalOf(victim, rows);
  goal.x.set(x);
  victim.logits(x, rows, goal.clean);
  target.aim(rows, context, goal, victim);
  const set = threatSet(threat);
  set.around(x, rows, threat);
  const bias = new Float64Array(features);
  const best = new Float64Array(features);
  let most = Number.NEGATIVE_INFINITY;
  const point = new Float32Array(x.length);
  const gradient = new Float32Array(x.length);
  const value = new Float32Array(rows);
  const sum = new Float64Array(features);
  const schedule = cosine(0.5);
  for (let k = 0; k < steps; k++) {
    // Where an objective has no slope at the clean point, it has one beside it.
    if (k === 0) for (let j = 0; j < features; j++) bias[j] = j % 2 === 0 ? 1e-3 : -1e-3;
    shift(x, rows, bias, epsilon, point);
    set.project(point);
    victim.valueAndGradient({ objective, goal }, point, rows, value, gradient);
    const mean = value.reduce((total, v) => total + v, 0) / rows;
    if (mean > most) {
      most = mean;
      best.set(bias);
    }
    sum.fill(0);
    for (let r = 0; r < rows; r++) {
      let length = 0;
      for (let j = 0, i = r * features; j < features; j++, i++) length += Math.abs(gradient[i]! * epsilon[j]!);
      if (!(length > 0)) continue;
      for (let j = 0, i = r * features; j < features; j++, i++) sum[j]! += (gradient[i]! * epsilon[j]!) / length;
    }
    for (let j = 0; j < features; j++) {
      const to = bias[j]! + schedule.at(k, steps) * Math.sign(sum[j]!);
      bias[j] = Math.min(1, Math.max(-1, to));
    }
  }
  return best;
}
