import { describe, expect, it } from 'vitest';
import { ShapeError, StateError } from '../../../core/errors.ts';
import { rng } from '../../../core/rng.ts';
import { agreement, decisionsOf } from '../../../logits/distillation/agreement.ts';
import { convStudent } from '../../../logits/distillation/conv-student.ts';
import { distil } from '../../../logits/distillation/distil.ts';
import { dhkd } from '../../../logits/distillation/objective.ts';
import { onBackend } from '../../support/on-backend.ts';
import type { Tf } from '../../support/on-backend.ts';

const shape = { side: 6, filters: [2, 3], width: 4, classes: 3 };

describe.each(['cpu', 'wasm'])('a convolutional student, on %s', (force) => {
  let tf: Tf;
  onBackend(force, (opened) => {
    tf = opened;
  });

  const draw = (seed: number, length: number): Float32Array => {
    const random = rng(seed);
    return Float32Array.from({ length }, () => random.normal());
  };

  it.each([
    ['linear', shape],
    ['hidden, with dropout and batch norm', { ...shape, auxiliary: 5 }],
  ] as const)('pulls slopes back as finite differences have them, auxiliary head %s', async (_, shape) => {
    using student = convStudent(tf, shape, rng(1));
    const rows = 12;
    const x = draw(2, rows * 36);
    const [a, b] = [draw(3, rows * 3), draw(4, rows * 3)];
    const parameters = new Float32Array(student.size);
    student.readParameters(parameters);
    const value = async (): Promise<number> => {
      student.writeParameters(parameters);
      const [z, z1] = [new Float32Array(rows * 3), new Float32Array(rows * 3)];
      await student.forward(x, rows, z, z1);
      return z.reduce((sum, value, i) => sum + value * a[i]! + z1[i]! * b[i]!, 0);
    };
    await value();
    const gradient = new Float32Array(student.size);
    await student.pullback(a, b, rows, gradient);
    let close = 0;
    const picked = Array.from({ length: student.size }, (_, i) => i).filter((i) => i % 5 === 0);
    for (const i of picked) {
      const kept = parameters[i]!;
      parameters[i] = kept + 3e-3;
      const above = await value();
      parameters[i] = kept - 3e-3;
      const below = await value();
      parameters[i] = kept;
      if (Math.abs((above - below) / 6e-3 - gradient[i]!) < 0.02 * Math.max(1, Math.abs(gradient[i]!))) close++;
    }
    // A step may cross a kink of ReLU or of the maximum.
    expect(close / picked.length).toBeGreaterThan(0.9);
  });

  it('keeps heads apart: exactly nothing of the auxiliary slope reaches the main head', async () => {
    using student = convStudent(tf, shape, rng(1));
    const before = tf.memory().numTensors;
    const x = draw(2, 36);
    await student.forward(x, 1, new Float32Array(3), new Float32Array(3));
    const [alone, both, main] = [0, 0, 0].map(() => new Float32Array(student.size)) as [
      Float32Array,
      Float32Array,
      Float32Array,
    ];
    const [a, b] = [draw(3, 3), draw(4, 3)];
    await student.pullback(null, b, 1, alone);
    await student.pullback(a, null, 1, main);
    await student.pullback(a, b, 1, both);
    expect(alone.subarray(...student.spans.main).every((value) => value === 0)).toBe(true);
    expect(main.subarray(...student.spans.auxiliary).every((value) => value === 0)).toBe(true);
    both.forEach((value, i) => expect(value).toBeCloseTo(alone[i]! + main[i]!, 4));
    expect(tf.memory().numTensors).toBe(before + 1);
  });

  it('has logits that are its main head on its features', async () => {
    using student = convStudent(tf, shape, rng(1));
    const x = draw(2, 3 * 36);
    const [z, h] = [new Float32Array(9), new Float32Array(12)];
    await student.forward(x, 3, z);
    await student.features(x, 3, h);
    const parameters = new Float32Array(student.size);
    student.readParameters(parameters);
    const head = parameters.subarray(...student.spans.main);
    for (let row = 0; row < 3; row++)
      for (let k = 0; k < 3; k++) {
        let sum = head[12 + k]!;
        for (let d = 0; d < 4; d++) sum += h[row * 4 + d]! * head[d * 3 + k]!;
        expect(z[row * 3 + k]).toBeCloseTo(sum, 5);
      }
  });

  it('learns which half of an image is lit', async () => {
    using student = convStudent(tf, { side: 6, filters: [4], width: 8, classes: 2 }, rng(1));
    const rows = 32;
    const labels = Int32Array.from({ length: rows }, (_, row) => row % 2);
    const x = draw(5, rows * 36).map(
      (noise, i) => 0.3 * noise + (i % 6 < 3 === (Math.floor(i / 36) % 2 === 0) ? 1 : 0),
    );
    const teacher = Float32Array.from({ length: 2 * rows }, (_, i) => (i % 2 === labels[Math.floor(i / 2)]! ? 2 : -2));
    const schedule = { batch: 16, epochs: 20, learningRate: 0.05, momentum: 0.9, weightDecay: 0, decayAt: [] };
    await distil(tf, student, { x, labels, teacher }, { objective: dhkd, schedule }, rng(2));
    const z = new Float32Array(2 * rows);
    await student.forward(x, rows, z);
    expect(agreement(decisionsOf(z, 2), labels)).toBeGreaterThan(0.9);
  });

  it('drops a tenth of the hidden auxiliary units, in training only, and pulls back through the same draw', async () => {
    using student = convStudent(tf, { ...shape, auxiliary: 40 }, rng(1));
    const [x, rows] = [draw(2, 8 * 36), 8];
    const said = async (training: boolean): Promise<Float32Array> => {
      const z1 = new Float32Array(rows * 3);
      await student.forward(x, rows, new Float32Array(rows * 3), z1, training);
      return z1;
    };
    const [calm, again] = [await said(false), await said(false)];
    expect(again).toEqual(calm);
    const [first, second] = [await said(true), await said(true)];
    expect(first).not.toEqual(calm);
    expect(second).not.toEqual(first);
    // The slope of Σ z' by the last bias is the number of rows whatever was dropped, and the head is thrown away exactly: none of it is in the main one.
    const gradient = new Float32Array(student.size);
    await student.pullback(null, new Float32Array(rows * 3).fill(1), rows, gradient);
    for (const value of gradient.subarray(-3)) expect(value).toBeCloseTo(rows, 5);
    expect(gradient.subarray(...student.spans.main).every((value) => value === 0)).toBe(true);
    // Twice the same slopes through the draw that is held.
    const held = gradient.slice();
    await student.pullback(null, new Float32Array(rows * 3).fill(1), rows, gradient);
    expect(gradient).toEqual(held);
  });

  it('normalises hidden auxiliary units over the batch', async () => {
    using student = convStudent(tf, { ...shape, auxiliary: 5 }, rng(1));
    const all = new Float32Array(student.size);
    student.readParameters(all);
    // Gain 1 and shift 0 at first; with the gain at 0 the head says its last bias, whatever it is shown.
    const [from] = student.spans.auxiliary;
    const gain = from + 4 * 5 + 5;
    expect(all.subarray(gain, gain + 10)).toEqual(Float32Array.of(1, 1, 1, 1, 1, 0, 0, 0, 0, 0));
    all.fill(0, gain, gain + 5);
    student.writeParameters(all);
    const z1 = new Float32Array(9);
    await student.forward(draw(2, 3 * 36), 3, new Float32Array(9), z1);
    for (let row = 0; row < 3; row++) expect(z1.slice(3 * row, 3 * row + 3)).toEqual(all.slice(-3));
  });

  it('refuses what cannot be', async () => {
    expect(() => convStudent(tf, { ...shape, side: 3 }, rng(0))).toThrow(ShapeError);
    using student = convStudent(tf, shape, rng(1));
    await expect(student.pullback(null, new Float32Array(6), 2, new Float32Array(student.size))).rejects.toThrow(
      StateError,
    );
  });
});
