import { ConfigError } from '../../core/errors.ts';

/** Where an outcome holds. */
export interface OutcomeRanges {
  /** The least share at which it does; null: nowhere. */
  readonly least: number | null;
  /** From and to, ascending; at the ends of what was searched they are open. */
  readonly ranges: readonly (readonly [number, number])[];
  /** Whether, once it holds, it holds for all that is more: false where a stronger attack does less. */
  readonly monotone: boolean;
}

/** What is searched: shares from 0 to `most` in steps of `resolution`, bounds between them to `exact`. Ranges narrower than the resolution can be missed. */
export interface OutcomeSearch {
  readonly most: number;
  readonly resolution: number;
  readonly exact: number;
}

/**
 * The shares at which outcomes hold, without taking it that more does more: all of a grid is tried, and every change between neighbours is bisected. Yields the part done.
 * @param judge which outcomes hold at a share, in the order of `names`
 * Source: specs/grid.md 4.6, fact 10
 */
export function* outcomeRanges<Name extends string>(
  names: readonly Name[],
  judge: (share: number) => readonly boolean[],
  { most, resolution, exact }: OutcomeSearch,
): Generator<number, Readonly<Record<Name, OutcomeRanges>>, undefined> {
  if (!(most > 0 && resolution > 0 && exact > 0 && resolution <= most))
    throw new ConfigError(
      `a search up to ${most} in steps of ${resolution}, exact to ${exact}: expected above 0, steps up to the end`,
    );
  const known = new Map<number, readonly boolean[]>();
  const judged = (share: number): readonly boolean[] => {
    const found = known.get(share) ?? judge(share);
    known.set(share, found);
    return found;
  };
  const steps = Math.ceil(most / resolution - 1e-9);
  const at = (k: number): number => Math.min(most, k * resolution);
  for (let k = 0; k <= steps; k++) {
    judged(at(k));
    yield (0.7 * (k + 1)) / (steps + 1);
  }
  const found: [Name, OutcomeRanges][] = [];
  for (const [index, name] of names.entries()) {
    const holds = (share: number): boolean => judged(share)[index]!;
    const ranges: [number, number][] = [];
    for (let k = 0; k <= steps; k++) {
      const now = holds(at(k));
      const before = k > 0 && holds(at(k - 1));
      if (now === before) continue;
      const bound = k === 0 ? 0 : change(holds, at(k - 1), at(k), exact);
      if (now) ranges.push([bound, most]);
      else ranges[ranges.length - 1]![1] = bound;
    }
    const least = ranges[0]?.[0] ?? null;
    found.push([name, { least, ranges, monotone: ranges.length === 0 || ranges[0]![1] === most }]);
    yield 0.7 + (0.3 * (index + 1)) / names.length;
  }
  return Object.fromEntries(found) as Readonly<Record<Name, OutcomeRanges>>;
}

/** Where an outcome changes between two shares that differ in it: the far side of the change. */
function change(holds: (share: number) => boolean, from: number, to: number, exact: number): number {
  let [low, high] = [from, to];
  const first = holds(from);
  while (high - low > exact) {
    const middle = (low + high) / 2;
    if (middle === low || middle === high) break;
    if (holds(middle) === first) low = middle;
    else high = middle;
  }
  return high;
}
