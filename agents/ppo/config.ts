import { z } from 'zod';
import { rewardOptions } from '../return/reward-options.ts';

/** Options of PPO; defaults are the settings that the shipped victims were trained with. */
export const ppoConfig = z.strictObject({
  bins: z
    .int()
    .min(2)
    .max(1001)
    .default(20)
    .describe('Action bins, evenly spaced over the action space; the paper’s 20.'),
  hidden: z.array(z.int().min(1).max(4096)).min(1).max(8).default([256, 256]).describe('Width of each tanh layer.'),
  learningRate: z.number().positive().default(8e-4).describe('Adam’s step size at the start; SB3: 3e-4.'),
  schedule: z
    .enum(['constant', 'linear'])
    .default('linear')
    .describe('`linear` takes the learning rate to 0 over the training, so that the policy settles; SB3: constant.'),
  rolloutSteps: z
    .int()
    .min(2)
    .default(2048)
    .describe('Steps over all lanes between updates, a multiple of the number of lanes; SB3: n_steps 2048.'),
  batchSize: z.int().min(2).default(64).describe('Rows of a minibatch; SB3: 64.'),
  epochs: z
    .int()
    .min(1)
    .default(4)
    .describe(
      'Passes over each rollout; SB3: 10. A step costs less than a pass here, so fresh rows are the cheaper ones.',
    ),
  gamma: z
    .number()
    .min(0)
    .max(1)
    .default(0.97)
    .describe('Discount of the next step: 0.97 looks about 33 hours ahead; SB3: 0.99.'),
  gaeLambda: z.number().min(0).max(1).default(0.95).describe('Decay of the advantage estimate; SB3: 0.95.'),
  clip: z
    .number()
    .positive()
    .default(0.2)
    .describe('Largest change of an action’s probability ratio that is rewarded; SB3: 0.2.'),
  entropyCoefficient: z.number().min(0).default(0).describe('Weight of the entropy bonus; SB3: 0.'),
  valueCoefficient: z.number().positive().default(0.5).describe('Weight of the critic’s loss; SB3: 0.5.'),
  maxGradientNorm: z
    .number()
    .min(0)
    .default(0.5)
    .describe('The global norm over actor and critic is clipped to this; 0: no clipping; SB3: 0.5.'),
  targetKl: z
    .number()
    .positive()
    .nullable()
    .default(null)
    .describe('Ends an update early when the policy moved further than 1.5 times this; SB3: never.'),
  ...rewardOptions,
});

export type PpoConfig = z.infer<typeof ppoConfig>;
