import { rng } from '../../../core/rng.ts';
import { denseStudent } from '../../../logits/distillation/dense-student.ts';
import { publishedDecay } from '../../../logits/distillation/distil.ts';
import { armNames } from './arms.ts';
import type { ArmName } from './arms.ts';
import { gaussianModes } from './gaussian-modes.ts';
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
  /** Who is taught. */
  readonly arms: readonly ArmName[];
}

const classes = 100;
const dimensions = 32;

const usual = {
  rows: 6000,
  learningRate: 0.02,
  epochs: 25,
  teacher: [256, 256],
  student: [128, 128],
  arms: armNames,
} as const;

/**
 * Difficulties by name. `fast` is the base one at the rate that the paper has for nets with normalisation; `large` asks whether what does not
 * show with few rows and small nets, that the method beats its rivals, shows with more of both.
 */
export const modesSettings = {
  easy: { ...usual, noise: 0.8 },
  base: { ...usual, noise: 1.1 },
  hard: { ...usual, noise: 1.4 },
  fast: {
    ...usual,
    noise: 1.1,
    learningRate: 0.05,
    arms: ['ce', 'one-head', 'two-heads', 'norm-two-heads', 'dhkd', 'kd'],
  },
  large: {
    rows: 24_000,
    learningRate: 0.02,
    epochs: 15,
    noise: 1.4,
    teacher: [512, 512],
    student: [256, 256],
    arms: ['ce', 'norm-two-heads', 'dhkd', 'kd', 'dkd', 'dist'],
  },
} as const satisfies Record<string, ModesSetting>;

/** A hundred classes of four modes each, taught to dense nets without normalisation. */
export function modesRoom(setting: ModesSetting, seed: number, alphas: readonly number[]): Classroom {
  const random = rng(seed).split('gaussian modes');
  const draw = gaussianModes({ classes, modes: 4, dimensions, noise: setting.noise }, random.split('problem'));
  return {
    train: draw(setting.rows, random.split('train')),
    validation: draw(4000, random.split('validation')),
    test: draw(10_000, random.split('test')),
    schedule: {
      batch: 64,
      epochs: setting.epochs,
      learningRate: setting.learningRate,
      momentum: 0.9,
      weightDecay: 5e-4,
      decayAt: publishedDecay,
    },
    alphas,
    arms: setting.arms,
    teacher: (rng) => denseStudent({ backbone: [dimensions, ...setting.teacher], classes }, rng),
    student: (rng) => denseStudent({ backbone: [dimensions, ...setting.student], classes }, rng),
  };
}
