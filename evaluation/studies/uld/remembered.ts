import type { Tensor } from '@tensorflow/tfjs';
import type { LogitModel } from '../../../logits/contract.ts';
import type { Tensorflow } from '../../../nn/backend/tensorflow.ts';
import type { TokenBatch } from '../../../nn/language/token-batch.ts';

/**
 * A model that is asked the same batches again, under many weights of a difference: it reads each once. Its weights must not change
 * meanwhile. It borrows the model, and owns the logits that it keeps.
 */
export function remembered(tf: Tensorflow, model: LogitModel<TokenBatch>): LogitModel<TokenBatch> & Disposable {
  const kept = new Map<string, Tensor>();
  return {
    k: model.k,
    logits(batch) {
      const key = `${batch.rows}: ${batch.ids.join(' ')}`;
      let z = kept.get(key);
      if (z === undefined) {
        z = tf.keep(model.logits(batch));
        kept.set(key, z);
      }
      return z.clone();
    },
    [Symbol.dispose]() {
      for (const z of kept.values()) z.dispose();
      kept.clear();
    },
  };
}
