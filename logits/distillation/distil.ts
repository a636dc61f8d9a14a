import { assertLength, ShapeError } from '../../core/errors.ts';
import type { Rng } from '../../core/rng.ts';
import type { Tensorflow } from '../../nn/backend/tensorflow.ts';
import type { SgdStep } from '../../nn/sgd.ts';
import { alphaAt, assertObjective } from './objective.ts';
import type { Objective } from './objective.ts';
import { stepper } from './step.ts';
import type { Batch, Conflict } from './step.ts';
import type { Student } from './student.ts';

/** Rows to learn from. */
export interface Examples {
  /** x [N×I]. */
  readonly x: Float32Array;
  /** y [N], below K. */
  readonly labels: Int32Array;
  /** t [N×K], the teacher's logits; not read at α = 0. */
  readonly teacher: Float32Array;
}

export interface Schedule extends Required<SgdStep> {
  readonly batch: number;
  readonly epochs: number;
  /** Shares of the training after which the rate is a tenth of what it was. */
  readonly decayAt: readonly number[];
}

/** As published for CIFAR-100, but for rate and length: 240 epochs at 0.05 there. */
export const publishedDecay = [150 / 240, 180 / 240, 210 / 240] as const;

export interface DistilOptions {
  readonly objective: Objective;
  readonly schedule: Schedule;
  /** How inputs are moved before the student sees them (adversarial distillation); the teacher's logits stay those of the clean ones. */
  readonly perturb?: (x: Float32Array, rows: number, labels: Int32Array) => void;
  /** On so many batches, spread evenly, the conflict is measured; 0: never. */
  readonly conflicts?: number;
  /** After every epoch, and awaited: whoever is told may give way to others, or stop the training by throwing. */
  readonly progress?: (done: number) => void | Promise<void>;
}

export interface Distilled {
  /** Loss of the last batch. */
  readonly loss: number;
  /** It stopped early, since loss or parameters were no longer numbers. */
  readonly diverged: boolean;
  readonly steps: number;
  readonly conflicts: readonly (Conflict & { /** Share of the training done. */ readonly at: number })[];
}

/**
 * Trains a student by `objective`: batches in a new order every epoch, SGD with momentum on all parameters, rate by steps.
 *
 * Source: DHKD (arXiv 2411.08937); the alignment is one-sided, the labels' gradient stays as it is.
 * @throws {ShapeError} for rows that do not fit together or fewer than one batch.
 */
export async function distil(
  tf: Tensorflow,
  student: Student,
  examples: Examples,
  options: DistilOptions,
  rng: Rng,
): Promise<Distilled> {
  const { objective, schedule, perturb, conflicts = 0, progress } = options;
  assertObjective(objective);
  const count = assertExamples(student, examples, objective.alpha > 0);
  const { batch, epochs, decayAt } = schedule;
  if (!(batch >= 2 && batch <= count))
    throw new ShapeError(`distil: batches of ${batch} of ${count} rows, expected 2 to ${count}`);
  const perEpoch = Math.floor(count / batch);
  const steps = perEpoch * epochs;
  const rows: Batch = {
    rows: batch,
    x: new Float32Array(batch * student.inputs),
    labels: new Int32Array(batch),
    teacher: new Float32Array(batch * student.classes),
  };
  const step = stepper(tf, student, objective);
  const measured = new Set(
    Array.from({ length: conflicts }, (_, i) => Math.round(((i + 0.5) / conflicts) * (steps - 1))),
  );
  const order = Int32Array.from({ length: count }, (_, i) => i);
  const result = { loss: Number.NaN, diverged: false, steps: 0, conflicts: [] as (Conflict & { at: number })[] };
  for (let epoch = 0; epoch < epochs && !result.diverged; epoch++) {
    shuffle(order, rng.split('order').split(epoch));
    for (let b = 0; b < perEpoch; b++) {
      const done = result.steps / steps;
      gather(examples, order.subarray(b * batch, (b + 1) * batch), rows, student);
      perturb?.(rows.x, batch, rows.labels);
      const learningRate = schedule.learningRate * 0.1 ** decayAt.filter((share) => done >= share).length;
      const { loss, conflict } = await step(
        rows,
        { ...schedule, learningRate },
        measured.has(result.steps),
        alphaAt(objective, done),
      );
      result.loss = loss;
      if (conflict !== null) result.conflicts.push({ at: done, ...conflict });
      result.steps++;
      if (!Number.isFinite(loss)) {
        result.diverged = true;
        break;
      }
    }
    await progress?.((epoch + 1) / epochs);
  }
  return result;
}

/** Copies the rows of an order into a batch. */
function gather({ x, labels, teacher }: Examples, order: Int32Array, batch: Batch, student: Student): void {
  const { inputs, classes } = student;
  order.forEach((row, b) => {
    batch.x.set(x.subarray(row * inputs, (row + 1) * inputs), b * inputs);
    batch.labels[b] = labels[row]!;
    if (teacher.length > 0) batch.teacher.set(teacher.subarray(row * classes, (row + 1) * classes), b * classes);
  });
}

/** Fisher and Yates, in place. */
export function shuffle(order: Int32Array, rng: Rng): void {
  for (let i = order.length - 1; i > 0; i--) {
    const j = rng.int(i + 1);
    [order[i], order[j]] = [order[j]!, order[i]!];
  }
}

/** Number of rows. */
function assertExamples({ inputs, classes }: Student, { x, labels, teacher }: Examples, taught: boolean): number {
  const count = labels.length;
  assertLength(x, count * inputs, 'x', 'distil');
  if (taught) assertLength(teacher, count * classes, 'teacher', 'distil');
  const wrong = labels.find((label) => label < 0 || label >= classes);
  if (wrong !== undefined) throw new ShapeError(`distil: a label is ${wrong}, expected 0 to ${classes - 1}`);
  return count;
}
