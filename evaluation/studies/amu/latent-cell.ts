import { rng } from '../../../core/rng.ts';
import { fixedAlpha, methodsWith } from './arms.ts';
import { LatentWorld } from './latent-world.ts';
import type { LatentOptions } from './latent-world.ts';
import { figuresByShots } from './shot-figures.ts';
import type { ShotFigures, ShotSize } from './shot-figures.ts';

/** How much of the study on latents one cell does. */
export interface LatentSize extends ShotSize {
  /** Rows of the test, and those that the baselines' hyperparameters are chosen on; in all, spread evenly over the classes. */
  readonly test: number;
  readonly validation: number;
}

/** Every method at every number of shots, in a world of latents of its own. Validation is far larger than the shots: to the advantage of whoever has a choice. */
export async function latentCell(
  seed: number,
  options: Partial<LatentOptions>,
  size: LatentSize,
  progress: (done: number) => void,
): Promise<ShotFigures> {
  const random = rng(seed).split('amu latents');
  const world = new LatentWorld(options, random.split('world'));
  const perClass = (rows: number): number => Math.ceil(rows / world.options.classes);
  const validation = world.rows(perClass(size.validation), random.split('validation'));
  const source = {
    test: world.rows(perClass(size.test), random.split('test')),
    shots: (count: number, draw: typeof random) => world.rows(count, draw),
    validation: () => validation,
  };
  return figuresByShots(methodsWith([fixedAlpha]), source, size, random, progress);
}
