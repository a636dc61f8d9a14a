import { z } from 'zod';
import { netArch } from '../network-options.ts';
import { actionNoiseOption } from '../off-policy/action-noise.ts';
import { offPolicyOptions } from '../off-policy/options.ts';

/** Options of SAC; names and defaults of Stable-Baselines3, ours in camelCase. */
export const sacConfig = z.strictObject({
  net_arch: netArch('qf').default([256, 256]).describe('Hidden widths of actor and critics, or {pi, qf} of each.'),
  ...offPolicyOptions({ learning_rate: 3e-4, batch_size: 256, tau: 0.005, train_freq: 1 }),
  action_noise: actionNoiseOption,
  ent_coef: z
    .union([
      z.number().min(0),
      z
        .string()
        .regex(/^auto(_\d+(\.\d+)?(e-?\d+)?)?$/, "expected a number, 'auto', or 'auto_0.1' for one that begins at 0.1")
        .refine((text) => temperatureStart(text) > 0, 'must begin above 0'),
    ])
    .default('auto')
    .describe('Entropy temperature: fixed; `auto`: learned, from 1; `auto_0.1`: learned, from 0.1.'),
  use_sde: z
    .literal(false, "SAC has no state-dependent exploration here, expected false; PPO and A2C have it under 'use_sde'")
    .default(false)
    .describe('State-dependent exploration (gSDE): not here; PPO and A2C have it.'),
  target_update_interval: z.int().min(1).default(1).describe('Updates between moves of the target critics.'),
  target_entropy: z
    .union([z.literal('auto'), z.number()])
    .default('auto')
    .describe(
      'Entropy the temperature steers to, nats of the action on the scale [-1, 1]; `auto`: -1 for each of its components, a deviation of 0.09.',
    ),
});

export type SacConfig = z.infer<typeof sacConfig>;

/** What a learned temperature begins at: 1 for `auto`, x for `auto_x`. */
export function temperatureStart(entCoef: string): number {
  const [, start] = entCoef.split('_');
  return start === undefined ? 1 : Number(start);
}
