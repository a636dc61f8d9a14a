import { describe, expect, it } from 'vitest';
import { ConfigError, ShapeError } from '../../../core/errors.ts';
import { rng } from '../../../core/rng.ts';
import { baselineLoss } from '../../../logits/unlearning/baselines.ts';
import { DenseLearner } from '../../../logits/unlearning/dense-learner.ts';
import { descend } from '../../../logits/unlearning/descent.ts';
import { offsetBaselines, offsetLearner, offsetLogits } from '../../../logits/unlearning/offset.ts';
import { mlp } from '../../../nn/layers.ts';
import { expectNoLeakedTensors } from '../../support/leak.ts';
import { onBackend } from '../../support/on-backend.ts';
import type { Tf } from '../../support/on-backend.ts';
import { anyShape, compare, logits, rows } from '../tensor/harness.ts';
import type { Case, Values } from '../tensor/harness.ts';
import { kl, logSigmoid, logSoftmax, mean } from '../tensor/reference.ts';

/** By definition, of rows. */
const offset = (z: Values, za: Values, initial: Values, alpha: number): number[][] =>
  rows(z).map((row, i) => {
    const [own, after, before] = [row, rows(za)[i]!, rows(initial)[i]!].map((logits) => logSoftmax(logits));
    return own!.map((value, k) => value + alpha * (after![k]! - before![k]!));
  });

describe('the offset', () => {
  let tf: Tf;
  const read = onBackend('cpu', (opened) => (tf = opened));

  it.each([0.5, 1])(
    'is the sum of log-probabilities, and its gradient reaches the assistant, α = %f',
    async (alpha) => {
      const one: Case = {
        name: 'offset',
        shapes: anyShape,
        draw: (shape, random) => ({
          inputs: [logits(random, shape), logits(random, shape), logits(random, shape)],
          compute: (_, z, za, initial) => offsetLogits(tf, z!, za!, initial!, alpha),
          reference: (z, za, initial) => offset(z!, za!, initial!, alpha).flat(),
        }),
      };
      for (const shape of [
        { lead: [3], k: 5, seed: 1 },
        { lead: [2, 3], k: 4, seed: 2 },
      ]) {
        const { forward, gradient } = await compare(tf, one, shape);
        expect(forward).toBeLessThan(1e-5);
        expect(gradient).toBeLessThan(1e-4);
      }
    },
  );

  it('is trained by the conventional objectives on the combined logits', async () => {
    const [states, beta] = [{ lead: [3], k: 5, seed: 3 }, 0.1];
    const y = [1, 0, 4];
    for (const objective of [offsetBaselines['Offset-GA+KL'], offsetBaselines['Offset-NPO+KL']]) {
      const one: Case = {
        name: objective.forget,
        shapes: anyShape,
        draw(_shape, random) {
          const [base, initial] = [logits(random, states), logits(random, states)];
          const fixed = ({ data }: Values) => tf.tensor(Float32Array.from(data), [3, 5]);
          return {
            inputs: [logits(random, states)],
            compute: (_, za) => {
              const z = offsetLogits(tf, fixed(base), za!, fixed(initial), 1);
              const own = { z, reference: fixed(base), labels: tf.tensor(y, [3], 'int32') };
              return baselineLoss(tf, objective, { forget: own, retain: { ...own, rows: tf.ones([3]) } });
            },
            reference: (za) => {
              const changed = offset(base, za!, initial, 1);
              const told = changed.map((row, i) => logSoftmax(row)[y[i]!]!);
              const ratios = told.map((value, i) => value - logSoftmax(rows(base)[i]!)[y[i]!]!);
              const forgetting =
                objective.forget === 'ga'
                  ? mean(told)
                  : (-2 / beta) * mean(ratios.map((ratio) => logSigmoid(-beta * ratio)));
              return [forgetting + mean(changed.map((row, i) => kl(rows(base)[i]!, row)))];
            },
          };
        },
      };
      const { forward, gradient } = await compare(tf, one, states);
      expect([objective.forget, forward < 1e-5, gradient < 1e-4]).toEqual([objective.forget, true, true]);
    }
  });

  it('is the target itself before the assistant learns, and at α = 0 bit by bit', () => {
    const z = (): ReturnType<Tf['tensor2d']> => tf.tensor2d([[4, 2, 1, -3]]);
    const other = (): ReturnType<Tf['tensor2d']> => tf.tensor2d([[0, 5, -1, 2]]);
    expect(read(() => offsetLogits(tf, z(), other(), other(), 0))).toEqual([4, 2, 1, -3]);
    const own = read(() => offsetLogits(tf, z(), other(), other(), 1));
    logSoftmax([4, 2, 1, -3]).forEach((value, k) => expect(own[k]).toBeCloseTo(value, 5));
    // A constant added to a row of any of the three changes nothing.
    const shifted = read(() => offsetLogits(tf, z().add(7), other().add(-3), other().add(5), 1));
    shifted.forEach((value, k) => expect(value).toBeCloseTo(own[k]!, 5));
    expect(() => offsetLogits(tf, z(), other(), other(), -1)).toThrow(ConfigError);
    expect(() => offsetLogits(tf, z(), other(), other(), Number.NaN)).toThrow(ConfigError);
  });

  it('changes what the target says by training the assistant alone, and leaves the target as it is', async () => {
    await expectNoLeakedTensors(async () => {
      const layers = mlp([3, 8, 8, 4], 'relu');
      const parameters = Float32Array.from({ length: 3 * 8 + 8 + 64 + 8 + 32 + 4 }, (_, i) => Math.sin(i));
      using target = DenseLearner.of(tf, layers, parameters);
      const shape = { rank: 4, alpha: 4, layers: 1 };
      using assistant = target.assistant(shape, rng(1));
      using initial = target.assistant(shape, rng(1));
      const learner = offsetLearner(tf, target, assistant, initial);
      const x = tf.tensor2d([
        [1, 0, 0],
        [0, 1, 0],
      ]);
      const labels = tf.tensor1d([2, 1], 'int32');
      const probability = (): number[] =>
        read(() =>
          tf
            .softmax(learner.logits(x) as ReturnType<Tf['tensor2d']>)
            .mul(tf.oneHot(labels, 4))
            .sum(-1),
        );
      const plain = read(() => tf.softmax(target.logits(x)).mul(tf.oneHot(labels, 4)).sum(-1));
      const before = probability();
      before.forEach((p, row) => expect(p).toBeCloseTo(plain[row]!, 5));
      const loss = () =>
        baselineLoss(tf, offsetBaselines['Offset-NPO+KL'], {
          forget: { z: learner.logits(x), reference: target.logits(x), labels },
          retain: { z: learner.logits(x), reference: target.logits(x), labels, rows: tf.zeros([2]) },
        });
      await descend(tf, learner.trained, loss, { steps: 20, learningRate: 1e-2 });
      probability().forEach((p, row) => expect(p).toBeLessThan(before[row]!));
      expect(target.merged()).toEqual(parameters);
      tf.dispose([x, labels]);
    });
  });

  it('refuses an assistant of other alternatives', () => {
    using small = DenseLearner.of(tf, mlp([2, 2], 'relu'), new Float32Array(6));
    const model = { k: 3, logits: () => tf.zeros([1, 3]) };
    expect(() => offsetLearner(tf, model, small, model)).toThrow(ShapeError);
    expect(() => offsetLearner(tf, { ...model, k: 2 }, small, model)).toThrow(ShapeError);
  });
});
