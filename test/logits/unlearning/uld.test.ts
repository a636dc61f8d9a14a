import type { Tensor, Tensor1D, Tensor2D } from '@tensorflow/tfjs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ConfigError } from '../../../core/errors.ts';
import { rng } from '../../../core/rng.ts';
import type { LogitModel, LogitModule } from '../../../logits/contract.ts';
import { crossEntropy } from '../../../logits/tensor/cross-entropy.ts';
import { DenseLearner } from '../../../logits/unlearning/dense-learner.ts';
import { descend } from '../../../logits/unlearning/descent.ts';
import { forgetQuality, modelUtility } from '../../../logits/unlearning/forget-quality.ts';
import { Uld } from '../../../logits/unlearning/uld.ts';
import type { AssistantBatch, UldData, UldSetting } from '../../../logits/unlearning/uld.ts';
import { selectBackend } from '../../../nn/backend.ts';
import type { SelectedBackend } from '../../../nn/backend.ts';
import { mlp } from '../../../nn/layers.ts';
import { centralDifference } from '../../support/central-difference.ts';
import { moduleContract } from '../module-contract.ts';

/** Four states, one action each; the first is to be forgotten. */
const layers = mlp([4, 8, 8, 4], 'relu');

describe('the module of ULD on a policy', () => {
  let backend: SelectedBackend;
  let tf: SelectedBackend['tf'];
  let target: DenseLearner;
  let x: Tensor2D;
  let labels: Tensor1D;
  beforeAll(async () => {
    backend = await selectBackend({ force: 'wasm' });
    tf = backend.tf;
    const random = rng(4);
    const parameters = Float32Array.from({ length: 4 * 8 + 8 + 8 * 8 + 8 + 8 * 4 + 4 }, () => random.normal() / 2);
    target = DenseLearner.of(tf, layers, parameters);
    x = tf.tensor2d([1, 0, 0, 0.1, 0, 1, 0, 0.1, 0, 0, 1, 0.1, 1, 1, 0, 0], [4, 4]);
    labels = tf.tensor1d([0, 1, 2, 3], 'int32');
    const loss = (): Tensor => crossEntropy(tf, target.logits(x), labels);
    await descend(tf, target.trained, loss, { steps: 80, learningRate: 0.02 });
  });
  afterAll(() => {
    target[Symbol.dispose]();
    tf.dispose([x, labels]);
    backend[Symbol.dispose]();
  });

  const batches = (): AssistantBatch<Tensor2D> => ({
    x,
    labels: tf.tensor1d([0, -100, -100, -100], 'int32'),
    uniform: tf.tensor1d([0, 1, 1, 1]),
  });
  const data = (): UldData<Tensor2D> => ({
    base: target,
    batches,
    forget: { x, labels: tf.tensor1d([0, -100, -100, -100], 'int32') },
    retain: { x, labels: tf.tensor1d([-100, 1, 2, 3], 'int32') },
  });
  const module = (alpha: number, setting: Partial<UldSetting> = {}): Uld<Tensor2D> =>
    new Uld<Tensor2D>(tf, target.assistant({ rank: 4, alpha: 4 }, rng(5)), {
      alpha,
      beta: 1,
      filterRate: 0,
      descent: { steps: 60, learningRate: 0.03 },
      ...setting,
    });

  moduleContract(() => ({
    tf,
    base: target as unknown as LogitModel<Tensor>,
    x,
    at: async (strength) => {
      const uld = module(strength, { descent: { steps: 3, learningRate: 0.02 } });
      await uld.fit({ batches }, rng(1));
      return uld as unknown as LogitModule<Tensor, unknown, unknown, unknown>;
    },
  }));

  it('forgets what it was to forget, keeps the rest, and leaves the target as it was', async () => {
    const before = await target.trained.read();
    using uld = module(2);
    const given = data();
    expect(await uld.fit(given, rng(1))).toEqual({ steps: 60, parameters: 4 * 4 + 4 * 8 });
    expect(await uld.report(given)).toEqual({ forget: { before: 1, after: 0 }, retain: { before: 1, after: 1 } });
    expect(await target.trained.read()).toEqual(before);
    tf.dispose([given.forget.labels, given.retain.labels]);
  });

  it('trains to the same bits again', async () => {
    const weights = async (): Promise<number[]> => {
      using uld = module(1);
      await uld.fit({ batches }, rng(1));
      const out = uld.wrap(target).logits(x);
      const values = [...(await out.data())];
      out.dispose();
      return values;
    };
    expect(await weights()).toEqual(await weights());
  });
});

describe('a policy as a learner', () => {
  let backend: SelectedBackend;
  let tf: SelectedBackend['tf'];
  beforeAll(async () => {
    backend = await selectBackend({ force: 'cpu' });
    tf = backend.tf;
  });
  afterAll(() => backend[Symbol.dispose]());

  it('has the gradients of finite differences, by weights, adapters and input', async () => {
    const random = rng(1);
    const values = Float32Array.from({ length: 3 * 4 + 4 + 4 * 4 + 4 + 4 * 2 + 2 }, () => random.normal());
    using target = DenseLearner.of(tf, mlp([3, 4, 4, 2], 'relu'), values);
    using assistant = target.assistant({ rank: 2, alpha: 3, layers: 2 }, rng(2));
    const start = Float32Array.from({ length: assistant.trained.size }, () => random.normal());
    assistant.trained.write(start);
    const x = tf.tensor2d(
      Float32Array.from({ length: 6 }, () => random.normal()),
      [2, 3],
    );
    for (const learner of [target, assistant]) {
      const loss = (): Tensor => learner.logits(x).square().sum();
      const weights = (await learner.trained.read()).slice();
      const { grads, value } = tf.valueAndGrads(() => loss() as never)([...learner.trained.tensors]);
      const got = grads.flatMap((grad) => [...grad.dataSync()]);
      weights.forEach((_, at) => {
        const slope = centralDifference(weights, at, 1e-2, () => {
          learner.trained.write(weights);
          const made = loss();
          const [number] = made.dataSync();
          made.dispose();
          return number!;
        });
        // Away from the kinks of ReLU the loss is of degree 4 at most in one weight.
        expect(Math.abs(got[at]! - slope) / Math.max(1, Math.abs(slope))).toBeLessThan(2e-2);
      });
      learner.trained.write(weights);
      tf.dispose([...grads, value]);
    }
    x.dispose();
  });

  it('has an assistant that does nothing yet, which is the first layers with the head', () => {
    const values = Float32Array.from({ length: 2 * 3 + 3 + 3 * 3 + 3 + 3 * 2 + 2 }, (_, i) => Math.sin(i));
    using target = DenseLearner.of(tf, mlp([2, 3, 3, 2], 'relu'), values);
    using assistant = target.assistant({ rank: 1, alpha: 1 }, rng(1));
    using cut = DenseLearner.of(
      tf,
      mlp([2, 3, 2], 'relu'),
      Float32Array.from([...values.slice(0, 9), ...values.slice(21)]),
    );
    const x = tf.tensor2d([[0.3, -2]]);
    const [a, b] = [assistant.logits(x), cut.logits(x)];
    expect([...a.dataSync()]).toEqual([...b.dataSync()]);
    tf.dispose([x, a, b]);
    expect(() => target.assistant({ rank: 1, alpha: 1, layers: 3 }, rng(1))).toThrow(ConfigError);
    expect(() => target.assistant({ rank: 0, alpha: 1 }, rng(1))).toThrow(ConfigError);
    using narrow = DenseLearner.of(tf, mlp([2, 4, 3, 2], 'relu'), new Float32Array(2 * 4 + 4 + 4 * 3 + 3 + 3 * 2 + 2));
    expect(() => narrow.assistant({ rank: 1, alpha: 1 }, rng(1))).toThrow(ConfigError);
    expect(() => DenseLearner.of(tf, mlp([2, 2], 'silu', 'silu'), new Float32Array(6))).toThrow(ConfigError);
  });
});

describe('what unlearning is judged by', () => {
  it('is a test of truth ratios, and a harmonic mean', () => {
    expect(forgetQuality([0.1, 0.4, 0.7, 1.2, 2], [0.3, 0.5, 1, 1.5, 3, 4])).toBeCloseTo(0.818182, 6);
    const known = { accuracy: 0.5, probability: 0.25, truthRatios: [2, 4, 0.5] };
    // mean max(0, 1 − 1/R) = (0.5 + 0.75 + 0)/3
    expect(modelUtility([known])).toBeCloseTo(3 / (1 / 0.5 + 1 / 0.25 + 3 / 1.25), 12);
    expect(modelUtility([known, { ...known, accuracy: 0 }])).toBe(0);
  });
});
