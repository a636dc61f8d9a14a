import { z } from 'zod';
import { netArch } from '../network-options.ts';
import { actionNoiseOption } from '../off-policy/action-noise.ts';
import { offPolicyOptions } from '../off-policy/options.ts';

/** Options of TD3; names and defaults of Stable-Baselines3 2.x (batch_size was 100, train_freq an episode, before 1.7). */
export const td3Config = z.strictObject({
  net_arch: netArch('qf').default([400, 300]).describe('Hidden widths of actor and critics, or {pi, qf} of each.'),
  ...offPolicyOptions({ learning_rate: 1e-3, batch_size: 256, tau: 0.005, train_freq: 1 }),
  action_noise: actionNoiseOption,
  policy_delay: z
    .int()
    .min(1)
    .default(2)
    .describe('Updates of the critics for each of the actor and of the target networks.'),
  target_policy_noise: z
    .number()
    .min(0)
    .default(0.2)
    .describe('Deviation of the noise on the target action, on the scale [-1, 1].'),
  target_noise_clip: z.number().min(0).default(0.5).describe('That noise is clipped to ± this.'),
});

export type Td3Config = z.infer<typeof td3Config>;
