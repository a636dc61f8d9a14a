import type { Tensor, Tensor1D, Tensor2D } from '@tensorflow/tfjs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { StateError } from '../../../core/errors.ts';
import { rng } from '../../../core/rng.ts';
import type { LogitModel } from '../../../logits/contract.ts';
import { Amu } from '../../../logits/few-shot/amu.ts';
import { selectBackend } from '../../../nn/backend.ts';
import type { SelectedBackend } from '../../../nn/backend.ts';
import { moduleContract } from '../module-contract.ts';

/** Three classes of inputs on the axes; the base tells 0 from the others and no more, the auxiliary features tell all. */
describe('the module of AMU-Tuning', () => {
  let backend: SelectedBackend;
  let tf: SelectedBackend['tf'];
  let x: Tensor2D;
  let labels: Tensor1D;
  let base: LogitModel<Tensor>;
  beforeAll(async () => {
    backend = await selectBackend({ force: 'wasm' });
    tf = backend.tf;
    x = tf.tensor2d([
      [1, 0.1, 0],
      [0, 1, 0.2],
      [0.1, 0, 1],
    ]);
    labels = tf.tensor1d([0, 1, 2], 'int32');
    const weights = tf.tensor2d([
      [3, 0, 0],
      [0, 1.01, 1],
      [0, 1.01, 1],
    ]);
    base = { k: 3, logits: (at) => at.matMul(weights) };
  });
  afterAll(() => backend[Symbol.dispose]());

  const module = (alpha: number): Amu<Tensor> =>
    new Amu<Tensor>(tf, (at) => at.square().add(at) as Tensor2D, { alpha }, { epochs: 3 });

  moduleContract(() => ({
    tf,
    base,
    x,
    at: async (strength) => {
      const amu = module(strength);
      await amu.fit({ base, x, labels }, rng(1));
      return amu;
    },
  }));

  it('tells from one shot what the base does not', async () => {
    using amu = module(2);
    expect(await amu.fit({ base, x, labels }, rng(1))).toEqual({ shots: 3 });
    const { zeroShot, auxiliary, unweighted, fused } = await amu.report({ base, x, labels });
    expect(zeroShot).toBeCloseTo(2 / 3, 6);
    expect([auxiliary, unweighted, fused]).toEqual([1, 1, 1]);
  });

  it('is refused before it is fitted', () => {
    using amu = module(2);
    expect(() => amu.wrap(base).logits(x)).toThrow(StateError);
  });
});
