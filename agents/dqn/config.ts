import { z } from 'zod';
import { widths } from '../network-options.ts';
import { offPolicyOptions } from '../off-policy/options.ts';

/** Options of DQN; names and defaults of Stable-Baselines3, ours in camelCase or a word of the literature. */
export const dqnConfig = z.strictObject({
  bins: z
    .int()
    .min(2)
    .max(1001)
    .default(20)
    .describe('Action bins, evenly spaced over the one component of the action space.'),
  net_arch: widths.default([64, 64]).describe('Widths of the hidden layers.'),
  ...offPolicyOptions({ learning_rate: 1e-4, batch_size: 32, tau: 1, train_freq: 4 }),
  target_update_interval: z
    .int()
    .min(1)
    .default(10_000)
    .describe('Steps over all lanes between moves of the target network, each by `tau`.'),
  exploration_fraction: z
    .number()
    .min(0)
    .max(1)
    .default(0.1)
    .describe('Share of the training over which the rate of random actions falls to its final value.'),
  exploration_initial_eps: z.number().min(0).max(1).default(1).describe('Rate of random actions at the start.'),
  exploration_final_eps: z.number().min(0).max(1).default(0.05).describe('Rate of random actions at the end.'),
  max_grad_norm: z.number().positive().default(10).describe('The gradient’s norm is clipped to this.'),
  double: z
    .boolean()
    .default(false)
    .describe('Double DQN: the online network picks the next action, the target network values it (not in SB3).'),
  duelling: z
    .boolean()
    .default(false)
    .describe('Duelling network: the value and the advantages of a state are learned apart (not in SB3).'),
});

export type DqnConfig = z.infer<typeof dqnConfig>;
