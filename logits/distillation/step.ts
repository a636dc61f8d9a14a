import type { Tensor } from '@tensorflow/tfjs';
import type { Tensorflow } from '../../nn/backend/tensorflow.ts';
import { sgd } from '../../nn/sgd.ts';
import type { SgdStep } from '../../nn/sgd.ts';
import { projectConflict } from '../tensor/project-conflict.ts';
import type { ConflictScope } from '../tensor/project-conflict.ts';
import { logitSlopes } from './objective.ts';
import type { Objective } from './objective.ts';
import type { Span, Student } from './student.ts';

/** One batch: x [B×I], y [B], t [B×K]. */
export interface Batch {
  readonly rows: number;
  readonly x: Float32Array;
  readonly labels: Int32Array;
  readonly teacher: Float32Array;
}

/** How the gradients of the two terms stand to each other on one batch: cosines, 0 where one of them is 0. */
export interface Conflict {
  /** Over the parameters of the main head; null where the imitation does not reach it. */
  readonly head: number | null;
  readonly backbone: number;
}

export interface Stepped {
  readonly loss: number;
  /** Of the gradients before alignment; null where it was not asked for, or there is one term only. */
  readonly conflict: Conflict | null;
}

/** A function that makes one step of training; it holds the velocity. With `measure` the two gradients are taken apart; α is the objective's where none is given. */
export function stepper(
  tf: Tensorflow,
  student: Student,
  objective: Objective,
): (batch: Batch, step: SgdStep, measure: boolean, alpha?: number) => Promise<Stepped> {
  const { alignment, head } = objective;
  const make = (): Float32Array => new Float32Array(student.size);
  const [parameters, velocity, g0] = [make(), make(), make()];
  let g1: Float32Array = new Float32Array(0);
  let main: Float32Array = new Float32Array(0);
  let auxiliary: Float32Array = new Float32Array(0);
  student.readParameters(parameters);
  const both = (
    task: Float32Array | null,
    imitation: Float32Array | null,
  ): [Float32Array | null, Float32Array | null] => (head === 'main' ? [sum(task, imitation), null] : [task, imitation]);

  return async (batch, step, measure, alpha) => {
    const { rows } = batch;
    if (main.length !== rows * student.classes) {
      main = new Float32Array(rows * student.classes);
      auxiliary = new Float32Array(rows * student.classes);
    }
    await student.forward(batch.x, rows, main, head === 'main' ? undefined : auxiliary, true);
    const { labels, teacher } = batch;
    const { task, imitation, loss } = await logitSlopes(tf, objective, { main, auxiliary, teacher, labels }, alpha);
    let conflict: Conflict | null = null;
    if (task !== null && imitation !== null && (measure || alignment !== undefined)) {
      if (g1.length === 0) g1 = make();
      await student.pullback(task, null, rows, g0);
      await student.pullback(...both(null, imitation), rows, g1);
      if (measure) conflict = conflictOf(student, g0, g1, head);
      if (alignment !== undefined) await align(tf, student, g0, g1, head, alignment);
      for (let i = 0; i < g0.length; i++) g0[i]! += g1[i]!;
    } else await student.pullback(...both(task, imitation), rows, g0);
    sgd(parameters, g0, velocity, step);
    student.writeParameters(parameters);
    return { loss, conflict };
  };
}

function sum(a: Float32Array | null, b: Float32Array | null): Float32Array | null {
  if (a === null || b === null) return a ?? b;
  for (let i = 0; i < a.length; i++) a[i]! += b[i]!;
  return a;
}

/** Takes from g1 its part against g0, in place. */
async function align(
  tf: Tensorflow,
  { spans }: Student,
  g0: Float32Array,
  g1: Float32Array,
  head: Objective['head'],
  scope: ConflictScope,
): Promise<void> {
  const part = (g: Float32Array, span: Span): Tensor => tf.tensor1d(g.subarray(...span));
  const { backbone, main, auxiliary } = spans;
  const reference = [part(g0, backbone), part(g0, main), null];
  const own =
    head === 'main' ? [part(g1, backbone), part(g1, main), null] : [part(g1, backbone), null, part(g1, auxiliary)];
  const aligned = projectConflict(tf, reference, own, scope);
  const places = [backbone, main, auxiliary];
  for (const [i, tensor] of aligned.entries()) if (tensor !== null) g1.set(await tensor.data(), places[i]![0]);
  tf.dispose([...reference, ...own, ...aligned].filter((tensor) => tensor !== null));
}

function conflictOf({ spans }: Student, g0: Float32Array, g1: Float32Array, head: Objective['head']): Conflict {
  const along = (span: Span): number => cosine(g0.subarray(...span), g1.subarray(...span));
  return { head: head === 'main' ? along(spans.main) : null, backbone: along(spans.backbone) };
}

function cosine(a: Float32Array, b: Float32Array): number {
  let [ab, aa, bb] = [0, 0, 0];
  for (let i = 0; i < a.length; i++) {
    ab += a[i]! * b[i]!;
    aa += a[i]! * a[i]!;
    bb += b[i]! * b[i]!;
  }
  return aa === 0 || bb === 0 ? 0 : ab / Math.sqrt(aa * bb);
}
