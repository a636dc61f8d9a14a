import type { Scenario } from '../core/scenario.ts';
import { districtEnv } from '../sim/district/district-env.ts';
import type { DistrictEnv, DistrictEnvOptions } from '../sim/district/district-env.ts';
import { profiles } from '../sim/district/profile.ts';
import type { ProfileName } from '../sim/district/profile.ts';
import type { RewardName } from '../sim/district/reward.ts';
import type { Normalisation } from '../sim/district/observation.ts';
import { writeCityLearnFolder } from '../sim/data/citylearn-folder.ts';
import type { District } from '../sim/data/dataset.ts';
import type { Workspace } from './workspace.ts';

/** The scenario's choices for an environment over a district; lanes are the caller's. */
export function districtOptions(
  scenario: Pick<Scenario, 'district'>,
  district: District,
): Omit<DistrictEnvOptions, 'lanes'> {
  const { profile, reward, normalisation, steps } = scenario.district;
  return {
    district,
    profile: profiles[profile as ProfileName],
    reward: reward as RewardName,
    normalisation: normalisation as Normalisation,
    steps,
  };
}

/** The scenario's district with `groups` lanes per building: lane `g·B + b` is building b of group g. */
export async function openDistrict(
  scenario: Pick<Scenario, 'district'>,
  workspace: Workspace,
  groups: number,
): Promise<{ readonly env: DistrictEnv; readonly hash: string }> {
  const { dataset, buildings } = scenario.district;
  const district = await workspace.dataset(dataset, buildings);
  const lanes = Array.from({ length: groups }, () => buildings.map((_, building) => ({ building }))).flat();
  return { env: districtEnv({ ...districtOptions(scenario, district), lanes }), hash: district.hash };
}

/** A district as the files of a CityLearn folder: name → text. */
export function datasetFiles(district: District): ReadonlyMap<string, string> {
  return writeCityLearnFolder(district);
}
