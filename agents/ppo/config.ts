import { z } from 'zod';
import { activation, netArch } from '../network-options.ts';
import { rewardOptions } from '../return/reward-options.ts';
import { scheduleOption, scheduleValue } from '../schedule.ts';

/** Options of PPO under the names and with the defaults of Stable-Baselines3. */
export const ppoConfig = z.strictObject({
  bins: z
    .int()
    .min(2)
    .max(1001)
    .default(20)
    .describe('Action bins, evenly spaced over the action space; the paper’s 20 (not in SB3).'),
  net_arch: netArch('vf').default([64, 64]).describe('Hidden widths of actor and critic, or {pi, vf} of each.'),
  activation_fn: activation.default('tanh').describe('Activation of the hidden layers.'),
  ortho_init: z.boolean().default(true).describe('Orthogonal weights at the start; false: PyTorch’s own.'),
  learning_rate: scheduleOption(3e-4).describe('Adam’s step size; {linear} takes it to 0, so that the policy settles.'),
  n_steps: z.int().min(1).default(2048).describe('Steps of each lane between updates.'),
  batch_size: z.int().min(2).default(64).describe('Rows of a minibatch.'),
  n_epochs: z.int().min(1).default(10).describe('Passes over each rollout.'),
  gamma: z.number().min(0).max(1).default(0.99).describe('Discount of the next step.'),
  gae_lambda: z.number().min(0).max(1).default(0.95).describe('Decay of the advantage estimate.'),
  clip_range: scheduleOption(0.2).describe('Largest change of an action’s probability ratio that is rewarded.'),
  clip_range_vf: scheduleValue
    .nullable()
    .default(null)
    .describe('Largest change of a value in one update, in units of the return; null: any.'),
  normalize_advantage: z.boolean().default(true).describe('Standardises the advantages of each minibatch.'),
  ent_coef: z.number().min(0).default(0).describe('Weight of the entropy bonus.'),
  vf_coef: z.number().positive().default(0.5).describe('Weight of the critic’s loss.'),
  max_grad_norm: z
    .number()
    .min(0)
    .default(0.5)
    .describe('The global norm over actor and critic is clipped to this; 0: no clipping.'),
  target_kl: z
    .number()
    .positive()
    .nullable()
    .default(null)
    .describe('Ends an update when the policy has moved further than 1.5 times this; null: never.'),
  ...rewardOptions,
});

export type PpoConfig = z.infer<typeof ppoConfig>;
