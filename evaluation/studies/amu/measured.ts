import { chosen } from './problem.ts';
import type { MethodScores, ShotFigures } from './shot-figures.ts';

/** What the cells of one difficulty found, asked by method and shots; seeds in order. */
export class Measured {
  readonly #cells: readonly ShotFigures[];

  /** @param cells one a seed; those not there are left out */
  constructor(cells: readonly (ShotFigures | undefined)[]) {
    this.#cells = cells.filter((cell) => cell !== undefined);
  }

  /** Accuracies on the test rows, one a seed; none where it was not measured. @param setting absent: the one that validation chose */
  accuracy(method: string, shots: number, setting?: string): number[] {
    return this.#of(method, shots).map(({ settings }) => {
      const at =
        setting === undefined
          ? chosen(settings.map(({ validation }) => validation))
          : settings.findIndex((one) => one.setting === setting);
      return settings[at]?.test.accuracy ?? Number.NaN;
    });
  }

  /** What validation chose, one a seed. */
  choices(method: string, shots: number): string[] {
    return this.#of(method, shots).map(
      ({ settings }) => settings[chosen(settings.map(({ validation }) => validation))]!.setting,
    );
  }

  /** `accuracy(more) − accuracy(less)`, one a seed. @param setting of both; absent: each its own that validation chose */
  gain(more: string, less: string, shots: number, setting?: string): number[] {
    const lesser = this.accuracy(less, shots, less === 'zero-shot' ? '' : setting);
    return this.accuracy(more, shots, setting).map((value, seed) => value - lesser[seed]!);
  }

  /** Names of the methods, as the cells list them. */
  methods(): string[] {
    return [
      ...new Set(
        this.#cells.flatMap(({ results }) => results.flatMap(({ methods }) => methods.map((one) => one.method))),
      ),
    ];
  }

  #of(method: string, shots: number): MethodScores[] {
    return this.#cells
      .flatMap(({ results }) => results.filter((result) => result.shots === shots))
      .flatMap(({ methods }) => methods.filter((one) => one.method === method));
  }
}
