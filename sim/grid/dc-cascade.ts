import { DcIsland } from './dc.ts';
import type { GridCase } from './grid-case.ts';
import { withColumns } from './grid-case.ts';
import { networkOf } from './network.ts';
import type { Island } from './network.ts';

/** One round of a cascade: what the network was like, and what it lost for it. */
export interface CascadeRound {
  /** Parts, those without a source included. */
  readonly islands: number;
  readonly servedMw: number;
  /** Flow over rate of the worst branch; null where none has a rate */
  readonly maxLoading: number | null;
  /** Rows of branches that trip. */
  readonly tripped: readonly number[];
}

export interface Cascade {
  readonly rounds: readonly CascadeRound[];
  readonly initialMw: number;
  readonly servedFraction: number;
  readonly linesTripped: number;
}

/** A branch is overloaded from here on, as a multiple of its rate: ties at the limit stay. */
const overload = 1 + 1e-6;
/** No cascade has so many rounds: each trips a branch. */
const endless = 1e6;

/**
 * A deterministic cascade on the DC power flow: in every round each island balances its load (its units go up by their room, loads are shed where that is not enough, or units go
 * down by what they give), and all branches above their rate trip together, until none is.
 * @param rate [branches] MW, 0: none; default: rate A of the case
 * @param dispatch [generators] MW before anything happens; default: the DC power flow's
 * Source: specs/grid.md 5
 */
export function dcCascade(grid: GridCase, dispatch: Float64Array, rate: Float64Array = grid.branch.rateA): Cascade {
  const { bus, branch, baseMva } = grid;
  const status = branch.status.slice();
  const load = bus.Pd.slice();
  const power = dispatch.slice();
  const initialMw = bus.Pd.reduce((sum, p) => sum + p, 0);
  const rounds: CascadeRound[] = [];
  let linesTripped = 0;
  while (rounds.length < endless) {
    const now = withColumns(grid, { branch: { status } });
    const { islands, dead } = networkOf(now);
    for (const part of dead) for (const row of part.buses) load[row] = 0;
    for (const island of islands) balance(grid, island, load, power);
    let maxLoading: number | null = null;
    const tripped: number[] = [];
    for (const island of islands) {
      const dc = new DcIsland(now, island);
      const x = Float64Array.from(island.buses, (row) => -(load[row]! + bus.Gs[row]!) / baseMva);
      island.gens.forEach((row, g) => (x[island.genBus[g]!]! += power[row]! / baseMva));
      for (let k = 0; k < island.branches.length; k++) {
        const shifted = dc.susceptance[k]! * dc.shift[k]!;
        x[island.from[k]!]! += shifted;
        x[island.to[k]!]! -= shifted;
      }
      dc.angles(x);
      for (let k = 0; k < island.branches.length; k++) {
        const row = island.branches[k]!;
        if (!(rate[row]! > 0)) continue;
        const loading = (Math.abs(dc.flow(k, x)) * baseMva) / rate[row]!;
        if (maxLoading === null || loading > maxLoading) maxLoading = loading;
        if (loading > overload) tripped.push(row);
      }
    }
    tripped.sort((a, b) => a - b);
    const servedMw = load.reduce((sum, p) => sum + p, 0);
    rounds.push({ islands: islands.length + dead.length, servedMw, maxLoading, tripped });
    if (tripped.length === 0) break;
    linesTripped += tripped.length;
    for (const row of tripped) status[row] = 0;
  }
  const last = rounds.at(-1)!.servedMw;
  return { rounds, initialMw, servedFraction: initialMw === 0 ? 1 : last / initialMw, linesTripped };
}

/** Makes what an island generates what it uses. */
function balance({ gen: units }: GridCase, island: Island, load: Float64Array, power: Float64Array): void {
  const demand = island.buses.reduce((sum, row) => sum + load[row]!, 0);
  const given = island.gens.reduce((sum, row) => sum + power[row]!, 0);
  const most = island.gens.reduce((sum, row) => sum + units.Pmax[row]!, 0);
  if (most <= 0) {
    for (const row of island.buses) load[row] = 0;
    for (const row of island.gens) power[row] = 0;
    return;
  }
  if (demand > given) {
    const room = island.gens.reduce((sum, row) => sum + units.Pmax[row]! - power[row]!, 0);
    if (demand - given <= room)
      for (const row of island.gens) power[row]! += ((demand - given) * (units.Pmax[row]! - power[row]!)) / room;
    else {
      for (const row of island.gens) power[row] = units.Pmax[row]!;
      for (const row of island.buses) load[row]! *= most / demand;
    }
  } else if (demand < given) for (const row of island.gens) power[row]! *= demand / given;
}
