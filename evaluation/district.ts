import { ConfigError } from '../core/errors.ts';
import type { Scenario } from '../core/scenario.ts';
import { districtEnv } from '../sim/district/district-env.ts';
import type { DistrictEnv, DistrictEnvOptions } from '../sim/district/district-env.ts';
import { profiles, repaired } from '../sim/district/profile.ts';
import type { DefectName, ProfileName } from '../sim/district/profile.ts';
import type { RewardSpec } from '../sim/district/reward.ts';
import type { Normalisation } from '../sim/district/observation.ts';
import { writeCityLearnFolder } from '../sim/data/citylearn-folder.ts';
import type { District } from '../sim/data/dataset.ts';
import type { Workspace } from './workspace.ts';

/** The scenario's choices for an environment over a district; lanes are the caller's. */
export function districtOptions(
  scenario: Pick<Scenario, 'district'>,
  district: District,
): Omit<DistrictEnvOptions, 'lanes'> {
  const { profile, repair, normalisation, steps } = scenario.district;
  const named = profiles[profile as ProfileName];
  const whole = repair.find((name) => !named.defects[name as DefectName]);
  if (whole !== undefined)
    throw new ConfigError(`profile '${profile}' has no defect '${whole}' to repair`, {
      place: { path: '/district/repair' },
    });
  return {
    district,
    profile: repaired(named, repair as readonly DefectName[]),
    reward: rewardOf(scenario, district),
    normalisation: normalisation as Normalisation,
    steps,
  };
}

function rewardOf({ district: { reward } }: Pick<Scenario, 'district'>, district: District): RewardSpec {
  if (reward === 'dataset') return district.reward;
  return typeof reward === 'string' ? { type: reward, attributes: {} } : reward;
}

/** The scenario's district `groups` times over: lane `g·B + b` is building b of group g. */
export async function openDistrict(
  scenario: Pick<Scenario, 'district'>,
  workspace: Workspace,
  groups: number,
): Promise<{ readonly env: DistrictEnv; readonly hash: string }> {
  const { dataset, buildings } = scenario.district;
  const district = await workspace.dataset(dataset, buildings);
  const lanes = Array.from({ length: groups }, (_, group) =>
    buildings.map((_name, building) => ({ building, group })),
  ).flat();
  return { env: districtEnv({ ...districtOptions(scenario, district), lanes, history: 'none' }), hash: district.hash };
}

/** A district as the files of a CityLearn folder: name → text. */
export function datasetFiles(district: District): ReadonlyMap<string, string> {
  return writeCityLearnFolder(district);
}
