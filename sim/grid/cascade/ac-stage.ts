import type { GridCase } from '../grid-case.ts';
import { withColumns } from '../grid-case.ts';
import { networkOf } from '../network.ts';
import type { Island } from '../network.ts';
import { powerFlow } from '../power-flow.ts';
import type { PowerFlow } from '../power-flow.ts';
import type { PowerFlowSolution } from '../solution.ts';
import { balanceIsland } from './balance.ts';
import { largestOf, leftOf, loseDead } from './stage.ts';
import type { CascadeState, Stage, StageLoss } from './stage.ts';

/** Part of an island's load that is dropped where it has no solution, and how often. */
const dropped = 0.05;
const mostDrops = 20;
/** Losses are known to this, MW, before generators are said to cover them; and rounds to get there. */
const exactLosses = 1e-3;
const mostRounds = 30;
/** MVAr that stand for no limit. */
const boundless = 1e9;

/**
 * Balances every island, losses included, and solves its AC power flow within limits of reactive power. Where there is no solution 5 % of the island's load is dropped, up to 20
 * times; then the island is blacked out. An island whose generators are all beyond a limit is solved without their lower ones first. @param rate [branches] MVA, 0: none. Source: specs/grid.md 5
 */
export function acStage(grid: GridCase, state: CascadeState, rate: Float64Array): Stage {
  const losses: StageLoss[] = [];
  const whole = networkOf(leftOf(grid, state));
  loseDead(whole, state.load, losses);
  // Generators without load have nothing to do: they stop.
  for (const { buses, gens } of whole.islands)
    if (buses.every((row) => state.load[row] === 0)) stop(state, buses, gens);
  const load = state.load.slice();
  const power = state.power.slice();
  /** By the first row of an island: MW that its branches use, and how often its load was dropped. */
  const used = new Map<number, number>();
  const drops = new Map<number, number>();
  const least = grid.gen.Qmin.slice();
  const balanced = { ...state, load: load.slice(), power: power.slice() };
  for (let round = 0; ;) {
    const network = networkOf(leftOf(grid, state));
    balanced.load.set(load);
    balanced.power.set(power);
    for (const island of network.islands)
      balanceIsland(grid, island, balanced.load, balanced.power, used.get(island.buses[0]!) ?? 0);
    if (network.islands.length === 0)
      return { losses, islands: partsOf(grid, state), largest: 0, ...nothing(grid), lossMw: 0 };
    const flow = solved(withColumns(leftOf(grid, balanced), { gen: { Qmin: least } }));
    if (!flow.ok) {
      const first = flow.buses[0]!;
      const island = network.islands.find(({ buses }) => buses[0] === first)!;
      // Generators that would all have to take more reactive power than they can: dropping load asks for more of it.
      if (flow.reason === 'limits' && island.gens.some((row) => least[row]! > -boundless)) {
        for (const row of island.gens) least[row] = -boundless;
        continue;
      }
      const count = (drops.get(first) ?? 0) + 1;
      drops.set(first, count);
      if (count > mostDrops) {
        const mw = stop(state, island.buses, island.gens);
        for (const row of island.buses) load[row] = 0;
        for (const row of island.gens) power[row] = 0;
        losses.push({ why: 'collapse', buses: island.buses, mw });
        drops.delete(first);
        used.delete(first);
      } else for (const row of island.buses) load[row]! *= 1 - dropped;
      continue;
    }
    const off = network.islands.reduce(
      (most, island) => Math.max(most, lossesOff(island, balanced.load, flow, used)),
      0,
    );
    if (off > exactLosses && ++round < mostRounds) continue;
    losses.push(...lost(network.islands, state.load, balanced.load, drops, grid));
    state.load.set(balanced.load);
    state.power.set(flow.pGen);
    const islands = partsOf(grid, state);
    return { losses, islands, largest: largestOf(network), ...described(grid, flow, rate), lossMw: sum(used.values()) };
  }
}

/** Takes an island out of service. @returns MW of load that it had */
function stop({ load, type, power }: CascadeState, buses: Int32Array, gens: Int32Array): number {
  let mw = 0;
  for (const row of buses) {
    mw += load[row]!;
    [type[row], load[row]] = [4, 0];
  }
  for (const row of gens) power[row] = 0;
  return mw;
}

/** Parts of the network, those that were taken out of service included. */
function partsOf(grid: GridCase, state: CascadeState): number {
  const { islands, dead } = networkOf(leftOf(grid, { ...state, type: grid.bus.type }));
  return islands.length + dead.length;
}

function solved(grid: GridCase): PowerFlow {
  const flow = powerFlow(grid, { qLimits: 'all' });
  return flow.ok ? flow : powerFlow(grid, { qLimits: 'all', start: 'flat' });
}

/** Keeps an island's losses. @returns how far they are from what its generators covered, MW */
function lossesOff(
  { buses, gens }: Island,
  load: Float64Array,
  { pGen }: PowerFlowSolution,
  used: Map<number, number>,
): number {
  let mw = 0;
  for (const row of gens) mw += pGen[row]!;
  for (const row of buses) mw -= load[row]!;
  const off = Math.abs(mw - (used.get(buses[0]!) ?? 0));
  used.set(buses[0]!, mw);
  return off;
}

/** Load that islands lost from `before` to `after`. */
function lost(
  islands: readonly Island[],
  before: Float64Array,
  after: Float64Array,
  drops: ReadonlyMap<number, number>,
  { gen }: GridCase,
): StageLoss[] {
  return islands.flatMap(({ buses, gens }) => {
    let mw = 0;
    for (const row of buses) mw += before[row]! - after[row]!;
    if (!(Math.abs(mw) > 1e-9)) return [];
    const some = gens.some((row) => gen.Pmax[row]! > 0);
    const why = drops.has(buses[0]!) ? 'no-solution' : some ? 'shortage' : 'no-capacity';
    return [{ why, buses, mw }];
  });
}

function nothing({ branch, bus }: GridCase): Pick<Stage, 'loading' | 'vm'> {
  return {
    loading: new Float64Array(branch.rows).fill(Number.NaN),
    vm: new Float64Array(bus.rows).fill(Number.NaN),
  };
}

function described(grid: GridCase, flow: PowerFlowSolution, rate: Float64Array): Pick<Stage, 'loading' | 'vm'> {
  const { loading } = nothing(grid);
  for (let row = 0; row < loading.length; row++) {
    const worse = Math.max(Math.hypot(flow.pFrom[row]!, flow.qFrom[row]!), Math.hypot(flow.pTo[row]!, flow.qTo[row]!));
    if (rate[row]! > 0 && worse > 0) loading[row] = worse / rate[row]!;
  }
  return { loading, vm: flow.vm };
}

function sum(values: Iterable<number>): number {
  let total = 0;
  for (const value of values) total += value;
  return total;
}
