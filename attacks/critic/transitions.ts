import type { Recording } from '../../core/attack.ts';
import type { Head } from '../../core/policy.ts';

/** A recording as rows to learn from; row i is what happened after observation i. */
export interface Transitions {
  readonly count: number;
  readonly observationSize: number;
  readonly actionSize: number;
  /** [count×O] */
  readonly x: Float32Array;
  /** [count×A] on the scale −1 (lowest) … 1 (highest). */
  readonly action: Float32Array;
  /** [count] standardised: mean 0, deviation 1. */
  readonly reward: Float32Array;
  /** [count] the row that followed; −1 where the physics ended the episode, −2 where the clock or the recording did and nobody knows. */
  readonly next: Int32Array;
}

/** Row t·lanes + n is step t of lane n, as in the recording, so that consecutive pairs stay together by index. */
export function transitionsOf(recording: Recording, head: Head): Transitions {
  const { lanes, steps, terminated, truncated } = recording;
  const count = lanes * steps;
  const observationSize = recording.observation.length / (count + lanes);
  const actionSize = recording.action.length / count;
  const [low, high] = actionRange(head);
  const reward = new Float32Array(count);
  const { mean, deviation } = moments(recording.reward);
  for (let i = 0; i < count; i++) reward[i] = (recording.reward[i]! - mean) / deviation;
  return {
    count,
    observationSize,
    actionSize,
    x: recording.observation.subarray(0, count * observationSize),
    action: Float32Array.from(recording.action, (value, i) =>
      onUnit(value, low[i % actionSize]!, high[i % actionSize]!),
    ),
    reward,
    next: Int32Array.from(terminated, (end, i) =>
      end === 1 ? -1 : truncated[i] === 1 || i + lanes >= count ? -2 : i + lanes,
    ),
  };
}

/** Lowest and highest action [A] of a head. */
export function actionRange(head: Head): readonly [readonly number[], readonly number[]] {
  return head.kind === 'categorical' ? [[Math.min(...head.values)], [Math.max(...head.values)]] : [head.low, head.high];
}

/** An action on the scale −1 … 1; 0 where its range is empty. */
export function onUnit(value: number, low: number, high: number): number {
  return high > low ? (2 * (value - low)) / (high - low) - 1 : 0;
}

/** Mean and deviation; a deviation of 0 counts as 1. */
export function moments(values: ArrayLike<number>): { readonly mean: number; readonly deviation: number } {
  let sum = 0;
  let squares = 0;
  for (let i = 0; i < values.length; i++) {
    sum += values[i]!;
    squares += values[i]! * values[i]!;
  }
  const mean = sum / values.length;
  return { mean, deviation: Math.sqrt(Math.max(0, squares / values.length - mean * mean)) || 1 };
}
