import { ConfigError } from '../../core/errors.ts';
import type { Feature } from '../../core/space.ts';

/** Where a feature stands among those observed. @throws {ConfigError} naming detector and feature when it is not there. */
export function observed(features: readonly Feature[], name: string, detector: string): number {
  const at = features.findIndex((feature) => feature.name === name);
  if (at < 0) {
    const names = features.map((feature) => feature.name).join(', ');
    throw new ConfigError(
      `detector '${detector}' reads '${name}', which the policy does not observe; it observes ${names}`,
    );
  }
  return at;
}

/** Features of a kind. @throws {ConfigError} when none is observed. */
export function observedWhere(
  features: readonly Feature[],
  kind: (name: string) => boolean,
  wanted: string,
  detector: string,
): readonly number[] {
  const found = features.flatMap(({ name }, j) => (kind(name) ? [j] : []));
  if (found.length === 0) throw new ConfigError(`detector '${detector}' reads ${wanted}, and the policy observes none`);
  return found;
}
