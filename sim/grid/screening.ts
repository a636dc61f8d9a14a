import type { GridCase } from './grid-case.ts';
import { withColumns } from './grid-case.ts';
import { networkOf } from './network.ts';
import { powerFlow } from './power-flow.ts';
import type { PowerFlowOptions } from './power-flow.ts';
import type { PowerFlowSolution } from './solution.ts';

/** What the outage of one branch comes to. */
export interface BranchOutage {
  /** Row of the branch. */
  readonly branch: number;
  /** Parts with a source, and without. More than one in all: the outage splits the network, which is not solved. */
  readonly parts: number;
  /** null: split, or no solution */
  readonly solution: PowerFlowSolution | null;
}

/** Every single outage of a branch in service (N-1), from the solution of the whole network. Yields the share done. */
export function* branchOutages(
  grid: GridCase,
  options: PowerFlowOptions = {},
): Generator<number, BranchOutage[], undefined> {
  const { status } = grid.branch;
  const whole = parts(grid);
  const rows = [...status.keys()].filter((row) => status[row]! > 0);
  const outages: BranchOutage[] = [];
  for (const [done, row] of rows.entries()) {
    const without = withColumns(grid, { branch: { status: status.map((own, r) => (r === row ? 0 : own)) } });
    const count = parts(without);
    const flow = count > whole ? null : powerFlow(without, options);
    outages.push({ branch: row, parts: count, solution: flow?.ok === true ? flow : null });
    yield (done + 1) / rows.length;
  }
  return outages;
}

function parts(grid: GridCase): number {
  const { islands, dead } = networkOf(grid);
  return islands.length + dead.length;
}

/** How far loads can grow before there is no solution. */
export interface Loadability {
  /** Largest multiple of the loads with a solution, to 1e-9 of itself; null where the loads as they are have none. */
  readonly lambda: number | null;
  /** The least voltage there, p.u. */
  readonly vmin: number | null;
}

/** Halvings between a solution and none: 2^-50 of the first bracket. */
const halvings = 50;

/**
 * The nose of the power-voltage curve, by bisection on the multiple λ of all loads, each tried from the last solution's side: what has a solution is below it.
 * @param withGeneration scales what generators give by λ too, so that the reference takes the losses alone; a feeder has no other source
 * Source: specs/grid.md 2.4, 2.11
 */
export function loadability(grid: GridCase, withGeneration: boolean): Loadability {
  const solve = (lambda: number): PowerFlowSolution | null => {
    const { Pd, Qd } = grid.bus;
    const flow = powerFlow(
      withColumns(grid, {
        bus: { Pd: Pd.map((p) => p * lambda), Qd: Qd.map((q) => q * lambda) },
        ...(withGeneration ? { gen: { Pg: grid.gen.Pg.map((p) => p * lambda) } } : {}),
      }),
      { start: 'flat', maxIterations: 50 },
    );
    return flow.ok ? flow : null;
  };
  let [low, best] = [1, solve(1)];
  if (best === null) return { lambda: null, vmin: null };
  let high = 2;
  for (let next = solve(high); next !== null; next = solve(high)) {
    [low, best] = [high, next];
    high *= 2;
    if (high > 1e6) return { lambda: Infinity, vmin: least(best) };
  }
  for (let k = 0; k < halvings && high - low > 1e-9 * low; k++) {
    const middle = (low + high) / 2;
    const flow = solve(middle);
    if (flow === null) high = middle;
    else [low, best] = [middle, flow];
  }
  return { lambda: low, vmin: least(best) };
}

function least({ vm }: PowerFlowSolution): number {
  return vm.reduce((low, v) => (v < low ? v : low), Infinity);
}
