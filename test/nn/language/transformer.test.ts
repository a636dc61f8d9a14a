import * as tf from '@tensorflow/tfjs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ConfigError, ShapeError, StateError } from '../../../core/errors.ts';
import { rng } from '../../../core/rng.ts';
import { selectBackend } from '../../../nn/backend.ts';
import type { SelectedBackend } from '../../../nn/backend.ts';
import { transformerConfig } from '../../../nn/language/config.ts';
import type { TransformerConfig } from '../../../nn/language/config.ts';
import { tokenBatch } from '../../../nn/language/token-batch.ts';
import type { TokenSequence } from '../../../nn/language/token-batch.ts';
import { tokenCrossEntropy } from '../../../nn/language/token-loss.ts';
import { freshTransformer, withAdapters } from '../../../nn/language/transformer.ts';
import type { Transformer } from '../../../nn/language/transformer.ts';
import { centralDifference } from '../../support/central-difference.ts';
import { expectNoLeakedTensors } from '../../support/leak.ts';
import { referenceLogits, referenceLoss } from './reference-transformer.ts';

const small = { vocabulary: 11, context: 9, width: 8, heads: 2, layers: 2 };

const variants: readonly (readonly [name: string, config: TransformerConfig])[] = [
  ['layer norm, learned positions, GELU, tied head', transformerConfig(small)],
  [
    'RMS norm, rotary positions, SiLU, head of its own',
    transformerConfig({ ...small, norm: 'rms', positions: 'rotary', activation: 'silu', tied: false, hidden: 12 }),
  ],
  ['rotary positions, one head', transformerConfig({ ...small, positions: 'rotary', heads: 1, layers: 1 })],
];

const sequences: readonly TokenSequence[] = [
  { tokens: [1, 5, 7, 5, 2] },
  { tokens: [1, 9, 3, 10, 4, 6, 2], answerFrom: 3 },
  { tokens: [1, 8, 8], answerFrom: 2 },
];

let backend: SelectedBackend;
beforeAll(async () => {
  backend = await selectBackend({ force: 'wasm' });
});
afterAll(() => backend[Symbol.dispose]());

/** A model none of whose weights is 0 or 1, so that no gradient is hidden. */
async function stirred(model: Transformer, seed: number): Promise<Transformer> {
  const noise = rng(seed);
  for (const parameters of new Set([model.base, model.trained])) {
    const values = await parameters.read();
    parameters.write(values.map((value) => value + 0.2 * noise.normal()));
  }
  return model;
}

/** All weights in float64, by name. */
async function float64Weights(model: Transformer): Promise<Map<string, Float64Array>> {
  const weights = new Map<string, Float64Array>();
  for (const parameters of new Set([model.base, model.trained])) {
    const values = await parameters.read();
    let at = 0;
    for (const { name, shape } of parameters.shapes) {
      const size = shape.reduce((product, one) => product * one, 1);
      weights.set(name, Float64Array.from(values.subarray(at, (at += size))));
    }
  }
  return weights;
}

async function read(tensor: tf.Tensor): Promise<Float32Array> {
  const values = (await tensor.data()) as Float32Array;
  tensor.dispose();
  return values;
}

describe.each(variants)('a transformer with %s', (_name, config) => {
  it.each(['right', 'left'] as const)('has the logits of the textbook, with padding on the %s', async (side) => {
    using model = await stirred(freshTransformer(tf, config, rng(1)), 2);
    const weights = await float64Weights(model);
    const batch = tokenBatch(sequences, { side, length: 8 });
    const logits = await read(model.logits(batch));
    for (const [row, { tokens }] of sequences.entries()) {
      const start = row * 8 + (side === 'left' ? 8 - tokens.length : 0);
      const got = logits.subarray(start * config.vocabulary, (start + tokens.length) * config.vocabulary);
      const expected = referenceLogits(config, weights, tokens).flat();
      expect(Math.max(...expected.map((value, i) => Math.abs(value - got[i]!)))).toBeLessThan(2e-5);
    }
  });

  it.each([
    ['of all weights', false, 'right'],
    ['of all weights, padding in front', false, 'left'],
    ['of adapters', true, 'left'],
  ] as const)('has the gradient of the float64 loss: %s', async (_what, lora, side) => {
    using source = await stirred(freshTransformer(tf, config, rng(3)), 4);
    using adapted = lora ? withAdapters(source, { rank: 2, alpha: 3 }, rng(5)) : undefined;
    const model = adapted === undefined ? source : await stirred(adapted, 6);
    const smoothing = 0.1;
    const weights = await float64Weights(model);
    const reference = (): number => {
      let [loss, weight] = [0, 0];
      for (const { tokens, answerFrom = 1 } of sequences) {
        const answer = tokens.map((_, t) => (t >= answerFrom ? 1 : 0));
        const one = referenceLoss(referenceLogits(config, weights, tokens, 1.5), tokens, answer, smoothing);
        loss += one.loss;
        weight += one.weight;
      }
      return loss / weight;
    };
    const batch = tokenBatch(sequences, { side });
    const lossOf = tokenCrossEntropy(smoothing);
    const { value, grads } = tf.valueAndGrads(() => lossOf(tf, model.logits(batch), batch))([...model.trained.tensors]);
    expect((await read(value))[0]).toBeCloseTo(reference(), 5);
    const pick = rng(7);
    for (const [i, { name }] of model.trained.shapes.entries()) {
      const gradient = await read(grads[i]!);
      const array = weights.get(name)!;
      for (let sample = 0; sample < (side === 'left' ? 1 : 2); sample++) {
        const at = pick.int(array.length);
        const expected = centralDifference(array, at, 1e-5, reference);
        expect(Math.abs(gradient[at]! - expected), `${name}[${at}]`).toBeLessThan(2e-5 + 1e-3 * Math.abs(expected));
      }
    }
  });

  it('never lets a later token change an earlier logit, to the bit', async () => {
    using model = await stirred(freshTransformer(tf, config, rng(8)), 9);
    const before = [1, 5, 7, 3, 4, 9, 2];
    const logits = async (tokens: readonly number[]): Promise<Float32Array> =>
      read(model.logits(tokenBatch([{ tokens }])));
    const first = await logits(before);
    for (let changed = 1; changed < before.length; changed++) {
      const after = await logits(before.map((token, t) => (t >= changed ? (token + 3) % 11 : token)));
      const upTo = changed * config.vocabulary;
      expect(after.subarray(0, upTo)).toEqual(first.subarray(0, upTo));
      expect(after.subarray(upTo)).not.toEqual(first.subarray(upTo));
    }
  });

  it('leaves no tensor behind', async () => {
    await expectNoLeakedTensors(() => {
      using model = freshTransformer(tf, config, rng(1));
      using assistant = withAdapters(model, { rank: 2, alpha: 2 }, rng(2), 1);
      const batch = tokenBatch(sequences);
      const lossOf = tokenCrossEntropy();
      const gradient = (one: Transformer): unknown =>
        tf.valueAndGrads(() => lossOf(tf, one.logits(batch), batch))([...one.trained.tensors]);
      return [gradient(model), gradient(assistant)];
    });
  });
});

describe('on the JavaScript backend', () => {
  it.each(variants)('a transformer with %s has the same loss and gradients', async (_name, config) => {
    const batch = tokenBatch(sequences, { side: 'left' });
    const lossOf = tokenCrossEntropy(0.1);
    const run = async (): Promise<Float32Array[]> => {
      using model = freshTransformer(tf, config, rng(1));
      const { value, grads } = tf.valueAndGrads(() => lossOf(tf, model.logits(batch), batch))([...model.base.tensors]);
      return Promise.all([value, ...grads].map(read));
    };
    const expected = await run();
    await tf.setBackend('cpu');
    const got = await run().finally(() => tf.setBackend('wasm'));
    for (const [i, values] of got.entries())
      for (const [at, value] of values.entries())
        if (Math.abs(value - expected[i]![at]!) > 1e-5) expect.fail(`tensor ${i}, value ${at}: ${value}`);
  });
});

describe('a transformer with adapters', () => {
  const config = transformerConfig(small);
  const batch = tokenBatch(sequences);

  it('is its base at first, to the bit, whatever the adapted layers', async () => {
    using model = freshTransformer(tf, config, rng(1));
    const expected = await read(model.logits(batch));
    for (const targets of [undefined, ['attention.qkv'], ['mlp.down', 'attention.out']] as const) {
      using adapted = withAdapters(model, { rank: 3, alpha: 6, targets, layers: 1 }, rng(2));
      expect(await read(adapted.logits(batch))).toEqual(expected);
    }
  });

  it('may be the first layers only: an assistant, whose source may be disposed first', async () => {
    const source = await stirred(freshTransformer(tf, config, rng(1)), 2);
    using assistant = withAdapters(source, { rank: 2, alpha: 2 }, rng(2), 1);
    const weights = await float64Weights(source);
    source[Symbol.dispose]();
    const { tokens } = sequences[0]!;
    const got = await read(assistant.logits(tokenBatch([{ tokens }])));
    const expected = referenceLogits({ ...config, layers: 1 }, weights, tokens).flat();
    expect(Math.max(...expected.map((value, i) => Math.abs(value - got[i]!)))).toBeLessThan(1e-5);
    // A and B of four linear layers.
    expect(assistant.trained.shapes).toHaveLength(8);
    expect(() => source.logits(batch)).toThrow(StateError);
  });

  it.each([
    ['a rank of 0', { rank: 0, alpha: 1 }, undefined],
    ['no targets', { rank: 1, alpha: 1, targets: [] }, undefined],
    ['more adapted layers than there are', { rank: 1, alpha: 1, layers: 3 }, undefined],
    ['more layers than the source has', { rank: 1, alpha: 1 }, 3],
  ])('refuses %s', (_what, lora, layers) => {
    using model = freshTransformer(tf, config, rng(1));
    expect(() => withAdapters(model, lora, rng(2), layers)).toThrow(ConfigError);
  });

  it('refuses a model that has adapters', () => {
    using model = freshTransformer(tf, config, rng(1));
    using once = withAdapters(model, { rank: 1, alpha: 1 }, rng(2));
    expect(() => withAdapters(once, { rank: 1, alpha: 1 }, rng(2))).toThrow(ConfigError);
  });
});

describe('misuse', () => {
  it.each([
    ['heads that do not divide the width', { heads: 3 }],
    ['rotary heads of odd width', { width: 6, positions: 'rotary' }],
    ['a vocabulary of one', { vocabulary: 1 }],
    ['no layers', { layers: 0 }],
  ] as const)('of a config is named: %s', (_what, change) => {
    expect(() => transformerConfig({ ...small, ...change })).toThrow(ConfigError);
  });

  it('of a batch is named', () => {
    using model = freshTransformer(tf, transformerConfig(small), rng(1));
    const logits = (tokens: number[]): unknown => model.logits(tokenBatch([{ tokens }]));
    expect(() => logits([1, 11])).toThrow(ConfigError);
    expect(() => logits([1, -1])).toThrow('token -1 in row 0');
    expect(() => logits(Array<number>(10).fill(1))).toThrow(ShapeError);
    expect(() => tokenBatch([])).toThrow(ShapeError);
    expect(() => tokenBatch([{ tokens: [] }])).toThrow(ShapeError);
    expect(() => tokenBatch([{ tokens: [1, 2, 3] }], { length: 2 })).toThrow(ShapeError);
    const short = tokenBatch([{ tokens: [1, 2] }]);
    expect(() => model.logits({ ...short, valid: new Uint8Array(1) })).toThrow('valid has 1 values');
    expect(() => tokenCrossEntropy(1)).toThrow(ConfigError);
    const one = tokenBatch([{ tokens: [1] }]);
    expect(() => tf.tidy(() => tokenCrossEntropy()(tf, model.logits(one), one))).toThrow('no token');
  });
});
