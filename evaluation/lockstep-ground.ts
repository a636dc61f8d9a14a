import type { Evaluation } from '../agents/train.ts';
import { rng } from '../core/rng.ts';
import type { Rng } from '../core/rng.ts';
import type { Scenario } from '../core/scenario.ts';
import type { DecisionAccess } from '../core/victim.ts';
import { lockstepEnv } from '../sim/lockstep-env.ts';
import type { Kernel, LockstepEnv } from '../sim/lockstep-env.ts';
import { playEpisodes } from './episodes.ts';
import type { TrainingGround } from './training-ground.ts';

/** Dynamics to train in, to choose the best policy in, and to examine it in. */
export interface Grounds {
  readonly train: Kernel;
  readonly choose: Kernel;
  readonly examine: Kernel;
  /** What a policy's card says of its observations. */
  readonly normalisation: string;
  /** What others reach in the episodes of an examination. @param court just reset */
  readonly references?: (court: LockstepEnv) => Readonly<Record<string, number>>;
}

/**
 * Lanes of one kernel, judged by the mean return of the deterministic policy over fresh episodes.
 *
 * Every evaluation plays the same episodes, so that two policies are compared on equal terms; the examination plays others.
 */
export function lockstepGround(scenario: Scenario, laneCount: number, grounds: Grounds): TrainingGround {
  const { evaluateEpisodes } = scenario.train;
  const env = lockstepEnv(grounds.train, laneCount);
  const courts = [grounds.choose, grounds.examine].map((kernel) => lockstepEnv(kernel, evaluateEpisodes));
  const streams = rng(scenario.seed);
  const judge = (court: LockstepEnv, policy: DecisionAccess, stream: Rng): Evaluation => {
    const { returns, lengths } = playEpisodes(court, policy, stream);
    const mean = meanOf(returns);
    const spread = Math.sqrt(meanOf(returns.map((value) => (value - mean) ** 2)));
    return { score: -mean, metrics: { return: mean, return_std: spread, episode_length: meanOf(lengths) } };
  };
  return {
    env,
    normalisation: grounds.normalisation,
    dataHash: null,
    curveMetrics: ['return_std', 'episode_length'],
    judge: (policy) => judge(courts[0]!, policy, streams.split('judge')),
    examine(policy) {
      const stream = streams.split('examine');
      const { score, metrics } = judge(courts[1]!, policy, stream);
      courts[1]!.reset(stream);
      return { score, metrics: { ...metrics, ...grounds.references?.(courts[1]!) } };
    },
    [Symbol.dispose]() {
      env[Symbol.dispose]();
      for (const court of courts) court[Symbol.dispose]();
    },
  };
}

function meanOf(values: Float64Array): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
