import { ConfigError } from '../core/errors.ts';
import type { Box } from '../core/space.ts';

/**
 * Evenly spaced physical values over the one component of an action space, both ends included [bins].
 * @param learner who asks, for the message
 * @throws {ConfigError} when there is more than one component.
 */
export function actionBins(learner: string, space: Box, bins: number): readonly number[] {
  const [action, ...others] = space.features;
  if (action === undefined || others.length > 0)
    throw new ConfigError(
      `${learner}: the environment has ${space.features.length} action components, expected 1 to put in bins`,
    );
  return Array.from({ length: bins }, (_, i) => action.low + ((action.high - action.low) * i) / (bins - 1));
}
