import { z } from 'zod';
import { actorCriticOptions } from '../actor-critic/options.ts';
import { scheduleOption } from '../schedule.ts';

/** Options of A2C under the names and with the defaults of Stable-Baselines3. */
export const a2cConfig = z.strictObject({
  ...actorCriticOptions,
  learning_rate: scheduleOption(7e-4).describe('The optimiser’s step size; {linear} takes it to 0.'),
  n_steps: z.int().min(1).default(5).describe('Steps of each lane between updates.'),
  gae_lambda: z
    .number()
    .min(0)
    .max(1)
    .default(1)
    .describe('Decay of the advantage estimate; 1: the return itself, less the value.'),
  normalize_advantage: z.boolean().default(false).describe('Standardises the advantages of each rollout.'),
  use_rms_prop: z.boolean().default(true).describe('RMSprop as TensorFlow has it; false: Adam.'),
  rms_prop_eps: z.number().positive().default(1e-5).describe('RMSprop’s ε, inside the root.'),
});

export type A2cConfig = z.infer<typeof a2cConfig>;
