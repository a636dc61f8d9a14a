import type { StudyCell, StudyOptions, StudyPlan } from '../study.ts';
import { imageCell } from './image-cell.ts';
import type { ImageSize } from './image-cell.ts';

/** The difficulty that the claims are about; the others show how they depend on it. */
export const claimedNoise = 0.9;

/** What a version of the study does. */
export function sizeOf({ quick }: StudyOptions): { readonly noises: readonly number[]; readonly images: ImageSize } {
  return quick
    ? {
        noises: [claimedNoise],
        images: { shots: [1, 4, 16], testPerClass: 60, encoders: { steps: 600, batch: 64 } },
      }
    : {
        noises: [0.7, claimedNoise, 1.2],
        images: { shots: [1, 2, 4, 8, 16], testPerClass: 200, encoders: { steps: 2000, batch: 64 } },
      };
}

/** A cell for every difficulty and seed: its own world, encoders and shots. */
export function plan(options: StudyOptions): StudyPlan {
  const { noises, images } = sizeOf(options);
  return {
    trainings: [],
    runs: [],
    cells: noises.flatMap((noise) =>
      Array.from({ length: options.seeds }, (_, seed): StudyCell => ({
        id: imageId(noise, seed),
        title: `images, noise ${noise}, seed ${seed}`,
        run: (progress) => imageCell(seed, noise, images, progress),
      })),
    ),
  };
}

export function imageId(noise: number, seed: number): string {
  return `images-noise${noise}-seed${seed}`;
}
