import type { DistrictEnv } from './district-env.ts';
import { readsDistrict } from './reward.ts';
import type { RewardSpec } from './reward.ts';

/**
 * Why the buildings of a district cannot be simulated apart with the same numbers to the last bit; null where nothing of one reaches
 * another.
 * @param env whose lanes are the buildings of one district, all of them
 */
export function coupling(env: DistrictEnv, reward: RewardSpec): string | null {
  if (env.carSocs(0).length > 0) return 'its buildings share cars';
  if (readsDistrict(reward, env.lane(0).model)) return 'its reward looks at the whole district';
  // Rows are as wide as the widest lane: a narrower one alone would be another row.
  const shapes = Array.from({ length: env.numEnvs }, (_, lane) =>
    [...env.laneFeatures(lane), ...env.laneActions(lane)].map(({ name }) => name).join('\n'),
  );
  return shapes.every((shape) => shape === shapes[0]) ? null : 'its buildings differ in what they observe or can do';
}
