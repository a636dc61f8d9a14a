import { z } from 'zod';
import type { Network } from '../nn/network.ts';
import { normalisedNetwork } from '../nn/normalised-network.ts';
import { ObservationStatistics } from './observation-statistics.ts';
import type { ObservationStatisticsOptions } from './observation-statistics.ts';

/** Running standardisation of the observations, under the names and defaults of `VecNormalize`; shared by all learners. */
export const normalizeOption = z
  .strictObject({
    norm_obs: z.literal(true).default(true).describe('Rewards have an option of their own, normaliseReward.'),
    clip_obs: z.number().positive().default(10).describe('Standardised features are clipped to ± this.'),
    epsilon: z.number().positive().default(1e-8).describe('Added to the variance.'),
  })
  .nullable()
  .default(null)
  .describe('Standardises observations by running statistics, which are stored with the policy; null: as they are.');

/** The statistics that a learner with this option keeps; undefined where it keeps none. */
export function observationStatistics(
  option: ObservationStatisticsOptions | null,
  features: number,
): ObservationStatistics | undefined {
  return option === null ? undefined : new ObservationStatistics(features, option);
}

/** The network behind the statistics of the moment; itself without any. */
export function behind(statistics: ObservationStatistics | undefined, network: Network): Network {
  return statistics === undefined ? network : normalisedNetwork(network, statistics.standardisation);
}
