import type { Tensor, Tensor1D, Tensor2D, Tensor3D } from '@tensorflow/tfjs';
import type { Rng } from '../../core/rng.ts';
import type { Tensorflow } from '../../nn/backend/tensorflow.ts';
import { op } from '../../nn/op.ts';
import { labelLogProb } from '../tensor/label-log-prob.ts';
import { descend } from './descent.ts';
import type { Schedule } from './descent.ts';

/** Whole batches until it has converged: the loss is convex. */
export const probeSchedule: Schedule = { epochs: 300, batch: 4096, learningRate: 0.3, weightDecay: 0, epsilon: 1e-8 };

/**
 * Logistic regression on features: minimises `mean CE(f·W + w₀, y) + ridge/2·|W|²` for every ridge at once; w₀ is free of it.
 *
 * Source: Radford et al. (2021), "Learning transferable visual models", the linear probe, its ridge searched on validation data.
 * @param f [N×D]  @param labels int32 [N]  @returns [G×(D+1)×C], the last row w₀; the caller's
 */
export function trainProbes(
  tf: Tensorflow,
  f: Tensor2D,
  labels: Tensor1D,
  k: number,
  ridges: readonly number[],
  rng: Rng,
  schedule: Schedule = probeSchedule,
): Tensor3D {
  const g = ridges.length;
  const width = f.shape[1];
  const start = tf.zeros([g, width + 1, k]) as Tensor3D;
  const penalty = tf.tidy(() => {
    const ridge = tf.tensor3d([...ridges], [g, 1, 1]);
    return tf.concat([tf.tile(ridge, [1, width, 1]), tf.zeros([g, 1, 1])], 1);
  });
  const loss = (w: Tensor3D, batch: Tensor1D): Tensor => {
    const wanted = tf.tile(labels.gather(batch).expandDims(0), [g, 1]);
    const ce = labelLogProb(tf, probeLogits(tf, f.gather(batch), w), wanted)
      .mean(-1)
      .neg();
    return ce.add(w.square().mul(penalty).sum([1, 2]).div(2));
  };
  const probes = descend(tf, start, loss, f.shape[0], schedule, rng);
  tf.dispose([start, penalty]);
  return probes;
}

/** `f·W + w₀` of every probe. @param f [B×D]  @param probes [G×(D+1)×C]  @returns [G×B×C] */
export const probeLogits = op('probeLogits', (tf, f: Tensor2D, probes: Tensor3D): Tensor => {
  const ones = tf.ones([f.shape[0], 1]) as Tensor2D;
  const rows = tf.concat([f, ones], 1).expandDims(0);
  return tf.matMul(tf.tile(rows, [probes.shape[0], 1, 1]), probes);
});
