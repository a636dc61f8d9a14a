import { FaultlineError } from '../core/errors.ts';
import { rng } from '../core/rng.ts';
import type { District } from '../sim/data/dataset.ts';
import type { FolderDescription } from '../sim/data/describe.ts';
import { profileNotes } from '../sim/data/describe-profile.ts';
import { districtEnv } from '../sim/district/district-env.ts';
import type { DistrictEnv } from '../sim/district/district-env.ts';
import type { Battery, Converter, Tank } from '../sim/district/model.ts';
import { profiles } from '../sim/district/profile.ts';
import type { ProfileName } from '../sim/district/profile.ts';

/** Whether a folder runs under a profile, and what to know about it. */
export interface ProfileVerdict {
  readonly profile: ProfileName;
  readonly title: string;
  /** null: the folder could not be read, so it was not tried. */
  readonly runs: boolean | null;
  /** What it was refused for. */
  readonly refusal: string | null;
  readonly notes: readonly string[];
}

/** A building as the simulator runs it under one profile: every default filled in and every size known. */
export interface ResolvedBuilding {
  readonly name: string;
  readonly converters: Readonly<Record<'cooling' | 'heating' | 'dhw', Converter>>;
  readonly tanks: Readonly<Record<'cooling' | 'heating' | 'dhw', Tank>>;
  readonly battery: Battery;
  /** kW */
  readonly pvNominalPower: number;
  readonly observations: readonly string[];
  readonly actions: readonly {
    readonly name: string;
    readonly low: number;
    readonly high: number;
    readonly unit: string;
  }[];
}

/** Tries every profile: a district that opens, resets and takes a step of zeros runs. */
export function profileVerdicts(description: FolderDescription, district: District | null): ProfileVerdict[] {
  return (Object.keys(profiles) as ProfileName[]).map((profile) => ({
    profile,
    title: profiles[profile].title,
    ...verdict(district, profile),
    notes: description.schema === null ? [] : profileNotes(profile, description.schema, description.facts),
  }));
}

function verdict(district: District | null, profile: ProfileName): Pick<ProfileVerdict, 'runs' | 'refusal'> {
  if (district === null) return { runs: null, refusal: null };
  const refusal = refusalOf(district, profile);
  if (refusal === null) return { runs: true, refusal };
  const rewarded = refusalOf({ ...district, reward: plainReward }, profile) === null;
  return { runs: false, refusal: rewarded ? `${refusal}; it runs with --reward ${plainReward.type}` : refusal };
}

/** Every profile has it. */
const plainReward = { type: 'RewardFunction', attributes: {} };

function refusalOf(district: District, profile: ProfileName): string | null {
  try {
    using env = opened(district, profile);
    env.reset(rng(0));
    env.step(new Float64Array(env.numEnvs * env.actionSize));
    return null;
  } catch (error) {
    if (error instanceof FaultlineError) return error.message;
    throw error;
  }
}

/** @throws {FaultlineError} where the profile refuses the district. */
export function resolvedBuildings(district: District, profile: ProfileName): ResolvedBuilding[] {
  using env = opened(district, profile);
  return district.buildings.map(({ name }, lane) => {
    const { model, plan } = env.lane(lane);
    const { devices } = model;
    return {
      name,
      converters: { cooling: devices.cooling, heating: devices.heating, dhw: devices.dhw },
      tanks: { cooling: devices.coolingTank, heating: devices.heatingTank, dhw: devices.dhwTank },
      battery: devices.battery,
      pvNominalPower: devices.pvNominalPower,
      observations: plan.names,
      actions: model.actions.map(({ name, low, high, unit }) => ({ name, low, high, unit })),
    };
  });
}

function opened(district: District, profile: ProfileName): DistrictEnv {
  return districtEnv({
    district,
    profile: profiles[profile],
    reward: district.reward,
    normalisation: 'citylearn-2.0.0',
    lanes: district.buildings.map((_, building) => ({ building, group: 0 })),
    history: 'none',
  });
}
