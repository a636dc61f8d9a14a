import type { Tensor, Tensor1D, Tensor2D, Tensor3D } from '@tensorflow/tfjs';
import { ConfigError } from '../../core/errors.ts';
import type { Rng } from '../../core/rng.ts';
import type { Tensorflow } from '../../nn/backend/tensorflow.ts';
import { op } from '../../nn/op.ts';
import { combine } from '../tensor/combine.ts';
import { featureHead, logitBias, randomHead } from './auxiliary-head.ts';
import { descend, publishedSchedule } from './descent.ts';
import type { Schedule } from './descent.ts';
import { biasWeight } from './fusion.ts';
import type { Fusion } from './fusion.ts';
import { multiBranchLoss } from './multi-branch-loss.ts';
import { perTrial } from './per-trial.ts';

/** What the two frozen encoders say of rows. */
export interface Branches {
  /** Zero-shot logits [N×C]. */
  readonly z0: Tensor2D;
  /** Auxiliary features [N×D], rows of length 1. */
  readonly f1: Tensor2D;
}

/** Labelled rows. */
export interface Shots extends Branches {
  /** int32 [N] */
  readonly labels: Tensor1D;
}

/** One way of AMU-Tuning: each ingredient may be taken out. */
export interface AmuSetting extends Fusion {
  /** λ of the multi-branch loss: 1, the fused logits alone; 0, the bias alone. */
  readonly lambda: number;
  /** `features`: class means of the shots; `random`: without feature initialisation. */
  readonly initialisation: 'features' | 'random';
}

/** As published, with the uncertainty fusion that the released command leaves off. */
export const publishedSetting: AmuSetting = {
  alpha: 0.5,
  uncertainty: 'kurtosis',
  power: 0.4,
  lambda: 0.35,
  initialisation: 'features',
};

/**
 * Trains a head `W₁` for every setting on the same shots: a search is one training.
 * @returns [G×D×C], the caller's
 * @throws {ConfigError} for no settings or a λ outside of [0, 1].
 */
export function trainHeads(
  tf: Tensorflow,
  shots: Shots,
  settings: readonly AmuSetting[],
  rng: Rng,
  schedule: Schedule = publishedSchedule,
): Tensor3D {
  if (settings.length === 0) throw new ConfigError('AMU-Tuning: no settings, expected at least one');
  for (const { lambda } of settings)
    if (!(lambda >= 0 && lambda <= 1))
      throw new ConfigError(`AMU-Tuning: lambda is ${lambda}, expected a number in [0, 1]`);
  const { z0, f1, labels } = shots;
  const [rows, k] = z0.shape;
  const g = settings.length;
  const start = tf.tidy(() => {
    const from = featureHead(tf, f1, labels, k);
    // Of one draw, so that settings differ in nothing but what they say.
    const drawn = randomHead(tf, f1.shape[1], k, rng.split('head'));
    return tf.stack(settings.map(({ initialisation }) => (initialisation === 'features' ? from : drawn)));
  }) as Tensor3D;
  const fixed = tf.tidy(() => ({
    z0: perTrial(tf, z0, g),
    f1: perTrial(tf, f1, g),
    weights: biasWeights(tf, z0, settings),
    labels: tf.tile(labels.expandDims(0), [g, 1]),
    lambda: tf.tensor1d(settings.map(({ lambda }) => lambda)),
  }));
  const loss = (w1: Tensor3D, batch: Tensor1D): Tensor => {
    const b = logitBias(tf, fixed.f1.gather(batch, 1), w1);
    const z = combine(tf, [
      { z: fixed.z0.gather(batch, 1), w: 1 },
      { z: b, w: fixed.weights.gather(batch, 1) },
    ]);
    return multiBranchLoss(tf, z, b, fixed.labels.gather(batch, 1), fixed.lambda);
  };
  const heads = descend(tf, start, loss, rows, schedule, rng.split('batches'));
  tf.dispose([start, ...Object.values(fixed)]);
  return heads;
}

/**
 * `z = z₀ + α·u(z₀)·b` by every head, each with its own setting.
 * @param heads [G×D×C]  @returns [G×N×C]
 */
export const trialLogits = op(
  'trialLogits',
  (tf, { z0, f1 }: Branches, heads: Tensor3D, settings: readonly AmuSetting[]): Tensor =>
    combine(tf, [
      { z: perTrial(tf, z0, settings.length), w: 1 },
      { z: logitBias(tf, perTrial(tf, f1, settings.length), heads), w: biasWeights(tf, z0, settings) },
    ]),
);

function biasWeights(tf: Tensorflow, z0: Tensor2D, settings: readonly AmuSetting[]): Tensor {
  return tf.stack(settings.map((setting) => biasWeight(tf, z0, setting)));
}
