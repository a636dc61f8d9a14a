import type { Tensorflow } from '../../nn/backend/tensorflow.ts';
import type { CausalModel } from '../../nn/language/causal-model.ts';
import type { LogitsProcessor } from '../../nn/language/generate.ts';
import { logitDifference } from './difference.ts';
import type { DifferenceOptions } from './difference.ts';

/**
 * What stands between the target and the choice of a token while it generates: an assistant that reads along and is subtracted. Tokens on
 * which it does not act are excluded, as released for greedy decoding.
 * @param prompts those that `generate` is given
 */
export async function differenceDecoding(
  tf: Tensorflow,
  assistant: CausalModel,
  prompts: readonly (readonly number[])[],
  options: DifferenceOptions,
): Promise<{ readonly process: LogitsProcessor } & Disposable> {
  const reading = await assistant.decode(prompts);
  return {
    async process(logits, _prefixes, last) {
      if (last !== undefined) await reading.advance(last);
      const { exclude = true } = options;
      return tf.tidy(() => logitDifference(tf, logits, reading.logits, { ...options, exclude }).as2D(...logits.shape));
    },
    [Symbol.dispose]: () => reading[Symbol.dispose](),
  };
}
