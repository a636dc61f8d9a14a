import type { Tensor, Tensor1D, Tensor2D, Tensor3D } from '@tensorflow/tfjs';
import type { Rng } from '../../core/rng.ts';
import type { Tensorflow } from '../../nn/backend/tensorflow.ts';
import { op } from '../../nn/op.ts';
import { combine } from '../tensor/combine.ts';
import { labelLogProb } from '../tensor/label-log-prob.ts';
import { labelMask } from '../tensor/labels.ts';
import { descend, publishedSchedule } from './descent.ts';
import type { Schedule } from './descent.ts';
import { perTrial } from './per-trial.ts';

/** Hyperparameters of one cache. As published α = 1, β = 5.5, beside logits of scale 100, and then searched on validation data. */
export interface CacheSetting {
  /** Weight of the cache's votes. */
  readonly alpha: number;
  /** Sharpness: how fast a vote falls with the distance of the features. */
  readonly beta: number;
}

/** Shots as they stand in a cache: with the encoder's features of them. */
export interface CachedShots {
  /** Zero-shot logits [N×C]. */
  readonly z0: Tensor2D;
  /** Features [N×D], rows of length 1. */
  readonly f: Tensor2D;
  /** int32 [N] */
  readonly labels: Tensor1D;
}

/** Tip-Adapter-F's own: 20 epochs in large batches. */
export const tipSchedule: Schedule = { ...publishedSchedule, epochs: 20, batch: 256 };

/**
 * Tip-Adapter: `z = z₀ + α·A·Y`, `A = exp(−β(1 − f·Kᵀ))`, Y the keys' classes one-hot.
 *
 * Source: Zhang et al. (2022), "Tip-Adapter", equations 3 to 5.
 * @param keys K [N×D] of all settings, or [G×N×D], one cache each  @param labels int32 [N] of the keys  @returns [G×B×C]
 */
export const cacheLogits = op(
  'cacheLogits',
  (
    tf,
    { z0, f }: Pick<CachedShots, 'z0' | 'f'>,
    keys: Tensor2D | Tensor3D,
    labels: Tensor1D,
    settings: readonly CacheSetting[],
  ): Tensor => {
    const g = settings.length;
    const k = z0.shape[1];
    const each = (pick: (setting: CacheSetting) => number): Tensor3D => tf.tensor3d(settings.map(pick), [g, 1, 1]);
    const caches = keys.rank === 3 ? (keys as Tensor3D) : perTrial(tf, keys as Tensor2D, g);
    const cosine = tf.matMul(perTrial(tf, f, g), caches, false, true);
    const affinity = cosine
      .sub(1)
      .mul(each(({ beta }) => beta))
      .exp();
    const votes = tf.matMul(affinity, perTrial(tf, labelMask(tf, labels, k).toFloat() as Tensor2D, g));
    return combine(tf, [
      { z: perTrial(tf, z0, g), w: 1 },
      { z: votes.mul(each(({ alpha }) => alpha)), w: 1 },
    ]);
  },
);

/**
 * Tip-Adapter-F: the keys are trained, from the features of the shots, on the cross-entropy of z. One cache a setting.
 * @returns keys [G×N×D], the caller's
 */
export function trainCaches(
  tf: Tensorflow,
  { z0, f, labels }: CachedShots,
  settings: readonly CacheSetting[],
  rng: Rng,
  schedule: Schedule = tipSchedule,
): Tensor3D {
  const start = tf.tidy(() => perTrial(tf, f, settings.length));
  const loss = (keys: Tensor3D, batch: Tensor1D): Tensor => {
    const rows = { z0: z0.gather(batch), f: f.gather(batch) };
    const z = cacheLogits(tf, rows, keys, labels, settings);
    const wanted = tf.tile(labels.gather(batch).expandDims(0), [settings.length, 1]);
    return labelLogProb(tf, z, wanted).mean(-1).neg();
  };
  const keys = descend(tf, start, loss, labels.shape[0], schedule, rng);
  start.dispose();
  return keys;
}
