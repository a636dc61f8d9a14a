import { rng } from '../../../core/rng.ts';
import { agreement, decisionsOf } from '../../../logits/distillation/agreement.ts';
import { convStudent } from '../../../logits/distillation/conv-student.ts';
import type { ConvShape } from '../../../logits/distillation/conv-student.ts';
import { publishedDecay } from '../../../logits/distillation/distil.ts';
import type { Schedule } from '../../../logits/distillation/distil.ts';
import { ConvStack } from '../../../logits/stack/conv-stack.ts';
import { distilStack, stackLogits } from '../../../logits/stack/distil-stack.ts';
import type { StackObjective } from '../../../logits/stack/distil-stack.ts';
import type { Tensorflow } from '../../../nn/backend/tensorflow.ts';
import type { ArmName } from './arms.ts';
import type { Labelled } from './gaussian-modes.ts';
import { strokeImages } from './images.ts';
import type { ImageSize } from './images.ts';
import type { Lesson, Lessons } from './lesson.ts';

/** The problem of the large part and its nets: larger images, more classes, ten times the rows, three convolutions. */
export interface LargeSetting extends ImageSize {
  readonly noise: number;
  readonly rows: number;
  readonly judged: number;
  readonly epochs: number;
  readonly teacher: Pick<ConvShape, 'filters' | 'width'>;
  readonly student: Pick<ConvShape, 'filters' | 'width'>;
}

export const largeSetting: LargeSetting = {
  side: 16,
  classes: 50,
  noise: 0.4,
  rows: 20_000,
  judged: 4000,
  epochs: 20,
  teacher: { filters: [32, 64, 128], width: 256 },
  student: { filters: [8, 16, 32], width: 64 },
};

type LargeObjective = Omit<StackObjective, 'weights'>;

/** Students of the large part, with the α that each is tried with; DKD has its published warm-up. */
export const largeArms = {
  ce: { alphas: [0], objective: { beside: null, head: 'main', align: false } },
  'one-head': { alphas: [1], objective: { beside: 'binary-kl', head: 'main', align: false } },
  'two-heads': { alphas: [1], objective: { beside: 'binary-kl', head: 'auxiliary', align: false } },
  'norm-two-heads': {
    alphas: [0.1, 0.3, 1, 3],
    objective: { beside: 'binary-kl-norm', head: 'auxiliary', align: false },
  },
  dhkd: { alphas: [0.1, 0.3, 1, 3], objective: { beside: 'binary-kl-norm', head: 'auxiliary', align: true } },
  kd: { alphas: [0.1, 0.3, 1, 3], objective: { beside: 'kd', head: 'main', align: false } },
  dkd: { alphas: [0.1, 0.3, 1, 3], objective: { beside: 'dkd', head: 'main', align: false, rises: 20 / 240 } },
} as const satisfies Partial<Record<ArmName, { alphas: readonly number[]; objective: LargeObjective }>>;

export type LargeArm = keyof typeof largeArms;

/**
 * All seeds and α of one arm as one stack, after a stack of their teachers: on a GPU, where the number of operations is what costs, this is
 * hardly slower than one student. Each seed has a problem and a teacher of its own; arms share both, first weights and order of rows.
 * @returns the lessons of each seed
 */
export async function largeCell(
  tf: Tensorflow,
  arm: LargeArm,
  seeds: number,
  setting: LargeSetting,
  progress: (done: number) => void,
): Promise<Lessons[]> {
  const { side, classes, noise, rows, judged, epochs } = setting;
  const { alphas, objective } = largeArms[arm];
  const inputs = side * side;
  const roots = Array.from({ length: seeds }, (_, seed) => rng(seed).split('dhkd large'));
  const rooms = roots.map((root) => {
    const sample = strokeImages(noise, root.split('problem'), setting);
    const draw = (name: string, count: number): Labelled => sample(count, root.split(name));
    return { train: draw('train', rows), validation: draw('validation', judged), test: draw('test', judged) };
  });
  const schedule: Schedule = {
    batch: 128,
    epochs,
    learningRate: 0.03,
    momentum: 0.9,
    weightDecay: 5e-4,
    decayAt: publishedDecay,
  };
  const stackOf = (net: Pick<ConvShape, 'filters' | 'width'>, name: string, each: number): ConvStack => {
    const shape: ConvShape = { side, classes, ...net };
    const members = roots.flatMap((root) => {
      using student = convStudent(tf, shape, root.split(name));
      const own = new Float32Array(student.size);
      student.readParameters(own);
      return Array.from({ length: each }, () => own);
    });
    return new ConvStack(tf, shape, members);
  };
  const xOf = (part: 'train' | 'validation' | 'test'): Float32Array[] => rooms.map((room) => room[part].x);
  const say =
    (share: number, to: number) =>
    async (done: number): Promise<void> => {
      progress(share + (to - share) * done);
      await new Promise((resolve) => setImmediate(resolve));
    };

  using teacher = stackOf(setting.teacher, 'teacher', 1);
  const untaught = rooms.map(({ train }) => ({ ...train, teacher: new Float32Array(0) }));
  await distilStack(
    tf,
    teacher,
    untaught,
    { objective: { ...largeArms.ce.objective, weights: roots.map(() => 0) }, schedule },
    roots.map((root) => root.split('teacher training')),
    say(0, 0.5),
  );
  const told = await stackLogits(tf, teacher, xOf('train'), inputs);
  const taughtOn = (await stackLogits(tf, teacher, xOf('test'), inputs)).map((z) => decisionsOf(z, classes));

  using students = stackOf(setting.student, 'student', alphas.length);
  await distilStack(
    tf,
    students,
    rooms.map(({ train }, s) => ({ ...train, teacher: told[s]! })),
    { objective: { ...objective, weights: roots.flatMap(() => alphas) }, schedule },
    roots.map((root) => root.split('student training')),
    say(0.5, 1),
  );
  const [validation, test] = [
    await stackLogits(tf, students, xOf('validation'), inputs),
    await stackLogits(tf, students, xOf('test'), inputs),
  ];
  return rooms.map((room, s) => ({
    teacher: agreement(taughtOn[s]!, room.test.labels),
    lessons: alphas.map((alpha, a): Lesson => {
      const g = s * alphas.length + a;
      const diverged = test[g]!.some((value) => !Number.isFinite(value));
      const right = (z: Float32Array, on: Labelled): number =>
        diverged ? 1 / classes : agreement(decisionsOf(z, classes), on.labels);
      return {
        arm,
        alpha,
        validation: right(validation[g]!, room.validation),
        test: right(test[g]!, room.test),
        agreement: agreement(decisionsOf(test[g]!, classes), taughtOn[s]!),
        diverged,
        conflicts: [],
        collapse: null,
      };
    }),
  }));
}
