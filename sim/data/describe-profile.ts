import { profiles } from '../district/profile.ts';
import type { ProfileName } from '../district/profile.ts';
import type { BuildingSummary, SchemaSummary } from './describe-schema.ts';

/** What a folder's files show beside its schema. */
export interface FileFacts {
  /** Header generation of the building files. */
  readonly headers: 'old' | 'new' | 'mixed' | null;
  /** Whether old building files have columns behind the twelve of 1.x. */
  readonly oldExtras: boolean;
  /** Whether building files have a `minutes` column. */
  readonly minutes: boolean;
}

export interface Suggestion {
  readonly profile: ProfileName;
  readonly because: readonly string[];
}

/** The release line that a folder was made for. Source: specs/citylearn.md 0, 1, 2. */
export function suggestProfile(schema: SchemaSummary, { headers, oldExtras, minutes }: FileFacts): Suggestion {
  const { marks, buildings } = schema;
  const some = (has: (building: BuildingSummary) => boolean): boolean => buildings.some(has);
  if (marks.includes('generation_mode'))
    return { profile: 'v3', because: ['a panel has a `generation_mode`, which only 3.x knows'] };
  const fleet = [
    some(({ chargers }) => chargers.length > 0) && 'buildings have chargers',
    some(({ washingMachines }) => washingMachines.length > 0) && 'buildings have washing machines',
    schema.electricVehicles.length > 0 && 'the schema defines electric vehicles',
    marks.includes('charging_constraints') && 'a building has charging constraints',
    marks.includes('noise_std') && 'a building has `noise_std`',
    minutes && 'building files have a `minutes` column',
  ].filter((reason) => reason !== false);
  if (fleet.length > 0) return { profile: 'head', because: fleet };
  if (headers === 'new' || headers === 'mixed' || headers === null) {
    const because =
      headers === null
        ? 'no building file can be read; v2.3 is the default'
        : 'column names are those of 2.2 and later (`non_shiftable_load`)';
    return { profile: 'v2.3', because: [because] };
  }
  const old = 'column names are those before 2.2 (`Equipment Electric Power [kWh]`)';
  const second = [
    oldExtras && 'building files have occupant, set-point or HVAC columns, which 1.x does not know',
    some(({ dynamics }) => dynamics !== null) && 'buildings have dynamics, which 1.x does not know',
    some(({ outage }) => outage !== null) && 'buildings have power outages, which 1.x does not know',
    marks.includes('random_seed') && 'the schema has a `random_seed`, which 1.x does not know',
  ].filter((reason) => reason !== false);
  if (second.length > 0) return { profile: 'v2.1', because: [old, ...second] };
  return { profile: 'v1', because: [old] };
}

/** What a person should know before running a folder under a profile; nothing of it keeps it from running. */
export function profileNotes(name: ProfileName, schema: SchemaSummary, { headers }: FileFacts): string[] {
  const profile = profiles[name];
  const { buildings } = schema;
  const lacking = new Set(buildings.flatMap(({ devices }) => devices.flatMap(({ defaulted }) => defaulted)));
  for (const constant of ['initial_soc', 'depth_of_discharge']) lacking.delete(constant); // in every release
  const notes: (string | false)[] = [
    name === 'v1' &&
      buildings.some(({ dynamics, outage }) => dynamics !== null || outage?.simulated === true) &&
      '1.x has no indoor dynamics, device control or outages: temperatures and demands are the file’s',
    lacking.size > 0 &&
      `${[...lacking].join(', ')} where the schema has none: ${profile.defaults === 'fixed' ? 'constants' : 'drawn from seeds made of names'}`,
    (headers === 'old' || headers === 'mixed') &&
      profile.defaults === 'sampled' &&
      'files of the older generation are read by position; CityLearn itself would refuse them',
    headers === 'new' && profile.defaults === 'fixed' && 'CityLearn itself reads only files of the older generation',
    name === 'head' && 'with its documented defects unless they are repaired (--repair)',
  ];
  return notes.filter((note) => note !== false);
}
