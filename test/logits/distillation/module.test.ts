import type { Tensor, Tensor2D } from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import { ShapeError } from '../../../core/errors.ts';
import { rng } from '../../../core/rng.ts';
import { convStudent } from '../../../logits/distillation/conv-student.ts';
import { denseStudent } from '../../../logits/distillation/dense-student.ts';
import { publishedDecay } from '../../../logits/distillation/distil.ts';
import type { Examples } from '../../../logits/distillation/distil.ts';
import { distillation } from '../../../logits/distillation/module.ts';
import { dhkd } from '../../../logits/distillation/objective.ts';
import type { Student } from '../../../logits/distillation/student.ts';
import type { LogitModel } from '../../../logits/contract.ts';
import { correlation, determination } from '../../../logits/statistic/determination.ts';
import { onBackend } from '../../support/on-backend.ts';
import type { Tf } from '../../support/on-backend.ts';
import { moduleContract } from '../module-contract.ts';

let tf: Tf;
onBackend('wasm', (opened) => {
  tf = opened;
});

const schedule = { batch: 16, epochs: 10, learningRate: 0.05, momentum: 0.9, weightDecay: 0, decayAt: publishedDecay };

/** Teachers' logits are x₀ and −x₀ plus a level 2·x₁, which softmax does not see. */
function levelled(rows: number, seed: number): Examples {
  const random = rng(seed);
  const x = Float32Array.from({ length: 2 * rows }, () => random.normal());
  const teacher = Float32Array.from({ length: 2 * rows }, (_, i) => {
    const [a, b] = [x[2 * Math.floor(i / 2)]!, x[2 * Math.floor(i / 2) + 1]!];
    return (i % 2 === 0 ? a : -a) + 2 * b;
  });
  return { x, teacher, labels: Int32Array.from({ length: rows }, (_, row) => (x[2 * row]! > 0 ? 0 : 1)) };
}

const fitted = async (alpha: number, rows = 32) => {
  const module = distillation(tf, denseStudent({ backbone: [2, 16], classes: 2 }, rng(1)), {
    objective: { ...dhkd, alpha },
    schedule,
  });
  await module.fit(levelled(rows, 2), rng(3));
  return module;
};

describe('the module', () => {
  moduleContract(() => {
    const turn = tf.tensor2d([1, -1, 0.5, 2], [2, 2]);
    const base: LogitModel<Tensor> = { k: 2, logits: (x) => tf.matMul(x as Tensor2D, turn) };
    return { tf, base, x: tf.tensor2d([0.3, -0.7, 1.1, 0.4], [2, 2]), at: ((alpha: number) => fitted(alpha)) as never };
  });

  it('knows the level of the teacher’s logits in its auxiliary head only', async () => {
    using module = await fitted(1, 320);
    const { accuracy, agreement, determination } = await module.report(levelled(200, 5));
    expect(accuracy.teacher).toBe(1);
    expect(accuracy.main).toBeGreaterThan(0.9);
    expect(agreement).toBe(accuracy.main);
    expect(determination.auxiliary).toBeGreaterThan(0.9);
    expect(determination.main).toBeLessThan(0.5);
  });

  it('refuses a teacher with other alternatives', async () => {
    using module = await fitted(1);
    expect(() => module.wrap({ k: 3, logits: (x) => x })).toThrow(ShapeError);
  });
});

describe('the logits of a student as tensors', () => {
  it.each([
    ['dense', () => denseStudent({ backbone: [16, 5, 4], classes: 3 }, rng(1))],
    ['convolutional', () => convStudent(tf, { side: 4, filters: [3], width: 5, classes: 3 }, rng(1))],
  ] as [string, () => Student][])('are those of its forward pass: %s', async (_, make) => {
    using student = make();
    const x = Float32Array.from({ length: 32 }, (_, i) => Math.sin(i));
    const z = new Float32Array(6);
    await student.forward(x, 2, z);
    const logits = tf.tidy(() => student.logits(tf, tf.tensor2d(x, [2, 16])));
    logits.dataSync().forEach((value, i) => expect(value).toBeCloseTo(z[i]!, 5));
    logits.dispose();
  });
});

describe('the coefficient of determination', () => {
  it('is 1 of a perfect estimate and 0 of the mean', () => {
    const y = Float32Array.of(1, 2, 3, 6);
    expect(determination(y, y)).toBe(1);
    expect(
      determination(
        y.map(() => 3),
        y,
      ),
    ).toBe(0);
    expect(determination(Float32Array.of(2, 3, 4, 7), y)).toBeCloseTo(1 - 4 / 14, 6);
    // r does not see shift and scale; of (1, 0, 0, 1) beside y by hand: Σab = −1 + 0.5 + 1.5, Σaa = 1, Σbb = 14.
    expect(correlation(Float32Array.of(-1, 1, 3, 9), y)).toBeCloseTo(1, 6);
    expect(correlation(Float32Array.of(1, 0, 0, 1), y)).toBeCloseTo(1 / Math.sqrt(14), 6);
  });
});
