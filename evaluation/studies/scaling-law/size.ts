import type { StudyOptions } from '../study.ts';

/** One attempt at the entropy penalty. */
export interface EntropySize {
  readonly widths: readonly number[];
  readonly steps: number;
  readonly batch: number;
  /** λ, of which the first is 0. */
  readonly strengths: readonly number[];
  /** The first is that of every λ; the plain network may choose among all of them: as many trials as the penalty has. */
  readonly learningRates: readonly number[];
  /** Rows that are attacked, of the validation and of the test. */
  readonly attacked: number;
  readonly everyDifficulty: boolean;
}

/** Children, their training, rows of the reward, and rows that judge what was found. */
export interface SearchSize {
  readonly children: number;
  readonly steps: number;
  readonly train: number;
  readonly validation: number;
  readonly test: number;
}

/** How large everything is. */
export interface Size {
  /** Rows that are trained on, and that the law is measured on. */
  readonly train: number;
  readonly test: number;
  /** Rows that PGD attacks. */
  readonly pgdRows: number;
  readonly steps: number;
  readonly images: { readonly train: number; readonly test: number; readonly steps: number; readonly pgdRows: number };
  /** Of each of the policies' years, and of all of them together that PGD attacks. */
  readonly policyRows: number;
  readonly policyPgdRows: number;
  /** Every so many-th of them meets the attack engine. */
  readonly engineStride: number;
  readonly entropy: readonly EntropySize[];
  /** λ of controllers in rising order, steps of their training, and steps of an episode that judges them; null: the year. */
  readonly controllers: {
    readonly strengths: readonly number[];
    readonly steps: number;
    readonly episode: number | null;
  };
  readonly search: SearchSize;
  /** Children of a search at other difficulties than 1. */
  readonly searchElsewhere: number;
  /** The same for the attack detector; rows of train, validation and test are at most these. */
  readonly detector: SearchSize;
  readonly difficulties: readonly number[];
}

/** The quick version is meant for two cores and a few minutes. */
export function sizeOf({ quick }: Pick<StudyOptions, 'quick'>): Size {
  if (quick)
    return {
      train: 6000,
      test: 10_000,
      pgdRows: 6000,
      steps: 1000,
      images: { train: 4000, test: 5000, steps: 250, pgdRows: 1500 },
      policyRows: 8759,
      policyPgdRows: 6000,
      engineStride: 5,
      entropy: [
        {
          widths: [64, 64],
          steps: 1000,
          batch: 128,
          strengths: [0, 0.3, 0.9],
          learningRates: [3e-3, 1e-3],
          attacked: 1500,
          everyDifficulty: true,
        },
      ],
      controllers: { strengths: [0, 0.1], steps: 40_960, episode: 1344 },
      search: { children: 40, steps: 150, train: 3000, validation: 1000, test: 1000 },
      searchElsewhere: 40,
      detector: { children: 20, steps: 150, train: 4000, validation: 1000, test: 1000 },
      difficulties: [1],
    };
  return {
    train: 20_000,
    test: 20_000,
    pgdRows: 10_000,
    steps: 4000,
    images: { train: 20_000, test: 10_000, steps: 2000, pgdRows: 4000 },
    policyRows: 8759,
    policyPgdRows: 26_280,
    engineStride: 2,
    entropy: [
      {
        widths: [64, 64],
        steps: 4000,
        batch: 128,
        strengths: [0, 0.1, 0.5, 1.5],
        learningRates: [3e-3, 5e-4, 1e-3],
        attacked: 3000,
        everyDifficulty: true,
      },
      {
        widths: [256, 256],
        steps: 15_000,
        batch: 64,
        strengths: [0, 0.5, 1.5],
        learningRates: [3e-3, 1e-3],
        attacked: 2000,
        everyDifficulty: false,
      },
    ],
    controllers: { strengths: [-0.01, 0, 0.03, 0.1], steps: 204_800, episode: 4032 },
    search: { children: 80, steps: 300, train: 6000, validation: 1000, test: 2000 },
    searchElsewhere: 40,
    detector: { children: 80, steps: 300, train: 4000, validation: 2000, test: 2000 },
    difficulties: [0.7, 1, 1.4],
  };
}
