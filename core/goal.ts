import { headActions } from './policy.ts';
import type { Goal, ScoreAccess } from './victim.ts';

/** Goals of so many rows, each away from its clean decision. */
export function goalOf(
  { observationSize, logitsSize, head }: Pick<ScoreAccess, 'observationSize' | 'logitsSize' | 'head'>,
  rows: number,
): Goal {
  return {
    x: new Float32Array(rows * observationSize),
    clean: new Float32Array(rows * logitsSize),
    side: new Int8Array(rows * headActions(head)),
    action: new Float64Array(rows * headActions(head)).fill(Number.NaN),
  };
}

/** Views of `count` of a goal's `rows` rows from `first` on. */
export function goalRows(goal: Goal, rows: number, first: number, count: number): Goal {
  const part = <Values extends Float32Array | Float64Array | Int8Array>(values: Values): Values => {
    const size = values.length / rows;
    return values.subarray(first * size, (first + count) * size) as Values;
  };
  return { x: part(goal.x), clean: part(goal.clean), side: part(goal.side), action: part(goal.action) };
}

/** Copies row `from` of a goal's `rows` rows over row `to`. */
export function moveGoalRow(goal: Goal, rows: number, from: number, to: number): void {
  for (const values of [goal.x, goal.clean, goal.side, goal.action]) {
    const size = values.length / rows;
    values.copyWithin(to * size, from * size, (from + 1) * size);
  }
}

/** Copies row `fromRow` of one goal over row `toRow` of another, of the same victim. */
export function copyGoalRow(
  from: Goal,
  fromRow: number,
  to: Goal,
  toRow: number,
  { observationSize, logitsSize, head }: Pick<ScoreAccess, 'observationSize' | 'logitsSize' | 'head'>,
): void {
  const actions = headActions(head);
  copyRow(from.x, fromRow, to.x, toRow, observationSize);
  copyRow(from.clean, fromRow, to.clean, toRow, logitsSize);
  copyRow(from.side, fromRow, to.side, toRow, actions);
  copyRow(from.action, fromRow, to.action, toRow, actions);
}

function copyRow<Values extends Float32Array | Float64Array | Int8Array>(
  from: Values,
  fromRow: number,
  to: Values,
  toRow: number,
  size: number,
): void {
  for (let i = 0; i < size; i++) to[toRow * size + i] = from[fromRow * size + i]!;
}

/** Copies a goal of the same shape. */
export function copyGoal(from: Goal, to: Goal): void {
  to.x.set(from.x);
  to.clean.set(from.clean);
  to.side.set(from.side);
  to.action.set(from.action);
}
