import type { Scalar, Tensor, Tensor2D, Tensor3D } from '@tensorflow/tfjs';
import { assertLength, ShapeError } from '../../core/errors.ts';
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
import type { ConvStack, StackLoss } from './conv-stack.ts';

/** What a stack learns beside its labels, `CE(z, y) + w·D`, w a number of each member. */
export interface StackObjective {
  /** D on a head: an imitation of the teacher as in `distillation/objective.ts`, or the entropy of the main head. */
  readonly beside: 'kd' | 'binary-kl' | 'binary-kl-norm' | 'dkd' | 'entropy' | null;
  readonly head: 'main' | 'auxiliary';
  /** Take from the gradient of D what goes against that of CE, over all parameters. */
  readonly align: boolean;
  /** w of each member [G]. */
  readonly weights: readonly number[];
  /** Share of the training in which w rises from 0 (DKD's warm-up); absent: none. */
  readonly rises?: number;
  /** Of each member, times the schedule's rate [G]; absent: 1. */
  readonly rates?: readonly number[];
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
 * `distil` for every member of a stack at once: group s learns from the rows and in the order of its own stream, as one student would by
 * `distil` with that stream. @param examples of each group, as many rows in each  @param rngs one a group
 * @param progress awaited
 * @throws {ShapeError} for groups that do not fit together.
 */
export async function distilStack(
  tf: Tensorflow,
  stack: ConvStack,
  examples: readonly Examples[],
  { objective, schedule }: { readonly objective: StackObjective; readonly schedule: Schedule },
  rngs: readonly Rng[],
  progress: (done: number) => void | Promise<void> = () => undefined,
): Promise<void> {
  const { beside, align, weights, rises = 0, rates } = objective;
  const groups = examples.length;
  const count = examples[0]!.labels.length;
  const each = stack.members / groups;
  for (const { labels } of examples)
    if (labels.length !== count)
      throw new ShapeError(`distilStack: groups of ${count} and ${labels.length} rows, expected as many in each`);
  assertLength(weights, stack.members, 'weights', 'distilStack');
  const { batch, epochs, decayAt, momentum, weightDecay } = schedule;
  const perEpoch = Math.floor(count / batch);
  const inputs = examples[0]!.x.length / count;
  const taught = beside !== null && beside !== 'entropy';
  const x = new Float32Array(groups * batch * inputs);
  const teacher = new Float32Array(taught ? groups * batch * stack.classes : 0);
  const labels = new Int32Array(groups * batch);
  const orders = examples.map(() => Int32Array.from({ length: count }, (_, i) => i));
  const scale = tf.tensor3d([...weights], [stack.members, 1, 1]);
  const perMember = tf.tensor2d(rates === undefined ? weights.map(() => 1) : [...rates], [stack.members, 1]);
  const spread = (values: Tensor): Tensor => {
    const [, ...rest] = values.shape;
    return values
      .expandDims(1)
      .tile([1, each, ...rest.map(() => 1)])
      .reshape([stack.members, ...rest]);
  };
  let step = 0;
  for (let epoch = 0; epoch < epochs; epoch++) {
    for (const [s, order] of orders.entries()) shuffle(order, rngs[s]!.split('order').split(epoch));
    for (let b = 0; b < perEpoch; b++) {
      for (const [s, own] of examples.entries())
        for (let row = 0; row < batch; row++) {
          const [from, to] = [orders[s]![b * batch + row]!, s * batch + row];
          x.set(own.x.subarray(from * inputs, (from + 1) * inputs), to * inputs);
          labels[to] = own.labels[from]!;
          if (taught)
            teacher.set(own.teacher.subarray(from * stack.classes, (from + 1) * stack.classes), to * stack.classes);
        }
      const done = step / (perEpoch * epochs);
      const rate = schedule.learningRate * 0.1 ** decayAt.filter((share) => done >= share).length;
      const rise = done < rises ? done / rises : 1;
      const loss = tf.tidy((): Scalar => {
        const w = scale.mul(rise);
        const y = spread(tf.tensor2d(labels.slice(), [groups, batch], 'int32'));
        const t = taught ? spread(tf.tensor3d(teacher.slice(), [groups, batch, stack.classes])) : tf.zeros([1]);
        const task: StackLoss = {
          main: true,
          auxiliary: false,
          value: ({ main }) => crossEntropy(tf, main, y).mul(stack.members),
        };
        const other = (s: Tensor): Tensor =>
          beside === null ? tf.scalar(0) : losses[beside](tf, weighing(tf, s, w), t, y).mul(stack.members);
        const both = beside !== null;
        const onMain = objective.head === 'main';
        const all: StackLoss[] = !both
          ? [task]
          : align
            ? [task, { main: onMain, auxiliary: !onMain, value: (z) => other(z[objective.head]) }]
            : [{ main: true, auxiliary: !onMain, value: (z) => task.value(z).add(other(z[objective.head])) }];
        const settings = { rates: perMember.mul<Tensor2D>(rate), momentum, weightDecay, align };
        return stack.step(tf.tensor3d(x.slice(), [groups, batch, inputs]), all, settings);
      });
      if (++step % waitEvery === 0) await loss.data();
      loss.dispose();
    }
    await progress((epoch + 1) / epochs);
  }
  tf.dispose([scale, perMember]);
}

/** The same logits, whose slopes are those of a loss times w: a member's w reaches all of a loss that is a mean. @param s [G×B×K] @param w [G×1×1] */
function weighing(tf: Tensorflow, s: Tensor, w: Tensor): Tensor {
  return ownGradient(
    tf,
    [s],
    () => ({ value: s.clone(), saved: [] }),
    (dy) => [dy.mul(w)],
  );
}

/** Main logits of rows of every group by its members: [N×K] each. @param x of each group [N×I] */
export async function stackLogits(
  tf: Tensorflow,
  stack: ConvStack,
  x: readonly Float32Array[],
  inputs: number,
  chunk = 512,
): Promise<Float32Array[]> {
  const rows = x[0]!.length / inputs;
  const { members, classes } = stack;
  const out = Array.from({ length: members }, () => new Float32Array(rows * classes));
  for (let first = 0; first < rows; first += chunk) {
    const count = Math.min(chunk, rows - first);
    const shown = tf.tidy(
      () =>
        tf.stack(
          x.map((own) => tf.tensor2d(own.slice(first * inputs, (first + count) * inputs), [count, inputs])),
        ) as Tensor3D,
    );
    const { main, auxiliary } = stack.logits(shown);
    const values = (await main.data()) as Float32Array;
    for (const [g, own] of out.entries())
      own.set(values.subarray(g * count * classes, (g + 1) * count * classes), first * classes);
    tf.dispose([shown, main, auxiliary]);
  }
  return out;
}
