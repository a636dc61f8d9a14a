import type { StudyOptions } from '../study.ts';

/** How large everything is. */
export interface Size {
  /** Rows that are trained on, and that the law is measured on. */
  readonly train: number;
  readonly test: number;
  /** Rows that PGD attacks. */
  readonly pgdRows: number;
  readonly steps: number;
  readonly images: { readonly train: number; readonly test: number; readonly steps: number; readonly pgdRows: number };
  /** Of the policies' year. */
  readonly policyRows: number;
  readonly policyPgdRows: number;
  readonly entropy: {
    readonly widths: readonly number[];
    readonly steps: number;
    readonly strengths: readonly number[];
  };
  /** Children, their training, rows of the reward, and rows that judge what was found. */
  readonly search: {
    readonly children: number;
    readonly steps: number;
    readonly train: number;
    readonly validation: number;
    readonly test: number;
  };
  readonly difficulties: readonly number[];
}

/** The quick version is meant for two cores and two minutes. */
export function sizeOf({ quick }: Pick<StudyOptions, 'quick'>): Size {
  if (quick)
    return {
      train: 6000,
      test: 10_000,
      pgdRows: 10_000,
      steps: 1000,
      images: { train: 4000, test: 5000, steps: 250, pgdRows: 2500 },
      policyRows: 8759,
      policyPgdRows: 8759,
      entropy: { widths: [64, 64], steps: 1000, strengths: [0, 0.3, 0.9] },
      search: { children: 40, steps: 150, train: 3000, validation: 300, test: 500 },
      difficulties: [1],
    };
  return {
    train: 20_000,
    test: 20_000,
    pgdRows: 20_000,
    steps: 4000,
    images: { train: 20_000, test: 10_000, steps: 2000, pgdRows: 10_000 },
    policyRows: 8759,
    policyPgdRows: 8759,
    entropy: { widths: [256, 256], steps: 15_000, strengths: [0, 0.1, 0.3, 0.5, 0.9, 1.5] },
    search: { children: 80, steps: 300, train: 6000, validation: 1000, test: 4000 },
    difficulties: [0.7, 1, 1.4],
  };
}
