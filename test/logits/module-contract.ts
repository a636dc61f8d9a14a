import type { Tensor } from '@tensorflow/tfjs';
import { expect, it } from 'vitest';
import type { LogitModel, LogitModule } from '../../logits/contract.ts';
import { logSoftmax } from '../../logits/tensor/log-softmax.ts';
import type { Tensorflow } from '../../nn/backend/tensorflow.ts';
import { expectNoLeakedTensors } from '../support/leak.ts';

/** A module to be put to the test, with a model it can go around. */
export interface ModuleUnderTest {
  readonly tf: Tensorflow;
  readonly base: LogitModel<Tensor>;
  /** An input of the base; differentiable. */
  readonly x: Tensor;
  /** The module, fitted, at a strength. */
  readonly at: (strength: number) => Promise<LogitModule<Tensor, unknown, unknown, unknown>>;
}

/** What every logit module promises, whichever method it is (specs/logit-methods.md 7.1). */
export function moduleContract(test: () => ModuleUnderTest): void {
  const probabilities = (tf: Tensorflow, model: LogitModel<Tensor>, x: Tensor): number[] => {
    const p = tf.tidy(() => logSoftmax(tf, model.logits(x)).exp());
    const values = [...p.dataSync()];
    p.dispose();
    return values;
  };

  it('is the identity at strength 0, and not above', async () => {
    const { tf, base, x, at } = test();
    using off = await at(0);
    using on = await at(1);
    const wanted = probabilities(tf, base, x);
    probabilities(tf, off.wrap(base), x).forEach((p, i) => expect(p).toBeCloseTo(wanted[i]!, 6));
    expect(probabilities(tf, on.wrap(base), x)).not.toEqual(wanted);
  });

  it('keeps the alternatives of the model, and wraps a wrapped one', async () => {
    const { tf, base, x, at } = test();
    using module = await at(1);
    const twice = module.wrap(module.wrap(base));
    expect(twice.k).toBe(base.k);
    const [inner, outer] = [base.logits(x), twice.logits(x)];
    expect(outer.shape).toEqual(inner.shape);
    expect([...outer.dataSync()].every(Number.isFinite)).toBe(true);
    tf.dispose([inner, outer]);
  });

  it('can be attacked through: its logits have a gradient by the input', async () => {
    const { tf, base, x, at } = test();
    using module = await at(1);
    const slope = tf.tidy(() => tf.grad((input: Tensor) => module.wrap(base).logits(input).square().sum())(x));
    expect(slope.dataSync().some((v) => v !== 0)).toBe(true);
    slope.dispose();
  });

  it('gives the same again, leaves no tensor behind, and frees its own at its end', async () => {
    const { tf, base, x, at } = test();
    {
      using module = await at(1);
      expect(probabilities(tf, module.wrap(base), x)).toEqual(probabilities(tf, module.wrap(base), x));
      await expectNoLeakedTensors(() => module.wrap(base).logits(x));
    }
    await expectNoLeakedTensors(async () => (await at(1))[Symbol.dispose]());
  });
}
