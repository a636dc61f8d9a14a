import { z } from 'zod';

/** When a training ends before its last step; options as the callbacks of Stable-Baselines3 that they come from. */
export const earlyStop = z.strictObject({
  max_no_improvement_evals: z
    .int()
    .min(0)
    .nullable()
    .default(null)
    .describe('Ends the training after more than this many evaluations in a row without a new best; null: never.'),
  min_evals: z
    .int()
    .min(0)
    .default(0)
    .describe('Evaluations that are not counted at the start, for `max_no_improvement_evals`.'),
  reward_threshold: z
    .number()
    .nullable()
    .default(null)
    .describe('Ends the training when an evaluation’s return is at least this; null: never.'),
});

export type EarlyStop = z.infer<typeof earlyStop>;

export type StopReason = 'no-improvement' | 'reward-threshold';

/**
 * Why a training with this learning curve ends here, or undefined where it goes on. It counts along the curve, which every
 * checkpoint has: a resumed training stops where one that was never interrupted does.
 *
 * Source: `StopTrainingOnNoModelImprovement` and `StopTrainingOnRewardThreshold` of Stable-Baselines3.
 *
 * @param scores of the evaluations so far, lower being better: minus the return
 */
export function stopReason(scores: readonly number[], stop: EarlyStop): StopReason | undefined {
  const { max_no_improvement_evals: patience, min_evals: free, reward_threshold: threshold } = stop;
  let best = Infinity;
  let without = 0;
  for (const [index, score] of scores.entries()) {
    const better = score < best;
    if (better) best = score;
    if (better && threshold !== null && -score >= threshold) return 'reward-threshold';
    if (index < free) continue;
    without = better ? 0 : without + 1;
    if (patience !== null && without > patience) return 'no-improvement';
  }
  return undefined;
}
