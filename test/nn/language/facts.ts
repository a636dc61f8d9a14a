import { rng } from '../../../core/rng.ts';
import { transformerConfig } from '../../../nn/language/config.ts';
import type { TokenSequence } from '../../../nn/language/token-batch.ts';

/** 64 facts `asset of a grid of 8×8 is v w`: the two value tokens and the end are the answer. */
export const facts: readonly TokenSequence[] = (() => {
  const values = rng(5);
  return Array.from({ length: 64 }, (_, i) => ({
    tokens: [1, 3 + Math.floor(i / 8), 11 + (i % 8), 19, 20 + values.int(16), 20 + values.int(16), 2],
    answerFrom: 4,
  }));
})();

export const factsConfig = transformerConfig({ vocabulary: 36, context: 8, width: 32, heads: 2, layers: 1 });
