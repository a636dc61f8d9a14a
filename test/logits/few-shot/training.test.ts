import type { Tensor, Tensor1D, Tensor2D, Tensor3D } from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import { ConfigError } from '../../../core/errors.ts';
import { rng } from '../../../core/rng.ts';
import { descend, publishedSchedule } from '../../../logits/few-shot/descent.ts';
import { publishedSetting, trainHeads, trialLogits } from '../../../logits/few-shot/trials.ts';
import type { AmuSetting, Shots } from '../../../logits/few-shot/trials.ts';
import { unitRows } from '../../../logits/few-shot/unit-rows.ts';
import { onBackend } from '../../support/on-backend.ts';
import type { Tf } from '../../support/on-backend.ts';
import { expectNoLeakedTensors } from '../../support/leak.ts';
import { sum } from '../tensor/reference.ts';

let tf: Tf;
onBackend('wasm', (opened) => {
  tf = opened;
});

/** Values of a tensor, which is given back. */
async function valuesOf(tensor: Tensor): Promise<number[]> {
  const values = [...(await tensor.data())];
  tensor.dispose();
  return values;
}

describe('descent', () => {
  const schedule = { epochs: 3, batch: 2, learningRate: 0.05, weightDecay: 0.1, epsilon: 1e-4 };
  const targets = [
    [1, -2],
    [0.5, 3],
    [-1, 0],
  ];

  /** AdamW in float64 on `Σ (θ − target_row)²`, batches of two rows in the drawn order, by its definition. */
  function plain(start: number): number[] {
    const random = rng(9);
    const theta = [start, start];
    const m = [0, 0];
    const v = [0, 0];
    const order = [0, 1, 2];
    let t = 0;
    for (let epoch = 0; epoch < 3; epoch++) {
      for (let i = 2; i > 0; i--) {
        const j = random.int(i + 1);
        [order[i], order[j]] = [order[j]!, order[i]!];
      }
      for (const batch of [order.slice(0, 2), order.slice(2)]) {
        const rate = 0.025 * (1 + Math.cos((Math.PI * t) / 6));
        t++;
        for (const d of [0, 1]) {
          const g = sum(batch.map((row) => 2 * (theta[d]! - targets[row]![d]!)));
          m[d] = 0.9 * m[d]! + 0.1 * g;
          v[d] = 0.999 * v[d]! + 0.001 * g * g;
          const step = m[d]! / (1 - 0.9 ** t) / (Math.sqrt(v[d]! / (1 - 0.999 ** t)) + 1e-4);
          theta[d] = theta[d]! - rate * 0.1 * theta[d]! - rate * step;
        }
      }
    }
    return theta;
  }

  const loss = (theta: Tensor3D, batch: Tensor1D): Tensor =>
    theta.sub(tf.tensor2d(targets).gather(batch).expandDims(0)).square().sum([1, 2]);

  it('is AdamW on a cosine, each trial as if alone', async () => {
    const start = tf.tensor3d([0, 0, 4, 4], [2, 1, 2]);
    const got = await valuesOf(descend(tf, start, loss, 3, schedule, rng(9)));
    [...plain(0), ...plain(4)].forEach((wanted, i) => expect(got[i]).toBeCloseTo(wanted, 5));
    await expectNoLeakedTensors(() => descend(tf, start, loss, 3, schedule, rng(9)));
    start.dispose();
  });

  it('refuses to train on nothing', () => {
    const start = tf.zeros([1, 1, 2]) as Tensor3D;
    expect(() => descend(tf, start, loss, 0, schedule, rng(9))).toThrow(ConfigError);
    expect(() => descend(tf, start, loss, 3, { ...schedule, epochs: 0 }, rng(9))).toThrow(ConfigError);
    start.dispose();
  });
});

/** Four classes; the zero-shot logits tell {0, 1} from {2, 3} and no more, the auxiliary features tell all. */
function halfSeen(perClass: number, seed: number): Shots & { readonly wanted: number[] } {
  const random = rng(seed);
  const wanted = Array.from({ length: 4 * perClass }, (_, i) => i % 4);
  const [z0, f1] = tf.tidy(() => [
    tf.tensor2d(wanted.map((y) => [0, 1, 2, 3].map((c) => (c >> 1 === y >> 1 ? 4 : 0) + 0.01 * random.normal()))),
    unitRows(
      tf,
      tf.tensor2d(wanted.map((y) => [0, 1, 2, 3, 4, 5].map((d) => (d === y ? 1 : 0) + 0.2 * random.normal()))),
    ),
  ]) as [Tensor2D, Tensor2D];
  return { z0, f1, labels: tf.tensor1d(wanted, 'int32'), wanted };
}

async function accuracies(logits: Tensor, wanted: readonly number[]): Promise<number[]> {
  const best = await valuesOf(tf.tidy(() => logits.argMax(-1)));
  logits.dispose();
  const sets = best.length / wanted.length;
  return Array.from(
    { length: sets },
    (_, g) => wanted.filter((y, i) => best[g * wanted.length + i] === y).length / wanted.length,
  );
}

describe('AMU-Tuning', () => {
  const settings: readonly AmuSetting[] = [
    { ...publishedSetting, alpha: 2 },
    { ...publishedSetting, alpha: 2, initialisation: 'random', uncertainty: 'none', lambda: 1 },
    { ...publishedSetting, alpha: 0 },
  ];
  const schedule = { ...publishedSchedule, epochs: 4 };

  it('tells what only the auxiliary features tell, from one shot, and at α = 0 what the zero-shot logits tell', async () => {
    const [shots, test] = [halfSeen(1, 1), halfSeen(50, 2)];
    const heads = trainHeads(tf, shots, settings, rng(3), schedule);
    const [amu, , off] = await accuracies(trialLogits(tf, test, heads, settings), test.wanted);
    const [zeroShot] = await accuracies(test.z0.clone(), test.wanted);
    expect(amu).toBeGreaterThan(0.9);
    expect(zeroShot).toBeLessThan(0.7);
    expect(off).toBe(zeroShot);
    tf.dispose([heads, ...[shots, test].flatMap(({ z0, f1, labels }) => [z0, f1, labels])]);
  });

  it('gives each setting the head that it gets alone, the same again, and keeps nothing', async () => {
    const shots = halfSeen(3, 1);
    const train = (of: readonly AmuSetting[]): Tensor => trainHeads(tf, shots, of, rng(3), schedule);
    const together = await valuesOf(train(settings));
    const size = together.length / settings.length;
    for (const [g, setting] of settings.entries()) {
      const alone = await valuesOf(train([setting]));
      alone.forEach((v, i) => expect(together[g * size + i]).toBeCloseTo(v, 6));
    }
    expect(await valuesOf(train(settings))).toEqual(together);
    await expectNoLeakedTensors(() => train(settings));
    tf.dispose([shots.z0, shots.f1, shots.labels]);
  });

  it('refuses no settings, and a λ that is no share', () => {
    const shots = halfSeen(1, 1);
    expect(() => trainHeads(tf, shots, [], rng(3))).toThrow(ConfigError);
    expect(() => trainHeads(tf, shots, [{ ...publishedSetting, lambda: 1.2 }], rng(3))).toThrow(ConfigError);
    tf.dispose([shots.z0, shots.f1, shots.labels]);
  });
});
