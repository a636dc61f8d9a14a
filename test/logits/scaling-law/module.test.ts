import type { Tensor, Tensor2D } from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import { ShapeError, StateError } from '../../../core/errors.ts';
import { rng } from '../../../core/rng.ts';
import type { LogitModel } from '../../../logits/contract.ts';
import { Sharpened } from '../../../logits/scaling-law/module.ts';
import type { Labelled } from '../../../logits/scaling-law/train.ts';
import { onBackend } from '../../support/on-backend.ts';
import type { Tf } from '../../support/on-backend.ts';
import { moduleContract } from '../module-contract.ts';

let tf: Tf;
onBackend('wasm', (opened) => {
  tf = opened;
});

/** Two classes by the sign of the first input, a tenth of the labels wrong. */
function task(rows: number, seed: number): Labelled {
  const random = rng(seed);
  const x = Float32Array.from({ length: 2 * rows }, () => random.normal());
  const labels = Int32Array.from({ length: rows }, (_, row) => {
    const own = x[2 * row]! > 0 ? 1 : 0;
    return random.uniform() < 0.1 ? 1 - own : own;
  });
  return { x, labels };
}

const module = (entropy: number): Sharpened =>
  new Sharpened(tf, { widths: [2, 16, 2], steps: 200, batch: 32, entropy });
const fitted = async (entropy: number): Promise<Sharpened> => {
  const made = module(entropy);
  await made.fit(task(400, 1), rng(2));
  return made;
};
const linear = (): LogitModel<Tensor> => {
  const turn = tf.tensor2d([1, -1, 0.5, 2], [2, 2]);
  return { k: 2, logits: (x) => tf.matMul(x as Tensor2D, turn) };
};

describe('entropy regularisation as a module', () => {
  moduleContract(() => ({
    tf,
    base: linear(),
    x: tf.tensor2d([0.3, -0.7, 1.1, 0.4], [2, 2]),
    at: ((strength: number) => fitted(strength)) as never,
  }));

  it('reports surer decisions beside its plain twin, and at λ = 0 the twin itself', async () => {
    using sharp = await fitted(0.5);
    using off = await fitted(0);
    const test = task(500, 3);
    const { sharpened, plain } = await sharp.report(test);
    expect(sharpened.entropy).toBeLessThan(plain.entropy);
    expect(sharpened.medianDifference).toBeGreaterThan(plain.medianDifference);
    expect(plain.prefactor).toBeCloseTo(plain.density * plain.susceptibility, 9);
    expect(plain.accuracy).toBeGreaterThan(0.8);
    const same = await off.report(test);
    expect(same.sharpened).toEqual(same.plain);
    expect(same.plain).toEqual(plain);
  });

  it('refuses a model of other alternatives, and use before it is fitted', () => {
    using unfitted = module(0.5);
    expect(() => unfitted.wrap({ k: 3, logits: (x) => x })).toThrow(ShapeError);
    expect(() => unfitted.wrap(linear())).toThrow(StateError);
  });
});
