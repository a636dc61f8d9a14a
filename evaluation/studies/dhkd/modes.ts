import { rng } from '../../../core/rng.ts';
import { denseStudent } from '../../../logits/distillation/dense-student.ts';
import type { DenseShape } from '../../../logits/distillation/dense-student.ts';
import { publishedDecay } from '../../../logits/distillation/distil.ts';
import { armNames } from './arms.ts';
import type { ArmName } from './arms.ts';
import { gaussianModes, standardiser } from './gaussian-modes.ts';
import type { Classroom } from './lesson.ts';

/** One setting of the generator and of the nets. */
export interface ModesSetting {
  readonly noise: number;
  readonly rows: number;
  readonly learningRate: number;
  readonly epochs: number;
  /** Hidden layers. */
  readonly teacher: readonly number[];
  readonly student: readonly number[];
  readonly drawn: NonNullable<DenseShape['drawn']>;
  /** Who is taught, and with which weights α; an arm without a teacher once. */
  readonly arms: readonly ArmName[];
  readonly alphas: readonly number[];
  /** Whether neural collapse is measured. */
  readonly collapse?: true;
}

const classes = 100;
const dimensions = 32;

const ablation = ['ce', 'one-head', 'two-heads', 'norm-one-head', 'norm-two-heads', 'dhkd', 'kd'] as const;

const usual = {
  noise: 1.1,
  rows: 6000,
  learningRate: 0.02,
  epochs: 25,
  teacher: [256, 256],
  student: [128, 128],
  drawn: { backbone: 'kaiming', heads: 'kaiming' },
  arms: ablation,
  alphas: [1],
} as const satisfies ModesSetting;

/**
 * Settings by name. `base` is the demonstration whose figures specs/logit-methods.md has; on the same problems and teachers `variants` has
 * the other students, and `tuned` the other weights of those that are compared as rivals. `easy` and `hard` are less and more noise. In
 * `published-init` heads are drawn as the released code draws them, in `torch-init` everything is. `fast` has the paper's rate for nets with
 * normalisation. `large` asks whether what does not show with few rows and small nets, that the method beats its rivals, shows with more.
 */
export const modesSettings = {
  base: { ...usual, arms: [...ablation, 'binary-kl'], collapse: true },
  easy: { ...usual, noise: 0.8 },
  hard: { ...usual, noise: 1.4 },
  'published-init': { ...usual, drawn: { backbone: 'kaiming', heads: 'torch-linear' } },
  'torch-init': { ...usual, drawn: { backbone: 'torch-linear', heads: 'torch-linear' } },
  fast: { ...usual, learningRate: 0.05, arms: ['ce', 'one-head', 'two-heads', 'norm-two-heads'] },
  variants: { ...usual, arms: armNames.filter((arm) => ![...ablation, 'binary-kl'].includes(arm)) },
  tuned: { ...usual, arms: ['one-head', 'two-heads', 'dhkd', 'kd', 'dkd', 'dist'], alphas: [0.1, 0.3, 3] },
  large: {
    ...usual,
    noise: 1.4,
    rows: 12_000,
    epochs: 15,
    teacher: [384, 384],
    student: [192, 192],
    drawn: { backbone: 'torch-linear', heads: 'torch-linear' },
    arms: ['ce', 'dhkd', 'kd'],
    alphas: [0.3, 1, 3],
  },
} as const satisfies Record<string, ModesSetting>;

/** A hundred classes of four modes each, taught to dense nets without normalisation; inputs are standardised. */
export function modesRoom(setting: ModesSetting, seed: number): Classroom {
  const random = rng(seed).split('gaussian modes');
  const draw = gaussianModes({ classes, modes: 4, dimensions, noise: setting.noise }, random.split('problem'));
  const train = draw(setting.rows, random.split('train'));
  const validation = draw(4000, random.split('validation'));
  const test = draw(10_000, random.split('test'));
  const standardise = standardiser(train.x, dimensions);
  for (const { x } of [train, validation, test]) standardise(x);
  const { drawn, epochs, learningRate } = setting;
  return {
    train,
    validation,
    test,
    schedule: { batch: 64, epochs, learningRate, momentum: 0.9, weightDecay: 5e-4, decayAt: publishedDecay },
    alphas: setting.alphas,
    arms: setting.arms,
    collapse: setting.collapse ?? false,
    teacher: (rng) => denseStudent({ backbone: [dimensions, ...setting.teacher], classes, drawn }, rng),
    student: (rng, auxiliary) =>
      denseStudent({ backbone: [dimensions, ...setting.student], classes, auxiliary, drawn }, rng),
  };
}
