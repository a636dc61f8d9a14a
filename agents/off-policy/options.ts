import { z } from 'zod';
import { activation } from '../network-options.ts';
import { normalizeOption } from '../normalize-option.ts';
import { rewardOptions } from '../return/reward-options.ts';
import { scheduleOption } from '../schedule.ts';

/** Where the off-policy learners of Stable-Baselines3 differ in a default. */
interface OffPolicyDefaults {
  readonly learning_rate: number;
  readonly batch_size: number;
  readonly tau: number;
  readonly train_freq: number;
}

/** Options of every learner that replays transitions, under the names of Stable-Baselines3; ours are in camelCase. */
export function offPolicyOptions(defaults: OffPolicyDefaults) {
  return {
    learning_rate: scheduleOption(defaults.learning_rate).describe(
      'Adam’s step size for all networks; {linear: x} falls from x to 0 over the training.',
    ),
    buffer_size: z.int().min(1).default(1_000_000).describe('Most transitions remembered, over all lanes.'),
    learning_starts: z
      .int()
      .min(0)
      .default(100)
      .describe('Steps over all lanes with random actions before the policy acts; learning starts after them.'),
    batch_size: z.int().min(1).default(defaults.batch_size).describe('Rows of a minibatch.'),
    tau: z.number().min(0).max(1).default(defaults.tau).describe('Share of a network that its target takes over.'),
    gamma: z.number().min(0).max(1).default(0.99).describe('Discount of the next step.'),
    train_freq: z
      .int()
      .min(1)
      .default(defaults.train_freq)
      .describe('Steps of the environment between trainings; one step moves all lanes.'),
    gradient_steps: z
      .int()
      .min(-1)
      .default(1)
      .describe('Updates in each training; -1: as many as transitions came in since the last, over all lanes.'),
    activation_fn: activation.default('relu').describe('Activation of the hidden layers.'),
    normalize: normalizeOption,
    updatesPerStep: z
      .number()
      .positive()
      .nullable()
      .default(null)
      .describe(
        'Updates for each step of each lane, fractions adding up: a ratio that holds for any number of lanes; it takes the place of train_freq and gradient_steps (not in SB3).',
      ),
    ...rewardOptions,
    checkpointReplay: z
      .boolean()
      .default(true)
      .describe(
        'Checkpoints hold the replay buffer; without it a resumed training first refills it (SB3 saves it apart).',
      ),
  };
}

/** The shared options, parsed. */
export type OffPolicyConfig = z.infer<z.ZodObject<ReturnType<typeof offPolicyOptions>>>;
