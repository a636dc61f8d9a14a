import { ConfigError } from '../../../core/errors.ts';
import type { GridCase } from '../grid-case.ts';

/** `count` copies of a building of the district at a bus, by its external number. */
export interface Homes {
  /** Position of the building in the district. */
  readonly building: number;
  readonly bus: number;
  readonly count: number;
}

/**
 * Deals homes to the buses of a case in proportion to their loads (largest remainders), and at every bus to the district's buildings in turn,
 * going on at the next bus where the last one stopped.
 * @throws {ConfigError} for a case without loads
 */
export function spreadHomes({ bus, name }: GridCase, total: number, buildings: number): Homes[] {
  const rows = [...bus.Pd.keys()].filter((row) => bus.Pd[row]! > 0 && bus.type[row] !== 4);
  const load = rows.reduce((sum, row) => sum + bus.Pd[row]!, 0);
  if (!(load > 0)) throw new ConfigError(`${name} has no load to spread homes by: say at which buses they are`);
  const exact = rows.map((row) => (total * bus.Pd[row]!) / load);
  const counts = exact.map(Math.floor);
  const left = total - counts.reduce((sum, count) => sum + count, 0);
  const byRemainder = rows.map((_, k) => k).sort((a, b) => exact[b]! - counts[b]! - (exact[a]! - counts[a]!) || a - b);
  for (const k of byRemainder.slice(0, left)) counts[k]!++;
  let next = 0;
  return rows.flatMap((row, k) => {
    const here = new Int32Array(buildings).fill(Math.floor(counts[k]! / buildings));
    for (let extra = counts[k]! % buildings; extra > 0; extra--) here[next++ % buildings]!++;
    return [...here].flatMap((count, building) => (count === 0 ? [] : [{ building, bus: bus.bus[row]!, count }]));
  });
}
