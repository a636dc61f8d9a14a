import { UnknownNameError } from '../core/errors.ts';
import type { Rng } from '../core/rng.ts';
import type { AttackSpec } from '../core/scenario.ts';

/**
 * The buildings that an attack has in its hands; the others of its district run clean. A share of the panel's buildings, rounded to the nearest
 * number, is drawn from the attack's stream, the same for every part of the panel; a list is that list.
 * @param path JSON pointer to the attack
 * @throws {UnknownNameError} for a building that is not in the scenario.
 */
export function compromisedBuildings(
  { compromised = 'all' }: AttackSpec,
  buildings: readonly string[],
  rng: Rng,
  path: string,
): ReadonlySet<string> {
  if (compromised === 'all') return new Set(buildings);
  if ('buildings' in compromised) {
    for (const [at, name] of compromised.buildings.entries())
      if (!buildings.includes(name))
        throw new UnknownNameError('building', name, buildings, { path: `${path}/compromised/buildings/${at}` });
    return new Set(compromised.buildings);
  }
  const order = [...buildings];
  for (let k = order.length - 1; k > 0; k--) {
    const other = rng.int(k + 1);
    [order[k], order[other]] = [order[other]!, order[k]!];
  }
  return new Set(order.slice(0, Math.round(compromised.share * order.length)));
}

/** Where neighbours are in a set: runs of them, by first and count. */
export function runsOf(names: readonly string[], taken: ReadonlySet<string>): readonly (readonly [number, number])[] {
  const runs: [number, number][] = [];
  names.forEach((name, at) => {
    if (!taken.has(name)) return;
    const last = runs.at(-1);
    if (last !== undefined && last[0] + last[1] === at) last[1]++;
    else runs.push([at, 1]);
  });
  return runs;
}
