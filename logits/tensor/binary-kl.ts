import type { Tensor } from '@tensorflow/tfjs';
import type { Tensorflow } from '../../nn/backend/tensorflow.ts';
import { op } from '../../nn/op.ts';
import { ownGradient } from './own-gradient.ts';
import { alternatives, assertAlike, assertPositive } from './shape.ts';
import { weightedMean } from './weighted-mean.ts';

export interface BinaryKLOptions {
  /** T above 0; 2 as published. */
  readonly temperature?: number;
  /** [...] of the rows. */
  readonly weights?: Tensor;
}

/**
 * `T² · mean Σ_k KL(Bern σ(t_k/T) ‖ Bern σ(s_k/T))`: every logit for itself, so that a constant added to a row is seen. Gradient by s:
 * `T (σ(s/T) − σ(t/T))`. By `log σ(x) = −softplus(−x)`, since clamped probabilities round to 1 in float32. The gradient reaches both.
 *
 * Source: DHKD (arXiv 2411.08937).
 * @param student s [...,K]  @param teacher t [...,K]  @returns scalar
 */
export const binaryKL = op('binaryKL', (tf, student: Tensor, teacher: Tensor, options: BinaryKLOptions = {}): Tensor =>
  perClass(tf, 'binaryKL', bernoulliKL, student, teacher, options),
);

/**
 * `T² · mean Σ_k KL(Bern ½ ‖ Bern σ(δ_k))`, `δ = (s − t)/T`, which is `log cosh(δ/2)`: δ²/8 near 0 and |δ|/2 far out, the same for
 * every value of the teacher. Gradient by s: `T (σ(δ) − ½)`. The gradient reaches both.
 *
 * Source: DHKD (arXiv 2411.08937).
 * @param student s [...,K]  @param teacher t [...,K]  @returns scalar
 */
export const binaryKLNorm = op(
  'binaryKLNorm',
  (tf, student: Tensor, teacher: Tensor, options: BinaryKLOptions = {}): Tensor =>
    perClass(tf, 'binaryKLNorm', halfKL, student, teacher, options),
);

function perClass(
  tf: Tensorflow,
  name: string,
  divergence: (tf: Tensorflow, teacher: Tensor, student: Tensor) => Tensor,
  student: Tensor,
  teacher: Tensor,
  { temperature = 2, weights }: BinaryKLOptions,
): Tensor {
  alternatives(name, student);
  assertAlike(name, student, teacher);
  assertPositive(name, 'temperature', temperature);
  const rows = divergence(tf, teacher.div(temperature), student.div(temperature)).sum(-1);
  return weightedMean(tf, rows, weights).mul(temperature ** 2);
}

/**
 * `KL(Bern σ(a) ‖ Bern σ(b))`, entry by entry. Gradients `σ(a) σ(−a) (a − b)` and `σ(b) − σ(a)`. An outcome that a excludes adds nothing.
 * @param a [·]  @param b [·]  @returns [·]
 */
export const bernoulliKL = op('bernoulliKL', (tf, a: Tensor, b: Tensor): Tensor => {
  assertAlike('bernoulliKL', a, b);
  const times = (share: Tensor, x: Tensor): Tensor =>
    share.mul(tf.where(share.equal(tf.zerosLike(share)), tf.zerosLike(x), x));
  return ownGradient(
    tf,
    [a, b],
    () => {
      const yes = a.sigmoid();
      const no = a.neg().sigmoid();
      const logYes = b.neg().softplus().sub(a.neg().softplus());
      const logNo = b.softplus().sub(a.softplus());
      return { value: times(yes, logYes).add(times(no, logNo)), saved: [a, b, yes, no] };
    },
    (dy, [a, b, yes, no]) => [times(yes!.mul(no!), a!.sub(b!)).mul(dy), b!.sigmoid().sub(yes!).mul(dy)],
  );
});

/** `KL(Bern ½ ‖ Bern σ(b − a))`, entry by entry; of equal ones, also infinite, 0. */
function halfKL(tf: Tensorflow, a: Tensor, b: Tensor): Tensor {
  return ownGradient(
    tf,
    [a, b],
    () => {
      const delta = tf.where(b.equal(a), tf.zerosLike(a), b.sub(a));
      const value = delta.softplus().add(delta.neg().softplus()).div(2).sub(Math.LN2);
      return { value, saved: [delta] };
    },
    (dy, [delta]) => {
      const slope = delta!.sigmoid().sub(0.5).mul(dy);
      return [slope.neg(), slope];
    },
  );
}
