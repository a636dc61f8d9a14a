import { z } from 'zod';
import { ConfigError } from '../../core/errors.ts';
import { logSoftmax } from '../../logits/log-softmax.ts';
import type { GradientAccess } from '../../core/victim.ts';
import { RowGuidance } from '../../logits/guidance/row-guidance.ts';
import type { UnsafeContexts } from '../../logits/guidance/row-guidance.ts';
import { policyGuidance } from '../../logits/guidance/policy.ts';
import { publishedSetting } from '../../logits/guidance/setting.ts';
import { define } from './define.ts';
import { fusedAccess, ofController } from './fused.ts';
import type { RowFusion } from './fused.ts';
import { incidents } from './incidents.ts';
import type { ModuleGround } from './module.ts';
import { tensorAccess, tensorModel } from './tensor-bridge.ts';

const config = z.strictObject({
  base: z.string().min(1).meta({
    title: 'Base',
    description: 'The nominal policy, of the same alternatives: the victim is pushed further away from it.',
  }),
  gamma: z
    .number()
    .min(0)
    .max(100)
    .default(publishedSetting.gamma)
    .meta({ title: 'Gamma', description: 'How far along what distinguishes the victim from the base; 0: not at all.' }),
  eta: z
    .number()
    .min(0)
    .max(100)
    .default(publishedSetting.eta)
    .meta({ title: 'Eta', description: 'How far away from what the victim does in unsafe contexts; 0: not at all.' }),
  rho: z.number().min(0).max(1).default(publishedSetting.rho).meta({
    title: 'Rho',
    description: 'Only alternatives at least so probable as the victim’s best, relative to it; published: 0, all.',
  }),
  unsafe: z.int().min(1).max(1024).default(64).meta({
    title: 'Unsafe contexts',
    description: 'How many attacked observations are kept, those that move the victim’s action most.',
  }),
  epsilon: z
    .number()
    .positive()
    .max(1)
    .default(0.05)
    .meta({ title: 'Epsilon', description: 'Of the attack (PGD, L-inf, calendar left alone) that finds them.' }),
  attack_steps: z.int().min(1).max(100).default(10).meta({ title: 'Attack steps', description: 'Of that PGD.' }),
  bandwidth: z.number().positive().max(100).default(0.5).meta({
    title: 'Bandwidth',
    description: 'How near an unsafe context has to be to count, in the normalised units of the observations.',
  }),
  steps: z
    .int()
    .min(24)
    .max(100_000)
    .default(8760)
    .meta({ title: 'Steps', description: 'Steps of each building that are recorded and attacked.' }),
});

/**
 * Guidance of the victim, which is the expert, by a nominal policy and by contexts in which an attack misled it. Nothing is trained.
 * Source: STEER, arXiv 2308.07645, on a policy: specs/logit-methods.md 4.4.
 */
export const steer = define(
  'STEER: the victim pushed on from a base policy and away from unsafe contexts (around its logits)',
  'arXiv 2308.07645; specs/logit-methods.md 4',
  config,
  ({ base, gamma, eta, rho, bandwidth, unsafe: wanted, ...search }) => ({
    strength: Math.max(gamma, eta),
    policies: { base },
    async prepare(ground: ModuleGround) {
      const { access } = ground.victim;
      const found = eta > 0 ? await incidents(ground, search) : undefined;
      const unsafe = found?.worst(wanted);
      if (unsafe !== undefined && unsafe.length === 0)
        throw new ConfigError(
          'no attacked observation misled the victim: there is no unsafe context; set eta to 0, or a greater epsilon',
        );
      const nominal = ground.other(base).access;
      const { observationSize: size, logitsSize: k } = access;
      const figures = { unsafe: (unsafe?.length ?? 0) / size };
      if (rho === 0) {
        const contexts = unsafe === undefined ? undefined : contextsOf(access, unsafe, bandwidth);
        const rows = new RowGuidance({ gamma, eta }, contexts, size, k);
        return {
          access: fusedAccess([ofController(access), ofController(nominal)], guided(rows, access), access),
          figures,
        };
      }
      const tf = await ground.tensors();
      const guidance = policyGuidance(tf, {
        setting: { gamma, eta, rho },
        base: tensorModel(tf, nominal),
        unsafe,
        bandwidth,
      });
      return {
        access: tensorAccess(tf, guidance.wrap(tensorModel(tf, access)), access),
        figures,
      };
    },
  }),
);

/** Guidance on typed arrays, of the logits of an expert and of its base. */
export function guided(rows: RowGuidance, { observationSize: size, logitsSize: k }: GradientAccess): RowFusion {
  return {
    value: ([f, b], x, row, out) => rows.value(f!, b, row * k, x, row * size, out),
    slope: ([f, b], x, row, dOut, [dF, dB], dX) => rows.slope(f!, b, row * k, x, row * size, dOut, dF!, dB, dX),
  };
}

/** What the expert would do in each unsafe context. @param unsafe [N×O] */
export function contextsOf(expert: GradientAccess, unsafe: Float32Array, bandwidth: number): UnsafeContexts {
  const { observationSize: size, logitsSize: k } = expert;
  const n = unsafe.length / size;
  const z = new Float32Array(n * k);
  expert.logits(unsafe, n, z);
  const probabilities = Float64Array.from(z);
  for (let row = 0; row < n; row++) logSoftmax(probabilities, row * k, k, probabilities);
  return { rows: unsafe, probabilities: probabilities.map(Math.exp), bandwidth };
}
