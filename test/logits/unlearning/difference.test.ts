import { describe, expect, it } from 'vitest';
import { ShapeError } from '../../../core/errors.ts';
import { rng } from '../../../core/rng.ts';
import { logSoftmax } from '../../../logits/tensor/log-softmax.ts';
import { answerScores } from '../../../logits/unlearning/answer-scores.ts';
import { differenceDecoding } from '../../../logits/unlearning/difference-decoding.ts';
import { differenceModel, logitDifference, publishedDifference } from '../../../logits/unlearning/difference.ts';
import { languageLearner } from '../../../logits/unlearning/learner.ts';
import { calibratedAlpha, dethroningAlpha, marginsOf } from '../../../logits/unlearning/margin-rule.ts';
import { nextTokenLabels, uniformWeights } from '../../../logits/unlearning/token-questions.ts';
import { generate } from '../../../nn/language/generate.ts';
import { tokenBatch } from '../../../nn/language/token-batch.ts';
import { freshTransformer, withAdapters } from '../../../nn/language/transformer.ts';
import { facts, factsConfig } from '../../nn/language/facts.ts';
import { expectNoLeakedTensors } from '../../support/leak.ts';
import { onBackend } from '../../support/on-backend.ts';
import type { Tf } from '../../support/on-backend.ts';

describe('the logit difference', () => {
  let tf: Tf;
  const read = onBackend('wasm', (opened) => (tf = opened));
  const z = (): ReturnType<Tf['tensor2d']> => tf.tensor2d([[4, 2, 1, -3]]);
  const za = (): ReturnType<Tf['tensor2d']> => tf.tensor2d([[6, 0, 0, 0]]);

  it('has the golden values of the specification', () => {
    const out = (): number[] => read(() => logitDifference(tf, z(), za(), publishedDifference));
    expect(out()).toEqual([-0.5, 2, 1, -3]);
    const p = read(() => logSoftmax(tf, logitDifference(tf, z(), za(), publishedDifference)).exp());
    [0.05635, 0.686482, 0.252543, 0.004625].forEach((wanted, i) => expect(p[i]).toBeCloseTo(wanted, 5));
    expect(read(() => logitDifference(tf, z(), za(), { ...publishedDifference, exclude: true }))).toEqual([
      -0.5,
      2,
      1,
      -Infinity,
    ]);
  });

  it('is the target itself at α = 0, and acts on everything without a filter', () => {
    const big = (): ReturnType<Tf['tensor2d']> => tf.tensor2d([[1e4, -1e4, 0.1, 7]]);
    expect(read(() => logitDifference(tf, big(), za(), { alpha: 0, filterRate: 0.01 }))).toEqual([...read(big)]);
    expect(read(() => logitDifference(tf, z(), tf.tensor2d([[1, 2, 3, 4]]), { alpha: 1, filterRate: 0 }))).toEqual([
      3, 0, -2, -7,
    ]);
  });

  it('refuses an assistant of other alternatives', () => {
    const model = { k: 4, logits: () => z() };
    expect(() => differenceModel(tf, model, { ...model, k: 5 }, publishedDifference)).toThrow(ShapeError);
  });

  it('dethrones what the margins say', async () => {
    const [a, b, y] = [z(), za(), tf.tensor1d([0], 'int32')];
    const [margins] = await marginsOf(tf, a, b, y, 0.01);
    expect(margins).toEqual({ target: 2, assistant: 6 });
    const needed = dethroningAlpha(margins!);
    const first = (alpha: number): number =>
      read(() => logitDifference(tf, a, b, { alpha, filterRate: 0.01 }).argMax(-1))[0]!;
    expect(first(needed - 0.01)).toBe(0);
    expect(first(needed + 0.01)).toBe(1);
    // The filter leaves y alone: nothing can dethrone it.
    expect(dethroningAlpha((await marginsOf(tf, a, b, y, 0.3))[0]!)).toBe(Infinity);
    tf.dispose([a, b, y]);
  });

  it('is calibrated by a quantile of what is needed', () => {
    const margins = Array.from({ length: 10 }, (_, i) => ({ target: i + 1, assistant: 2 }));
    expect(calibratedAlpha(margins)).toBe(4.5);
    expect(calibratedAlpha(margins, 1)).toBe(5);
    expect(calibratedAlpha([{ target: -1, assistant: 2 }])).toBe(0);
    expect(calibratedAlpha([{ target: 1, assistant: 0 }])).toBe(Infinity);
    expect(() => calibratedAlpha([])).toThrow(ShapeError);
  });
});

describe('questions of tokens', () => {
  const batch = tokenBatch([
    { tokens: [1, 4, 5, 6, 7], answerFrom: 3 },
    { tokens: [1, 4, 8, 9], answerFrom: 2 },
  ]);

  it('have the next token for a label, where it is of an answer', () => {
    expect([...nextTokenLabels(batch)]).toEqual([-100, -100, 6, 7, -100, -100, 8, 9, -100, -100]);
  });

  it('are uniform everywhere, on answers, or where a wrong answer has begun', () => {
    const on = (kind: 'all' | 'answer' | 'divergent', at: (number | undefined | null)[]): number[] => [
      ...uniformWeights(batch, at, kind),
    ];
    expect(on('all', [null, undefined])).toEqual([0, 0, 0, 0, 0, 1, 1, 1, 1, 1]);
    expect(on('answer', [3, undefined])).toEqual([0, 0, 1, 1, 0, 0, 1, 1, 0, 0]);
    // The logits that tell of token 3 have not read it yet.
    expect(on('divergent', [3, undefined])).toEqual([0, 0, 0, 1, 0, 0, 1, 1, 0, 0]);
    expect(on('divergent', [4, null])).toEqual([0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    expect(() => on('all', [null])).toThrow(ShapeError);
  });
});

describe('decoding by the difference', () => {
  let tf: Tf;
  onBackend('wasm', (opened) => (tf = opened));

  it('generates what the combined logits say, and scores say the same', async () => {
    using target = freshTransformer(tf, { ...factsConfig, layers: 2 }, rng(1));
    using assistant = withAdapters(target, { rank: 2, alpha: 2 }, rng(2), 1);
    const options = { alpha: 0.8, filterRate: 0.2 };
    const prompts = facts.slice(0, 6).map(({ tokens }) => tokens.slice(0, 4));
    using reading = await differenceDecoding(tf, assistant, prompts, options);
    const texts = await generate(
      target,
      prompts,
      { maxTokens: 3, stop: [], temperature: 0, process: reading.process },
      rng(3),
    );
    const combined = differenceModel(tf, languageLearner(target), languageLearner(assistant), {
      ...options,
      exclude: true,
    });
    const own = texts.map(({ tokens }, i) => ({ tokens: [...prompts[i]!, ...tokens], answerFrom: 4 }));
    expect((await answerScores(tf, combined, own)).right).toEqual(own.map(() => true));
    const plain = await generate(target, prompts, { maxTokens: 3, stop: [], temperature: 0 }, rng(3));
    expect(texts).not.toEqual(plain);
    const other = own.map(({ tokens, answerFrom }) => ({
      tokens: [...tokens.slice(0, -1), (tokens.at(-1)! + 1) % 36],
      answerFrom,
    }));
    expect((await answerScores(tf, combined, other)).right).toEqual(own.map(() => false));
  });

  it('leaves no tensor behind', async () => {
    using target = freshTransformer(tf, factsConfig, rng(1));
    using assistant = withAdapters(target, { rank: 2, alpha: 2 }, rng(2));
    await expectNoLeakedTensors(async () => {
      using reading = await differenceDecoding(tf, assistant, [[1, 4, 12]], publishedDifference);
      await generate(target, [[1, 4, 12]], { maxTokens: 2, stop: [], process: reading.process }, rng(3));
    });
  });
});
