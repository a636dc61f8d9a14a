import type { Scenario } from '../core/scenario.ts';
import { districtEnv } from '../sim/district/district-env.ts';
import type { DistrictEnv, LaneSpec } from '../sim/district/district-env.ts';
import { profiles } from '../sim/district/profile.ts';
import type { ProfileName } from '../sim/district/profile.ts';
import type { RewardName } from '../sim/district/reward.ts';
import type { Normalisation } from '../sim/district/observation.ts';
import type { Workspace } from './workspace.ts';

/** The scenario's district with `groups` lanes per building: lane `g·B + b` is building b of group g. */
export async function openDistrict(scenario: Pick<Scenario, 'district'>, workspace: Workspace, groups: number): Promise<{ readonly env: DistrictEnv; readonly hash: string }> {
  const { dataset, profile, buildings, steps } = scenario.district;
  const district = await workspace.dataset(dataset, buildings, profile);
  const lanes: LaneSpec[] = Array.from({ length: groups }, () => buildings.map((name) => ({ building: district.buildings.findIndex((building) => building.name === name) }))).flat();
  return { env: districtEnv({ district, lanes, profile: profiles[profile as ProfileName], reward: scenario.district.reward as RewardName, normalisation: scenario.district.normalisation as Normalisation, steps }), hash: district.hash };
}
