import type { Rng } from '../../../core/rng.ts';
import type { Tensorflow } from '../../../nn/backend/tensorflow.ts';
import { transformerConfig } from '../../../nn/language/config.ts';
import type { Tokenizer } from '../../../nn/language/tokenizer/tokenizer.ts';
import { LanguageTrainer } from '../../../nn/language/trainer.ts';
import { freshTransformer } from '../../../nn/language/transformer.ts';
import type { Transformer } from '../../../nn/language/transformer.ts';
import { windowBatches } from './corpus.ts';
import type { Lines } from './corpus.ts';

/** Tokens of a window, and with it of a negative prompt. */
export const context = 64;
const rows = 4;
const shape = { context, width: 48, heads: 2, layers: 2 };

/** A model trained from scratch. */
export async function trainedBase(
  tf: Tensorflow,
  tokenizer: Tokenizer,
  lines: Lines,
  steps: number,
  rng: Rng,
  progress: (done: number) => void = () => undefined,
): Promise<Transformer> {
  const config = transformerConfig({ ...shape, vocabulary: tokenizer.vocabulary });
  const model = freshTransformer(tf, config, rng.split('weights'));
  using trainer = new LanguageTrainer(model, {
    batches: windowBatches(lines, tokenizer, { rows, context }, rng.split('batches')),
    steps,
    learningRate: 3e-3,
    schedule: { kind: 'cosine', warmUp: Math.min(50, steps) },
    maxGradientNorm: 1,
    onProgress: ({ step }) => progress(step / steps),
  });
  await trainer.train();
  return model;
}

/** A copy of a model, all of whose weights are then fine-tuned. The base stays as it is. */
export async function fineTuned(
  base: Transformer,
  tokenizer: Tokenizer,
  lines: Lines,
  steps: number,
  rng: Rng,
): Promise<Transformer> {
  const model = freshTransformer(base.tf, base.config, rng.split('weights'));
  model.base.write(await base.base.read());
  using trainer = new LanguageTrainer(model, {
    batches: windowBatches(lines, tokenizer, { rows, context }, rng.split('batches')),
    steps,
    learningRate: 2e-3,
    schedule: { kind: 'linear' },
    maxGradientNorm: 1,
  });
  await trainer.train();
  return model;
}
