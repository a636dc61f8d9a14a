import { rng } from '../../../core/rng.ts';
import { transformerConfig } from '../../../nn/language/config.ts';
import { freshTransformer } from '../../../nn/language/transformer.ts';
import type { Transformer } from '../../../nn/language/transformer.ts';
import type { Tf } from '../../support/on-backend.ts';

export const tinyVocabulary = 11;

/** A transformer with random weights, far from uniform. */
export async function tinyModel(tf: Tf, seed: number, context = 24): Promise<Transformer> {
  const model = freshTransformer(
    tf,
    transformerConfig({ vocabulary: tinyVocabulary, context, width: 8, heads: 2, layers: 2 }),
    rng(seed),
  );
  const noise = rng(seed).split('noise');
  model.base.write((await model.base.read()).map((value) => 2 * value + 0.25 * noise.normal()));
  return model;
}

/** Log-probabilities of the next token after a whole sequence, without a cache. */
export async function nextLogP(model: Transformer, tokens: readonly number[]): Promise<number[]> {
  using decoding = await model.decode([tokens], { cache: false });
  const z = [...(await decoding.logits.data())];
  const max = Math.max(...z);
  const total = max + Math.log(z.reduce((sum, value) => sum + Math.exp(value - max), 0));
  return z.map((value) => value - total);
}
