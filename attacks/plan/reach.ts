import type { ThreatSet } from '../../core/attack.ts';
import { goalOf } from '../../core/goal.ts';
import type { GradientAccess } from '../../core/victim.ts';
import { lean } from './lean.ts';

/** What was attained of the first action component, from so many observations. */
export interface Reach {
  /** [rows] physical: the victim's own action, or on the nearest point where the truth is not in the set; the lowest and the highest that a point of the threat set brought about. */
  readonly clean: Float64Array;
  readonly lowest: Float64Array;
  readonly highest: Float64Array;
  /** [rows×O] the points where the lowest and the highest were seen. */
  readonly low: Float32Array;
  readonly high: Float32Array;
  /** [rows×K] of bins: 1 where the bin was seen; empty for a continuous head. */
  readonly seen: Uint8Array;
}

/**
 * How far actions can be pushed to either side: sign ascent on `lean` with a cosine schedule, every iterate's decision counted.
 * Costs `2·steps` gradients and `1 + 2·steps` decisions a row.
 *
 * Every action in it is attained. For a continuous head and a convex set so is every action between the ends, on the way from `low` to
 * `high`: the policy is continuous.
 *
 * @param x [rows×O]  @param set around x  @param epsilon [O]  @param of [≥ rows] whom each row is asked for
 */
export function reach(
  x: Float32Array,
  rows: number,
  victim: GradientAccess,
  set: ThreatSet,
  epsilon: Float32Array,
  steps: number,
  of?: Int32Array,
): Reach {
  const { head } = victim;
  const size = victim.observationSize;
  const bins = head.kind === 'categorical' ? head.values : [];
  const actions = victim.actionSize;
  const start = x.slice();
  set.project(start);
  const found = {
    clean: new Float64Array(rows),
    lowest: new Float64Array(rows),
    highest: new Float64Array(rows),
    low: start.slice(),
    high: start.slice(),
    seen: new Uint8Array(rows * bins.length),
  };
  const action = new Float64Array(rows * actions);
  const goal = goalOf(victim, rows);
  const bound = { objective: lean, goal };
  const value = new Float32Array(rows);
  const gradient = new Float32Array(x.length);
  const position = new Float32Array(x.length);
  const note = (row: number, a: number): void => {
    const at = row * size;
    if (a < found.lowest[row]!) {
      found.lowest[row] = a;
      found.low.set(position.subarray(at, at + size), at);
    }
    if (a > found.highest[row]!) {
      found.highest[row] = a;
      found.high.set(position.subarray(at, at + size), at);
    }
    if (bins.length > 0) found.seen[row * bins.length + bins.indexOf(a)] = 1;
  };
  victim.decide(start, rows, action, of);
  position.set(start);
  for (let row = 0; row < rows; row++) {
    const a = action[row * actions]!;
    found.clean[row] = a;
    found.lowest[row] = a;
    found.highest[row] = a;
    note(row, a);
  }
  for (const side of [-1, 1] as const) {
    goal.side.fill(side);
    position.set(start);
    for (let k = 0; k < steps; k++) {
      victim.valueAndGradient(bound, position, rows, value, gradient, of);
      const rate = 1 + Math.cos((Math.PI * k) / steps);
      for (let i = 0; i < position.length; i++) {
        const slope = gradient[i]!;
        if (slope !== 0) position[i]! += (slope > 0 ? rate : -rate) * epsilon[i % size]!;
      }
      set.project(position);
      victim.decide(position, rows, action, of);
      for (let row = 0; row < rows; row++) note(row, action[row * actions]!);
    }
  }
  return found;
}
