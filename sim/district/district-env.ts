import type { Disturbance, StepBatch, VectorEnv } from '../../core/environment.ts';
import { assertLength, ConfigError, ShapeError, StateError } from '../../core/errors.ts';
import type { Rng } from '../../core/rng.ts';
import type { Feature } from '../../core/space.ts';
import type { BuildingData, District } from '../data/dataset.ts';
import { battery, chargeBattery } from './battery.ts';
import type { Battery } from './battery.ts';
import { observationTable } from './observation.ts';
import type { Normalisation, ObservationTable } from './observation.ts';
import type { Profile } from './profile.ts';
import { rewards } from './reward.ts';
import type { RewardName } from './reward.ts';

/** One lane: a building (index into the district), beginning `start` hours into the range in its first episode. */
export interface LaneSpec {
  readonly building: number;
  readonly start?: number;
}

/** What a lane's episode has recorded, by time index 0 … T−1; index t is written by step t−1. kWh, fractions, $/kWh, kg/kWh. */
export interface LaneSeries {
  readonly net: Float64Array;
  readonly soc: Float64Array;
  readonly battery: Float64Array;
  /** What the battery's capacity has degraded to. */
  readonly degraded: Float64Array;
  readonly netWithoutStorage: Float64Array;
  readonly price: Float64Array;
  readonly carbon: Float64Array;
}

export interface DistrictEnv extends VectorEnv {
  /** Steps of a whole episode: rows − 1. */
  readonly episodeSteps: number;
  readonly secondsPerTimeStep: number;
  /** A lane's own features: the limits differ from building to building. `observationSpace` shows lane 0's. */
  laneFeatures(lane: number): readonly Feature[];
  /** Largest action of a lane, fraction of capacity; the smallest is its negative. */
  laneBound(lane: number): number;
  /** Views; an ended episode stays readable until the next step of that lane. */
  series(lane: number): LaneSeries;
}

export interface DistrictEnvOptions {
  readonly district: District;
  readonly lanes: readonly LaneSpec[];
  readonly profile: Profile;
  readonly reward: RewardName;
  readonly normalisation: Normalisation;
  /** Steps of an episode; null or absent: the whole simulation range. */
  readonly steps?: number | null;
}

/** What the lanes of one building share. All columns are [rows of the range]. */
interface OpenBuilding {
  readonly battery: Battery;
  readonly table: ObservationTable;
  readonly netWithoutStorage: Float64Array;
  readonly price: Float64Array;
  readonly carbon: Float64Array;
}

function openBuilding(
  data: BuildingData,
  { start, end }: District,
  profile: Profile,
  normalisation: Normalisation,
): OpenBuilding {
  const { non_shiftable_load: load, solar_generation: solar } = data.energy;
  const zeros = new Float64Array(end - start + 1);
  return {
    battery: battery(data.battery, profile, data.name),
    table: observationTable(data, start, end, profile, normalisation),
    netWithoutStorage: zeros.map((_, t) => load[start + t]! - (data.pvNominalPower * solar[start + t]!) / 1000),
    price: data.pricing?.electricity_pricing.subarray(start, end + 1) ?? zeros,
    carbon: data.carbon?.subarray(start, end + 1) ?? zeros,
  };
}

/**
 * CityLearn's battery-and-PV district, N lanes in lockstep. The clock advances first: the action of step k acts on hour k+1,
 * `net[k+1] = b + load[k+1] − pv[k+1]`, and observation and reward are those of hour k+1.
 *
 * Autoreset: a lane that ends starts again at hour 0. Source: specs/citylearn.md 3 and 6, profile v2.
 */
export function districtEnv(options: DistrictEnvOptions): DistrictEnv {
  const { district, lanes, profile } = options;
  const n = lanes.length;
  if (n === 0) throw new ConfigError('a district needs at least one lane');
  const rangeRows = district.end - district.start + 1;
  const steps = options.steps ?? rangeRows - 1;
  if (!Number.isInteger(steps) || steps < 1 || steps > rangeRows - 1)
    throw new ConfigError(`steps is ${steps}, expected 1 … ${rangeRows - 1}`, { place: { path: '/district/steps' } });
  const rows = steps + 1;
  const reward = rewards[options.reward];

  const opened = district.buildings.map((): OpenBuilding | undefined => undefined);
  const laneBuildings = lanes.map(({ building, start = 0 }, lane) => {
    const data = district.buildings[building];
    if (data === undefined)
      throw new ShapeError(`lane ${lane}: building ${building}, expected 0 … ${district.buildings.length - 1}`);
    if (!Number.isInteger(start) || start < 0 || start >= steps)
      throw new ShapeError(`lane ${lane}: start ${start}, expected 0 … ${steps - 1}`);
    return (opened[building] ??= openBuilding(data, district, profile, options.normalisation));
  });
  const first = laneBuildings[0]!;
  const size = first.table.features.length;
  const bounds = laneBuildings.map(({ battery: { nominalPower, capacity } }) =>
    capacity > 0 ? Math.min(nominalPower / capacity, 1) : 0,
  );

  const soc = new Float64Array(n);
  const degraded = new Float64Array(n);
  const efficiency = new Float64Array(n);
  const state = { soc, degraded, efficiency };
  const clock = new Int32Array(n);
  const disturbance = lanes.map(() => ({ kw: 0, until: -1 }));
  const series: LaneSeries[] = laneBuildings.map((building) => ({
    net: new Float64Array(rows),
    soc: new Float64Array(rows),
    battery: new Float64Array(rows),
    degraded: new Float64Array(rows),
    netWithoutStorage: building.netWithoutStorage.subarray(0, rows),
    price: building.price.subarray(0, rows),
    carbon: building.carbon.subarray(0, rows),
  }));
  const batch = {
    observation: new Float32Array(n * size),
    finalObservation: new Float32Array(n * size),
    reward: new Float64Array(n),
    terminated: new Uint8Array(n),
    truncated: new Uint8Array(n),
  } satisfies StepBatch;
  let ready = false;
  /** Of each lane a snapshot holds its clock, battery, disturbance, and the net and battery energy of the hour it shows. */
  const snapshotSize = 8;

  function begin(lane: number, at: number): void {
    const building = laneBuildings[lane]!;
    clock[lane] = at;
    soc[lane] = building.battery.initialSoc;
    degraded[lane] = building.battery.capacity;
    efficiency[lane] = building.battery.efficiency;
    disturbance[lane]!.until = -1;
    const own = series[lane]!;
    own.net[at] = building.netWithoutStorage[at]!;
    own.soc[at] = soc[lane]!;
    own.battery[at] = 0;
    own.degraded[at] = degraded[lane]!;
  }

  function observe(lane: number, out: Float32Array): void {
    const { table } = laneBuildings[lane]!;
    const t = clock[lane]!;
    const at = lane * size;
    for (let j = 0; j < size; j++) out[at + j] = table.rows[t * size + j]!;
    out[at + table.socColumn] = soc[lane]!;
    const { low, high } = table.features[table.netColumn]!;
    out[at + table.netColumn] = high === low ? 0 : (series[lane]!.net[t]! - low) / (high - low);
  }

  return {
    numEnvs: n,
    observationSpace: { kind: 'box', features: first.table.features },
    actionSpace: {
      kind: 'box',
      features: [{ name: 'electrical_storage', unit: 'fraction of capacity', low: -bounds[0]!, high: bounds[0]! }],
    },
    episodeSteps: steps,
    secondsPerTimeStep: district.secondsPerTimeStep,
    probeChannels: [
      { name: 'net', unit: 'kWh' },
      { name: 'soc', unit: 'fraction' },
      { name: 'battery', unit: 'kWh' },
      { name: 'net_without_storage', unit: 'kWh' },
      { name: 'degraded_capacity', unit: 'kWh' },
    ],

    reset(_rng: Rng): StepBatch {
      ready = true;
      batch.reward.fill(0);
      batch.terminated.fill(0);
      batch.truncated.fill(0);
      for (let lane = 0; lane < n; lane++) {
        begin(lane, lanes[lane]!.start ?? 0);
        observe(lane, batch.observation);
      }
      return batch;
    },

    step(action: Float64Array): StepBatch {
      if (!ready) throw new StateError('step before reset');
      assertLength(action, n, 'action', 'DistrictEnv.step');
      for (let lane = 0; lane < n; lane++) {
        if (!Number.isFinite(action[lane]!))
          throw new ShapeError(`lane ${lane}: action is ${action[lane]}, expected a finite fraction of capacity`);
      }
      for (let lane = 0; lane < n; lane++) {
        const building = laneBuildings[lane]!;
        const own = series[lane]!;
        const t = clock[lane]! + 1;
        clock[lane] = t;
        const balance =
          building.battery.capacity === 0
            ? 0
            : chargeBattery(building.battery, state, lane, action[lane]! * building.battery.capacity);
        const extra = disturbance[lane]!.until >= t ? disturbance[lane]!.kw * (district.secondsPerTimeStep / 3600) : 0;
        const net = balance + building.netWithoutStorage[t]! + extra;
        own.battery[t] = balance;
        own.soc[t] = soc[lane]!;
        own.degraded[t] = degraded[lane]!;
        own.net[t] = net;
        batch.reward[lane] = reward(net, soc[lane]!, building.battery.capacity);
        const ended = t === steps;
        batch.truncated[lane] = ended ? 1 : 0;
        if (ended) {
          observe(lane, batch.finalObservation);
          begin(lane, 0);
        }
        observe(lane, batch.observation);
      }
      return batch;
    },

    disturb(change: Disturbance): void {
      const target = disturbance[change.env];
      if (target === undefined) throw new ShapeError(`disturbance of lane ${change.env}, expected 0 … ${n - 1}`);
      if (!Number.isFinite(change.kw) || !Number.isInteger(change.steps) || change.steps < 1)
        throw new ShapeError(
          `disturbance of ${change.kw} kW for ${change.steps} steps, expected a finite power and at least one step`,
        );
      target.kw = change.kw;
      target.until = clock[change.env]! + change.steps;
    },

    probe(lane: number, out: Float64Array): void {
      const t = clock[lane]!;
      const own = series[lane]!;
      out[0] = own.net[t]!;
      out[1] = soc[lane]!;
      out[2] = own.battery[t]!;
      out[3] = own.netWithoutStorage[t]!;
      out[4] = degraded[lane]!;
    },

    laneFeatures: (lane) => laneBuildings[lane]!.table.features,
    laneBound: (lane) => bounds[lane]!,
    series: (lane) => series[lane]!,
    snapshot() {
      const words = new Float64Array(n * snapshotSize);
      for (let lane = 0; lane < n; lane++) {
        const t = clock[lane]!;
        const own = series[lane]!;
        words.set(
          [
            t,
            soc[lane]!,
            degraded[lane]!,
            efficiency[lane]!,
            disturbance[lane]!.kw,
            disturbance[lane]!.until,
            own.net[t]!,
            own.battery[t]!,
          ],
          lane * snapshotSize,
        );
      }
      return words;
    },
    restore(words) {
      assertLength(words, n * snapshotSize, 'snapshot', 'DistrictEnv.restore');
      ready = true;
      for (let lane = 0; lane < n; lane++) {
        const at = lane * snapshotSize;
        const t = words[at]!;
        if (!Number.isInteger(t) || t < 0 || t >= steps)
          throw new ShapeError(`snapshot: lane ${lane} is at hour ${t}, expected 0 … ${steps - 1}`);
        const own = series[lane]!;
        clock[lane] = t;
        own.soc[t] = soc[lane] = words[at + 1]!;
        own.degraded[t] = degraded[lane] = words[at + 2]!;
        efficiency[lane] = words[at + 3]!;
        disturbance[lane]!.kw = words[at + 4]!;
        disturbance[lane]!.until = words[at + 5]!;
        own.net[t] = words[at + 6]!;
        own.battery[t] = words[at + 7]!;
        observe(lane, batch.observation);
      }
    },
    [Symbol.dispose]() {},
  };
}
