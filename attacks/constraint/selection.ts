import { UnknownNameError } from '../../core/errors.ts';
import type { Feature } from '../../core/space.ts';
import { featureGroups } from '../presets.ts';

/**
 * Positions of the features that a name means: one feature, or a group (`price`, `weather`, …).
 * @throws {UnknownNameError} when none of the observed features is meant, with the nearest name.
 */
export function positionsOf(name: string, features: readonly Feature[], constraint: string): number[] {
  const group = Object.hasOwn(featureGroups, name) ? featureGroups[name]! : (other: string) => other === name;
  const found = features.flatMap((feature, j) => (group(feature.name) ? [j] : []));
  if (found.length === 0) {
    throw new UnknownNameError(
      'feature or group',
      name,
      [...features.map((feature) => feature.name), ...Object.keys(featureGroups)],
      { path: `/threat/constraints/${constraint}` },
    );
  }
  return found;
}

/** Physical units between the normalised 0 and 1. */
export function span({ low, high }: Feature): number {
  return high - low;
}
