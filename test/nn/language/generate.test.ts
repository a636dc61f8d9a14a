import * as tf from '@tensorflow/tfjs';
import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CancelledError, ConfigError, NonFiniteError, ShapeError } from '../../../core/errors.ts';
import { rng } from '../../../core/rng.ts';
import { selectBackend } from '../../../nn/backend.ts';
import type { SelectedBackend } from '../../../nn/backend.ts';
import { resting } from '../../../nn/language/causal-model.ts';
import { transformerConfig } from '../../../nn/language/config.ts';
import { generate } from '../../../nn/language/generate.ts';
import type { LogitsProcessor } from '../../../nn/language/generate.ts';
import { sampleToken } from '../../../nn/language/sampling.ts';
import { tokenLogProbs } from '../../../nn/language/scoring.ts';
import { tokenBatch } from '../../../nn/language/token-batch.ts';
import { freshTransformer, withAdapters } from '../../../nn/language/transformer.ts';
import type { Transformer } from '../../../nn/language/transformer.ts';
import { expectNoLeakedTensors } from '../../support/leak.ts';

let backend: SelectedBackend;
beforeAll(async () => {
  backend = await selectBackend({ force: 'wasm' });
});
afterAll(() => backend[Symbol.dispose]());

const small = { vocabulary: 13, context: 12, width: 8, heads: 2, layers: 2 };
const configs = [
  transformerConfig(small),
  transformerConfig({ ...small, positions: 'rotary', norm: 'rms', activation: 'silu', tied: false }),
];

/** Far from uniform, so that a wrong logit changes a token. */
async function sharp(config = configs[0]!): Promise<Transformer> {
  const model = freshTransformer(tf, config, rng(1));
  const noise = rng(2);
  model.base.write((await model.base.read()).map((value) => 2 * value + 0.2 * noise.normal()));
  return model;
}

const prompts = [[1, 5, 3], [1], [1, 7, 7, 4, 9, 8]];

describe.each(configs.map((config) => [config.positions, config] as const))(
  'decoding with %s positions',
  (_, config) => {
    it('has the same logits with and without the cache, and as each prompt alone', async () => {
      using source = await sharp(config);
      using adapted = withAdapters(source, { rank: 2, alpha: 4 }, rng(4));
      const noise = rng(5);
      adapted.trained.write((await adapted.trained.read()).map((value) => value + 0.3 * noise.normal()));
      for (const model of [source, adapted]) {
        using cached = await model.decode(prompts);
        using whole = await model.decode(prompts, { cache: false });
        const alone = await Promise.all(prompts.map((prompt) => model.decode([prompt])));
        for (const tokens of [
          [4, 5, 6],
          [7, resting, 8],
          [9, resting, 10],
          [11, resting, 12],
          [3, resting, 3],
        ]) {
          const [a, b] = [await cached.logits.data(), await whole.logits.data()];
          for (const [row, one] of alone.entries()) {
            if (tokens[row] === resting) continue;
            const c = await one.logits.data();
            const at = row * config.vocabulary;
            const apart = (others: ArrayLike<number>, from: number): number =>
              Math.max(
                ...Array.from({ length: config.vocabulary }, (_, v) => Math.abs(a[at + v]! - others[from + v]!)),
              );
            expect(apart(b, at)).toBeLessThan(2e-5);
            expect(apart(c, 0)).toBeLessThan(2e-5);
            await one.advance([tokens[row]!]);
          }
          await cached.advance(tokens);
          await whole.advance(tokens);
        }
        for (const one of alone) one[Symbol.dispose]();
      }
    });

    it('generates the same with and without the cache', async () => {
      using model = await sharp(config);
      for (const temperature of [0, 1]) {
        const run = (cache: boolean): ReturnType<typeof generate> =>
          generate(model, prompts, { maxTokens: 6, temperature, cache, topK: 6, topP: 0.95 }, rng(3));
        expect(await run(true)).toEqual(await run(false));
      }
    });
  },
);

describe('generate', () => {
  it('ends by stop token, by length, and by the context', async () => {
    using model = await sharp();
    const forced =
      (token: number): LogitsProcessor =>
      (logits) =>
        tf.oneHot(tf.tensor1d(Array<number>(logits.shape[0]).fill(token), 'int32'), 13).mul(50) as tf.Tensor2D;
    const run = (token: number, maxTokens: number): ReturnType<typeof generate> =>
      generate(
        model,
        prompts,
        { maxTokens, stop: [6], process: (...all) => tf.tidy(() => forced(token)(...all) as tf.Tensor2D) },
        rng(3),
      );
    expect(await run(6, 4)).toEqual(prompts.map(() => ({ tokens: [], ended: 'stop' })));
    expect(await run(5, 2)).toEqual(prompts.map(() => ({ tokens: [5, 5], ended: 'length' })));
    const long = await run(5, 10);
    expect(long.map(({ ended, tokens }) => [ended, tokens.length])).toEqual([
      ['length', 10],
      ['length', 10],
      ['context', 7], // six tokens of the prompt fill the context of 12 with six more, whose logits give a seventh
    ]);
  });

  it('hands a processor the prefixes and what was chosen, with which another model keeps step', async () => {
    using model = await sharp();
    const decoding = await model.decode(prompts);
    let calls = 0;
    // p ∝ p·p: the model beside itself, as ULD and STEER put another one beside it.
    const twice: LogitsProcessor = async (logits, prefixes, last) => {
      if (last !== undefined) await decoding.advance(last);
      if (calls++ === 0) expect(prefixes).toEqual(prompts);
      return tf.add(logits, decoding.logits);
    };
    const options = { maxTokens: 5 };
    const doubled = await generate(model, prompts, { ...options, process: twice }, rng(3));
    decoding[Symbol.dispose]();
    expect(doubled).toEqual(await generate(model, prompts, { ...options, temperature: 0.5 }, rng(3)));
    expect(calls).toBe(5);
  });

  it('draws a row from its own stream: the others do not matter', async () => {
    using model = await sharp();
    const options = { maxTokens: 5 };
    const both = await generate(model, prompts, options, rng(3));
    expect(await generate(model, [prompts[0]!], options, rng(3))).toEqual([both[0]]);
    expect(await generate(model, prompts, options, rng(4))).not.toEqual(both);
  });

  it('hears the signal, refuses options and processors that cannot be, and leaves no tensor behind', async () => {
    using model = await sharp();
    await expect(generate(model, prompts, { maxTokens: 3, signal: AbortSignal.abort() }, rng(3))).rejects.toThrow(
      CancelledError,
    );
    for (const wrong of [
      { maxTokens: 0 },
      { temperature: -1 },
      { topK: 0 },
      { topP: 0 },
      { process: () => tf.zeros([1, 1]) as tf.Tensor2D },
    ])
      await expect(generate(model, prompts, { maxTokens: 1, ...wrong }, rng(3))).rejects.toThrow(ConfigError);
    await expect(model.decode([[]])).rejects.toThrow(ShapeError);
    await expectNoLeakedTensors(async () => {
      for (const cache of [true, false])
        await generate(model, prompts, { maxTokens: 3, cache, process: (logits) => tf.mul(logits, 2) }, rng(3));
      await expect(
        generate(model, prompts, { maxTokens: 1, process: () => tf.zeros([1, 1]) as tf.Tensor2D }, rng(3)),
      ).rejects.toThrow();
    });
  });

  it('refuses to go on where the context is full, cached or not', async () => {
    using model = await sharp();
    for (const cache of [true, false]) {
      using decoding = await model.decode([Array<number>(12).fill(5)], { cache });
      await expect((async () => decoding.advance([5]))()).rejects.toThrow('filled the context, 12 tokens');
      await expect((async () => decoding.advance([13]))()).rejects.toThrow(ShapeError);
      await expect((async () => decoding.advance([5, 5]))()).rejects.toThrow(ShapeError);
    }
  });
});

describe('sampling a token', () => {
  const logits = [1, 3, -Infinity, 3, 0];

  it('takes the first of the likeliest at temperature 0', () => {
    expect(sampleToken(logits, { temperature: 0 }, rng(1))).toBe(1);
  });

  it.each([
    ['plain', {}, [1, 3, -Infinity, 3, 0]],
    ['temperature 2', { temperature: 2 }, [0.5, 1.5, -Infinity, 1.5, 0]],
    ['top-k', { topK: 3 }, [1, 3, -Infinity, 3, -Infinity]],
    ['top-p', { topP: 0.9 }, [-Infinity, 3, -Infinity, 3, -Infinity]],
    ['top-p that takes one more to reach p', { topP: 0.95 }, [1, 3, -Infinity, 3, -Infinity]],
  ] as const)('has the frequencies of the softmax: %s', (_name, options, effective) => {
    const weights = effective.map(Math.exp);
    const total = weights.reduce((sum, one) => sum + one, 0);
    const stream = rng(9);
    const counts = logits.map(() => 0);
    const draws = 20_000;
    for (let i = 0; i < draws; i++) counts[sampleToken(logits, options, stream)]!++;
    for (const [v, count] of counts.entries()) {
      const p = weights[v]! / total;
      // Five standard deviations; what is cut off is never drawn.
      expect(Math.abs(count / draws - p)).toBeLessThanOrEqual(5 * Math.sqrt((p * (1 - p)) / draws));
    }
  });

  it('never takes what is impossible, whatever the options', () => {
    const some = fc.array(fc.oneof(fc.constant(-Infinity), fc.float({ min: -100, max: 100, noNaN: true })), {
      minLength: 1,
      maxLength: 8,
    });
    fc.assert(
      fc.property(
        some,
        fc.integer({ min: 1, max: 9 }),
        fc.double({ min: 0.01, max: 1, noNaN: true }),
        fc.nat(),
        (z, topK, topP, seed) => {
          fc.pre(z.some((one) => one > -Infinity));
          expect(z[sampleToken(z, { topK, topP, temperature: 0.5 }, rng(seed))]).toBeGreaterThan(-Infinity);
        },
      ),
    );
  });

  it.each([
    ['NaN', [0, NaN]],
    ['an infinity', [0, Infinity]],
    ['nothing possible', [-Infinity, -Infinity]],
  ])('refuses %s', (_what, z) => {
    expect(() => sampleToken(z, {}, rng(1))).toThrow(NonFiniteError);
  });
});

describe('scores', () => {
  it('are the log-softmax of the logits at the answer tokens, 0 elsewhere, whatever the padding', async () => {
    using model = await sharp();
    const sequences = [{ tokens: [1, 5, 3, 8], answerFrom: 2 }, { tokens: [1, 7] }];
    const batch = tokenBatch(sequences);
    const scores = await tokenLogProbs(model, batch);
    const logits = tf.tidy(() => tf.logSoftmax(model.logits(batch)));
    const all = (await logits.array()) as number[][][];
    logits.dispose();
    const expected = [0, 0, all[0]![1]![3]!, all[0]![2]![8]!, 0, all[1]![0]![7]!, 0, 0];
    for (const [at, score] of scores.entries()) expect(score).toBeCloseTo(expected[at]!, 5);
    const left = await tokenLogProbs(model, tokenBatch(sequences, { side: 'left', length: 6 }));
    expect(left[6 + 5]).toBeCloseTo(expected[5]!, 5);
  });
});
