import type { Tensor, Tensor2D, Tensor3D } from '@tensorflow/tfjs';
import { ShapeError } from '../../core/errors.ts';
import type { Rng } from '../../core/rng.ts';
import type { Tensorflow } from '../../nn/backend/tensorflow.ts';
import { shuffle } from '../distillation/distil.ts';
import type { Examples, Schedule } from '../distillation/distil.ts';
import { binaryKL, binaryKLNorm } from '../tensor/binary-kl.ts';
import { crossEntropy } from '../tensor/cross-entropy.ts';
import { decoupledKD } from '../tensor/decoupled-kd.ts';
import { entropyPenalty } from '../tensor/entropy.ts';
import { ownGradient } from '../tensor/own-gradient.ts';
import { softKL } from '../tensor/soft-kl.ts';
import type { ConvStack, StackLogits, StackLoss } from './conv-stack.ts';

/** What one net of every group learns, `CE(z, y) + w·D`. */
export interface StackTrial {
  /** D on a head: an imitation of the teacher as in `distillation/objective.ts`, or the entropy of the head; null: none. */
  readonly beside: 'kd' | 'binary-kl' | 'binary-kl-norm' | 'dkd' | 'entropy' | null;
  readonly head: 'main' | 'auxiliary';
  /** w, from 0. */
  readonly weight: number;
  /** Share of the training in which w rises from 0 (DKD's warm-up); absent: none. */
  readonly rises?: number;
  /** Times the schedule's rate; absent: 1. */
  readonly rate?: number;
}

export interface StackTraining {
  /** Members `t·S … (t+1)·S` do trial t, one in each group. Those alike but for w share operations where they are neighbours. */
  readonly trials: readonly StackTrial[];
  /** Take from the gradient of D what goes against that of CE, over all parameters. */
  readonly align: boolean;
  readonly schedule: Schedule;
}

/** Published temperatures. */
const losses = {
  kd: (tf, s, t) => softKL(tf, s, t, { temperature: 4 }),
  'binary-kl': (tf, s, t) => binaryKL(tf, s, t, { temperature: 2 }),
  'binary-kl-norm': (tf, s, t) => binaryKLNorm(tf, s, t, { temperature: 2 }),
  dkd: (tf, s, t, labels) => decoupledKD(tf, s, t, labels, { temperature: 4 }),
  entropy: (tf, s) => entropyPenalty(tf, s, 1),
} as const satisfies Record<string, (tf: Tensorflow, s: Tensor, t: Tensor, labels: Tensor) => Tensor>;

/** Steps after which the device is waited for, so that what it has to do does not pile up. */
const waitEvery = 20;

/**
 * `distil` for every member of a stack at once: a member of group s learns from its rows and in the order of its stream, as one student
 * would by `distil` with that stream. @param examples of each group, as many rows in each  @param rngs one a group
 * @param progress awaited
 * @throws {ShapeError} for groups and trials that do not fit together.
 */
export async function distilStack(
  tf: Tensorflow,
  stack: ConvStack,
  examples: readonly Examples[],
  { trials, align, schedule }: StackTraining,
  rngs: readonly Rng[],
  progress: (done: number) => void | Promise<void> = () => undefined,
): Promise<void> {
  const groups = examples.length;
  const count = examples[0]!.labels.length;
  if (stack.members !== groups * trials.length)
    throw new ShapeError(`distilStack: ${stack.members} members, expected ${groups} groups times ${trials.length}`);
  for (const { labels } of examples)
    if (labels.length !== count)
      throw new ShapeError(`distilStack: groups of ${count} and ${labels.length} rows, expected as many in each`);
  const { batch, epochs, decayAt, momentum, weightDecay } = schedule;
  const perEpoch = Math.floor(count / batch);
  const parts = partsOf(tf, trials, groups);
  const perMember = tf.tensor2d(
    trials.flatMap(({ rate = 1 }) => examples.map(() => rate)),
    [stack.members, 1],
  );
  const next = batches(
    examples,
    batch,
    stack.classes,
    parts.some(({ taught }) => taught),
  );
  const orders = examples.map(() => Int32Array.from({ length: count }, (_, i) => i));
  let step = 0;
  for (let epoch = 0; epoch < epochs; epoch++) {
    for (const [s, order] of orders.entries()) shuffle(order, rngs[s]!.split('order').split(epoch));
    for (let b = 0; b < perEpoch; b++) {
      const done = step / (perEpoch * epochs);
      const rate = schedule.learningRate * 0.1 ** decayAt.filter((share) => done >= share).length;
      const loss = tf.tidy(() => {
        const { x, labels, teacher } = next(tf, orders, b);
        const y = labels.tile([trials.length, 1]);
        const task: StackLoss = {
          main: true,
          auxiliary: false,
          value: ({ main }) => crossEntropy(tf, main, y).mul(stack.members),
        };
        const besides = parts.map((part) => besideOf(tf, part, groups, labels, teacher, done));
        const settings = { rates: perMember.mul<Tensor2D>(rate), momentum, weightDecay, align };
        return stack.step(x, align ? [task, ...besides] : [joined([task, ...besides])], settings);
      });
      if (++step % waitEvery === 0) await loss.data();
      loss.dispose();
    }
    await progress((epoch + 1) / epochs);
  }
  tf.dispose([perMember, ...parts.map(({ weights }) => weights)]);
}

/** Neighbouring trials whose D is one, on members `from … from + size`. */
interface Part extends Pick<StackTrial, 'head' | 'rises'> {
  readonly beside: Exclude<StackTrial['beside'], null>;
  readonly taught: boolean;
  readonly from: number;
  readonly size: number;
  /** [size×1×1] */
  readonly weights: Tensor3D;
}

function partsOf(tf: Tensorflow, trials: readonly StackTrial[], groups: number): Part[] {
  const runs: { first: number; trials: StackTrial[] }[] = [];
  for (const [t, trial] of trials.entries()) {
    const last = runs.at(-1)?.trials[0];
    const alike = last?.beside === trial.beside && last.head === trial.head && (last.rises ?? 0) === (trial.rises ?? 0);
    if (alike) runs.at(-1)!.trials.push(trial);
    else runs.push({ first: t, trials: [trial] });
  }
  return runs.flatMap(({ first, trials }): Part[] => {
    const { beside, head, rises } = trials[0]!;
    if (beside === null) return [];
    const weights = trials.flatMap(({ weight }) => Array<number>(groups).fill(weight));
    return [
      {
        beside,
        head,
        ...(rises !== undefined && { rises }),
        taught: beside !== 'entropy',
        from: first * groups,
        size: weights.length,
        weights: tf.tensor3d(weights, [weights.length, 1, 1]),
      },
    ];
  });
}

/** w·D of a part, summed over its members. */
function besideOf(
  tf: Tensorflow,
  { beside, head, rises = 0, from, size, weights }: Part,
  groups: number,
  labels: Tensor2D,
  teacher: Tensor3D,
  done: number,
): StackLoss {
  const w = done < rises ? weights.mul(done / rises) : weights;
  const [y, t] = [labels.tile([size / groups, 1]), teacher.tile([size / groups, 1, 1])];
  return {
    main: head === 'main',
    auxiliary: head === 'auxiliary',
    value(logits) {
      const z = (head === 'main' ? logits.main : logits.auxiliary)!;
      const own = z.shape[0] === size ? z : z.slice([from, 0, 0], [size, -1, -1]);
      return losses[beside](tf, weighing(tf, own, w), t, y).mul(size);
    },
  };
}

function joined(all: readonly StackLoss[]): StackLoss {
  return {
    main: all.some(({ main }) => main),
    auxiliary: all.some(({ auxiliary }) => auxiliary),
    value: (logits: StackLogits) => all.map((loss) => loss.value(logits)).reduce((sum, value) => sum.add(value)),
  };
}

/** The same logits, whose slopes are those of a loss times w: so w reaches all of a loss that is a mean. @param s [G×B×K] @param w [G×1×1] */
function weighing(tf: Tensorflow, s: Tensor, w: Tensor): Tensor {
  return ownGradient(
    tf,
    [s],
    () => ({ value: s.clone(), saved: [] }),
    (dy) => [dy.mul(w)],
  );
}

/** Batch b of an epoch: x [S×B×I], y [S×B], t [S×B×K], or [1×1×1] where nobody reads it. */
function batches(
  examples: readonly Examples[],
  batch: number,
  classes: number,
  taught: boolean,
): (tf: Tensorflow, orders: readonly Int32Array[], b: number) => { x: Tensor3D; labels: Tensor2D; teacher: Tensor3D } {
  const groups = examples.length;
  const inputs = examples[0]!.x.length / examples[0]!.labels.length;
  return (tf, orders, b) => {
    const x = new Float32Array(groups * batch * inputs);
    const labels = new Int32Array(groups * batch);
    const teacher = new Float32Array(taught ? groups * batch * classes : 1);
    for (const [s, own] of examples.entries())
      for (let row = 0; row < batch; row++) {
        const [from, to] = [orders[s]![b * batch + row]!, s * batch + row];
        x.set(own.x.subarray(from * inputs, (from + 1) * inputs), to * inputs);
        labels[to] = own.labels[from]!;
        if (taught) teacher.set(own.teacher.subarray(from * classes, (from + 1) * classes), to * classes);
      }
    return {
      x: tf.tensor3d(x, [groups, batch, inputs]),
      labels: tf.tensor2d(labels, [groups, batch], 'int32'),
      teacher: tf.tensor3d(teacher, taught ? [groups, batch, classes] : [1, 1, 1]),
    };
  };
}

/** Main logits of every member [N×K] each, on the rows of its group. @param x of each group [N×I] */
export async function stackLogits(
  tf: Tensorflow,
  stack: ConvStack,
  x: readonly Float32Array[],
  inputs: number,
  chunk = 512,
): Promise<Float32Array[]> {
  const { members, classes } = stack;
  const rows = x[0]!.length / inputs;
  const out = Array.from({ length: members }, () => new Float32Array(rows * classes));
  for (let first = 0; first < rows; first += chunk) {
    const count = Math.min(chunk, rows - first);
    const z = tf.tidy(() =>
      stack.logits(
        tf.stack(
          x.map((own) => tf.tensor2d(own.slice(first * inputs, (first + count) * inputs), [count, inputs])),
        ) as Tensor3D,
      ),
    );
    const values = (await z.data()) as Float32Array;
    for (const [g, own] of out.entries())
      own.set(values.subarray(g * count * classes, (g + 1) * count * classes), first * classes);
    z.dispose();
  }
  return out;
}
