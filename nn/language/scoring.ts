import type { Tensor2D } from '@tensorflow/tfjs';
import { logSumExp } from './token-loss.ts';
import type { TokenBatch } from './token-batch.ts';
import type { Transformer } from './transformer.ts';

/**
 * `log p(token | those before it)` [B×T] of the answer tokens of a batch, 0 elsewhere: a row's sum is `log p(y|x)`.
 * @throws {ShapeError} when a sequence is longer than the context.
 */
export async function tokenLogProbs(model: Transformer, batch: TokenBatch): Promise<Float32Array> {
  const { tf, config } = model;
  const { rows, length, ids, answer } = batch;
  const next = Int32Array.from(ids, (_, at) => (at % length === length - 1 ? 0 : ids[at + 1]!));
  const scores = tf.tidy(() => {
    const z = model.logits(batch).reshape([rows * length, config.vocabulary]) as Tensor2D;
    const picked = z.mul(tf.oneHot(tf.tensor1d(next, 'int32'), config.vocabulary)).sum(1);
    return picked.sub(logSumExp(z, tf.softmax(z)));
  });
  try {
    const ofNext = await scores.data();
    return Float32Array.from(answer, (weight, at) => (weight > 0 ? ofNext[at - 1]! : 0));
  } finally {
    scores.dispose();
  }
}
