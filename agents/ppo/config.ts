import { z } from 'zod';
import { actorCriticOptions } from '../actor-critic/options.ts';
import { scheduleOption, scheduleValue } from '../schedule.ts';

/** Options of PPO under the names and with the defaults of Stable-Baselines3. */
export const ppoConfig = z.strictObject({
  ...actorCriticOptions,
  learning_rate: scheduleOption(3e-4).describe('Adam’s step size; {linear} takes it to 0, so that the policy settles.'),
  n_steps: z.int().min(1).default(2048).describe('Steps of each lane between updates.'),
  batch_size: z.int().min(2).default(64).describe('Rows of a minibatch.'),
  n_epochs: z.int().min(1).default(10).describe('Passes over each rollout.'),
  gae_lambda: z.number().min(0).max(1).default(0.95).describe('Decay of the advantage estimate.'),
  clip_range: scheduleOption(0.2).describe('Largest change of an action’s probability ratio that is rewarded.'),
  clip_range_vf: scheduleValue
    .nullable()
    .default(null)
    .describe('Largest change of a value in one update, in units of the return; null: any.'),
  normalize_advantage: z.boolean().default(true).describe('Standardises the advantages of each minibatch.'),
  target_kl: z
    .number()
    .positive()
    .nullable()
    .default(null)
    .describe('Ends an update when the policy has moved further than 1.5 times this; null: never.'),
});

export type PpoConfig = z.infer<typeof ppoConfig>;
