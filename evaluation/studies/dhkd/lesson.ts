import type { Rng } from '../../../core/rng.ts';
import { agreement, decisionsOf } from '../../../logits/distillation/agreement.ts';
import { distil } from '../../../logits/distillation/distil.ts';
import type { Distilled, Examples, Schedule } from '../../../logits/distillation/distil.ts';
import type { Student } from '../../../logits/distillation/student.ts';
import { neuralCollapse } from '../../../logits/statistic/neural-collapse.ts';
import type { NeuralCollapse } from '../../../logits/statistic/neural-collapse.ts';
import type { Tensorflow } from '../../../nn/backend/tensorflow.ts';
import { arms } from './arms.ts';
import type { Arm, ArmName } from './arms.ts';
import type { Labelled } from './gaussian-modes.ts';

/** What a student made of one way to be taught. */
export interface Lesson {
  readonly arm: ArmName;
  readonly alpha: number;
  /** Shares of right decisions of the main head. */
  readonly validation: number;
  readonly test: number;
  /** Share of test rows that it decides as its teacher does. */
  readonly agreement: number;
  readonly diverged: boolean;
  readonly conflicts: Distilled['conflicts'];
  /** Of features and main head on the training rows, where it was asked for; null elsewhere, and for a student that diverged. */
  readonly collapse: NeuralCollapse | null;
}

/** The lessons of one teacher. */
export interface Lessons {
  /** Its accuracy on the test rows. */
  readonly teacher: number;
  readonly lessons: readonly Lesson[];
}

/** A problem with a teacher and students for it. */
export interface Classroom {
  readonly train: Labelled;
  readonly validation: Labelled;
  readonly test: Labelled;
  readonly schedule: Schedule;
  /** Weights as α that an arm with a teacher is tried with. */
  readonly alphas: readonly number[];
  readonly arms: readonly ArmName[];
  /** Whether neural collapse is measured. */
  readonly collapse: boolean;
  teacher(rng: Rng): Student;
  /** All students of a seed begin alike. @param auxiliary hidden layers of the auxiliary head */
  student(rng: Rng, auxiliary: readonly number[]): Student;
}

/** Training rows on which neural collapse is measured; classes take turns in them. */
const collapseRows = 2000;

/** Batches on which the conflict of the two gradients is measured. */
const measuredBatches = 12;

/** Teaches the teacher by labels, and then a student in every way, with every weight. */
export async function teach(
  tf: Tensorflow,
  room: Classroom,
  rng: Rng,
  progress: (done: number) => void = () => undefined,
): Promise<Lessons> {
  const { train, test, schedule } = room;
  const trials = room.arms.flatMap((arm) =>
    ((arms[arm] as Arm).taught === false ? [0] : room.alphas).map((alpha) => ({ arm, alpha })),
  );
  using teacher = room.teacher(rng.split('teacher'));
  const byLabels = { ...arms.ce.objective, alpha: 0 };
  const untaught = { ...train, teacher: new Float32Array(0) };
  await distil(tf, teacher, untaught, { objective: byLabels, schedule }, rng.split('teacher training'));
  const examples: Examples = { ...train, teacher: await logitsOf(teacher, train.x) };
  const teachers = decisionsOf(await logitsOf(teacher, test.x), teacher.classes);
  const lessons: Lesson[] = [];
  for (const { arm, alpha } of trials) {
    progress((lessons.length + 1) / (trials.length + 2));
    const objective = { ...arms[arm].objective, alpha };
    using student = room.student(rng.split('student'), (arms[arm] as Arm).auxiliary ?? []);
    const { conflicts, diverged } = await distil(
      tf,
      student,
      examples,
      { objective, schedule, conflicts: alpha > 0 && objective.gamma > 0 ? measuredBatches : 0 },
      rng.split('student training'),
    );
    const accuracy = async (on: Labelled): Promise<readonly [Int32Array, number]> => {
      const decisions = decisionsOf(await logitsOf(student, on.x), student.classes);
      return [decisions, diverged ? 1 / student.classes : agreement(decisions, on.labels)];
    };
    const [decisions, right] = await accuracy(test);
    lessons.push({
      arm,
      alpha,
      validation: (await accuracy(room.validation))[1],
      test: right,
      agreement: agreement(decisions, teachers),
      diverged,
      conflicts,
      collapse: room.collapse && !diverged ? await collapseOf(student, train) : null,
    });
  }
  return { teacher: agreement(teachers, test.labels), lessons };
}

/** Main logits of all rows [N×K]. */
async function logitsOf(student: Student, x: Float32Array): Promise<Float32Array> {
  const rows = x.length / student.inputs;
  const logits = new Float32Array(rows * student.classes);
  await student.forward(x, rows, logits);
  return logits;
}

async function collapseOf(student: Student, { x, labels }: Labelled): Promise<NeuralCollapse> {
  const rows = Math.min(labels.length, collapseRows);
  const features = new Float32Array(rows * student.width);
  await student.features(x, rows, features);
  const parameters = new Float32Array(student.size);
  student.readParameters(parameters);
  const head = parameters.subarray(...student.spans.main);
  const weights = student.width * student.classes;
  return neuralCollapse(features, labels.subarray(0, rows), head.subarray(0, weights), head.subarray(weights));
}
