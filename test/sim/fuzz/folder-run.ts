import { basename } from 'node:path';
import { DocumentError } from '../../../core/document.ts';
import { FaultlineError } from '../../../core/errors.ts';
import type { Place } from '../../../core/errors.ts';
import { rng } from '../../../core/rng.ts';
import { simulate } from '../../../evaluation/simulate.ts';
import { folderReader } from '../../../server/folder-reader.ts';
import { readCityLearnFolder } from '../../../sim/data/citylearn-folder.ts';
import type { BuildingData, District } from '../../../sim/data/dataset.ts';
import { districtEnv } from '../../../sim/district/district-env.ts';
import type { DistrictEnv, LaneSpec } from '../../../sim/district/district-env.ts';
import { BATTERY_BALANCE, BATTERY_CAPACITY, BATTERY_SOC, CONSUMPTION, COOLING, COST, DHW, EMISSION, HEATING, NET, NET_WITHOUT_STORAGE, TANK_SOC } from '../../../sim/district/hour.ts'; // prettier-ignore
import { profiles } from '../../../sim/district/profile.ts';
import type { Profile } from '../../../sim/district/profile.ts';

export interface Outcome {
  /** Profiles that take the folder, and those of them that simulated it here. */
  readonly taken: readonly string[];
  readonly ran: readonly string[];
  /** Why it was not read, or why profiles do not simulate it. */
  readonly refusals: readonly string[];
}

/** A folder that behaves otherwise than it must; the message says how. */
export class Broken extends Error {}

const steps = 24;

/**
 * The whole path of a folder: read, opened in every profile (beginning with the `turn`-th), and simulated in the first one that takes it.
 * @throws {Broken} for an error that is none of ours or does not say where, for numbers that are not finite, and for lanes that depend on
 *   their company.
 */
export async function runFolder(path: string, turn: number): Promise<Outcome> {
  let district: District;
  try {
    district = await readCityLearnFolder(folderReader(path));
  } catch (error) {
    return { taken: [], ran: [], refusals: [checkedRefusal(error, path)] };
  }
  const all = Object.values(profiles);
  const refusals: string[] = [];
  const taken: string[] = [];
  const ran: string[] = [];
  for (let k = 0; k < all.length; k++) {
    const profile = all[(turn + k) % all.length]!;
    let env: DistrictEnv;
    try {
      env = open(district, profile, district.buildings.map((_, building) => ({ building, group: 0 }))); // prettier-ignore
    } catch (error) {
      refusals.push(checkedRefusal(error, path));
      continue;
    }
    taken.push(profile.name);
    if (ran.length >= (process.env['FUZZ_ALL'] === undefined ? 1 : 9)) continue;
    ran.push(profile.name);
    play(env, profile.name);
    compareWithAlone(district, profile);
    evaluate(district, profile);
  }
  return { taken, ran, refusals };
}

function open(district: District, profile: Profile, lanes: readonly LaneSpec[]): DistrictEnv {
  return districtEnv({ district, profile, lanes, reward: district.reward, normalisation: 'fixed' });
}

/** Where an error says that it is. */
function checkedRefusal(error: unknown, path: string): string {
  if (!(error instanceof FaultlineError)) throw new Broken(`not one of ours: ${stackOf(error)}`, { cause: error });
  const fail = (what: string): never => {
    throw new Broken(`${what}: ${error.stack}`, { cause: error });
  };
  // Both are for the caller of a function; data are refused with the other ones.
  if (!['config', 'data', 'unknown-name'].includes(error.code)) fail(`an error of kind ${error.code}`);
  if (error.message.length > 20_000) fail('a message without end');
  if (error.message.includes('[object Object]')) fail('a message without content');
  const places = error instanceof DocumentError ? error.issues.map(({ place }) => place) : [error.place];
  for (const place of places) {
    const fault = faultOf(place, path, error.message);
    if (fault !== null) fail(fault);
  }
  return `${error.name}: ${error.message.replaceAll(path, 'FOLDER')}`;
}

const whole = /there is no such file|cannot be read|gzip|leaves the folder/;

/** What is missing of a place; null: nothing. */
function faultOf(place: Place | undefined, path: string, message: string): string | null {
  if (place?.file === undefined) return 'no file in the place';
  if (!message.includes(place.file)) return 'the message does not name its file';
  if (place.file === path || place.file === basename(path))
    return place.path === undefined ? 'neither a line nor a pointer' : null;
  if (!place.file.startsWith(`${path}/`)) return 'a file that is not in the folder';
  if (whole.test(message) || place.path?.startsWith('/') || place.line !== undefined) return null;
  // A weight file has neither lines nor pointers.
  return /\(byte \d+\)|\.pth/.test(message) ? null : 'neither a line nor a pointer';
}

function stackOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

const energies = [
  ['net', NET],
  ['cost', COST],
  ['emission', EMISSION],
  ['net without storage', NET_WITHOUT_STORAGE],
  ['battery’s balance', BATTERY_BALANCE],
  ['battery’s capacity', BATTERY_CAPACITY],
  ['consumption for cooling', COOLING + CONSUMPTION],
  ['consumption for heating', HEATING + CONSUMPTION],
  ['consumption for hot water', DHW + CONSUMPTION],
] as const;
const charges = [
  ['battery', BATTERY_SOC],
  ['cold tank', COOLING + TANK_SOC],
  ['heat tank', HEATING + TANK_SOC],
  ['hot-water tank', DHW + TANK_SOC],
] as const;

/** As `faultline simulate` runs and scores it, with the files that CityLearn exports: no KPI is without a number or a null. */
function evaluate(district: District, profile: Profile): void {
  const scenario = {
    district: {
      dataset: 'folder',
      profile: profile.name,
      buildings: district.buildings.map(({ name }) => name),
      reward: 'dataset',
      repair: [],
      normalisation: 'fixed',
      steps: null,
    },
  };
  const running = simulate({ scenario, district, actions: 'random', seed: 1, exports: true });
  for (let next = running.next(); ; next = running.next()) {
    if (!next.done) continue;
    const wrong = next.value.kpis.find(({ value }) => value !== null && !Number.isFinite(value));
    if (wrong !== undefined)
      throw new Broken(`${profile.name}: ${wrong.costFunction} of ${wrong.name} is ${wrong.value}`);
    return;
  }
}

/** 24 steps, or what there is; everything that can be seen must be a number, or blank because the data are. */
function play(env: DistrictEnv, name: string): void {
  const action = new Float64Array(env.numEnvs * env.actionSize);
  const raw = new Float64Array(512);
  const seen = new Set<string>();
  env.tap((lane, hours, at, t) => {
    for (const [what, field] of energies)
      if (!Number.isFinite(hours[at + field]!))
        seen.add(`${what} of lane ${lane} in hour ${t} is ${hours[at + field]}`);
    for (const [what, field] of charges) {
      const soc = hours[at + field]!;
      if (!(soc >= -1e-6 && soc <= 1 + 1e-6)) seen.add(`${what} of lane ${lane} in hour ${t} is charged to ${soc}`);
    }
  });
  let batch = env.reset(rng(0));
  for (let step = 0; ; step++) {
    for (let lane = 0; lane < env.numEnvs; lane++) {
      const { plan, model } = env.lane(lane);
      plan.features.forEach((feature, j) => {
        const value = batch.observation[lane * env.observationSize + j]!;
        if (!Number.isFinite(value))
          seen.add(`${feature.name} of lane ${lane} at step ${step} is ${value} of [${feature.low}, ${feature.high}]`);
      });
      env.rawObservation(lane, raw, 0);
      plan.names.forEach((observation, j) => {
        if (!Number.isFinite(raw[j]!) && !mayBeBlank(observation, model.data))
          seen.add(`raw ${observation} of lane ${lane} at step ${step} is ${raw[j]}`);
      });
      const reward = batch.reward[lane]!;
      if (!Number.isFinite(reward) && !(Number.isNaN(reward) && comfortIsBlank(model.data)))
        seen.add(`reward of lane ${lane} at step ${step} is ${reward}`);
    }
    if (seen.size > 0) throw new Broken(`${name}: ${[...seen].slice(0, 8).join('; ')}`);
    if (step === steps) return;
    drawActions(
      env,
      step,
      action,
      Array.from({ length: env.numEnvs }, (_, lane) => lane),
    );
    batch = env.step(action);
  }
}

const comfort = ['indoor_dry_bulb_temperature', 'indoor_dry_bulb_temperature_cooling_set_point', 'indoor_dry_bulb_temperature_heating_set_point', 'comfort_band'] as const; // prettier-ignore

/** A comfort reward of a temperature, set point or band that the file leaves blank is one. */
function comfortIsBlank({ energy }: BuildingData): boolean {
  return comfort.some((name) => energy[name].some(Number.isNaN));
}

/** What shows a blank cell of the file as it is. */
function mayBeBlank(name: string, building: BuildingData): boolean {
  if (name.startsWith('indoor_dry_bulb_temperature')) return comfortIsBlank(building);
  const column = Object.entries(building.energy).find(([one]) => one === name)?.[1];
  return column?.some(Number.isNaN) ?? false;
}

/** Within the bounds, and now and then beyond them: an action is a lane's own and a step's. */
function drawActions(env: DistrictEnv, step: number, out: Float64Array, identities: readonly number[]): void {
  for (let lane = 0; lane < env.numEnvs; lane++) {
    const identity = identities[lane]!;
    env.laneActions(lane).forEach(({ low, high }, j) => {
      const turn = 0.5 + 0.5 * Math.sin(identity * 7.3 + step * 1.7 + j * 2.9);
      const beyond = (step + j) % 11 === 10 ? 3 : 1;
      out[lane * env.actionSize + j] = (step + identity) % 13 === 12 ? 0 : beyond * (low + (high - low) * turn);
    });
  }
}

/** Everything that a lane shows, as one row of numbers a lane. */
function traces(env: DistrictEnv, identities: readonly number[]): Float64Array[] {
  const rows = identities.map((): number[] => []);
  const action = new Float64Array(env.numEnvs * env.actionSize);
  const raw = new Float64Array(512);
  env.tap((lane, hours, at, t, row, reward) => void rows[lane]!.push(hours[at]!, t, row, reward));
  let batch = env.reset(rng(0));
  for (let step = 0; ; step++) {
    for (let lane = 0; lane < env.numEnvs; lane++) {
      const from = lane * env.observationSize;
      const { features, names } = env.lane(lane).plan;
      env.rawObservation(lane, raw, 0);
      rows[lane]!.push(
        ...batch.observation.subarray(from, from + features.length),
        ...raw.subarray(0, names.length),
        batch.reward[lane]!,
        batch.truncated[lane]!,
      );
    }
    if (step === steps) return rows.map((row) => Float64Array.from(row));
    drawActions(env, step, action, identities);
    batch = env.step(action);
  }
}

/** A lane's numbers are its own, to the bit: buildings side by side, and each by itself. */
function compareWithAlone(district: District, profile: Profile): void {
  const lanes = district.buildings.map((_, building) => ({ building }));
  const together = traces(open(district, profile, lanes), lanes.map((_, lane) => lane)); // prettier-ignore
  lanes.forEach((lane, identity) => {
    const [alone] = traces(open(district, profile, [lane]), [identity]);
    const at = together[identity]!.findIndex((value, i) => !Object.is(value, alone![i]));
    if (at >= 0 || alone!.length !== together[identity]!.length)
      throw new Broken(`${profile.name}: number ${at} of building ${identity} is ${together[identity]![at]} beside others and ${alone![at]} alone`); // prettier-ignore
  });
}
