import { describe, expect, it } from 'vitest';
import { rng } from '../../../core/rng.ts';
import { convStudent } from '../../../logits/distillation/conv-student.ts';
import { distil } from '../../../logits/distillation/distil.ts';
import type { Examples, Schedule } from '../../../logits/distillation/distil.ts';
import type { Objective } from '../../../logits/distillation/objective.ts';
import { ConvStack } from '../../../logits/stack/conv-stack.ts';
import { distilStack, stackLogits } from '../../../logits/stack/distil-stack.ts';
import type { StackTrial } from '../../../logits/stack/distil-stack.ts';
import { onBackend } from '../../support/on-backend.ts';
import type { Tf } from '../../support/on-backend.ts';

const shape = { side: 8, filters: [3, 4], width: 6, classes: 5 };
const rows = 24;
const schedule: Schedule = {
  batch: 8,
  epochs: 2,
  learningRate: 0.05,
  momentum: 0.9,
  weightDecay: 5e-4,
  decayAt: [0.5],
};

let tf: Tf;
onBackend('wasm', (taken) => (tf = taken));

function examplesOf(seed: number): Examples {
  const draw = rng(seed).split('rows');
  return {
    x: Float32Array.from({ length: rows * 64 }, () => draw.normal()),
    labels: Int32Array.from({ length: rows }, (_, row) => row % shape.classes),
    teacher: Float32Array.from({ length: rows * shape.classes }, () => 3 * draw.normal()),
  };
}

/** Parameters of one student alone. */
async function alone(seed: number, objective: Objective): Promise<{ start: Float32Array; end: Float32Array }> {
  using student = convStudent(tf, shape, rng(seed).split('student'));
  const [start, end] = [new Float32Array(student.size), new Float32Array(student.size)];
  student.readParameters(start);
  await distil(tf, student, examplesOf(seed), { objective, schedule }, rng(seed).split('training'));
  student.readParameters(end);
  return { start, end };
}

function largestDifference(a: Float32Array, b: Float32Array): number {
  expect(a.length).toBe(b.length);
  return a.reduce((most, value, i) => Math.max(most, Math.abs(value - b[i]!)), 0);
}

const cases: Record<string, [Omit<StackTrial, 'weight'> & { readonly align: boolean }, Omit<Objective, 'alpha'>]> = {
  kd: [
    { beside: 'kd', head: 'main', align: false },
    { gamma: 1, imitation: 'kd', head: 'main' },
  ],
  dkd: [
    { beside: 'dkd', head: 'main', align: false },
    { gamma: 1, imitation: 'dkd', head: 'main' },
  ],
  'two heads': [
    { beside: 'binary-kl-norm', head: 'auxiliary', align: false },
    { gamma: 1, imitation: 'binary-kl-norm', head: 'auxiliary' },
  ],
  'two heads, aligned': [
    { beside: 'binary-kl', head: 'auxiliary', align: true },
    { gamma: 1, imitation: 'binary-kl', head: 'auxiliary', alignment: 'all' },
  ],
  'one head, aligned': [
    { beside: 'binary-kl', head: 'main', align: true },
    { gamma: 1, imitation: 'binary-kl', head: 'main', alignment: 'all' },
  ],
};

describe('a stack of convolutional nets', () => {
  it.for(Object.entries(cases))('%s: every member learns as it would alone', async ([, [stacked, single]]) => {
    const alphas = [0.5, 2];
    const members = alphas.flatMap((alpha) => [0, 1].map((seed) => ({ seed, alpha })));
    const singles = [];
    for (const { seed, alpha } of members) singles.push(await alone(seed, { ...single, alpha }));
    const before = tf.memory().numTensors;
    const stack = new ConvStack(
      tf,
      shape,
      singles.map(({ start }) => start),
    );
    const { align, ...trial } = stacked;
    await distilStack(
      tf,
      stack,
      [0, 1].map(examplesOf),
      { trials: alphas.map((weight) => ({ ...trial, weight })), align, schedule },
      [0, 1].map((seed) => rng(seed).split('training')),
    );
    for (const [g, parameters] of (await stack.read()).entries()) {
      const { start, end } = singles[g]!;
      expect(largestDifference(start, end)).toBeGreaterThan(0.01);
      expect(largestDifference(parameters, end)).toBeLessThan(2e-5);
    }
    stack[Symbol.dispose]();
    expect(tf.memory().numTensors).toBe(before);
  });

  it('trials of several kinds share a stack', async () => {
    const kinds = [cases['kd']!, cases['two heads']!, cases['dkd']!];
    const singles = [];
    for (const [, single] of kinds) singles.push(await alone(0, { ...single, alpha: 0.7 }));
    using stack = new ConvStack(
      tf,
      shape,
      singles.map(({ start }) => start),
    );
    await distilStack(
      tf,
      stack,
      [examplesOf(0)],
      {
        trials: kinds.map(([{ beside, head }]) => ({ beside, head, weight: 0.7 })),
        align: false,
        schedule,
      },
      [rng(0).split('training')],
    );
    for (const [g, parameters] of (await stack.read()).entries())
      expect(largestDifference(parameters, singles[g]!.end)).toBeLessThan(2e-5);
  });

  it('rates of members, and logits of all rows, are those of single nets', async () => {
    const { start } = await alone(0, { gamma: 1, alpha: 0, imitation: 'kd', head: 'main' });
    using stack = new ConvStack(tf, shape, [start, start]);
    const own = examplesOf(0);
    await distilStack(
      tf,
      stack,
      [own],
      {
        trials: [1, 0].map((rate) => ({ beside: null, head: 'main', weight: 0, rate })),
        align: false,
        schedule,
      },
      [rng(0).split('training')],
    );
    const [moved, stayed] = await stack.read();
    expect(stayed).toEqual(start);
    using student = convStudent(tf, shape, rng(1));
    student.writeParameters(moved!);
    const z = new Float32Array(rows * shape.classes);
    await student.forward(own.x, rows, z);
    const [first] = await stackLogits(tf, stack, [own.x], 64, 10);
    expect(largestDifference(first!, z)).toBeLessThan(1e-5);
  });
});
