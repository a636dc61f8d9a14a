import { ConfigError } from '../core/errors.ts';
import { labelOf } from '../core/scenario.ts';
import type { Scenario } from '../core/scenario.ts';
import { sitesOf } from './sites.ts';

/** A rectangle of a panel: these attacks on these buildings (or other sites), beside clean twins of them. Indices into the scenario, ascending. */
export interface Part {
  readonly attacks: readonly number[];
  readonly buildings: readonly number[];
}

export function wholePanel(scenario: Scenario): Part {
  return { attacks: [...scenario.attacks.keys()], buildings: [...sitesOf(scenario).keys()] };
}

/** Lanes of a part by name, clean twins first, in the order of every result. */
export function laneNames(scenario: Scenario, part: Part): readonly string[] {
  const { attacks } = scenario;
  const sites = sitesOf(scenario);
  return ['clean', ...part.attacks.map((a) => labelOf(attacks[a]!))].flatMap((label) =>
    part.buildings.map((b) => `${sites[b]!}/${label}`),
  );
}

/** Into how many parts a part can be cut. @param bond why its buildings stay together (see `buildingBond`), or null */
export function mostParts({ attacks, buildings }: Part, bond: string | null): number {
  return attacks.length * (bond === null ? buildings.length : 1);
}

/**
 * A part of A attacks on B buildings cut into `count` parts that hold each of its cells once, for any count up to A·B (up to A where a bond
 * keeps the buildings together).
 *
 * The attacks are dealt to g groups, the parts are shared out to the groups, and a group's buildings are cut into as many runs as it has
 * parts, all as evenly as can be. Of all g that one is taken whose largest part has the fewest cells; of equals the smallest, since
 * every part has clean twins of its own.
 * @throws {ConfigError} when a part would be empty.
 */
export function cut(part: Part, bond: string | null, count: number): readonly Part[] {
  const most = mostParts(part, bond);
  if (!(Number.isInteger(count) && count >= 1 && count <= most)) {
    const together = bond === null ? '' : ` that stay together (${bond})`;
    throw new ConfigError(
      `${count} parts of ${part.attacks.length} attacks on ${part.buildings.length} buildings${together}: a part would be empty, expected 1 … ${most}`,
    );
  }
  const runs = bond === null ? part.buildings.map((b) => [b]) : [part.buildings];
  let best: readonly Part[] = [];
  let fewest = Infinity;
  for (let groups = 1; groups <= Math.min(part.attacks.length, count); groups++) {
    if (Math.ceil(count / groups) > runs.length) continue;
    const parts = Array.from({ length: groups }, (_, g) => {
      const attacks = part.attacks.filter((_attack, place) => place % groups === g);
      return split(runs, shareOf(count, groups, g)).map((run) => ({ attacks, buildings: run.flat() }));
    }).flat();
    const largest = Math.max(...parts.map(({ attacks, buildings }) => attacks.length * buildings.length));
    if (largest >= fewest) continue;
    fewest = largest;
    best = parts;
  }
  return best;
}

/** Share g of `total` dealt to `shares`: the first ones have one more. */
function shareOf(total: number, shares: number, g: number): number {
  return Math.floor(total / shares) + (g < total % shares ? 1 : 0);
}

/** A list cut into `count` runs of nearly equal length. */
function split<T>(list: readonly T[], count: number): readonly (readonly T[])[] {
  let at = 0;
  return Array.from({ length: count }, (_, g) => list.slice(at, (at += shareOf(list.length, count, g))));
}
