import type { VoltageDependence } from '../voltage-dependence.ts';

/** Lanes of one network side by side: what a solver reads and what it writes. Buses are in its order, powers in p.u. unless said otherwise. */
export interface LaneFlow {
  readonly width: number;
  /** [n, width] what is taken at every voltage */
  readonly p: Float64Array;
  readonly q: Float64Array;
  /** null: powers are constant */
  readonly dependence: VoltageDependence | null;
  /** [width] 1: there is a solution; 1: and an inverter is not on its curve */
  readonly solved: Uint8Array;
  readonly unsettled: Uint8Array;
  /** [n, width] */
  readonly vm: Float64Array;
  /** [branches of the island, width] the larger of the powers at both ends, MVA */
  readonly flow: Float64Array;
  /** [width] MW, MVAr: what the reference gives, and what does not come out of branches */
  readonly slackMw: Float64Array;
  readonly slackMvar: Float64Array;
  readonly lossMw: Float64Array;
  readonly lossMvar: Float64Array;
}

/** Solves the first `count` lanes. @param ratio of tap changer t in a lane */
export type LaneSolver = (flow: LaneFlow, count: number, ratio: (t: number, lane: number) => number) => void;

/** Lanes with nothing in them. @param branches 0: powers of branches are not asked for */
export function laneFlow(n: number, branches: number, width: number, dependence: VoltageDependence | null): LaneFlow {
  const per = (rows: number): Float64Array => new Float64Array(rows * width);
  return {
    width,
    p: per(n),
    q: per(n),
    dependence,
    solved: new Uint8Array(width),
    unsettled: new Uint8Array(width),
    vm: per(n),
    flow: per(branches),
    slackMw: per(1),
    slackMvar: per(1),
    lossMw: per(1),
    lossMvar: per(1),
  };
}
