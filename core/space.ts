/** Spaces are data. An observation is normalised; each feature carries the physical values behind 0 and 1. */

/** One observed number: `physical = low + normalised · (high − low)`, in `unit`. */
export interface Feature {
  readonly name: string;
  readonly unit: string;
  readonly low: number;
  readonly high: number;
}

/** A box of named features or action components. */
export interface Box {
  readonly kind: 'box';
  readonly features: readonly Feature[];
}

/** The physical value of a normalised one, in the feature's unit. */
export function toPhysical(feature: Feature, normalised: number): number {
  return feature.low + normalised * (feature.high - feature.low);
}

/** The normalised value of a physical one; a constant feature (low = high) is 0, as in CityLearn. */
export function toNormalised(feature: Feature, physical: number): number {
  const span = feature.high - feature.low;
  return span === 0 ? 0 : (physical - feature.low) / span;
}
