import type { Definition } from '../../core/definition.ts';
import type { Detector } from '../../core/detector.ts';
import { differenceMmd } from './difference-mmd.ts';
import { energyBalance } from './energy-balance.ts';
import { forecastConsistency } from './forecast-consistency.ts';
import { mahalanobis } from './mahalanobis.ts';
import { nightIrradiance } from './night-irradiance.ts';
import { cusum, ewma } from './sequential.ts';
import { socBalance } from './soc-balance.ts';
import { stateEstimator } from './state-estimator.ts';
import { tariffWhitelist } from './tariff-whitelist.ts';
import { zScore } from './z-score.ts';

/** What says that an observation is strange, by the name a scenario uses. */
export const detectors = {
  'z-score': zScore,
  'energy-balance': energyBalance,
  'soc-balance': socBalance,
  'state-estimator': stateEstimator,
  'tariff-whitelist': tariffWhitelist,
  'night-irradiance': nightIrradiance,
  'forecast-consistency': forecastConsistency,
  'difference-mmd': differenceMmd,
  mahalanobis,
  cusum,
  ewma,
} satisfies Record<string, Definition<Detector>>;

export type DetectorName = keyof typeof detectors;
