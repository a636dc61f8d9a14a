import type { GridCase } from '../grid-case.ts';
import type { Island } from '../network.ts';

/** MW that stand for a unit without a limit. */
const boundless = 1e9;

/**
 * Makes what an island generates what it uses: its units go up by their room, or down by what they give; where there is not enough room all of its loads shrink alike.
 * @param load [buses] MW, in place  @param power [generators] MW, in place
 * @param losses MW that its branches and shunts use  @returns MW of load that was shed
 * Source: specs/grid.md 5
 */
export function balanceIsland(
  { gen: units }: GridCase,
  island: Island,
  load: Float64Array,
  power: Float64Array,
  losses = 0,
): number {
  const mostOf = (row: number): number => Math.min(units.Pmax[row]!, boundless);
  let [served, given, most] = [0, 0, 0];
  for (const row of island.buses) served += load[row]!;
  for (const row of island.gens) {
    given += power[row]!;
    most += mostOf(row);
  }
  if (most <= 0) {
    for (const row of island.buses) load[row] = 0;
    for (const row of island.gens) power[row] = 0;
    return served;
  }
  const demand = served + losses;
  if (demand > given) {
    let room = 0;
    for (const row of island.gens) room += mostOf(row) - power[row]!;
    if (demand - given <= room) {
      for (const row of island.gens) power[row]! += ((demand - given) * (mostOf(row) - power[row]!)) / room;
      return 0;
    }
    for (const row of island.gens) power[row] = mostOf(row);
    const kept = Math.max(0, most - losses) / served;
    for (const row of island.buses) load[row]! *= kept;
    return served * (1 - kept);
  }
  if (demand < given) for (const row of island.gens) power[row]! *= demand / given;
  return 0;
}
