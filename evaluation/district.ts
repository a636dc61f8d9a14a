import { ConfigError } from '../core/errors.ts';
import type { Scenario } from '../core/scenario.ts';
import { districtEnv } from '../sim/district/district-env.ts';
import type { DistrictEnv, DistrictEnvOptions } from '../sim/district/district-env.ts';
import { coupling } from '../sim/district/coupling.ts';
import { profiles, repaired } from '../sim/district/profile.ts';
import type { DefectName, ProfileName } from '../sim/district/profile.ts';
import type { RewardSpec } from '../sim/district/reward.ts';
import type { Normalisation } from '../sim/district/observation.ts';
import { writeCityLearnFolder } from '../sim/data/citylearn-folder.ts';
import type { District } from '../sim/data/dataset.ts';
import type { VictimSource, Workspace } from './workspace.ts';

/** The scenario's choices for an environment over a district; lanes are the caller's. */
export function districtOptions(
  scenario: Pick<Scenario, 'district'>,
  district: District,
): Omit<DistrictEnvOptions, 'lanes'> {
  const { profile, repair, normalisation, start, steps } = scenario.district;
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
    start,
    steps,
  };
}

function rewardOf({ district: { reward } }: Pick<Scenario, 'district'>, district: District): RewardSpec {
  if (reward === 'dataset') return district.reward;
  return typeof reward === 'string' ? { type: reward, attributes: {} } : reward;
}

/**
 * The scenario's district `groups` times over: lane `g·B + b` is building b of group g.
 * @param only simulates these of its buildings; the district is read, hashed and drawn whole
 * @throws {ConfigError} when these cannot be simulated apart from the others.
 */
export async function openDistrict(
  scenario: Pick<Scenario, 'district'>,
  workspace: Workspace,
  groups: number,
  only?: readonly number[],
): Promise<{
  readonly env: DistrictEnv;
  readonly hash: string;
  /** One more environment: a lane for each of the scenario's buildings, whichever `only` names. */
  rehearsal(): DistrictEnv;
  /** The same over the dataset's whole episode, whichever part of it the scenario runs. */
  practice(): DistrictEnv;
}> {
  const { dataset, buildings } = scenario.district;
  const district = await workspace.dataset(dataset, buildings);
  const options = { ...districtOptions(scenario, district), history: 'none' } as const;
  const chosen = only ?? buildings.map((_name, building) => building);
  const bond = chosen.length < buildings.length ? bondOf(options) : null;
  if (bond !== null)
    throw new ConfigError(`${chosen.length} of the district's ${buildings.length} buildings alone: ${bond}`, {
      place: { path: '/district/buildings' },
    });
  const lanes = Array.from({ length: groups }, (_, group) => chosen.map((building) => ({ building, group }))).flat();
  const each = buildings.map((_name, building) => ({ building, group: 0 }));
  return {
    env: districtEnv({ ...options, lanes }),
    hash: district.hash,
    rehearsal: () => districtEnv({ ...options, lanes: each }),
    practice: () => districtEnv({ ...options, start: undefined, steps: null, lanes: each }),
  };
}

/** @throws {ConfigError} for a policy that was trained on another normalisation than the scenario's. */
export function assertNormalisation(
  { name, normalisation }: Pick<VictimSource, 'name' | 'normalisation'>,
  { district }: Pick<Scenario, 'district'>,
): void {
  if (normalisation === null || normalisation === district.normalisation) return;
  throw new ConfigError(
    `policy '${name}' was trained on normalisation '${normalisation}', the scenario says '${district.normalisation}'`,
    { place: { path: '/district/normalisation' } },
  );
}

/** Why the scenario's buildings can only be simulated together; null when they can be parted, or there is but one. */
export async function buildingBond(
  scenario: Pick<Scenario, 'district' | 'grid'>,
  workspace: Workspace,
): Promise<string | null> {
  const { dataset, buildings } = scenario.district;
  if (buildings.length === 1) return null;
  if (scenario.grid !== undefined) return 'its buildings meet on one network';
  return bondOf(districtOptions(scenario, await workspace.dataset(dataset, buildings)));
}

function bondOf(options: ReturnType<typeof districtOptions>): string | null {
  const lanes = options.district.buildings.map((_, building) => ({ building, group: 0 }));
  using env = districtEnv({ ...options, lanes, history: 'none' });
  return coupling(env, options.reward as RewardSpec);
}

/** A district as the files of a CityLearn folder: name → text. */
export function datasetFiles(district: District): ReadonlyMap<string, string> {
  return writeCityLearnFolder(district);
}
