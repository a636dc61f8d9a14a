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

  it('pulls slopes back to its parameters, as finite differences have them', async () => {
    using student = convStudent(tf, shape, rng(1));
    const x = draw(2, 2 * 36);
    const [a, b] = [draw(3, 6), draw(4, 6)];
    const parameters = new Float32Array(student.size);
    student.readParameters(parameters);
    const value = async (): Promise<number> => {
      student.writeParameters(parameters);
      const [z, z1] = [new Float32Array(6), new Float32Array(6)];
      await student.forward(x, 2, z, z1);
      return z.reduce((sum, value, i) => sum + value * a[i]! + z1[i]! * b[i]!, 0);
    };
    await value();
    const gradient = new Float32Array(student.size);
    await student.pullback(a, b, 2, gradient);
    let close = 0;
    const picked = Array.from({ length: student.size }, (_, i) => i).filter((i) => i % 5 === 0);
    for (const i of picked) {
      const kept = parameters[i]!;
      parameters[i] = kept + 1e-2;
      const above = await value();
      parameters[i] = kept - 1e-2;
      const below = await value();
      parameters[i] = kept;
      if (Math.abs((above - below) / 2e-2 - gradient[i]!) < 0.01 * Math.max(1, Math.abs(gradient[i]!))) close++;
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

  it('refuses what cannot be', async () => {
    expect(() => convStudent(tf, { ...shape, side: 3 }, rng(0))).toThrow(ShapeError);
    using student = convStudent(tf, shape, rng(1));
    await expect(student.pullback(null, new Float32Array(6), 2, new Float32Array(student.size))).rejects.toThrow(
      StateError,
    );
  });
});
