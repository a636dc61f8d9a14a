import type { GridCase } from '../sim/grid/grid-case.ts';
import { networkOf } from '../sim/grid/network.ts';
import { branchOutages } from '../sim/grid/screening.ts';
import type { PowerFlowSolution } from '../sim/grid/solution.ts';
import { progress, table } from './output.ts';

/** An outage for a script. */
interface ScreenedOutage {
  readonly from: number;
  readonly to: number;
  readonly outcome: 'solved' | 'splits' | 'no solution';
  readonly vminPu: number | null;
  readonly lossMw: number | null;
  /** Of the worst branch with a rate. */
  readonly loading: number | null;
}

/** Every outage of one branch, with progress. */
export function screened(grid: GridCase): ScreenedOutage[] {
  const { branch } = grid;
  const bar = progress(branch.rows, 'outages', 'branches');
  const work = branchOutages(grid);
  const whole = networkOf(grid);
  const parts = whole.islands.length + whole.dead.length;
  try {
    for (;;) {
      const { done, value } = work.next();
      if (done !== true) {
        bar.update(value * branch.rows);
        continue;
      }
      return value.map(({ branch: row, parts: left, solution }) => {
        const ends = { from: branch.from[row]!, to: branch.to[row]! };
        if (solution === null)
          return {
            ...ends,
            outcome: left > parts ? 'splits' : 'no solution',
            vminPu: null,
            lossMw: null,
            loading: null,
          };
        const rated = [...branch.rateA.keys()].filter((r) => branch.rateA[r] !== 0);
        return {
          ...ends,
          outcome: 'solved',
          vminPu: solution.vm.reduce((low, v) => (v < low ? v : low), Infinity),
          lossMw: solution.lossMw,
          loading: rated.length === 0 ? null : Math.max(...rated.map((r) => loadingOf(grid, solution, r))),
        };
      });
    }
  } finally {
    bar.stop();
  }
}

export function outageText(outages: readonly ScreenedOutage[]): string {
  const cell = (value: number | null, digits: number): string => (value === null ? '' : value.toFixed(digits));
  return table([
    ['OUT', 'OUTCOME', 'LOWEST V', 'LOSSES MW', 'LOADING'],
    ...outages.map(({ from, to, outcome, vminPu, lossMw, loading }) => [
      `${from}–${to}`,
      outcome,
      cell(vminPu, 6),
      cell(lossMw, 6),
      loading === null ? '' : `${(100 * loading).toFixed(1)} %`,
    ]),
  ]);
}

/** Apparent power of a branch's worse end, as a share of its rate A; NaN without one. */
export function loadingOf({ branch }: GridCase, flow: PowerFlowSolution, r: number): number {
  if (branch.rateA[r] === 0) return Number.NaN;
  const worse = Math.max(Math.hypot(flow.pFrom[r]!, flow.qFrom[r]!), Math.hypot(flow.pTo[r]!, flow.qTo[r]!));
  return worse / branch.rateA[r]!;
}
