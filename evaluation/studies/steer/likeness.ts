import type { Rng } from '../../../core/rng.ts';
import { adversarialAuroc } from '../../../logits/guidance/metric/adversary.ts';
import { centroidSimilarity } from '../../../logits/guidance/metric/centroid-similarity.ts';
import { manifold } from '../../../logits/guidance/metric/manifold.ts';
import { mauve } from '../../../logits/guidance/metric/mauve.ts';
import { tokenBatch } from '../../../nn/language/token-batch.ts';
import { specialTokens } from '../../../nn/language/tokenizer/tokenizer.ts';
import type { Transformer } from '../../../nn/language/transformer.ts';

/** How a set of texts is like a set of real ones that no model has read. */
export interface Likeness {
  /** Coherence. */
  readonly mauve: number;
  readonly similarity: number;
  readonly precision: number;
  readonly recall: number;
  readonly authenticity: number;
  readonly auroc: number;
}

const rows = 64;

/**
 * Features [N][d] of texts: the mean over a text's tokens of the states that the base model's head reads, of length 1. (MAUVE takes the last token's state, as
 * a large model sums up a text there; in windows of unrelated lines the last state tells of the next line.)
 */
export async function featuresOf(model: Transformer, texts: readonly (readonly number[])[]): Promise<Float64Array[]> {
  const { tf, config } = model;
  const out: Float64Array[] = [];
  for (let from = 0; from < texts.length; from += rows) {
    const part = texts.slice(from, from + rows);
    const batch = tokenBatch(part.map((tokens) => ({ tokens: [specialTokens.begin, ...tokens] })));
    const means = tf.tidy(() => {
      const valid = tf.tensor3d(Float32Array.from(batch.valid), [batch.rows, batch.length, 1]);
      const sum = model.states(batch).mul(valid).sum(1);
      return sum.div(sum.square().sum(-1, true).sqrt());
    });
    const values = await means.data();
    means.dispose();
    for (let row = 0; row < part.length; row++)
      out.push(Float64Array.from(values.subarray(row * config.width, (row + 1) * config.width)));
  }
  return out;
}

export function likeness(real: readonly Float64Array[], made: readonly Float64Array[], rng: Rng): Likeness {
  return {
    mauve: mauve(real, made, rng.split('mauve')),
    similarity: centroidSimilarity(real, made),
    ...manifold(real, made),
    auroc: adversarialAuroc(real, made, rng.split('adversary')),
  };
}
