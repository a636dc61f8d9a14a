import type { ObservationPlan } from './observation.ts';
import type { Profile } from './profile.ts';

/** One entry of a central agent's flat list. */
export interface CentralEntry {
  /** Position of the building. */
  readonly building: number;
  /** Position in that building's own observation. */
  readonly index: number;
  /** The observation's own name if buildings share it, else `<building>.<name>`. */
  readonly name: string;
}

/** Positions of one flat list for a whole district: raw values, and normalised ones. */
export interface CentralObservation {
  readonly raw: readonly CentralEntry[];
  readonly normalised: readonly CentralEntry[];
}

/**
 * What a central agent is shown: the buildings' observations one after another, shared ones only where they first occur (releases before 2.1:
 * only in the first building). Source: specs/citylearn.md 11.
 */
export function centralObservation(plans: readonly ObservationPlan[], profile: Profile): CentralObservation {
  return {
    raw: flat(
      plans.map(({ names, shared }) => ({ names, shared })),
      profile,
    ),
    normalised: flat(
      plans.map(({ features, sharedFeatures }) => ({
        names: features.map(({ name }) => name),
        shared: sharedFeatures,
      })),
      profile,
    ),
  };
}

function flat(
  buildings: readonly { readonly names: readonly string[]; readonly shared: readonly boolean[] }[],
  profile: Profile,
): CentralEntry[] {
  const firstOnly = profile.alignment === 'split';
  const shown = new Set<string>();
  return buildings.flatMap(({ names, shared }, building) =>
    names.flatMap((name, index): CentralEntry[] => {
      if (!shared[index]!) return [{ building, index, name: `${building}.${name}` }];
      if (shown.has(name) || (firstOnly && building > 0)) return [];
      shown.add(name);
      return [{ building, index, name }];
    }),
  );
}
