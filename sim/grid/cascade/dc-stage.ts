import { DcIsland } from '../dc.ts';
import type { GridCase } from '../grid-case.ts';
import { networkOf } from '../network.ts';
import { balanceIsland } from './balance.ts';
import { largestOf, leftOf, loseDead } from './stage.ts';
import type { CascadeState, Stage, StageLoss } from './stage.ts';

/** Balances every island and solves its DC power flow. @param rate [branches] MW, 0: none */
export function dcStage(grid: GridCase, state: CascadeState, rate: Float64Array): Stage {
  const now = leftOf(grid, state);
  const network = networkOf(now);
  const { bus, baseMva, branch } = grid;
  const { load, power } = state;
  const losses: StageLoss[] = [];
  const loading = new Float64Array(branch.rows).fill(Number.NaN);
  loseDead(network, load, losses);
  for (const island of network.islands) {
    const mw = balanceIsland(now, island, load, power);
    if (mw > 0) {
      const some = island.gens.some((row) => grid.gen.Pmax[row]! > 0);
      losses.push({ why: some ? 'shortage' : 'no-capacity', buses: island.buses, mw });
    }
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
      if (rate[row]! > 0) loading[row] = (Math.abs(dc.flow(k, x)) * baseMva) / rate[row]!;
    }
  }
  const islands = network.islands.length + network.dead.length;
  return { losses, islands, largest: largestOf(network), loading, vm: null, lossMw: 0 };
}
