import { goalOf } from '../../core/goal.ts';
import type { GradientAccess, Objective } from '../../core/victim.ts';
import { kl } from '../objective/kl.ts';
import type { QFunction } from './q-function.ts';
import type { Transitions } from './transitions.ts';

/** `a · first + b · second`; the weights are read at every evaluation, since they may be learnt. */
export function weighted(first: Objective, a: () => number, second: Objective, b: () => number): Objective {
  let value = new Float32Array(0);
  let gradient = value;
  return {
    name: `${first.name} with ${second.name}`,
    check(head) {
      first.check(head);
      second.check(head);
    },
    evaluate(head, logits, goal, rows, out, slope) {
      if (value.length !== rows || gradient.length !== logits.length) {
        value = new Float32Array(rows);
        gradient = new Float32Array(logits.length);
      }
      first.evaluate(head, logits, goal, rows, out, slope);
      second.evaluate(head, logits, goal, rows, value, gradient);
      const [own, other] = [a(), b()];
      for (let r = 0; r < rows; r++) out[r] = own * out[r]! + other * value[r]!;
      for (let i = 0; i < logits.length; i++) slope[i] = own * slope[i]! + other * gradient[i]!;
    },
  };
}

/** The mean divergence of one recorded decision from the next: how much decisions differ by themselves. Not below 1e-6. */
export function klScale({ count, observationSize, x, next }: Transitions, victim: GradientAccess): number {
  const later = Math.max(1, next[0]!); // as many rows as there are lanes
  const rows = Math.min(512, count - later);
  if (rows < 1) return 1;
  const clean = new Float32Array(rows * victim.logitsSize);
  const logits = new Float32Array(rows * victim.logitsSize);
  victim.logits(x.subarray(0, rows * observationSize), rows, clean);
  victim.logits(x.subarray(later * observationSize, (later + rows) * observationSize), rows, logits);
  const value = new Float32Array(rows);
  kl.evaluate(victim.head, logits, { ...goalOf(victim, rows), clean }, rows, value, new Float32Array(logits.length));
  return Math.max(1e-6, value.reduce((sum, v) => sum + v, 0) / rows);
}

/** The mean difference of Q between one recorded step and the next, as `klScale`: what it moves by of itself. Not below 1e-6. */
export function qScale({ count, observationSize, actionSize, x, action, next }: Transitions, q: QFunction): number {
  const later = Math.max(1, next[0]!);
  const rows = Math.min(512, count - later);
  if (rows < 1) return 1;
  const values = new Float32Array(rows);
  const following = new Float32Array(rows);
  q.value(x, action, rows, values);
  q.value(x.subarray(later * observationSize), action.subarray(later * actionSize), rows, following);
  return Math.max(1e-6, values.reduce((sum, value, r) => sum + Math.abs(following[r]! - value), 0) / rows);
}
