import { z } from 'zod';
import { ConfigError } from '../../core/errors.ts';
import type { Rng } from '../../core/rng.ts';
import type { Box, Feature } from '../../core/space.ts';
import type { DecisionAccess } from '../../core/victim.ts';

/** Makes a controller for an environment's spaces; the rng feeds those that draw. */
export type ControllerMaker = (observation: Box, action: Box, rng: Rng) => DecisionAccess;

/** The configuration of a rule without options. */
export const noOptions = z.strictObject({});

/**
 * A controller that commands every action component alike, from one number a row, clipped to the component's range.
 * @param command fraction of capacity for row `row` of `x` (its features start at `at`)
 */
export function sameForAll(
  observation: Box,
  action: Box,
  command: (x: Float32Array, at: number, row: number) => number,
): DecisionAccess {
  const observationSize = observation.features.length;
  const { features } = action;
  return {
    observationSize,
    actionSize: features.length,
    decide(x, rows, out) {
      for (let row = 0; row < rows; row++) {
        const wanted = command(x, row * observationSize, row);
        for (let j = 0; j < features.length; j++) out[row * features.length + j] = clip(wanted, features[j]!);
      }
    },
  };
}

/** Where a feature stands in an observation. @throws {ConfigError} when the environment does not show it. */
export function featureIndex(observation: Box, name: string, controller: string): number {
  const index = observation.features.findIndex((feature) => feature.name === name);
  if (index < 0)
    throw new ConfigError(
      `${controller}: needs the feature '${name}', the environment shows ${observation.features.map((f) => f.name).join(', ')}`,
    );
  return index;
}

/**
 * Reads the hour of day `h mod 24` from the pair `hour_cos`, `hour_sin`, each normalised as `(cos + 1)/2` by CityLearn.
 * @throws {ConfigError} when the environment does not show them.
 */
export function hourReader(observation: Box, controller: string): (x: Float32Array, at: number) => number {
  const cos = featureIndex(observation, 'hour_cos', controller);
  const sin = featureIndex(observation, 'hour_sin', controller);
  return (x, at) => {
    const angle = Math.atan2(2 * x[at + sin]! - 1, 2 * x[at + cos]! - 1);
    return (Math.round((angle * 24) / (2 * Math.PI)) + 24) % 24;
  };
}

function clip(value: number, { low, high }: Feature): number {
  return Math.min(high, Math.max(low, value));
}
