import type { Tensor } from '@tensorflow/tfjs';
import { ConfigError } from '../../core/errors.ts';
import type { Tensorflow } from '../../nn/backend/tensorflow.ts';
import { binaryKL, binaryKLNorm } from '../binary-kl.ts';
import { crossEntropy } from '../cross-entropy.ts';
import type { Floats } from '../row.ts';
import { softKL } from '../soft-kl.ts';
import { decoupledKD } from '../tensor/decoupled-kd.ts';
import type { ConflictScope } from '../tensor/project-conflict.ts';
import { relationalKD } from '../tensor/relational-kd.ts';

/** D that adds up over rows: the value of one, and its slope by s into `gradient`, which aliases neither. */
type RowImitation = (s: Floats, t: Floats, at: number, k: number, temperature: number, gradient: Floats) => number;

/** D of student logits s [B×K] beside the teacher's t [B×K]. @param labels y int32 [B] */
type BatchImitation = (tf: Tensorflow, s: Tensor, t: Tensor, labels: Tensor, temperature: number) => Tensor;

/** How a student may imitate its teacher, each with its published temperature: row by row, or by tensors where rows or labels meet. */
export const imitations = {
  kd: { temperature: 4, row: softKL },
  'binary-kl': { temperature: 2, row: binaryKL },
  'binary-kl-norm': { temperature: 2, row: binaryKLNorm },
  dkd: { temperature: 4, batch: (tf, s, t, labels, temperature) => decoupledKD(tf, s, t, labels, { temperature }) },
  dist: { temperature: 1, batch: (tf, s, t, _labels, temperature) => relationalKD(tf, s, t, { temperature }) },
} satisfies Record<
  string,
  { readonly temperature: number } & ({ readonly row: RowImitation } | { readonly batch: BatchImitation })
>;

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
  /** α in the course of the training: it rises from 0 over the first share of it (DKD's warm-up), and is 0 from another on. */
  readonly course?: { readonly rises?: number; readonly ends?: number };
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

/** α after a share `done` of the training. */
export function alphaAt({ alpha, course: { rises = 0, ends = 1 } = {} }: Objective, done: number): number {
  if (done >= ends) return 0;
  return done < rises ? (alpha * done) / rises : alpha;
}

/** What the heads said of a batch beside what was to be said: [rows×K] each, y [rows]. */
export interface Said {
  readonly main: Float32Array;
  /** Read where the objective's head is `auxiliary`. */
  readonly auxiliary: Float32Array;
  readonly teacher: Float32Array;
  readonly labels: Int32Array;
}

/** Slopes of the two terms by the logits that each reads, and their sum; null: the term has no weight. */
export interface LogitSlopes {
  /** γ·∂CE/∂z [rows×K]. */
  readonly task: Float32Array | null;
  /** α·∂D/∂z or α·∂D/∂z' [rows×K]. */
  readonly imitation: Float32Array | null;
  /** L. */
  readonly loss: number;
}

/** @throws {ConfigError} naming the weight that is negative or not finite, or that both are 0. */
export function assertObjective({ gamma, alpha }: Objective): void {
  for (const [name, value] of Object.entries({ gamma, alpha }))
    if (!(value >= 0 && value < Infinity))
      throw new ConfigError(`distillation: ${name} is ${value}, expected a finite number from 0`);
  if (gamma === 0 && alpha === 0) throw new ConfigError('distillation: gamma and alpha are 0, nothing would be learnt');
}

/** Slopes of both terms of L, apart: alignment and the measured conflict need them so. @param alpha α of the moment */
export async function logitSlopes(
  tf: Tensorflow,
  objective: Objective,
  said: Said,
  alpha = objective.alpha,
): Promise<LogitSlopes> {
  const { gamma } = objective;
  const { main, labels } = said;
  const task = gamma === 0 ? null : new Float32Array(main.length);
  const imitation = alpha === 0 ? null : new Float32Array(main.length);
  let loss = 0;
  if (task !== null)
    loss += meanOfRows(labels.length, gamma, task, (row, at, k) => crossEntropy(main, at, k, labels[row]!, task));
  if (imitation !== null) loss += await imitate(tf, objective, said, alpha, imitation);
  return { task, imitation, loss };
}

/** α·D and its slope by what imitates. */
async function imitate(
  tf: Tensorflow,
  { imitation, head, temperature }: Objective,
  { main, auxiliary, teacher, labels }: Said,
  alpha: number,
  slope: Float32Array,
): Promise<number> {
  const s = head === 'main' ? main : auxiliary;
  const how: { readonly temperature: number; readonly row?: RowImitation; readonly batch?: BatchImitation } =
    imitations[imitation];
  const { row, batch } = how;
  const own = temperature ?? how.temperature;
  const rows = labels.length;
  if (row !== undefined) return meanOfRows(rows, alpha, slope, (_row, at, k) => row(s, teacher, at, k, own, slope));
  const { value, grad } = tf.tidy(() => {
    const [z, t] = [s, teacher].map((values) => tf.tensor2d(values, [rows, values.length / rows]));
    const y = tf.tensor1d(labels, 'int32');
    return tf.valueAndGrad((at: Tensor) => batch!(tf, at, t!, y, own).mul(alpha))(z!);
  });
  slope.set(await grad.data());
  const [loss] = await value.data();
  tf.dispose([value, grad]);
  return loss!;
}

/** Weight times the mean of a loss over rows, which writes the slope of each; those are then of the mean too. */
function meanOfRows(
  rows: number,
  weight: number,
  slope: Float32Array,
  loss: (row: number, at: number, k: number) => number,
): number {
  const k = slope.length / rows;
  const share = weight / rows;
  let total = 0;
  for (let row = 0; row < rows; row++) total += share * loss(row, row * k, k);
  for (let i = 0; i < slope.length; i++) slope[i]! *= share;
  return total;
}
