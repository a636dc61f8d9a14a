import { ConfigError } from '../../core/errors.ts';
import { toPhysical } from '../../core/space.ts';
import type { Feature } from '../../core/space.ts';

/** Where a feature stands in an observation. @throws {ConfigError} naming it, when the policy does not observe it */
export function featureAt(features: readonly Feature[], name: string, target: string): number {
  const at = features.findIndex((feature) => feature.name === name);
  if (at < 0) throw new ConfigError(`target '${target}' reads '${name}'; the policy observes ${namesOf(features)}`);
  return at;
}

/**
 * Reads the hour of the day, 0 … 23 for CityLearn's 1 … 24, of the row of an observation at an index: from `hour_cos` and `hour_sin`, or from
 * `hour`.
 * @throws {ConfigError} when the policy observes neither
 */
export function hourReader(features: readonly Feature[], target: string): (x: Float32Array, at: number) => number {
  const plain = features.findIndex(({ name }) => name === 'hour');
  if (plain >= 0) return (x, at) => (Math.round(toPhysical(features[plain]!, x[at + plain]!)) + 23) % 24;
  const [cos, sin] = ['hour_cos', 'hour_sin'].map((one) => features.findIndex(({ name }) => name === one));
  if (cos! < 0 || sin! < 0)
    throw new ConfigError(
      `target '${target}' reads the hour, from hour_cos and hour_sin or from hour; the policy observes ${namesOf(features)}`,
    );
  return (x, at) => {
    const angle = Math.atan2(toPhysical(features[sin!]!, x[at + sin!]!), toPhysical(features[cos!]!, x[at + cos!]!));
    return (Math.round((angle * 24) / (2 * Math.PI)) + 47) % 24;
  };
}

/** Makes what reads features once for each list of them: buildings differ in their scales. */
export function onceFor<Reader>(
  make: (features: readonly Feature[]) => Reader,
): (features: readonly Feature[]) => Reader {
  const known = new WeakMap<readonly Feature[], Reader>();
  return (features) => {
    let reader = known.get(features);
    if (reader === undefined) {
      reader = make(features);
      known.set(features, reader);
    }
    return reader;
  };
}

function namesOf(features: readonly Feature[]): string {
  return features.map(({ name }) => name).join(', ');
}
