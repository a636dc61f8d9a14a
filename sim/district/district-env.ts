import type { Disturbance, StepBatch, VectorEnv } from '../../core/environment.ts';
import { assertLength, ConfigError, ShapeError, StateError } from '../../core/errors.ts';
import type { Rng } from '../../core/rng.ts';
import type { Feature } from '../../core/space.ts';
import type { Channel } from '../../core/telemetry.ts';
import type { District } from '../data/dataset.ts';
import { episodeWindows, windowOf } from './episode.ts';
import type { EpisodeWindow } from './episode.ts';
import { openGroups } from './group.ts';
import { History } from './history.ts';
import type { LaneSeries } from './history.ts';
import { BATTERY_BALANCE, BATTERY_CAPACITY, BATTERY_SOC, FIXED_FIELDS, NET, NET_WITHOUT_STORAGE } from './hour.ts';
import { openBuilding } from './lane.ts';
import type { OpenBuilding } from './lane.ts';
import { LaneStates } from './lane-state.ts';
import type { ActionSpec, BuildingModel } from './model.ts';
import type { Normalisation } from './observation.ts';
import { openModel } from './open-model.ts';
import type { Profile } from './profile.ts';
import type { RewardSpec } from './reward.ts';

/** One lane: a building of the district, beginning `start` steps into its first episode. */
export interface LaneSpec {
  /** Index into the district. */
  readonly building: number;
  readonly start?: number;
  /** Lanes of one group are one simulated district: they share cars, and rewards that look at the whole. Default: a group of its own. */
  readonly group?: number;
  /** Default: the environment's. */
  readonly profile?: Profile;
  /** Of what CityLearn draws itself (cars, outages without a seed of their own). Default: the district's; head draws from global generators: 0. */
  readonly seed?: number;
}

/**
 * Sees every booked hour once, in order, before an ended episode starts anew; reads and does not keep.
 * @param t index of the hour in its episode  @param row of the simulation range  @param reward of the hour; NaN for one that no action led to
 */
export type HourTap = (lane: number, hours: Float64Array, at: number, t: number, row: number, reward: number) => void;

export interface DistrictEnv extends VectorEnv {
  /** Steps of a whole episode: rows − 1. */
  readonly episodeSteps: number;
  readonly secondsPerTimeStep: number;
  /** Widths of a row of observations and of actions: those of the widest lane; the others are padded with 0. */
  readonly observationSize: number;
  readonly actionSize: number;
  /** A lane's own features: the limits differ from building to building. `observationSpace` shows lane 0's. */
  laneFeatures(lane: number): readonly Feature[];
  laneActions(lane: number): readonly ActionSpec[];
  lane(lane: number): OpenBuilding;
  /** First row and number of rows of the first episode, and of a lane's present one. */
  readonly firstWindow: EpisodeWindow;
  window(lane: number): EpisodeWindow;
  /** Views; an ended episode stays readable until the next step of that lane. @throws {StateError} without history. */
  series(lane: number): LaneSeries;
  /** The hour blocks of all lanes, as last booked: `hours[lane·stride + FIELD]`. For taps; never write. */
  readonly hours: Float64Array;
  readonly stride: number;
  /** A lane's observation as CityLearn gives it, in the order of its plan's names; physical units. */
  rawObservation(lane: number, out: Float64Array, offset: number): void;
  /** The same of what the lane's last episode ended on. */
  finalRawObservation(lane: number, out: Float64Array, offset: number): void;
  tap(listener: HourTap): void;
  /** Within a tap: [cars] SoC of every car of the lane's district in the hour reported. */
  carSocs(lane: number): Float64Array;
}

export interface DistrictEnvOptions {
  readonly district: District;
  readonly lanes: readonly LaneSpec[];
  readonly profile: Profile;
  readonly reward: RewardSpec | string;
  readonly normalisation: Normalisation;
  /** First row of the episode within the simulated range; absent: those of the dataset's own episodes. */
  readonly start?: number | undefined;
  /** Steps of an episode; null or absent: those of the dataset's own episodes, or with `start` all that are left. */
  readonly steps?: number | null;
  /** `full` keeps every hour of an episode for `series`; `none` keeps only the present one, for thousands of lanes. Default: full. */
  readonly history?: 'full' | 'none';
}

const probes: readonly (Channel & { readonly field: number })[] = [
  { name: 'net', unit: 'kWh', field: NET },
  { name: 'soc', unit: 'fraction', field: BATTERY_SOC },
  { name: 'battery', unit: 'kWh', field: BATTERY_BALANCE },
  { name: 'net_without_storage', unit: 'kWh', field: NET_WITHOUT_STORAGE },
  { name: 'degraded_capacity', unit: 'kWh', field: BATTERY_CAPACITY },
];

/**
 * CityLearn's district under any of its semantics, N lanes in lockstep; a lane is one building with its own profile, seed and clock, and
 * its numbers do not depend on which lanes run beside it (but those of its own group).
 *
 * Same-step autoreset: a lane that ends starts its next episode in the same step. Source: specs/citylearn.md 3, 6, 9.
 * @throws {ConfigError} for equipment that the profile cannot simulate, {ShapeError} for lanes that are not there.
 */
export function districtEnv(options: DistrictEnvOptions): DistrictEnv {
  const { district, lanes } = options;
  const n = lanes.length;
  if (n === 0) throw new ConfigError('a district needs at least one lane');
  const windows = windowsOf(options);
  const firstWindow = windowOf(district, windows, 0);
  const episodeSteps = firstWindow.rows - 1;

  const opened = new Map<string, OpenBuilding>();
  const profileNumbers = new Map<Profile, number>();
  const buildings = lanes.map(({ building, start = 0, profile = options.profile }, lane): OpenBuilding => {
    const data = district.buildings[building];
    if (data === undefined)
      throw new ShapeError(`lane ${lane}: building ${building}, expected 0 … ${district.buildings.length - 1}`);
    if (!Number.isInteger(start) || start < 0 || start >= episodeSteps)
      throw new ShapeError(`lane ${lane}: start ${start}, expected 0 … ${episodeSteps - 1}`);
    if (!profileNumbers.has(profile)) profileNumbers.set(profile, profileNumbers.size);
    const key = `${building} ${profileNumbers.get(profile)}`;
    const one = opened.get(key) ?? openBuilding(openModel(data, district, profile), options.normalisation);
    opened.set(key, one);
    return one;
  });
  const stride = FIXED_FIELDS + Math.max(...buildings.map(({ model }) => model.extraFields));
  const observationSize = Math.max(...buildings.map(({ plan }) => plan.features.length));
  const actionSize = Math.max(...buildings.map(({ model }) => model.actions.length));
  const reward = typeof options.reward === 'string' ? { type: options.reward, attributes: {} } : options.reward;
  const groups = openGroups(lanes, buildings, reward, stride);
  const history = options.history === 'none' ? null : new History(buildings, windows);
  const seeded = lanes.map((lane, i) => ({ ...lane, seed: lane.seed ?? ownSeed(buildings[i]!.model) }));
  const states = new LaneStates({ district, lanes: seeded, buildings, windows, stride, groups, history });
  const { hours } = states;

  const batch = {
    observation: new Float32Array(n * observationSize),
    finalObservation: new Float32Array(n * observationSize),
    reward: states.reward,
    terminated: new Uint8Array(n),
    truncated: new Uint8Array(n),
  } satisfies StepBatch;
  const rawSize = Math.max(...buildings.map(({ plan }) => plan.names.length));
  const finalRaw = new Float64Array(n * rawSize);
  let ready = false;

  return {
    numEnvs: n,
    observationSpace: { kind: 'box', features: buildings[0]!.plan.features },
    actionSpace: {
      kind: 'box',
      features: buildings[0]!.model.actions.map(({ name, unit, low, high }) => ({ name, unit, low, high })),
    },
    observationSize,
    actionSize,
    episodeSteps,
    firstWindow,
    secondsPerTimeStep: district.secondsPerTimeStep,
    probeChannels: probes.map(({ name, unit }) => ({ name, unit })),
    hours,
    stride,

    reset(_rng: Rng): StepBatch {
      ready = true;
      batch.reward.fill(0);
      batch.terminated.fill(0);
      batch.truncated.fill(0);
      for (let lane = 0; lane < n; lane++) states.open(lane, 0, lanes[lane]!.start ?? 0);
      for (const group of groups.all) states.openGroup(group);
      for (let lane = 0; lane < n; lane++) {
        states.noteReset(lane);
        states.observe(lane, batch.observation, lane * observationSize);
      }
      return batch;
    },

    step(action: Float64Array): StepBatch {
      if (!ready) throw new StateError('step before reset');
      assertLength(action, n * actionSize, 'action', 'DistrictEnv.step');
      for (let at = 0; at < action.length; at++) {
        if (!Number.isFinite(action[at]!))
          throw new ShapeError(
            `lane ${Math.floor(at / actionSize)}: action ${at % actionSize} is ${action[at]}, expected a finite number`,
          );
      }
      for (let lane = 0; lane < n; lane++) states.act(lane, action, lane * actionSize);
      for (let g = 0; g < groups.all.length; g++) states.payGroup(groups.all[g]!);
      for (let lane = 0; lane < n; lane++) batch.truncated[lane] = states.finish(lane) ? 1 : 0;
      for (let g = 0; g < groups.withCars.length; g++) states.moveCars(groups.withCars[g]!);
      for (let lane = 0; lane < n; lane++) {
        const at = lane * observationSize;
        if (batch.truncated[lane] === 1) {
          states.observe(lane, batch.finalObservation, at);
          states.readRaw(lane, finalRaw, lane * rawSize);
          states.startOver(lane);
        }
      }
      // After all have started over: cars come to a building when the last of its district is open.
      for (let lane = 0; lane < n; lane++) states.observe(lane, batch.observation, lane * observationSize);
      return batch;
    },

    disturb(change: Disturbance): void {
      if (!Number.isInteger(change.env) || change.env < 0 || change.env >= n)
        throw new ShapeError(`disturbance of lane ${change.env}, expected 0 … ${n - 1}`);
      if (!Number.isFinite(change.kw) || !Number.isInteger(change.steps) || change.steps < 1)
        throw new ShapeError(
          `disturbance of ${change.kw} kW for ${change.steps} steps, expected a finite power and at least one step`,
        );
      states.disturb(change.env, change.kw, change.steps);
    },

    probe(lane: number, out: Float64Array): void {
      for (let i = 0; i < probes.length; i++) out[i] = hours[lane * stride + probes[i]!.field]!;
    },

    laneFeatures: (lane) => buildings[lane]!.plan.features,
    laneActions: (lane) => buildings[lane]!.model.actions,
    lane: (lane) => buildings[lane]!,
    window: (lane) => states.window(lane),
    series(lane) {
      if (history === null) throw new StateError(`lane ${lane}: series of an environment that keeps no history`);
      return history.series(lane);
    },
    rawObservation: (lane, out, offset) => states.readRaw(lane, out, offset),
    finalRawObservation(lane, out, offset) {
      out.set(finalRaw.subarray(lane * rawSize, lane * rawSize + buildings[lane]!.plan.names.length), offset);
    },
    tap: (listener) => states.tap(listener),
    carSocs: (lane) => states.carSocs(lane),
    snapshot: () => states.save(),
    restore(words) {
      ready = true;
      states.load(words);
      for (let lane = 0; lane < n; lane++) states.observe(lane, batch.observation, lane * observationSize);
    },
    [Symbol.dispose]() {},
  };
}

/** CityLearn's recorded runs of head began with `numpy.random.seed(0)` and `random.seed(0)`. */
function ownSeed({ profile, district }: BuildingModel): number {
  return profile.alignment === 'now' ? 0 : district.randomSeed;
}

function windowsOf({ district, start, steps }: DistrictEnvOptions): readonly EpisodeWindow[] {
  const rangeRows = district.end - district.start + 1;
  if (start === undefined && (steps === null || steps === undefined)) return episodeWindows(district);
  const first = start ?? 0;
  if (!Number.isInteger(first) || first < 0 || first > rangeRows - 2)
    throw new ConfigError(`start is ${first}, expected 0 … ${rangeRows - 2}`, { place: { path: '/district/start' } });
  const most = rangeRows - 1 - first;
  const wanted = steps ?? most;
  if (!Number.isInteger(wanted) || wanted < 1 || wanted > most)
    throw new ConfigError(`steps is ${wanted}, expected 1 … ${most}`, { place: { path: '/district/steps' } });
  return [{ start: first, rows: wanted + 1 }];
}
