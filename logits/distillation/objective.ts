import type { Tensor } from '@tensorflow/tfjs';
import { ConfigError } from '../../core/errors.ts';
import type { Tensorflow } from '../../nn/backend/tensorflow.ts';
import { binaryKL, binaryKLNorm } from '../tensor/binary-kl.ts';
import { crossEntropy } from '../tensor/cross-entropy.ts';
import { decoupledKD } from '../tensor/decoupled-kd.ts';
import type { ConflictScope } from '../tensor/project-conflict.ts';
import { relationalKD } from '../tensor/relational-kd.ts';
import { softKL } from '../tensor/soft-kl.ts';

/** A loss of student logits s [B×K] beside the teacher's t [B×K]. @param labels y int32 [B] */
type Imitation = (tf: Tensorflow, s: Tensor, t: Tensor, labels: Tensor, temperature: number) => Tensor;

/** How a student may imitate its teacher, each with its published temperature. */
export const imitations = {
  kd: { temperature: 4, loss: (tf, s, t, _labels, temperature) => softKL(tf, s, t, { temperature }) },
  'binary-kl': { temperature: 2, loss: (tf, s, t, _labels, temperature) => binaryKL(tf, s, t, { temperature }) },
  'binary-kl-norm': {
    temperature: 2,
    loss: (tf, s, t, _labels, temperature) => binaryKLNorm(tf, s, t, { temperature }),
  },
  dkd: { temperature: 4, loss: (tf, s, t, labels, temperature) => decoupledKD(tf, s, t, labels, { temperature }) },
  dist: { temperature: 1, loss: (tf, s, t, _labels, temperature) => relationalKD(tf, s, t, { temperature }) },
} satisfies Record<string, { readonly temperature: number; readonly loss: Imitation }>;

export type ImitationName = keyof typeof imitations;

/**
 * `L = γ·CE(z, y) + α·D(z or z', t)`. DHKD's own is γ = α = 1, D = BinaryKL-Norm, on the auxiliary head.
 *
 * Source: DHKD (arXiv 2411.08937); with `head: 'main'` it is the one-headed loss that it warns of, or ordinary distillation.
 */
export interface Objective {
  /** γ, from 0. */
  readonly gamma: number;
  /** α, from 0: how strongly the teacher is imitated; 0 is training by labels alone. */
  readonly alpha: number;
  /** D. */
  readonly imitation: ImitationName;
  /** T of D; absent: the published one. */
  readonly temperature?: number;
  /** Which head imitates. */
  readonly head: 'main' | 'auxiliary';
  /** Take from the gradient of D what goes against that of CE: over all parameters, as published, or the shared ones; absent: leave it. */
  readonly alignment?: ConflictScope;
}

/** DHKD as published for CIFAR-100, with gradient alignment. */
export const dhkd: Objective = { gamma: 1, alpha: 1, imitation: 'binary-kl-norm', head: 'auxiliary', alignment: 'all' };

/** Slopes of the two terms by the logits that each reads, and their values; null: the term has no weight. */
export interface LogitSlopes {
  /** γ·∂CE/∂z [B×K]. */
  readonly task: Tensor | null;
  /** α·∂D/∂z or α·∂D/∂z' [B×K]. */
  readonly imitation: Tensor | null;
  /** L, a scalar. */
  readonly loss: Tensor;
}

/** @throws {ConfigError} naming the weight that is negative or not finite, or that both are 0. */
export function assertObjective({ gamma, alpha }: Objective): void {
  for (const [name, value] of Object.entries({ gamma, alpha }))
    if (!(value >= 0 && value < Infinity))
      throw new ConfigError(`distillation: ${name} is ${value}, expected a finite number from 0`);
  if (gamma === 0 && alpha === 0) throw new ConfigError('distillation: gamma and alpha are 0, nothing would be learnt');
}

/**
 * Slopes of both terms of L, apart: alignment and the measured conflict need them so.
 * @param main z [B×K]  @param auxiliary z' [B×K], read where the objective's head is `auxiliary`  @param teacher t [B×K]
 * @param labels y int32 [B]  @returns tensors that the caller owns
 */
export function logitSlopes(
  tf: Tensorflow,
  objective: Objective,
  main: Tensor,
  auxiliary: Tensor,
  teacher: Tensor,
  labels: Tensor,
): LogitSlopes {
  const { gamma, alpha, imitation, head } = objective;
  const { loss, temperature } = imitations[imitation];
  const t = objective.temperature ?? temperature;
  const slopes = tf.tidy('logitSlopes', () => {
    const task = gamma === 0 ? null : tf.valueAndGrad((z: Tensor) => crossEntropy(tf, z, labels).mul(gamma))(main);
    const copy =
      alpha === 0
        ? null
        : tf.valueAndGrad((s: Tensor) => loss(tf, s, teacher, labels, t).mul(alpha))(
            head === 'main' ? main : auxiliary,
          );
    const total = tf.addN([task?.value, copy?.value].filter((value) => value !== undefined));
    return { loss: total, ...(task && { task: task.grad }), ...(copy && { imitation: copy.grad }) };
  });
  return { task: null, imitation: null, ...slopes };
}
