import type { ThreatSet, VictimShape } from '../core/attack.ts';
import { goalOf } from '../core/goal.ts';
import type { BoundObjective, Question } from '../core/victim.ts';
import { success } from './objective/success.ts';

/** What a search for the least perturbation that changes the decision keeps of a batch. [rows×O] or [rows] each. */
export interface LeastNorm {
  /** Success, bound to the clean observations. */
  readonly objective: BoundObjective;
  /** Where the search stands, its success there, and the slope of it. */
  readonly point: Float32Array;
  readonly value: Float32Array;
  readonly gradient: Float32Array;
  /** What would be proposed for it, in the threat set, and its success, as of the last `judge`. */
  readonly tried: Float32Array;
  readonly judged: Float32Array;
  /** The least length of a success so far. */
  readonly best: Float64Array;
  /** What is proposed has to be in the threat set, so that is where success is judged. */
  judge(set: ThreatSet): Generator<Question, void, void>;
}

/** Begins at the clean observations. @param x [rows×O] */
export function* leastNorm(x: Float32Array, rows: number, victim: VictimShape): Generator<Question, LeastNorm, void> {
  const goal = goalOf(victim, rows);
  goal.x.set(x);
  yield { kind: 'logits', x, rows, out: goal.clean };
  const point = x.slice();
  const tried = x.slice();
  const logits = new Float32Array(rows * victim.logitsSize);
  const slope = new Float32Array(logits.length);
  const judged = new Float32Array(rows);
  return {
    objective: { objective: success, goal },
    point,
    value: new Float32Array(rows),
    gradient: new Float32Array(x.length),
    tried,
    judged,
    best: new Float64Array(rows).fill(Number.POSITIVE_INFINITY),
    *judge(set) {
      tried.set(point);
      set.project(tried);
      yield { kind: 'logits', x: tried, rows, out: logits };
      success.evaluate(victim.head, logits, goal, rows, judged, slope);
    },
  };
}
