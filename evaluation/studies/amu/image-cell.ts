import { rng } from '../../../core/rng.ts';
import { selectBackend } from '../../../nn/backend.ts';
import { runArms } from './arms.ts';
import type { ArmScore } from './arms.ts';
import { Encoders } from './encoders.ts';
import type { EncoderOptions } from './encoders.ts';
import { disposeRows, rowsOf } from './problem.ts';
import type { Rows } from './problem.ts';
import { defaultWorld, World } from './world.ts';
import type { Images, WorldOptions } from './world.ts';

/** How much of the study on images one cell does. */
export interface ImageSize {
  readonly shots: readonly number[];
  readonly testPerClass: number;
  readonly encoders: EncoderOptions;
  /** Share of the methods' epochs: 1 but in tests. */
  readonly effort?: number;
}

/** What a cell found: each method at each number of shots. */
export interface ImageFigures {
  readonly noise: number;
  readonly seed: number;
  readonly results: readonly { readonly shots: number; readonly arms: readonly ArmScore[] }[];
}

/** Validation rows of each class: as many as there are shots, four at most, as is usual for few-shot methods of this kind. */
const mostValidation = 4;

/** Rows a step: the published 8 at few shots, more at many, where an epoch has more. */
export function batchOf(shots: number): number {
  return Math.max(8, Math.min(32, 2 * shots));
}

/** Trains both encoders in a world of its own, then every method at every number of shots on its novel classes. */
export async function imageCell(
  seed: number,
  noise: number,
  size: ImageSize,
  progress: (done: number) => void,
  options: Partial<WorldOptions> = {},
): Promise<ImageFigures> {
  using backend = await selectBackend({ force: 'wasm' });
  const { tf } = backend;
  const random = rng(seed).split('amu images');
  const world = new World({ ...defaultWorld, ...options, noise }, random.split('world'));
  const classes = world.options.novelClasses;
  using encoders = new Encoders();
  encoders.train(world, size.encoders, random.split('encoders'), (done) => progress(0.3 * done));
  const prototypes = world.novelCaptions(random.split('captions'));
  const rows = ({ x, labels }: Images): Rows =>
    rowsOf(tf, { f0: encoders.captions(x), f1: encoders.auxiliary(x), labels }, prototypes, classes);
  const test = rows(world.novelImages(size.testPerClass, random.split('test')));
  const results: { shots: number; arms: ArmScore[] }[] = [];
  for (const shots of size.shots) {
    const draw = random.split(`${shots} shots`);
    const problem = {
      classes,
      shots: rows(world.novelImages(shots, draw.split('shots'))),
      validation: rows(world.novelImages(Math.min(shots, mostValidation), draw.split('validation'))),
      test,
    };
    results.push({ shots, arms: await runArms(tf, problem, draw.split('training'), batchOf(shots), size.effort) });
    for (const part of [problem.shots, problem.validation]) disposeRows(part);
    progress(0.3 + (0.7 * results.length) / size.shots.length);
  }
  disposeRows(test);
  return { noise, seed, results };
}
