import { z } from 'zod';
import { rewardOptions } from '../return/reward-options.ts';

/** Options of SAC; defaults are the settings that the shipped victims were trained with. */
export const sacConfig = z.strictObject({
  hidden: z
    .array(z.int().min(1).max(4096))
    .min(1)
    .max(8)
    .default([256, 256])
    .describe('Width of each relu layer of actor and critics.'),
  learningRate: z.number().positive().default(1e-3).describe('Adam’s step size for all networks; SB3: 3e-4.'),
  schedule: z
    .enum(['constant', 'linear'])
    .default('linear')
    .describe('`linear` takes the learning rate to 0 over the training, so that the policy settles; SB3: constant.'),
  bufferSize: z.int().min(1).default(1_000_000).describe('Most transitions remembered; SB3: 1e6.'),
  startSteps: z
    .int()
    .min(0)
    .default(100)
    .describe('Steps over all lanes with uniformly random actions before learning starts; SB3: 100.'),
  batchSize: z
    .int()
    .min(1)
    .default(128)
    .describe('Rows of a minibatch; SB3: 256; half of it makes an update twice as fast.'),
  updatesPerStep: z
    .number()
    .positive()
    .default(0.25)
    .describe('Updates for each step of each lane; fractions add up; SB3: 1. Steps are cheap here, updates are not.'),
  tau: z.number().min(0).max(1).default(0.005).describe('Share of the critic that its target takes over; SB3: 0.005.'),
  gamma: z
    .number()
    .min(0)
    .max(1)
    .default(0.97)
    .describe('Discount of the next step: 0.97 looks about 33 hours ahead; SB3: 0.99.'),
  entropyTarget: z
    .number()
    .default(-2)
    .describe(
      'Entropy the temperature steers to, nats per action component on the unit scale; SB3: −1, a deviation of 0.09 on [−1, 1], so 0.45 kWh of a 5 kW battery.',
    ),
  temperature: z
    .number()
    .positive()
    .default(0.05)
    .describe('Entropy temperature at the start; SB3: 1, far above a shaped reward’s scale.'),
  ...rewardOptions,
  checkpointReplay: z
    .boolean()
    .default(true)
    .describe('Checkpoints hold the replay buffer; without it a resumed training first refills it.'),
});

export type SacConfig = z.infer<typeof sacConfig>;
