import type { Scalar } from '@tensorflow/tfjs';
import type { Rng } from '../../../core/rng.ts';
import { LanguagePolicy } from '../../../logits/preference/language-policy.ts';
import type { Tokens } from '../../../logits/preference/language-policy.ts';
import type { Annotator } from '../../../logits/preference/annotator.ts';
import type { Tensorflow } from '../../../nn/backend/tensorflow.ts';
import { transformerConfig } from '../../../nn/language/config.ts';
import { specialTokens } from '../../../nn/language/tokenizer/tokenizer.ts';
import { wordTokenizer } from '../../../nn/language/tokenizer/word-tokenizer.ts';
import { freshTransformer } from '../../../nn/language/transformer.ts';
import { prompts, taste, vocabulary, writtenOrder } from './sentences.ts';

export interface LanguageDifficulty {
  readonly width: number;
  readonly layers: number;
  /** Steps of 64 sentences that the reference was trained for. */
  readonly pretraining: number;
  readonly noise: number;
}

/** A small language model of dispatchers' orders, and what operators like to read. */
export interface Language extends Disposable {
  readonly reference: LanguagePolicy;
  readonly utility: (x: Tokens, y: Tokens) => number;
  readonly panel: readonly Annotator<Tokens, Tokens>[];
  readonly train: readonly Tokens[];
  readonly validation: readonly Tokens[];
  readonly test: readonly Tokens[];
}

const longest = 10;

export async function language(
  tf: Tensorflow,
  { width, layers, pretraining, noise }: LanguageDifficulty,
  rng: Rng,
): Promise<Language> {
  const tokenizer = wordTokenizer(vocabulary, false);
  const encode = (texts: readonly string[]): Tokens[] =>
    texts.map((text) => [specialTokens.begin, ...tokenizer.encode(text)]);
  const asked = prompts();
  const config = transformerConfig({ vocabulary: tokenizer.vocabulary, context: 16, width, heads: 2, layers });
  const reference = new LanguagePolicy(freshTransformer(tf, config, rng.split('model')), longest);
  const everywhere = encode([...asked.train, ...asked.validation, ...asked.test]);
  using training = reference.descent(5e-3);
  for (let step = 0; step < pretraining; step++) {
    const stream = rng.split('corpus').split(step);
    const sentences = Array.from({ length: 64 }, () => ({
      x: everywhere[stream.int(everywhere.length)]!,
      y: [...tokenizer.encode(writtenOrder(stream)), specialTokens.end],
    }));
    await training.step(sentences, (logProb) => logProb.mean().neg() as Scalar);
  }
  const liking = taste(rng.split('taste'));
  const utility = (x: Tokens, y: Tokens): number =>
    y.at(-1) === specialTokens.end ? liking(tokenizer.decode(x), tokenizer.decode(y)) : liking('', '');
  return {
    reference,
    utility,
    panel: [{ utilities: (x, ys) => ys.map((y) => utility(x, y)), noise }],
    train: encode(asked.train),
    validation: encode(asked.validation),
    test: encode(asked.test),
    [Symbol.dispose]: () => reference[Symbol.dispose](),
  };
}

/** What a model is worth on prompts: means over sentences that it writes. */
export interface SentenceWorth {
  readonly utility: number;
  /** `mean ln π/π_ref` of its own sentences. */
  readonly kl: number;
  readonly j: number;
  /** Share of sentences that are orders. */
  readonly orders: number;
}

export async function sentenceWorth(
  { reference, utility }: Language,
  policy: LanguagePolicy,
  asked: readonly Tokens[],
  sentences: number,
  beta: number,
  rng: Rng,
): Promise<SentenceWorth> {
  const written = await policy.sample(asked, sentences, rng);
  const answers = written.flatMap((ys, n) => ys.map((y) => ({ x: asked[n]!, y })));
  const own = await policy.logProbs(answers);
  const base = await reference.logProbs(answers);
  const mean = (values: ArrayLike<number>): number =>
    Array.from(values).reduce((sum, value) => sum + value, 0) / values.length;
  const rewards = answers.map(({ x, y }) => utility(x, y));
  const kl = mean(own.map((value, n) => value - base[n]!));
  const r = mean(rewards);
  return { utility: r, kl, j: r - beta * kl, orders: mean(rewards.map((value) => (value <= -3 ? 0 : 1))) };
}
