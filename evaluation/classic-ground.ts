import type { Evaluation } from '../agents/train.ts';
import { rng } from '../core/rng.ts';
import type { Rng } from '../core/rng.ts';
import type { Scenario } from '../core/scenario.ts';
import type { DecisionAccess } from '../core/victim.ts';
import { classicEnvironments } from '../sim/classic/index.ts';
import type { ClassicName } from '../sim/classic/index.ts';
import { lockstepEnv } from '../sim/classic/lockstep-env.ts';
import { playEpisodes } from './episodes.ts';
import type { TrainingGround } from './training-ground.ts';

/**
 * A classic environment in lanes, judged by the mean return of the deterministic policy over fresh episodes.
 *
 * Every evaluation plays the same episodes, so that two policies are compared on equal terms; the examination plays others.
 */
export function classicGround(scenario: Scenario, laneCount: number): TrainingGround {
  const { environment, evaluateEpisodes } = scenario.train;
  const { kernel } = classicEnvironments[environment as ClassicName];
  const env = lockstepEnv(kernel, laneCount);
  const court = lockstepEnv(kernel, evaluateEpisodes);
  const streams = rng(scenario.seed);
  const judge = (policy: DecisionAccess, stream: Rng): Evaluation => {
    const { returns, lengths } = playEpisodes(court, policy, stream);
    const mean = meanOf(returns);
    const spread = Math.sqrt(meanOf(returns.map((value) => (value - mean) ** 2)));
    return { score: -mean, metrics: { return: mean, return_std: spread, episode_length: meanOf(lengths) } };
  };
  return {
    env,
    normalisation: 'raw',
    dataHash: null,
    curveMetrics: ['return_std', 'episode_length'],
    judge: (policy) => judge(policy, streams.split('judge')),
    examine: (policy) => judge(policy, streams.split('examine')),
    [Symbol.dispose]() {
      env[Symbol.dispose]();
      court[Symbol.dispose]();
    },
  };
}

function meanOf(values: Float64Array): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
