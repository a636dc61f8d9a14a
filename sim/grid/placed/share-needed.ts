import type { PlacedDistrict } from './placement.ts';
import type { SolvedStep } from './step-reader.ts';
import { mixedSeries, solvePlaced } from './solve-placed.ts';
import type { DistrictSeries } from './solve-placed.ts';

/** What an attack wants of a network in some step. A step without a solution is more than anybody asked for: it counts. */
export type GridGoal = (solved: SolvedStep) => boolean;

/** Some bus below a voltage, p.u. */
export function voltageBelow(limit: number): GridGoal {
  return ({ vm }) => vm.some((v) => v < limit);
}

/** Some bus above a voltage, p.u. */
export function voltageAbove(limit: number): GridGoal {
  return ({ vm }) => vm.some((v) => v > limit);
}

/** Some branch above a share of its limit. */
export function loadingAbove(share: number): GridGoal {
  return ({ loading }) => loading.some((each) => each > share);
}

export interface ShareNeeded {
  /** Least share of homes that reaches the goal; 0: nobody need be attacked; null: not with all of them. */
  readonly share: number | null;
  /** First step that reaches it at that share; −1: none. */
  readonly step: number;
}

/**
 * The share of compromised homes, the same at every bus, that an attack needs to reach a goal: the others go on as in `clean`. More of an attack need not do more, so that shares are tried in equal parts
 * first, and the first that reaches it is narrowed down by bisection.
 * @param parts into which the shares from 0 to 1 are cut; default 20  @param tolerance of the share; default 1e-3. Yields the share done
 */
export function* shareNeeded(
  placed: PlacedDistrict,
  clean: DistrictSeries,
  attacked: DistrictSeries,
  goal: GridGoal,
  { parts = 20, tolerance = 1e-3 }: { readonly parts?: number; readonly tolerance?: number } = {},
): Generator<number, ShareNeeded, undefined> {
  const first = (share: number): number => {
    let reached = -1;
    const series = mixedSeries(clean, attacked, share, placed.buildings);
    const work = solvePlaced(placed, [series], {
      visit: (_scenario, step, solved) => {
        if (reached < 0 && (!solved.solved || goal(solved))) reached = step;
      },
    });
    for (;;) {
      const { done } = work.next();
      // Nothing after the first step matters.
      if (done === true || reached >= 0) return reached;
    }
  };
  const halvings = Math.max(0, Math.ceil(Math.log2(1 / (parts * tolerance))));
  let at = -1;
  let part = 0;
  for (; part <= parts; part++) {
    at = first(part / parts);
    yield part / (parts + halvings);
    if (at >= 0) break;
  }
  if (at < 0) return { share: null, step: -1 };
  if (part === 0) return { share: 0, step: at };
  let [low, high] = [(part - 1) / parts, part / parts];
  for (let k = 0; k < halvings; k++) {
    const middle = (low + high) / 2;
    const found = first(middle);
    if (found >= 0) [high, at] = [middle, found];
    else low = middle;
    yield (part + k) / (parts + halvings);
  }
  return { share: high, step: at };
}
