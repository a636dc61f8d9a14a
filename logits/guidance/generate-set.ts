import type { Rng } from '../../core/rng.ts';
import type { Tensorflow } from '../../nn/backend/tensorflow.ts';
import type { SamplingOptions } from '../../nn/language/sampling.ts';
import { specialTokens } from '../../nn/language/tokenizer/tokenizer.ts';
import { NegativePool, publishedNegatives } from './pool.ts';
import type { SteerSetting } from './setting.ts';
import { steer } from './steer.ts';
import type { SteeredModels } from './steer.ts';

export interface SetOptions extends SamplingOptions {
  /** Texts to make. */
  readonly count: number;
  /** Most tokens of a text. */
  readonly maxTokens: number;
  /** Texts made at once; each sees in the pool what was made before its batch: 1 as released. */
  readonly batch: number;
  /** Examples of a negative prompt, where they fit: 10. */
  readonly negatives?: number | undefined;
  /** What the texts go on from: nothing. */
  readonly prompt?: readonly number[] | undefined;
}

/**
 * Makes a set of texts one batch after the other, each text with a negative prompt of its own from the pool of the real ones and all those made before.
 * A text's random numbers depend on its place only, so that two settings draw the same ones.
 * @param real texts [tokens] that the pool begins with  @returns texts without the prompt and the token that ended them
 */
export async function generateSet(
  tf: Tensorflow,
  models: SteeredModels,
  real: readonly (readonly number[])[],
  setting: SteerSetting,
  options: SetOptions,
  rng: Rng,
): Promise<number[][]> {
  const { count, maxTokens, batch, negatives = publishedNegatives, prompt = [], ...sampling } = options;
  const pool = new NegativePool(real);
  const room = models.expert.context - maxTokens;
  const made: number[][] = [];
  while (made.length < count) {
    const drawing = rng.split('negatives').split(made.length);
    const prompts = Array.from({ length: Math.min(batch, count - made.length) }, (_, row) => ({
      prompt: [specialTokens.begin, ...prompt],
      negative: setting.eta > 0 ? pool.prompt(negatives, room, drawing.split(row)) : [],
    }));
    const stream = rng.split('tokens').split(made.length);
    const texts = await steer(tf, models, prompts, setting, { ...sampling, maxTokens }, stream);
    const fresh = texts.map(({ tokens }) => [...tokens]);
    made.push(...fresh);
    pool.add(fresh);
  }
  return made;
}
