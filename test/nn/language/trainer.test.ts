import * as tf from '@tensorflow/tfjs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CancelledError, ConfigError, NonFiniteError, ShapeError } from '../../../core/errors.ts';
import { rng } from '../../../core/rng.ts';
import { selectBackend } from '../../../nn/backend.ts';
import type { SelectedBackend } from '../../../nn/backend.ts';
import { epochBatches } from '../../../nn/language/batches.ts';
import { FlatAdam } from '../../../nn/language/flat-adam.ts';
import { generate } from '../../../nn/language/generate.ts';
import { Parameters } from '../../../nn/language/parameters.ts';
import { rateFactor } from '../../../nn/language/rate-schedule.ts';
import { tokenLogProbs } from '../../../nn/language/scoring.ts';
import { tokenBatch } from '../../../nn/language/token-batch.ts';
import { LanguageTrainer } from '../../../nn/language/trainer.ts';
import type { TrainingOptions, TrainingProgress } from '../../../nn/language/trainer.ts';
import { freshTransformer, withAdapters } from '../../../nn/language/transformer.ts';
import { expectNoLeakedTensors } from '../../support/leak.ts';
import { facts, factsConfig } from './facts.ts';

let backend: SelectedBackend;
beforeAll(async () => {
  backend = await selectBackend({ force: 'wasm' });
});
afterAll(() => backend[Symbol.dispose]());

const options = (): TrainingOptions => ({
  batches: epochBatches(facts, 32, rng(2)),
  steps: 150,
  learningRate: 1e-2,
  schedule: { kind: 'cosine', warmUp: 10 },
  maxGradientNorm: 1,
  reportEvery: 25,
});

describe('a language training', () => {
  it('memorises 64 facts, and says so in its scores and its text', async () => {
    using model = freshTransformer(tf, factsConfig, rng(1));
    const reports: TrainingProgress[] = [];
    using trainer = new LanguageTrainer(model, { ...options(), onProgress: (report) => void reports.push(report) });
    await trainer.train();
    expect(reports.map(({ step }) => step)).toEqual([25, 50, 75, 100, 125, 150]);
    expect(reports[0]!.loss).toBeGreaterThan(2);
    expect(reports.at(-1)!.loss).toBeLessThan(0.05);
    const scores = await tokenLogProbs(model, tokenBatch(facts));
    expect(Math.min(...scores)).toBeGreaterThan(Math.log(0.5));
    const prompts = facts.map(({ tokens }) => tokens.slice(0, 4));
    const told = await generate(model, prompts, { maxTokens: 5, temperature: 0 }, rng(3));
    expect(told).toEqual(facts.map(({ tokens }) => ({ tokens: tokens.slice(4, 6), ended: 'stop' })));
  }, 300_000); // a second of computing, on a machine that others may use too

  it('goes on from a checkpoint to the same bits, adapters and weight decay too', async () => {
    using base = freshTransformer(tf, factsConfig, rng(1));
    for (const lora of [false, true]) {
      const fresh = (): ReturnType<typeof freshTransformer> =>
        lora ? withAdapters(base, { rank: 4, alpha: 8 }, rng(7)) : freshTransformer(tf, factsConfig, rng(1));
      const settings = {
        ...options(),
        batches: epochBatches(facts, 24, rng(2)),
        steps: 12,
        weightDecay: 0.01,
        schedule: { kind: 'linear' },
      } as const;
      using whole = fresh();
      using uninterrupted = new LanguageTrainer(whole, settings);
      await uninterrupted.train();
      using first = fresh();
      using begun = new LanguageTrainer(first, settings);
      await begun.train(5);
      const checkpoint = await begun.checkpoint();
      await begun.train(); // what was read is not what lives on
      using second = fresh();
      using resumed = new LanguageTrainer(second, { ...settings, batches: epochBatches(facts, 24, rng(2)) });
      resumed.resume(structuredClone(checkpoint));
      expect(resumed.step).toBe(5);
      await resumed.train();
      expect(await second.trained.read()).toEqual(await whole.trained.read());
      expect(await resumed.checkpoint()).toEqual(await uninterrupted.checkpoint());
    }
  });

  it('of adapters leaves the base as it was, to the bit, and learns', async () => {
    using base = freshTransformer(tf, factsConfig, rng(1));
    const before = (await base.base.read()).slice();
    using adapted = withAdapters(base, { rank: 8, alpha: 16 }, rng(2));
    const losses: number[] = [];
    using trainer = new LanguageTrainer(adapted, {
      ...options(),
      steps: 50,
      onProgress: ({ loss }) => void losses.push(loss),
    });
    await trainer.train();
    expect(losses[1]).toBeLessThan(losses[0]! - 0.25);
    expect(await adapted.base.read()).toEqual(before);
    expect(await base.base.read()).toEqual(before);
  });

  it('stops where the signal says, with a model that can be used, and refuses a loss that is no number', async () => {
    using model = freshTransformer(tf, factsConfig, rng(1));
    const controller = new AbortController();
    using trainer = new LanguageTrainer(model, {
      ...options(),
      signal: controller.signal,
      reportEvery: 2,
      onProgress: () => controller.abort(),
    });
    await expect(trainer.train()).rejects.toThrow(CancelledError);
    expect(trainer.step).toBe(2);
    const scores = await tokenLogProbs(model, tokenBatch(facts));
    expect(scores.every(Number.isFinite)).toBe(true);
    using diverging = new LanguageTrainer(model, {
      ...options(),
      loss: (_, logits) => logits.sum().mul(NaN),
      schedule: {},
      steps: 1,
    });
    await expect(diverging.train()).rejects.toThrow(NonFiniteError);
  });

  it('leaves no tensor behind', async () => {
    await expectNoLeakedTensors(async () => {
      using model = freshTransformer(tf, factsConfig, rng(1));
      using trainer = new LanguageTrainer(model, { ...options(), weightDecay: 0.1, schedule: {}, steps: 3 });
      await trainer.train();
      trainer.resume(await trainer.checkpoint());
      await tokenLogProbs(model, tokenBatch(facts));
    });
  });

  it.each([
    ['no steps', { steps: 0 }],
    ['a learning rate of 0', { learningRate: 0 }],
    ['a warm-up beyond the end', { schedule: { warmUp: 151 } }],
    ['reports of half a step', { reportEvery: 0.5 }],
  ])('refuses %s', (_what, change) => {
    using model = freshTransformer(tf, factsConfig, rng(1));
    expect(() => new LanguageTrainer(model, { ...options(), ...change })).toThrow(ConfigError);
    using trainer = new LanguageTrainer(model, options());
    const short = new Float32Array(3);
    expect(() => trainer.resume({ step: 1, mean: short, square: short, weights: short })).toThrow(ShapeError);
  });
});

describe('epoch batches', () => {
  it('show every sequence once an epoch, in orders that depend on the seed and the step alone', () => {
    const batches = epochBatches(facts, 24, rng(2));
    const ids = (from: number, to: number): string[] =>
      Array.from({ length: to - from }, (_, i) => batches(from + i)).flatMap(({ rows, length, ids: all }) =>
        Array.from({ length: rows }, (_, row) => all.slice(row * length, (row + 1) * length).join(' ')),
      );
    const first = ids(0, 8); // three epochs of 64 in batches of 24
    for (let epoch = 0; epoch < 3; epoch++) expect(new Set(first.slice(64 * epoch, 64 * (epoch + 1))).size).toBe(64);
    expect(first.slice(0, 64)).not.toEqual(first.slice(64, 128));
    expect(ids(3, 4)).toEqual(first.slice(72, 96));
    expect(() => epochBatches([], 1, rng(1))).toThrow(ConfigError);
  });
});

describe('a rate schedule', () => {
  it.each([
    ['constant', [0.5, 1, 1, 1, 1, 1]],
    ['linear', [0.5, 1, 1, 0.75, 0.5, 0.25]],
    ['cosine', [0.5, 1, 1, 0.5 + Math.SQRT1_2 / 2, 0.5, 0.5 - Math.SQRT1_2 / 2]],
  ] as const)('that is %s', (kind, expected) => {
    const factors = expected.map((_, step) => rateFactor({ kind, warmUp: 2 }, step, 6));
    for (const [step, factor] of factors.entries()) expect(factor).toBeCloseTo(expected[step]!, 12);
  });
});

describe('Adam on one vector', () => {
  it('is the textbook in float64, with clipping and decay of matrices only', async () => {
    const shapes = [
      { name: 'w', shape: [2, 2] },
      { name: 'b', shape: [2] },
    ];
    const theta = [0.5, -0.25, 1, 2, 0.1, -3];
    using parameters = Parameters.of(tf, shapes, Float32Array.from(theta));
    using adam = new FlatAdam(tf, parameters, { maxGradientNorm: 2, weightDecay: 0.1 });
    const m = theta.map(() => 0);
    const v = theta.map(() => 0);
    for (let t = 1; t <= 4; t++) {
      const raw = theta.map((value, i) => value * t - i);
      const norm = Math.hypot(...raw);
      const g = raw.map((value) => value * Math.min(1, 2 / (norm + 1e-6)));
      const tensors = [tf.tensor2d(raw.slice(0, 4), [2, 2]), tf.tensor1d(raw.slice(4))];
      const got = adam.step(tensors, 0.05);
      expect((await got.data())[0]).toBeCloseTo(norm, 4);
      tf.dispose([got, tensors]);
      for (const i of theta.keys()) {
        m[i] = 0.9 * m[i]! + 0.1 * g[i]!;
        v[i] = 0.999 * v[i]! + 0.001 * g[i]! ** 2;
        const step = (0.05 * (m[i]! / (1 - 0.9 ** t))) / (Math.sqrt(v[i]! / (1 - 0.999 ** t)) + 1e-8);
        theta[i]! -= step + (i < 4 ? 0.05 * 0.1 * theta[i]! : 0);
      }
    }
    const values = await parameters.read();
    for (const [i, value] of theta.entries()) expect(values[i]).toBeCloseTo(value, 5);
  });
});
