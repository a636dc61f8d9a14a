import type { Rng } from '../../../core/rng.ts';
import type { Tensorflow } from '../../../nn/backend/tensorflow.ts';
import { epochBatches } from '../../../nn/language/batches.ts';
import { transformerConfig } from '../../../nn/language/config.ts';
import { tokenCrossEntropy } from '../../../nn/language/token-loss.ts';
import { LanguageTrainer } from '../../../nn/language/trainer.ts';
import { freshTransformer } from '../../../nn/language/transformer.ts';
import type { Transformer } from '../../../nn/language/transformer.ts';
import type { Corpus, Fact } from './corpus.ts';

/** What target and reference are, and how they are taught. */
export interface LanguageSize {
  readonly layers: number;
  readonly width: number;
  /** Values inside the MLP of a layer. */
  readonly hidden: number;
  readonly heads: number;
  readonly steps: number;
  readonly batch: number;
  readonly learningRate: number;
}

/**
 * A model that was taught some facts, and no others. Labels are smoothed: else no alternative to what it knows would pass the filter of the
 * logit difference, and nothing could be unlearnt.
 */
export async function taught(
  tf: Tensorflow,
  corpus: Corpus,
  facts: readonly Fact[],
  { layers, width, hidden, heads, steps, batch, learningRate }: LanguageSize,
  rng: Rng,
  progress: (done: number) => void = () => undefined,
): Promise<Transformer> {
  const config = transformerConfig({
    vocabulary: corpus.vocabulary,
    context: corpus.context,
    width,
    hidden,
    heads,
    layers,
  });
  const model = freshTransformer(tf, config, rng.split('model'));
  using trainer = new LanguageTrainer(model, {
    batches: epochBatches(corpus.lessons(facts), batch, rng.split('batches')),
    steps,
    learningRate,
    schedule: { kind: 'cosine', warmUp: Math.min(50, Math.floor(steps / 4)) },
    maxGradientNorm: 1,
    loss: tokenCrossEntropy(smoothing),
    onProgress: ({ step }) => progress(step / steps),
  });
  await trainer.train();
  return model;
}

const smoothing = 0.1;
