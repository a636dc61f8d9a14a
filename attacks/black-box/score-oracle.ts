import { copyGoalRow, goalOf } from '../../core/goal.ts';
import type { Head } from '../../core/policy.ts';
import type { Goal, Objective } from '../../core/victim.ts';
import { neutral } from '../../logits/neutral.ts';
import { argMax } from '../../logits/row.ts';
import { needBothSides } from '../objective/categorical.ts';
import type { TargetSchedule } from '../target/schedule.ts';
import type { Oracle } from './oracle.ts';

/** Scores points by an objective on the victim's logits; what is wanted is a changed decision, the side of it on a continuous head. */
export function scoreOracle(objective: Objective, target: TargetSchedule): Oracle<'score'> {
  let goals: Goal | undefined;
  let goal: Goal | undefined;
  let room = 0;
  // Of the clean rows that ask, and the slopes at all of them.
  let rows = new Float32Array(0);
  let clean = new Float32Array(0);
  let cleanSlope = new Float32Array(0);
  let logits = new Float32Array(0);
  let slope = new Float32Array(0);
  return {
    access: 'score',
    check(head) {
      objective.check(head);
      if (target.sided && head.kind === 'categorical') needBothSides('a target with a side', head.values);
    },
    begin(x, all, asked, count, victim, context, value) {
      const { head, observationSize: size, logitsSize } = victim;
      if (goals?.x.length !== all * size || goals.clean.length !== all * logitsSize) {
        goals = goalOf(victim, all);
        cleanSlope = new Float32Array(goals.clean.length);
        room = 0;
      }
      if (rows.length !== count * size || clean.length !== count * logitsSize) {
        rows = new Float32Array(count * size);
        clean = new Float32Array(count * logitsSize);
      }
      goals.x.set(x);
      goals.side.fill(0);
      goals.action.fill(Number.NaN);
      goals.clean.fill(0);
      // Rows without a query left ask nothing: those that do are asked together.
      for (let k = 0; k < count; k++) for (let j = 0; j < size; j++) rows[k * size + j] = x[asked[k]! * size + j]!;
      victim.logits(rows, count, clean, asked);
      for (let k = 0; k < count; k++)
        for (let i = 0; i < logitsSize; i++) goals.clean[asked[k]! * logitsSize + i] = clean[k * logitsSize + i]!;
      target.aim(all, context, goals, victim);
      objective.evaluate(head, goals.clean, goals, all, value, cleanSlope);
    },
    ask(victim, points, count, of, { value, hit, changed }) {
      const { head, logitsSize } = victim;
      if (goal === undefined || room < count) {
        goal = goalOf(victim, count);
        room = count;
      }
      if (logits.length !== count * logitsSize) {
        logits = new Float32Array(count * logitsSize);
        slope = new Float32Array(count * logitsSize);
      }
      for (let k = 0; k < count; k++) copyGoalRow(goals!, of[k]!, goal, k, victim);
      victim.logits(points, count, logits, of);
      objective.evaluate(head, logits, goal, count, value, slope);
      for (let k = 0; k < count; k++) {
        changed[k] = hasChanged(head, logits, goal.clean, k * logitsSize, logitsSize) ? 1 : 0;
        hit[k] = changed[k]!;
      }
    },
  };
}

/** Whether the decision on logits at `at` is another than that on the clean ones, its side on a continuous head. */
function hasChanged(head: Head, logits: Float32Array, clean: Float32Array, at: number, size: number): boolean {
  if (head.kind === 'categorical') return argMax(logits, at, size) !== argMax(clean, at, size);
  for (let b = 0; b < head.low.length; b++) {
    const idle = neutral(head, b);
    if ((logits[at + b]! - idle) * (clean[at + b]! - idle) < 0) return true;
  }
  return false;
}
