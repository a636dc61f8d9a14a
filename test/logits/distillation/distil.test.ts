import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ConfigError, ShapeError } from '../../../core/errors.ts';
import { rng } from '../../../core/rng.ts';
import { denseStudent } from '../../../logits/distillation/dense-student.ts';
import type { DenseStudent } from '../../../logits/distillation/dense-student.ts';
import { distil, publishedDecay } from '../../../logits/distillation/distil.ts';
import type { Examples, Schedule } from '../../../logits/distillation/distil.ts';
import { alphaAt, dhkd, imitations, logitSlopes } from '../../../logits/distillation/objective.ts';
import type { ImitationName, Objective } from '../../../logits/distillation/objective.ts';
import { stepper } from '../../../logits/distillation/step.ts';
import { onBackend } from '../../support/on-backend.ts';
import type { Tf } from '../../support/on-backend.ts';
import { centralDifference } from '../../support/central-difference.ts';

let tf: Tf;
onBackend('wasm', (opened) => {
  tf = opened;
});

const shape = { backbone: [3, 8, 6], classes: 4, auxiliary: [5] };
const schedule: Schedule = {
  batch: 8,
  epochs: 6,
  learningRate: 0.05,
  momentum: 0.9,
  weightDecay: 0,
  decayAt: publishedDecay,
};

/** Points of four classes, at the corners of a square, and a teacher who is right by a margin that differs. */
function corners(rows: number, seed: number, inputs = 3): Examples {
  const random = rng(seed);
  const x = new Float32Array(rows * inputs);
  const labels = new Int32Array(rows);
  const teacher = new Float32Array(rows * 4);
  for (let row = 0; row < rows; row++) {
    const y = random.int(4);
    labels[row] = y;
    x.set(
      [(y & 1 ? 1 : -1) + 0.3 * random.normal(), (y & 2 ? 1 : -1) + 0.3 * random.normal(), random.normal()],
      row * inputs,
    );
    for (let k = 0; k < 4; k++) teacher[row * 4 + k] = (k === y ? 3 : -1) + 0.5 * random.normal() + 1.5;
  }
  return { x, labels, teacher };
}

/** The value of L from the parameters, by definition, in float64 but for the kernel's forward pass. */
async function valueOf(student: DenseStudent, { x, labels, teacher }: Examples, objective: Objective): Promise<number> {
  const rows = labels.length;
  const [z, z1] = [new Float32Array(rows * 4), new Float32Array(rows * 4)];
  await student.forward(x, rows, z, z1);
  const row = (values: Float32Array, r: number): number[] => [...values.subarray(4 * r, 4 * r + 4)];
  let total = 0;
  for (let r = 0; r < rows; r++) {
    const main = row(z, r);
    const lse = Math.log(main.reduce((sum, value) => sum + Math.exp(value), 0));
    total += objective.gamma * (lse - main[labels[r]!]!);
    const s = objective.head === 'main' ? main : row(z1, r);
    const t = row(teacher, r);
    for (let k = 0; k < 4; k++) {
      const sigma = (v: number): number => 1 / (1 + Math.exp(-v));
      if (objective.imitation === 'binary-kl-norm') {
        const q = sigma((s[k]! - t[k]!) / 2);
        total += objective.alpha * 4 * (0.5 * Math.log(0.5 / q) + 0.5 * Math.log(0.5 / (1 - q)));
      } else {
        const [p, q] = [sigma(t[k]! / 2), sigma(s[k]! / 2)];
        total += objective.alpha * 4 * (p * Math.log(p / q) + (1 - p) * Math.log((1 - p) / (1 - q)));
      }
    }
  }
  return total / rows;
}

describe('a step of DHKD', () => {
  it.each([
    { ...dhkd, alignment: undefined },
    { ...dhkd, head: 'main', imitation: 'binary-kl', gamma: 0.7, alpha: 0.4 },
  ] as unknown as Objective[])('goes down the gradient of L by definition ($imitation, $head)', async (given) => {
    const { alignment: _, ...objective } = given;
    using student = denseStudent(shape, rng(1));
    const examples = corners(12, 2);
    const before = new Float32Array(student.size);
    student.readParameters(before);
    const batch = { rows: 12, ...examples };
    const step = stepper(tf, student, objective);
    const { loss } = await step(batch, { learningRate: 1 }, false);
    const after = new Float32Array(student.size);
    student.readParameters(after);
    student.writeParameters(before);
    expect(loss).toBeCloseTo(await valueOf(student, examples, objective), 4);
    const at = before.slice();
    for (let i = 0; i < student.size; i += 7) {
      // Float32 forward passes: steps of 1e-2, and a look at both sides.
      const values: number[] = [];
      for (const h of [-1e-2, 1e-2]) {
        at[i] = before[i]! + h;
        student.writeParameters(at);
        values.push(await valueOf(student, examples, objective));
      }
      at[i] = before[i]!;
      expect(before[i]! - after[i]!).toBeCloseTo((values[1]! - values[0]!) / 2e-2, 2);
    }
  });

  it('never reaches the main head with the gradient of the auxiliary one', async () => {
    using student = denseStudent(shape, rng(3));
    const examples = corners(6, 4);
    const z = new Float32Array(24);
    await student.forward(examples.x, 6, z, z.slice());
    const gradient = new Float32Array(student.size).fill(9);
    await student.pullback(
      null,
      Float32Array.from({ length: 24 }, (_, i) => Math.sin(i)),
      6,
      gradient,
    );
    const { main, auxiliary, backbone } = student.spans;
    expect(gradient.subarray(...main).every((value) => value === 0)).toBe(true);
    for (const span of [auxiliary, backbone])
      expect(gradient.subarray(...span).some((value) => value !== 0)).toBe(true);
  });

  it('pulls slopes back linearly, whatever the shapes', async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(1e6), fc.integer({ min: 1, max: 9 }), async (seed, rows) => {
        const random = rng(seed);
        using student = denseStudent({ backbone: [2, 5], classes: 3 }, random.split('student'));
        const draw = (length: number): Float32Array => Float32Array.from({ length }, () => random.normal());
        await student.forward(draw(rows * 2), rows, new Float32Array(rows * 3), new Float32Array(rows * 3));
        const [a, b] = [draw(rows * 3), draw(rows * 3)];
        const [apart, rest, both] = [0, 0, 0].map(() => new Float32Array(student.size)) as [
          Float32Array,
          Float32Array,
          Float32Array,
        ];
        await student.pullback(a, null, rows, apart);
        await student.pullback(null, b, rows, rest);
        await student.pullback(a, b, rows, both);
        both.forEach((value, i) => expect(value).toBeCloseTo(apart[i]! + rest[i]!, 4));
      }),
      { numRuns: 20 },
    );
  });

  it('with alignment, what is left of the imitation does not go against the labels', async () => {
    const examples = corners(12, 6);
    // A teacher who is wrong about everything: its gradient conflicts.
    const against = { ...examples, teacher: examples.teacher.map((value) => -value) };
    const moved = async (objective: Objective): Promise<{ delta: Float32Array; student: DenseStudent }> => {
      const student = denseStudent({ ...shape, auxiliary: [] }, rng(8));
      const before = new Float32Array(student.size);
      student.readParameters(before);
      await stepper(tf, student, objective)({ rows: 12, ...against }, { learningRate: 1 }, false);
      const delta = new Float32Array(student.size);
      student.readParameters(delta);
      return { delta: delta.map((value, i) => before[i]! - value), student };
    };
    const { alignment: _, ...plain } = { ...dhkd, head: 'main' as const };
    const [labels, aligned, unaligned] = await Promise.all([
      moved({ ...plain, alpha: 0 }),
      moved({ ...plain, alignment: 'all' }),
      moved(plain),
    ]);
    const along = (a: Float32Array): number =>
      a.reduce((total, value, i) => total + (value - labels.delta[i]!) * labels.delta[i]!, 0);
    expect(along(unaligned.delta)).toBeLessThan(-0.1);
    expect(along(aligned.delta)).toBeCloseTo(0, 3);
    for (const { student } of [labels, aligned, unaligned]) student[Symbol.dispose]();
  });

  it('takes both terms by the logits that they read', async () => {
    const { teacher, labels } = corners(5, 9);
    for (const imitation of Object.keys(imitations) as ImitationName[]) {
      const said = { main: new Float32Array(20), auxiliary: teacher.slice(), teacher, labels };
      const { task, imitation: copy, loss } = await logitSlopes(tf, { ...dhkd, imitation }, said);
      // Softmax of zeros less the label, and a student who is the teacher already.
      expect(task![labels[0]!]).toBeCloseTo((0.25 - 1) / 5, 6);
      for (const slope of copy!) expect(slope).toBeCloseTo(0, 5);
      expect(loss).toBeCloseTo(Math.log(4), 5);
    }
  });

  it('lets α rise, and end', async () => {
    const courses = [dhkd, { ...dhkd, alpha: 2, course: { rises: 0.1 } }, { ...dhkd, course: { ends: 0.5 } }];
    const at = [0, 0.05, 0.1, 0.49, 0.5, 0.99];
    expect(courses.map((objective) => at.map((done) => alphaAt(objective, done)))).toEqual([
      [1, 1, 1, 1, 1, 1],
      [0, 1, 2, 2, 2, 2],
      [1, 1, 1, 1, 0, 0],
    ]);
    const learn = async (objective: Objective): Promise<Float32Array> => {
      using student = denseStudent(shape, rng(1));
      await distil(tf, student, corners(24, 3), { objective, schedule }, rng(2));
      const parameters = new Float32Array(student.size);
      student.readParameters(parameters);
      return parameters;
    };
    // An α that has ended before the first step is none: labels alone, and an auxiliary head as it was drawn.
    const ended = await learn({ ...dhkd, course: { ends: 0 } });
    expect(ended).toEqual(await learn({ ...dhkd, alpha: 0 }));
    expect(ended).not.toEqual(await learn({ ...dhkd, course: { ends: 0.5 } }));
  });
});

describe('distillation', () => {
  const learn = async (objective: Objective, seed = 0): Promise<{ parameters: Float32Array; accuracy: number }> => {
    using student = denseStudent({ backbone: [3, 16], classes: 4 }, rng(seed));
    await distil(tf, student, corners(96, 11), { objective, schedule }, rng(seed).split('training'));
    const test = corners(200, 12);
    const z = new Float32Array(800);
    await student.forward(test.x, 200, z);
    const right = test.labels.filter((y, r) => [0, 1, 2, 3].every((k) => z[4 * r + k]! <= z[4 * r + y]!)).length;
    const parameters = new Float32Array(student.size);
    student.readParameters(parameters);
    return { parameters, accuracy: right / 200 };
  };

  it('learns, by any imitation; twice the same, to the bit', async () => {
    for (const imitation of Object.keys(imitations) as ImitationName[])
      expect((await learn({ ...dhkd, imitation, head: 'main', alpha: 0.2 })).accuracy).toBeGreaterThan(0.9);
    const [first, again] = [await learn(dhkd), await learn(dhkd)];
    expect(first.parameters).toEqual(again.parameters);
    expect(first.accuracy).toBeGreaterThan(0.9);
  });

  it('at α = 0 is training by labels: neither teacher nor alignment is in it', async () => {
    const labels = await learn({ gamma: 1, alpha: 0, imitation: 'kd', head: 'main' });
    expect((await learn({ ...dhkd, alpha: 0 })).parameters.slice(0, 132)).toEqual(labels.parameters.slice(0, 132));
  });

  it('measures conflicts where it is asked to, evenly, and leaves the training as it is', async () => {
    using student = denseStudent({ backbone: [3, 16], classes: 4 }, rng(0));
    const objective: Objective = { gamma: 1, alpha: 1, imitation: 'binary-kl', head: 'main' };
    const { conflicts, steps } = await distil(
      tf,
      student,
      corners(96, 11),
      { objective, schedule, conflicts: 4 },
      rng(0).split('training'),
    );
    expect(steps).toBe(72);
    expect(conflicts.map(({ at }) => at)).toEqual([9, 27, 44, 62].map((step) => step / 72));
    for (const { head, backbone } of conflicts)
      for (const value of [head!, backbone]) expect(Math.abs(value)).toBeLessThanOrEqual(1);
    const parameters = new Float32Array(student.size);
    student.readParameters(parameters);
    const unmeasured = (await learn(objective)).parameters;
    parameters.forEach((value, i) => expect(value).toBeCloseTo(unmeasured[i]!, 3));
  });

  it('stops where the loss is no number', async () => {
    using student = denseStudent({ backbone: [3, 16], classes: 4 }, rng(0));
    const wild = { ...schedule, learningRate: 1e20 };
    const { diverged, steps } = await distil(tf, student, corners(96, 11), { objective: dhkd, schedule: wild }, rng(0));
    expect(diverged).toBe(true);
    expect(steps).toBeLessThan(20);
  });

  it('leaves no tensor behind', async () => {
    const before = tf.memory().numTensors;
    await learn(dhkd);
    expect(tf.memory().numTensors).toBe(before);
  });

  it('deploys backbone and main head as one network', async () => {
    using student = denseStudent(shape, rng(5));
    using network = student.deployed();
    const { x } = corners(7, 1);
    const [z, out] = [new Float32Array(28), new Float32Array(28)];
    await student.forward(x, 7, z);
    network.forward(x, 7, out);
    expect(out).toEqual(z);
  });

  it('draws weights as it is told, apart in backbone and heads', () => {
    const deviation = (values: Float32Array): number => Math.hypot(...values) / Math.sqrt(values.length);
    using student = denseStudent(
      { backbone: [50, 200], classes: 50, drawn: { backbone: 'kaiming', heads: 'torch-linear' } },
      rng(5),
    );
    const all = new Float32Array(student.size);
    student.readParameters(all);
    const { backbone, main } = student.spans;
    // N(0, 2/50) with biases 0, and U(±1/√200).
    expect(deviation(all.subarray(0, 10_000)) / Math.sqrt(2 / 50)).toBeCloseTo(1, 1);
    expect(all.subarray(10_000, backbone[1]).every((bias) => bias === 0)).toBe(true);
    expect(deviation(all.subarray(...main)) * Math.sqrt(3 * 200)).toBeCloseTo(1, 1);
    expect(Math.max(...all.subarray(...main))).toBeLessThan(1 / Math.sqrt(200));
  });

  it('refuses what does not fit together', async () => {
    using student = denseStudent(shape, rng(5));
    const examples = corners(20, 1);
    const run = (change: Partial<Examples>, objective: Objective = dhkd, batch = 8): Promise<unknown> =>
      distil(tf, student, { ...examples, ...change }, { objective, schedule: { ...schedule, batch } }, rng(0));
    await expect(run({ x: new Float32Array(5) })).rejects.toThrow(ShapeError);
    await expect(run({ teacher: new Float32Array(5) })).rejects.toThrow(/teacher/);
    await expect(run({ labels: new Int32Array(20).fill(4) })).rejects.toThrow('a label is 4, expected 0 to 3');
    await expect(run({}, dhkd, 21)).rejects.toThrow('batches of 21 of 20 rows');
    await expect(run({}, { ...dhkd, alpha: -1 })).rejects.toThrow(ConfigError);
    await expect(run({}, { ...dhkd, alpha: 0, gamma: 0 })).rejects.toThrow('nothing would be learnt');
    expect(() => denseStudent({ backbone: [3], classes: 2 }, rng(0))).toThrow(ShapeError);
  });
});

describe('stochastic gradient descent', () => {
  it('is a ball with friction: a unit gradient moves by the geometric series', async () => {
    const { sgd } = await import('../../../nn/sgd.ts');
    const [theta, v] = [new Float32Array([1]), new Float32Array(1)];
    for (let i = 0; i < 3; i++) sgd(theta, new Float32Array([1]), v, { learningRate: 0.1, momentum: 0.5 });
    expect(theta[0]).toBeCloseTo(1 - 0.1 * (1 + 1.5 + 1.75), 6);
    sgd(theta, new Float32Array(1), v.fill(0), { learningRate: 0.1, weightDecay: 0.5 });
    expect(theta[0]).toBeCloseTo(0.575 * 0.95, 6);
    expect(() => sgd(theta, theta, v, { learningRate: Number.NaN })).toThrow(ConfigError);
    const square = (x: Float64Array): number => x[0]! ** 2;
    const at = new Float64Array([3]);
    expect(centralDifference(at, 0, 1e-4, () => square(at))).toBeCloseTo(6, 6);
  });
});
