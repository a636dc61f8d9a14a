import { GridCaseError } from './grid-fault.ts';
import { dcPowerFlow } from './dc.ts';
import type { GridCase } from './grid-case.ts';
import { withColumns } from './grid-case.ts';
import { powerFlow } from './power-flow.ts';
import type { PowerFlowOptions } from './power-flow.ts';

/** Why a network may have no solution, found by solving others like it. */
export interface Diagnosis {
  /** Degrees: the largest angle across a branch in the DC power flow. Beyond 90° no AC flow carries that much; null: there is no DC flow either. */
  readonly dcAngleDeg: number | null;
  /** Whether a tenth and a half of the loads have a solution. */
  readonly atTenth: boolean;
  readonly atHalf: boolean;
  /** Largest multiple of the loads, generators as they are, with a solution, from below and to 2^-10 of the bracket; null where a tenth has none. */
  readonly loadable: number | null;
}

/** Solutions that the bracket of `loadable` is halved by. */
const halvings = 10;

/**
 * What stands in the way of a solution: too much load, which less of it shows, or a fault of the data, which nothing cures.
 * @param options as the power flow without a solution had them. Source: specs/grid.md 2.4
 */
export function diagnose(grid: GridCase, options: PowerFlowOptions = {}): Diagnosis {
  const solves = (share: number): boolean =>
    powerFlow(
      withColumns(grid, { bus: { Pd: grid.bus.Pd.map((p) => p * share), Qd: grid.bus.Qd.map((q) => q * share) } }),
      { ...options, start: 'flat' },
    ).ok;
  const [atTenth, atHalf] = [solves(0.1), solves(0.5)];
  const none = !atTenth && !atHalf;
  let [low, high] = [atHalf ? 0.5 : 0.1, atHalf ? 1 : 0.5];
  for (let k = 0; k < (none ? 0 : halvings); k++) {
    const middle = (low + high) / 2;
    if (solves(middle)) low = middle;
    else high = middle;
  }
  return { dcAngleDeg: largestAngle(grid), atTenth, atHalf, loadable: none ? null : low };
}

function largestAngle(grid: GridCase): number | null {
  const { branch, bus } = grid;
  const rowOf = new Map(Array.from(bus.bus, (id, r) => [id, r] as const));
  try {
    const { va } = dcPowerFlow(grid);
    const across = branch.status.map((status, r) =>
      status > 0 ? Math.abs(va[rowOf.get(branch.from[r]!)!]! - va[rowOf.get(branch.to[r]!)!]! - branch.angle[r]!) : 0,
    );
    const largest = across.reduce((most, each) => (each > most ? each : most), 0);
    return Number.isFinite(largest) ? largest : null;
  } catch (error) {
    if (error instanceof GridCaseError) return null;
    throw error;
  }
}
