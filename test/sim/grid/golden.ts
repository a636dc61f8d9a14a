import { readFileSync, readdirSync } from 'node:fs';
import type { GridCase } from '../../../sim/grid/grid-case.ts';
import { parseGridJson } from '../../../sim/grid/case-json.ts';
import { sharedMissing, sharedPath } from '../../support/shared.ts';

/** A solved case of golden/grid, MATPOWER's numbers. */
export interface GoldenCase {
  readonly name: string;
  readonly solution: {
    readonly Vm: readonly number[];
    readonly Va_deg: readonly number[];
    readonly branchFlow: readonly (readonly number[])[];
    readonly gen: readonly (readonly number[])[];
    readonly totalLossMW: number;
    readonly iterationsAt1e8: number;
  };
  readonly newton: {
    readonly residualFromCaseStart: readonly number[];
    readonly residualFromFlatStart: readonly number[];
    readonly flatIterationsAt1e8: number;
    readonly nnzYbus: number;
  };
  readonly otherAlgorithms: Readonly<Record<string, { readonly converged: boolean; readonly iterations: number }>>;
  readonly dc: {
    readonly Va_deg: readonly number[];
    readonly Pf_MW: readonly number[];
    readonly Pg_MW: readonly number[];
  };
  readonly qLimits?: Readonly<Record<'allViolatorsAtOnce' | 'worstViolatorFirst', GoldenLimits>>;
  readonly matrices?: Readonly<Record<string, readonly (readonly number[])[]>>;
}

export interface GoldenLimits {
  readonly totalIterations: number;
  readonly busesTypeChanged: readonly number[];
  readonly Vm?: readonly number[];
  readonly Va_deg?: readonly number[];
  readonly gen?: readonly (readonly number[])[];
}

/** Names of the solved cases; none where the shared folder is missing. */
export const goldenCases: readonly string[] = sharedMissing
  ? []
  : readdirSync(sharedPath('golden/grid'))
      .filter((file) => /^case.*\.json$/.test(file) && !file.startsWith('case33bw-'))
      .map((file) => file.replace('.json', ''));

export function golden(name: string): unknown {
  return JSON.parse(readFileSync(sharedPath(`golden/grid/${name}.json`), 'utf8'));
}

export function goldenGrid(name: string): GridCase {
  return parseGridJson(readFileSync(sharedPath(`golden/grid/${name}.json`), 'utf8'), `${name}.json`);
}

/** Largest difference of two series of numbers. */
export function apart(got: ArrayLike<number>, wanted: ArrayLike<number>): number {
  if (got.length !== wanted.length) return Number.NaN;
  let largest = 0;
  for (let i = 0; i < got.length; i++) {
    const here = Math.abs(got[i]! - wanted[i]!);
    if (!(here <= largest)) largest = here;
  }
  return largest;
}
