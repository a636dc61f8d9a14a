import type { GridCase } from '../grid-case.ts';
import { withColumns } from '../grid-case.ts';
import type { Network } from '../network.ts';

/** What is left of a network in a cascade: MW of load and of generation, and what is in service. Changed in place. */
export interface CascadeState {
  /** [buses] MW; 4 in `type`: blacked out */
  readonly load: Float64Array;
  readonly type: Float64Array;
  readonly shunt: Float64Array;
  /** [generators] MW */
  readonly power: Float64Array;
  readonly genStatus: Float64Array;
  /** [branches] */
  readonly status: Float64Array;
}

/**
 * Load that a network lost when it settled after a change. `dead`: a part without generators; `no-capacity`: a part whose generators can give nothing; `shortage`: a part whose
 * generators can give too little; `no-solution`: load dropped until there was a solution; `collapse`: a part without a solution at all.
 */
export interface StageLoss {
  readonly why: 'dead' | 'no-capacity' | 'shortage' | 'no-solution' | 'collapse';
  /** Rows */
  readonly buses: Int32Array;
  readonly mw: number;
}

/** How a network settled: its flows, and what it lost for it. */
export interface Stage {
  readonly losses: readonly StageLoss[];
  /** Parts, those without a source included; buses of the largest with one. */
  readonly islands: number;
  readonly largest: number;
  /** [branches] flow over rate; NaN without a flow or a rate */
  readonly loading: Float64Array;
  /** [buses] p.u., NaN where there is none; null: the model has no voltages */
  readonly vm: Float64Array | null;
  /** MW of what branches and shunts use; 0 in the DC model */
  readonly lossMw: number;
}

/** A case as a cascade left it: reactive loads shrink as the active ones do. */
export function leftOf(grid: GridCase, { load, type, shunt, power, genStatus, status }: CascadeState): GridCase {
  const { Pd, Qd } = grid.bus;
  return withColumns(grid, {
    bus: { Pd: load, Qd: Qd.map((q, row) => (Pd[row] === 0 ? q : (q * load[row]!) / Pd[row]!)), type, Bs: shunt },
    gen: { Pg: power, status: genStatus },
    branch: { status },
  });
}

/** Takes the load of parts without a source. */
export function loseDead({ dead }: Network, load: Float64Array, losses: StageLoss[]): void {
  for (const { buses } of dead) {
    let mw = 0;
    for (const row of buses) {
      mw += load[row]!;
      load[row] = 0;
    }
    if (mw !== 0) losses.push({ why: 'dead', buses, mw });
  }
}

/** Buses of the largest part with a source. */
export function largestOf({ islands }: Network): number {
  return islands.reduce((most, { buses }) => Math.max(most, buses.length), 0);
}
