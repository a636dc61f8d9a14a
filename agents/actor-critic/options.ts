import { z } from 'zod';
import { activation, netArch } from '../network-options.ts';
import { normalizeOption } from '../normalize-option.ts';
import { rewardOptions } from '../return/reward-options.ts';

/** Options that PPO and A2C share, under the names and with the defaults of Stable-Baselines3. */
export const actorCriticOptions = {
  bins: z
    .int()
    .min(2)
    .max(1001)
    .nullable()
    .default(null)
    .describe(
      'A categorical policy over this many actions, evenly spaced over the one component; null: a Gaussian over all components (not in SB3, where the action space says it).',
    ),
  net_arch: netArch('vf').default([64, 64]).describe('Hidden widths of actor and critic, or {pi, vf} of each.'),
  activation_fn: activation.default('tanh').describe('Activation of the hidden layers.'),
  ortho_init: z.boolean().default(true).describe('Orthogonal weights at the start; false: PyTorch’s own.'),
  log_std_init: z
    .number()
    .min(-20)
    .max(5)
    .default(0)
    .describe('Log standard deviation of the Gaussian at the start, where an action spans −1 to 1.'),
  use_sde: z
    .boolean()
    .default(false)
    .describe('The Gaussian’s noise is a function of the state for several steps (gSDE), not fresh in each.'),
  sde_sample_freq: z
    .int()
    .min(-1)
    .default(-1)
    .refine((value) => value !== 0, 'expected -1 or at least 1')
    .describe('Steps between new noise matrices of gSDE; −1: only where a rollout begins.'),
  full_std: z
    .boolean()
    .default(true)
    .describe('gSDE: a deviation for each latent feature and component; false: for each feature.'),
  use_expln: z
    .boolean()
    .default(false)
    .describe('gSDE: deviations grow with log(1 + x) instead of exp(x) above 1, so that they cannot explode.'),
  gamma: z.number().min(0).max(1).default(0.99).describe('Discount of the next step.'),
  ent_coef: z
    .number()
    .min(-1)
    .default(0)
    .describe(
      'Weight of the entropy bonus; below 0 a penalty on entropy, which sharpens the policy (−λ of arXiv 1711.02846).',
    ),
  vf_coef: z.number().positive().default(0.5).describe('Weight of the critic’s loss.'),
  max_grad_norm: z
    .number()
    .min(0)
    .default(0.5)
    .describe('The global norm over all parameters is clipped to this; 0: no clipping.'),
  normalize: normalizeOption,
  ...rewardOptions,
};

const shared = z.object(actorCriticOptions);

export type ActorCriticConfig = z.infer<typeof shared>;
