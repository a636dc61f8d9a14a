import type { AttackContext, ThreatSet } from '../../core/attack.ts';
import { copyGoal, goalRows, moveGoalRow } from '../../core/goal.ts';
import type { Objective, Question } from '../../core/victim.ts';
import type { StepControl } from '../step/checkpoints.ts';
import type { Walk } from '../step/walk.ts';
import type { SearchBuffers } from './workspace.ts';

// What the gradient loop does to the rows in its buffers between two questions.

/** All rows are searched again, each in its own place. */
export function muster(buffers: SearchBuffers, set: ThreatSet): void {
  const { goals, goal, row, lower, upper } = buffers;
  set.bounds(lower, upper);
  copyGoal(goals, goal);
  for (let r = 0; r < row.length; r++) row[r] = r;
}

/** What was shown before may have left the truth outside of a row's set: then it is not the best that there is. */
export function disownTruth({ position, best }: SearchBuffers, x: Float32Array, set: ThreatSet): void {
  const features = x.length / best.length;
  position.set(x);
  set.project(position);
  for (let i = 0; i < x.length; i++)
    if (position[i] !== x[i] && !Number.isNaN(x[i])) best[Math.floor(i / features)] = Number.NEGATIVE_INFINITY;
}

/** Rows begin in the middle of their boxes. */
export function centre(buffers: SearchBuffers, set: ThreatSet): void {
  const { position, lower, upper, row } = buffers;
  for (let i = 0; i < position.length; i++) position[i] = (lower[i]! + upper[i]!) / 2;
  if (!set.isBox) set.project(position, row.length);
}

/** `g ← ε ⊙ g`, the gradient in the metric of the ball; 0 where nothing may move. */
export function scale({ gradient, lower, upper }: SearchBuffers, rows: number, epsilon: Float32Array): void {
  const features = epsilon.length;
  for (let r = 0, i = 0; r < rows; r++)
    for (let j = 0; j < features; j++, i++) gradient[i] = upper[i]! > lower[i]! ? gradient[i]! * epsilon[j]! : 0;
}

/**
 * Rows that two moves in a row have left where they were begin anew, at a random point: after the first a direction may still have been an old
 * one.
 */
export function again({ buffers, set, rows }: Walk, context: AttackContext, control: StepControl | undefined): void {
  const { position, held, last, point, direction, lastGradient, still } = buffers;
  const features = buffers.size.length;
  for (let r = 0; r < rows; r++) {
    const from = r * features;
    const to = from + features;
    let resting = true;
    for (let i = from; resting && i < to; i++) resting = position[i] === held[i];
    still[r] = resting ? still[r]! + 1 : 0;
    if (still[r]! < 2) continue;
    still[r] = 0;
    set.sample(r, context.rngs[r]!, position);
    for (let i = from; i < to; i++) {
      point[i] = position[i]!;
      last[i] = position[i]!;
      direction[i] = 0;
      lastGradient[i] = 0;
    }
    control?.renew(buffers, r);
  }
}

/** Leaves out the rows that did not move; returns how many are left. What a row is searched with moves up with it. */
export function closeRanks(buffers: SearchBuffers, active: number): number {
  const { goal, row, moved, position, point, lower, upper } = buffers;
  const features = buffers.size.length;
  let left = 0;
  for (let r = 0; r < active; r++) {
    if (moved[r] === 0) continue;
    if (left < r) {
      for (const rows of [position, point, lower, upper])
        rows.copyWithin(left * features, r * features, (r + 1) * features);
      moveGoalRow(goal, row.length, r, left);
      row[left] = row[r]!;
    }
    left++;
  }
  return left;
}

/** Rows whose gradient is 0 in every feature that may move go to a random point; `moved` tells which. Returns how many. */
export function jump(buffers: SearchBuffers, set: ThreatSet, context: AttackContext): number {
  const { position, point, gradient, moved } = buffers;
  const features = buffers.size.length;
  let jumped = 0;
  for (let r = 0; r < buffers.row.length; r++) {
    let still = true;
    for (let i = r * features; still && i < (r + 1) * features; i++) still = !(set.free(i) && gradient[i]! !== 0);
    moved[r] = still ? 1 : 0;
    if (!still) continue;
    set.sample(r, context.rngs[r]!, position);
    for (let i = r * features; i < (r + 1) * features; i++) point[i] = position[i]!;
    jumped++;
  }
  return jumped;
}

/** Asks for the rows that jumped, and for no other: a row costs the same whatever rows are beside it. */
export function* askAgain(buffers: SearchBuffers, objective: Objective): Generator<Question, void, void> {
  const { goal, point, value, gradient, row, moved } = buffers;
  const features = buffers.size.length;
  for (let r = 0; r < row.length; r++) {
    if (moved[r] === 0) continue;
    yield {
      kind: 'gradient',
      objective: { objective, goal: goalRows(goal, row.length, r, 1) },
      x: point.subarray(r * features, (r + 1) * features),
      rows: 1,
      value: value.subarray(r, r + 1),
      gradient: gradient.subarray(r * features, (r + 1) * features),
      of: row.subarray(r, r + 1),
    };
  }
}

/**
 * Keeps each row's point where its value beats the row's best; a value that is not a number never does.
 * @param only only rows with this mark in `moved`
 */
export function improve(buffers: SearchBuffers, active: number, out: Float32Array, only?: number): void {
  const { point, value, best, row, moved } = buffers;
  const features = buffers.size.length;
  for (let r = 0; r < active; r++) {
    const own = row[r]!;
    if (!(value[r]! > best[own]!) || (only !== undefined && moved[r] !== only)) continue;
    best[own] = value[r]!;
    for (let j = 0; j < features; j++) out[own * features + j] = point[r * features + j]!;
  }
}
