import type { GridCase } from './grid-case.ts';
import { role } from './network.ts';
import type { Island } from './network.ts';

/**
 * A radial island, its buses in breadth-first order from the reference, so that a parent comes before its children. Series impedances have off-nominal
 * taps in them, and what a branch has to ground is at its buses. Source: specs/grid.md 2.7
 */
export interface RadialFeeder {
  readonly n: number;
  /** [n] position in the island of each, and the order of each position */
  readonly bus: Int32Array;
  readonly order: Int32Array;
  /** [n] order of the parent; −1 of the reference */
  readonly parent: Int32Array;
  /** [n] row of the case's branch to the parent; −1 of the reference */
  readonly branch: Int32Array;
  /** [n] series impedance towards the parent, p.u. */
  readonly r: Float64Array;
  readonly x: Float64Array;
  /** [n] admittance to ground, p.u. */
  readonly g: Float64Array;
  readonly b: Float64Array;
}

/**
 * The feeder that an island is; null where it is meshed, something but the reference is held, or a branch shifts the phase: then Newton's method is to be used.
 */
export function radialFeeder({ bus, branch, baseMva }: GridCase, island: Island): RadialFeeder | null {
  const n = island.buses.length;
  if (island.branches.length !== n - 1) return null;
  if (island.roles.some((each) => each === role.pv)) return null;
  const at: number[][] = Array.from({ length: n }, () => []);
  for (let k = 0; k < n - 1; k++) {
    if (branch.angle[island.branches[k]!] !== 0) return null;
    at[island.from[k]!]!.push(k);
    at[island.to[k]!]!.push(k);
  }
  const feeder = {
    n,
    bus: new Int32Array(n),
    order: new Int32Array(n).fill(-1),
    parent: new Int32Array(n).fill(-1),
    branch: new Int32Array(n).fill(-1),
    r: new Float64Array(n),
    x: new Float64Array(n),
    g: new Float64Array(n),
    b: new Float64Array(n),
  };
  const root = island.roles.indexOf(role.ref);
  feeder.bus[0] = root;
  feeder.order[root] = 0;
  let reached = 1;
  for (let i = 0; i < reached; i++) {
    const here = feeder.bus[i]!;
    for (const k of at[here]!) {
      const other = island.from[k] === here ? island.to[k]! : island.from[k]!;
      if (feeder.order[other]! >= 0) continue;
      feeder.bus[reached] = other;
      feeder.order[other] = reached;
      feeder.parent[reached] = i;
      feeder.branch[reached] = island.branches[k]!;
      addBranch(feeder, reached, island.from[k] === here, branch, island.branches[k]!);
      reached++;
    }
  }
  island.buses.forEach((row, i) => {
    feeder.g[feeder.order[i]!]! += bus.Gs[row]! / baseMva;
    feeder.b[feeder.order[i]!]! += bus.Bs[row]! / baseMva;
  });
  return feeder;
}

/** Admittances to ground at the ends of a branch beside its series impedance, p.u. */
export interface BranchLegs {
  readonly gFrom: number;
  readonly bFrom: number;
  readonly gTo: number;
  readonly bTo: number;
}

/** An off-nominal tap is a π: z τ between legs (1/τ)(1/τ − 1)/z at its side and (1 − 1/τ)/z at the other. */
export function branchLegs(branch: GridCase['branch'], row: number): BranchLegs {
  const tau = branch.ratio[row] === 0 ? 1 : branch.ratio[row]!;
  const [r, x] = [branch.r[row]!, branch.x[row]!];
  const z2 = r * r + x * x;
  const [gs, bs] = [r / z2, -x / z2];
  const half = branch.b[row]! / 2;
  const [atFrom, atTo] = [(1 / tau) * (1 / tau - 1), 1 - 1 / tau];
  return { gFrom: atFrom * gs, bFrom: atFrom * bs + half / (tau * tau), gTo: atTo * gs, bTo: atTo * bs + half };
}

function addBranch(
  feeder: RadialFeeder,
  child: number,
  parentIsFrom: boolean,
  branch: GridCase['branch'],
  row: number,
): void {
  const tau = branch.ratio[row] === 0 ? 1 : branch.ratio[row]!;
  const legs = branchLegs(branch, row);
  const [up, down] = [feeder.parent[child]!, child];
  const [f, t] = parentIsFrom ? [up, down] : [down, up];
  feeder.r[child] = branch.r[row]! * tau;
  feeder.x[child] = branch.x[row]! * tau;
  feeder.g[f]! += legs.gFrom;
  feeder.b[f]! += legs.bFrom;
  feeder.g[t]! += legs.gTo;
  feeder.b[t]! += legs.bTo;
}
