import type { Tensor, Tensor2D, Variable } from '@tensorflow/tfjs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { rng } from '../../core/rng.ts';
import type { Rng } from '../../core/rng.ts';
import type { FeatureModel, LogitModel, LogitModule, SeqModel } from '../../logits/contract.ts';
import { combine } from '../../logits/tensor/combine.ts';
import { crossEntropy } from '../../logits/tensor/cross-entropy.ts';
import { labelLogProb } from '../../logits/tensor/label-log-prob.ts';
import { sample } from '../../logits/tensor/sample.ts';
import { seqLogProb } from '../../logits/tensor/seq-log-prob.ts';
import { selectBackend } from '../../nn/backend.ts';
import type { SelectedBackend } from '../../nn/backend.ts';
import { moduleContract } from './module-contract.ts';

type Tf = SelectedBackend['tf'];

/** Two layers, tanh between. */
function twoLayers(tf: Tf, first: Tensor2D, second: Tensor2D): FeatureModel<Tensor> {
  const features = (x: Tensor): Tensor2D => tf.tidy(() => x.matMul(first).tanh() as Tensor2D);
  const head = (h: Tensor2D): Tensor => h.matMul(second);
  return { k: second.shape[1], features, head, logits: (x) => tf.tidy(() => head(features(x))) };
}

/** Adds a learned bias to logits: the least that a module can be. */
class Bias implements LogitModule<Tensor, Tensor, number, number> {
  readonly id = 'bias';
  readonly strength: number;
  readonly #tf: Tf;
  readonly #bias: Variable;

  constructor(tf: Tf, k: number, strength: number) {
    this.#tf = tf;
    this.strength = strength;
    this.#bias = tf.tidy(() => tf.variable(tf.zeros([1, k])));
  }

  async fit(labels: Tensor, rng: Rng): Promise<number> {
    const tf = this.#tf;
    const k = this.#bias.shape[1]!;
    const start = tf.tensor2d([Array.from({ length: k }, () => 0.01 * rng.normal())]);
    this.#bias.assign(start);
    start.dispose();
    const optimizer = tf.train.sgd(1);
    const loss = (): Tensor => crossEntropy(tf, this.#bias.tile([labels.shape[0]!, 1]), labels);
    for (let step = 0; step < 50; step++) optimizer.minimize(() => loss().asScalar(), false, [this.#bias]);
    optimizer.dispose();
    const last = tf.tidy(loss);
    const [value] = await last.data();
    last.dispose();
    return value!;
  }

  wrap(base: LogitModel<Tensor>): LogitModel<Tensor> {
    const tf = this.#tf;
    return {
      k: base.k,
      logits: (x) =>
        tf.tidy(() => {
          const z = base.logits(x);
          return combine(tf, [
            { z, w: 1 },
            { z: this.#bias.tile([z.shape[0]!, 1]), w: this.strength },
          ]);
        }),
    };
  }

  report = async (): Promise<number> => this.strength;

  [Symbol.dispose](): void {
    this.#bias.dispose();
  }
}

/** A table of what follows what. */
function bigrams(tf: Tf, table: Variable): SeqModel {
  const logits = (ids: Tensor2D): Tensor => tf.gather(table, ids.toInt());
  return {
    k: table.shape[1]!,
    variables: [table],
    logits,
    next: (ids) => ({
      logits: tf.tidy(() => logits(ids.slice([0, ids.shape[1] - 1], [ids.shape[0], 1])).squeeze([1])),
      cache: { [Symbol.dispose]: () => undefined },
    }),
  };
}

describe.each(['cpu', 'wasm'])('the contract of logit models, on %s', (force) => {
  let backend: SelectedBackend;
  let tf: Tf;
  let held: readonly Tensor[];
  beforeAll(async () => {
    backend = await selectBackend({ force });
    tf = backend.tf;
    held = [
      tf.randomNormal([3, 5], 0, 1, 'float32', 1),
      tf.randomNormal([5, 4], 0, 1, 'float32', 2),
      tf.randomNormal([6, 3], 0, 1, 'float32', 3),
      tf.tensor1d([0, 0, 1, 0, 3, 0], 'int32'),
    ];
  });
  afterAll(() => {
    tf.dispose([...held]);
    backend[Symbol.dispose]();
  });

  describe('is kept by a bias', () =>
    moduleContract(() => {
      const [first, second, x, labels] = held as [Tensor2D, Tensor2D, Tensor, Tensor];
      const base = twoLayers(tf, first, second);
      return {
        tf,
        base,
        x,
        at: async (strength) => {
          const module = new Bias(tf, base.k, strength);
          await module.fit(labels, rng(1));
          return module as LogitModule<Tensor, unknown, unknown, unknown>;
        },
      };
    }));

  it('a sequence that is drawn token by token has the log-probability of its tokens', () => {
    const table = tf.variable(tf.randomNormal([5, 5], 0, 2, 'float32', 4));
    const model = bigrams(tf, table);
    const random = rng(6);
    tf.tidy(() => {
      let ids = tf.tensor2d([[0], [3]], [2, 1], 'int32');
      let told: Tensor = tf.zeros([2]);
      for (let t = 0; t < 4; t++) {
        const { logits, cache } = model.next(ids);
        cache[Symbol.dispose]();
        const drawn = sample(tf, logits, random);
        told = told.add(labelLogProb(tf, logits, drawn));
        ids = ids.concat(drawn.expandDims<Tensor2D>(1), 1);
      }
      const whole = seqLogProb(tf, model.logits(ids), ids, tf.onesLike(ids));
      [...told.dataSync()].forEach((value, b) => expect(whole.dataSync()[b]).toBeCloseTo(value, 5));
    });
    table.dispose();
  });
});
