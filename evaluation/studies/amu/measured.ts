import type { StudyOptions } from '../study.ts';
import type { ImageFigures } from './image-cell.ts';
import { imageId, sizeOf } from './plan.ts';

/** What the cells found, asked by method, shots and difficulty; seeds in order. */
export class Measured {
  readonly shots: readonly number[];
  readonly noises: readonly number[];
  readonly #cells: readonly ImageFigures[];

  constructor(options: StudyOptions, cells: ReadonlyMap<string, unknown>) {
    const { noises, images } = sizeOf(options);
    this.noises = noises;
    this.shots = images.shots;
    this.#cells = noises.flatMap((noise) =>
      Array.from(
        { length: options.seeds },
        (_, seed) => cells.get(imageId(noise, seed)) as ImageFigures | undefined,
      ).filter((cell) => cell !== undefined),
    );
  }

  /** Accuracies on the test rows, one a seed; none where it was not measured. */
  accuracy(arm: string, shots: number, noise: number): number[] {
    return this.#cells
      .filter((cell) => cell.noise === noise)
      .flatMap(({ results }) => results.filter((result) => result.shots === shots))
      .flatMap(({ arms }) => arms.filter((one) => one.arm === arm))
      .map(({ accuracy }) => accuracy);
  }

  /** `accuracy(more) − accuracy(less)`, one a seed. */
  gain(more: string, less: string, shots: number, noise: number): number[] {
    const lesser = this.accuracy(less, shots, noise);
    return this.accuracy(more, shots, noise).map((value, seed) => value - lesser[seed]!);
  }

  /** Names of the methods, as the cells list them. */
  arms(): string[] {
    return [
      ...new Set(this.#cells.flatMap(({ results }) => results.flatMap(({ arms }) => arms.map(({ arm }) => arm)))),
    ];
  }
}
