import { rng } from '../../../core/rng.ts';
import { fixedAlpha, methodsWith } from './arms.ts';
import { Encoders } from './encoders.ts';
import type { EncoderOptions } from './encoders.ts';
import { logitScale, unitRows, zeroShotLogits } from './problem.ts';
import type { Rows } from './problem.ts';
import { figuresByShots } from './shot-figures.ts';
import type { ShotFigures, ShotSize } from './shot-figures.ts';
import { defaultWorld, World } from './world.ts';
import type { Images, WorldOptions } from './world.ts';

/** How much of the study on images one cell does. */
export interface ImageSize extends ShotSize {
  readonly testPerClass: number;
  readonly encoders: EncoderOptions;
}

/** Validation rows of each class: as many as there are shots, four at most, as is usual for few-shot methods of this kind. */
const mostValidation = 4;

/** Trains both encoders in a world of its own, then every method at every number of shots on its novel classes. */
export async function imageCell(
  seed: number,
  options: Partial<WorldOptions>,
  size: ImageSize,
  progress: (done: number) => void,
): Promise<ShotFigures> {
  const random = rng(seed).split('amu images');
  const world = new World({ ...defaultWorld, ...options }, random.split('world'));
  const classes = world.options.novelClasses;
  using encoders = new Encoders(size.encoders);
  encoders.train(world, random.split('encoders'), (done) => progress(0.3 * done));
  const prototypes = world.novelCaptions(random.split('captions'));
  const rows = ({ x, labels }: Images): Rows => {
    const f0 = unitRows(encoders.captions(x), labels.length);
    const z0 = zeroShotLogits(f0, prototypes, classes, logitScale);
    return { classes, z0, f0, f1: unitRows(encoders.auxiliary(x), labels.length), labels };
  };
  const source = {
    test: rows(world.novelImages(size.testPerClass, random.split('test'))),
    shots: (perClass: number, draw: typeof random) => rows(world.novelImages(perClass, draw)),
    validation: (shots: number, draw: typeof random) => rows(world.novelImages(Math.min(shots, mostValidation), draw)),
  };
  return figuresByShots(methodsWith([fixedAlpha]), source, size, random, (done) => progress(0.3 + 0.7 * done));
}
