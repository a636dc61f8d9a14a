import { withColumns } from '../grid-case.ts';
import type { GridCase } from '../grid-case.ts';
import type { LaneFlow } from './lane-flow.ts';
import type { PlacedDistrict } from './placement.ts';

/** What a lane takes at each bus at 1 p.u., [n] MW and MVAr. */
export interface LaneLoads {
  readonly mw: Float64Array;
  readonly mvar: Float64Array;
}

/** Reads what a lane takes into arrays that are there; what inverters give by the voltage is not in it. */
export function readLoads(
  { n, pGen, qGen, grid: { baseMva } }: PlacedDistrict,
  { p, q, dependence, width }: LaneFlow,
  lane: number,
  { mw, mvar }: LaneLoads,
): void {
  for (let k = 0; k < n; k++) {
    const at = k * width + lane;
    let [active, reactive] = [p[at]! + pGen[k]!, q[at]! + qGen[k]!];
    if (dependence !== null) {
      active += dependence.pCurrent[at]! + dependence.pImpedance[at]!;
      reactive += dependence.qCurrent[at]! + dependence.qImpedance[at]!;
    }
    mw[k] = active * baseMva;
    mvar[k] = reactive * baseMva;
  }
}

/** The case with these as its loads, of constant power; at buses without a source there are none. */
export function placedCase({ grid, rowAt }: PlacedDistrict, { mw, mvar }: LaneLoads): GridCase {
  const [Pd, Qd] = [new Float64Array(grid.bus.rows), new Float64Array(grid.bus.rows)];
  rowAt.forEach((row, k) => {
    Pd[row] = mw[k]!;
    Qd[row] = mvar[k]!;
  });
  return withColumns(grid, { bus: { Pd, Qd } });
}
