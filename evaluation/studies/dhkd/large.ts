import { rng } from '../../../core/rng.ts';
import { agreement, decisionsOf } from '../../../logits/distillation/agreement.ts';
import { convStudent } from '../../../logits/distillation/conv-student.ts';
import type { ConvShape } from '../../../logits/distillation/conv-student.ts';
import { publishedDecay } from '../../../logits/distillation/distil.ts';
import type { Schedule } from '../../../logits/distillation/distil.ts';
import { ConvStack } from '../../../logits/stack/conv-stack.ts';
import { distilStack, stackLogits } from '../../../logits/stack/distil-stack.ts';
import type { StackTrial } from '../../../logits/stack/distil-stack.ts';
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
  noise: 0.3,
  rows: 20_000,
  judged: 4000,
  epochs: 20,
  teacher: { filters: [32, 64, 128], width: 256 },
  student: { filters: [8, 16, 32], width: 64 },
};

type LargeTrial = Omit<StackTrial, 'weight'>;

const fourAlphas = [0.1, 0.3, 1, 3] as const;

/** Students of the large part, with the α that each is tried with; DKD has its published warm-up. */
export const largeArms = {
  ce: { alphas: [0], trial: { beside: null, head: 'main' } },
  'one-head': { alphas: [1], trial: { beside: 'binary-kl', head: 'main' } },
  'two-heads': { alphas: [1], trial: { beside: 'binary-kl', head: 'auxiliary' } },
  'norm-two-heads': { alphas: fourAlphas, trial: { beside: 'binary-kl-norm', head: 'auxiliary' } },
  kd: { alphas: fourAlphas, trial: { beside: 'kd', head: 'main' } },
  dkd: { alphas: fourAlphas, trial: { beside: 'dkd', head: 'main', rises: 20 / 240 } },
  dhkd: { alphas: fourAlphas, trial: { beside: 'binary-kl-norm', head: 'auxiliary' } },
} as const satisfies Partial<Record<ArmName, { alphas: readonly number[]; trial: LargeTrial }>>;

export type LargeArm = keyof typeof largeArms;

/** What is trained together: alignment takes both gradients of a step apart, and is for the method alone. */
export const largeStacks = {
  plain: { arms: ['ce', 'one-head', 'two-heads', 'norm-two-heads', 'kd', 'dkd'], align: false },
  aligned: { arms: ['dhkd'], align: true },
} as const satisfies Record<string, { arms: readonly LargeArm[]; align: boolean }>;

export type LargeStack = keyof typeof largeStacks;

/**
 * All seeds, arms and α as one stack, after a stack of their teachers: on a GPU, where the number of operations is what costs, this is
 * hardly slower than one student. Each seed has a problem and a teacher of its own; arms share both, first weights and order of rows.
 * @returns the lessons of each seed
 */
export async function largeCell(
  tf: Tensorflow,
  stack: LargeStack,
  seeds: number,
  setting: LargeSetting,
  progress: (done: number) => void,
): Promise<Lessons[]> {
  const { side, classes, noise, rows, judged, epochs } = setting;
  const { arms, align } = largeStacks[stack];
  const trials = arms.flatMap((arm) =>
    largeArms[arm].alphas.map((alpha) => ({ arm, alpha, ...largeArms[arm].trial, weight: alpha })),
  );
  const inputs = side * side;
  const roots = Array.from({ length: seeds }, (_, seed) => rng(seed).split('dhkd large'));
  const rooms = roots.map((root) => {
    const sample = strokeImages(noise, root.split('problem'), setting);
    const draw = (name: string, count: number): Labelled => sample(count, root.split(name));
    return { train: draw('train', rows), validation: draw('validation', judged), test: draw('test', judged) };
  });
  const schedule: Schedule = {
    batch: 256,
    epochs,
    learningRate: 0.05,
    momentum: 0.9,
    weightDecay: 5e-4,
    decayAt: publishedDecay,
  };
  const stackOf = (net: Pick<ConvShape, 'filters' | 'width'>, name: string, each: number): ConvStack => {
    const shape: ConvShape = { side, classes, drawn: { backbone: 'kaiming', heads: 'torch-linear' }, ...net };
    const members = roots.map((root) => {
      using student = convStudent(tf, shape, root.split(name));
      const own = new Float32Array(student.size);
      student.readParameters(own);
      return own;
    });
    return new ConvStack(tf, shape, Array<Float32Array[]>(each).fill(members).flat());
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
    { trials: [{ ...largeArms.ce.trial, weight: 0 }], align: false, schedule },
    roots.map((root) => root.split('teacher training')),
    say(0, 0.5),
  );
  const told = await stackLogits(tf, teacher, xOf('train'), inputs);
  const taughtOn = (await stackLogits(tf, teacher, xOf('test'), inputs)).map((z) => decisionsOf(z, classes));

  using students = stackOf(setting.student, 'student', trials.length);
  await distilStack(
    tf,
    students,
    rooms.map(({ train }, s) => ({ ...train, teacher: told[s]! })),
    { trials, align, schedule },
    roots.map((root) => root.split('student training')),
    say(0.5, 1),
  );
  // A GPU may take the maximum of NaN and 0 for 0: the logits of a net whose weights are lost can be numbers, the same for every image.
  const parameters = await students.read();
  const [validation, test] = [
    await stackLogits(tf, students, xOf('validation'), inputs),
    await stackLogits(tf, students, xOf('test'), inputs),
  ];
  return rooms.map((room, s) => ({
    teacher: agreement(taughtOn[s]!, room.test.labels),
    lessons: trials.map(({ arm, alpha }, at): Lesson => {
      const g = at * seeds + s;
      const diverged = notNumbers(parameters[g]!) || notNumbers(test[g]!);
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

function notNumbers(values: Float32Array): boolean {
  return values.some((value) => !Number.isFinite(value));
}
