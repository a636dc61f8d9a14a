import { describe, expect, it } from 'vitest';
import { learnerSettings } from '../../bench/learner-settings.ts';
import type { LearnerSetting } from '../../bench/learner-settings.ts';
import { scenarioFrom } from '../../core/scenario.ts';
import { openTraining } from '../../evaluation/train.ts';
import { schema } from '../../evaluation/vocabulary.ts';
import { memoryWorkspace } from '../support/memory-workspace.ts';

/** How a setting of `npm run study:learners` is cut short for the gate, and the mean return that it must reach all the same. */
const quick: Readonly<Record<keyof typeof learnerSettings, { readonly train: object; readonly least: number }>> = {
  'ppo cart-pole': { train: { steps: 60_000, evaluateEvery: 10_000 }, least: 475 },
  'a2c cart-pole': { train: { steps: 300_000, evaluateEvery: 25_000 }, least: 475 },
  'dqn cart-pole': { train: { steps: 50_000, evaluateEvery: 5000, config: { net_arch: [64, 64] } }, least: 475 },
  'ppo pendulum': { train: { steps: 60_000, evaluateEvery: 10_000 }, least: -250 },
  'ppo-gsde pendulum': { train: { steps: 60_000, evaluateEvery: 10_000 }, least: -250 },
  'sac pendulum': { train: { steps: 10_000, evaluateEvery: 1000, config: { batch_size: 64 } }, least: -250 },
  'td3 pendulum': { train: { steps: 10_000, evaluateEvery: 1000, config: { batch_size: 64 } }, least: -250 },
};

describe('learners reach the known scores of classic control', () => {
  it.each(Object.entries(quick))(
    '%s',
    async (name, { train: shorter, least }) => {
      const { train }: LearnerSetting = learnerSettings[name as keyof typeof learnerSettings];
      const config = { ...train.config, ...('config' in shorter ? (shorter.config as object) : {}) };
      const stop = { reward_threshold: least };
      const value = scenarioFrom(
        { seed: 0, train: { ...train, ...shorter, config, stop, evaluateEpisodes: 50 } },
        name,
        schema,
      );
      using run = await openTraining(value, memoryWorkspace());
      for (const event of run.training) void event;
      // On episodes that had no say in when to stop, where the policy may do a little worse.
      expect(run.training.bestScore).toBeLessThanOrEqual(-least);
      expect(run.examine()['return']).toBeGreaterThanOrEqual(least - 0.05 * Math.abs(least));
    },
    120_000,
  );
});
