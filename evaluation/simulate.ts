import { ConfigError, DataError, ShapeError, UnknownNameError } from '../core/errors.ts';
import { rng } from '../core/rng.ts';
import type { Scenario } from '../core/scenario.ts';
import { controllers } from '../agents/index.ts';
import type { ControllerName } from '../agents/index.ts';
import type { District } from '../sim/data/dataset.ts';
import { challenge2022Meter, challenge2023Meter } from '../sim/district/challenge-score.ts';
import type { Score2022, Score2023 } from '../sim/district/challenge-score.ts';
import { centralObservation } from '../sim/district/central.ts';
import type { CentralObservation } from '../sim/district/central.ts';
import { districtEnv } from '../sim/district/district-env.ts';
import type { DistrictEnv } from '../sim/district/district-env.ts';
import type { LaneSeries } from '../sim/district/history.ts';
import { districtKpiMeter } from '../sim/district/kpi.ts';
import type { KpiRow } from '../sim/district/kpi.ts';
import { decider } from './decider.ts';
import { openExport } from './simulation-export.ts';
import { districtOptions } from './district.ts';
import { ruleSource } from './workspace.ts';
import type { VictimSource } from './workspace.ts';

/** Actions to replay, row-major: [steps × all actions of all buildings, building after building]. */
export interface ActionTable {
  readonly file: string;
  readonly rows: number;
  readonly values: Float64Array;
}

export interface SimulationOptions {
  readonly scenario: Pick<Scenario, 'district'>;
  readonly district: District;
  /** A table to replay, `zero`, `random` (mulberry32, as the golden files), `rbc` (CityLearn's rule for these actions), a rule's name, or a controller. */
  readonly actions: ActionTable | string | VictimSource;
  /** Of `random`, and of controllers that draw. */
  readonly seed: number;
  /** Of what CityLearn itself draws; default: the dataset's. */
  readonly environmentSeed?: number;
  /** Whether observations are kept; default: true. They are most of what a long run of many buildings takes. */
  readonly observations?: boolean;
  /** Whether the files that CityLearn exports are wanted too. */
  readonly exports?: boolean;
}

export interface Simulation {
  readonly env: DistrictEnv;
  readonly steps: number;
  /** Names of all actions, `<i>.<action>`, building after building. */
  readonly actionNames: readonly string[];
  /** [steps × actions] what was asked. */
  readonly actions: Float64Array;
  /** [steps×B] */
  readonly rewards: Float64Array;
  /** [(steps+1)×B×observationSize] normalised, row 0 the reset; float32. */
  readonly normalised: Float32Array;
  /** Per building [(steps+1) × its observations], as CityLearn gives them. */
  readonly raw: readonly Float64Array[];
  /** Where each observation stands in one list for the whole district. */
  readonly central: CentralObservation;
  readonly series: readonly LaneSeries[];
  /** SoC of every electric vehicle, wherever it is, by time index. */
  readonly cars: readonly { readonly name: string; readonly soc: Float64Array }[];
  readonly kpis: readonly KpiRow[];
  /** By the definitions of the challenges of 2022 (phases 1 and 2 on) and 2023, on whatever was simulated. */
  readonly scores: { readonly challenge2022: readonly [Score2022, Score2022]; readonly challenge2023: Score2023 };
  /** CityLearn's export files, name → text, where they were asked for. */
  readonly exports: ReadonlyMap<string, string>;
}

/** Steps between two reports of progress. */
const reportEvery = 500;

/** The environment of a simulation: one district, every building a lane. */
export function simulationEnv({ scenario, district, environmentSeed }: SimulationOptions): DistrictEnv {
  return districtEnv({
    ...districtOptions(scenario, district),
    lanes: district.buildings.map((_, building) => ({
      building,
      group: 0,
      ...(environmentSeed === undefined ? {} : { seed: environmentSeed }),
    })),
  });
}

/** Runs every building of a district as one lane for one episode; yields the number of steps done now and then. */
export function* simulate(options: SimulationOptions): Generator<number, Simulation, void> {
  const { district, observations: kept = true } = options;
  const count = district.buildings.length;
  const env = simulationEnv(options);
  const steps = env.episodeSteps;
  const size = env.observationSize;
  const next = source(options, env);
  const width = env.actionSize;
  const offsets = actionOffsets(env);
  const total = offsets.at(-1)!;
  const actions = new Float64Array(steps * total);
  const rewards = new Float64Array(steps * count);
  const normalised = new Float32Array(kept ? (steps + 1) * count * size : 0);
  const names = district.buildings.map((_, lane) => env.lane(lane).plan.names.length);
  const raw = names.map((length) => new Float64Array(kept ? (steps + 1) * length : 0));
  const models = district.buildings.map((_, lane) => env.lane(lane).model);
  const meter = districtKpiMeter(models, env.firstWindow);
  const score2022 = challenge2022Meter(models);
  const score2023 = challenge2023Meter(models, env.firstWindow);
  const recorder = options.exports ? openExport(env) : null;
  const ats = Int32Array.from({ length: count }, (_, lane) => lane * env.stride);
  const rows = env.lane(0).recordedRows(steps + 1);
  const cars = Array.from(env.carSocs(0), (_, car) => ({
    name: district.electricVehicles[car]!.name,
    soc: new Float64Array(rows),
  }));
  let over = false;
  env.tap((lane, hours, at, t, row) => {
    if (over) return;
    recorder?.push(lane, hours, at, t);
    if (lane !== count - 1) return;
    if (cars.length > 0) env.carSocs(0).forEach((soc, car) => (cars[car]!.soc[t] = soc));
    meter.push(hours, ats, row);
    score2022.push(hours, ats, row);
    score2023.push(hours, ats, row);
  });
  let batch = env.reset(rng(options.seed).split('environment'));
  if (kept) {
    normalised.set(batch.observation, 0);
    for (let lane = 0; lane < count; lane++) env.rawObservation(lane, raw[lane]!, 0);
  }
  const action = new Float64Array(count * width);
  for (let step = 0; step < steps; step++) {
    next(step, batch.observation, action);
    for (let lane = 0; lane < count; lane++) {
      const own = offsets[lane + 1]! - offsets[lane]!;
      for (let j = 0; j < own; j++) actions[step * total + offsets[lane]! + j] = action[lane * width + j]!;
    }
    batch = env.step(action);
    rewards.set(batch.reward, step * count);
    if (kept) keep(step);
    if (step % reportEvery === reportEvery - 1) yield step + 1;
  }
  over = true;
  const kpis = meter.rows();
  return {
    env,
    steps,
    actionNames: district.buildings.flatMap((_, lane) => env.laneActions(lane).map(({ name }) => `${lane}.${name}`)),
    actions,
    rewards,
    normalised,
    raw,
    central: centralObservation(
      district.buildings.map((_, lane) => env.lane(lane).plan),
      env.lane(0).model.profile,
    ),
    series: district.buildings.map((_, lane) => env.series(lane)),
    cars,
    kpis,
    scores: { challenge2022: [score2022.score(1), score2022.score(2)], challenge2023: score2023.score() },
    exports: recorder?.files(kpis) ?? new Map<string, string>(),
  };

  /** What the environment shows after step `step`; after the last one, what the episode ended on. */
  function keep(step: number): void {
    const last = step + 1 === steps;
    normalised.set(last ? batch.finalObservation : batch.observation, (step + 1) * count * size);
    for (let lane = 0; lane < count; lane++) {
      const at = (step + 1) * names[lane]!;
      if (last) env.finalRawObservation(lane, raw[lane]!, at);
      else env.rawObservation(lane, raw[lane]!, at);
    }
  }
}

/** [B+1] where each building's actions begin in a row of all. */
export function actionOffsets(env: DistrictEnv): number[] {
  const offsets = [0];
  for (let lane = 0; lane < env.numEnvs; lane++) offsets.push(offsets[lane]! + env.laneActions(lane).length);
  return offsets;
}

type ActionSource = (step: number, observation: Float32Array, action: Float64Array) => void;

/** What decides: a table, nothing, the golden files' generator, or a controller. */
export function source({ actions, seed, district }: SimulationOptions, env: DistrictEnv): ActionSource {
  const count = district.buildings.length;
  const steps = env.episodeSteps;
  const width = env.actionSize;
  const offsets = actionOffsets(env);
  const total = offsets.at(-1)!;
  if (typeof actions !== 'string' && 'rows' in actions) {
    if (actions.rows < steps)
      throw new DataError(`${actions.rows} rows of actions, expected one for each of ${steps} steps`, {
        place: { file: actions.file },
      });
    if (actions.values.length !== actions.rows * total)
      throw new ShapeError(
        `actions: ${actions.values.length} values, expected ${actions.rows} rows × ${total} actions`,
      );
    return (step, _observation, action) => {
      for (let lane = 0; lane < count; lane++) {
        for (let at = offsets[lane]!, j = 0; at < offsets[lane + 1]!; at++, j++)
          action[lane * width + j] = actions.values[step * total + at]!;
      }
    };
  }
  if (actions === 'zero') return (_step, _observation, action) => void action.fill(0);
  if (actions === 'random') {
    const specs = Array.from({ length: count }, (_, lane) => env.laneActions(lane));
    const draw = mulberry32(seed);
    return (_step, _observation, action) => {
      for (let lane = 0; lane < count; lane++) {
        const own = specs[lane]!;
        for (let j = 0; j < own.length; j++) {
          const { low, high } = own[j]!;
          action[lane * width + j] = low + (high - low) * draw();
        }
      }
    };
  }
  const decide = decider(
    typeof actions === 'string' ? ruleNamed(actions === 'rbc' ? ownRule(env) : actions) : actions,
    env,
    district.buildings.map((building) => building.name),
    rng(seed).split('controller'),
  );
  return (_step, observation, action) => decide(observation, action);
}

function ruleNamed(name: string): VictimSource {
  if (!Object.hasOwn(controllers, name))
    throw new UnknownNameError('controller', name, ['zero', 'random', 'rbc', ...Object.keys(controllers)]);
  return ruleSource(name as ControllerName);
}

/** CityLearn's rule-based controller for what a district can do, as in the golden files: with cars, with batteries alone, or with more. */
function ownRule(env: DistrictEnv): ControllerName {
  const kinds = new Set(
    Array.from({ length: env.numEnvs }, (_, lane) => env.laneActions(lane).map(({ kind }) => kind)).flat(),
  );
  if (kinds.has('electric_vehicle_storage')) return 'BasicElectricVehicleRBC';
  return [...kinds].every((kind) => kind === 'electrical_storage') ? 'BasicBatteryRBC' : 'BasicRBC';
}

/** The golden files' generator. Source: specs/citylearn.md 16; Ettinger, mulberry32. */
function mulberry32(seed: number): () => number {
  if (!Number.isInteger(seed) || seed < 0 || seed > 0xffff_ffff)
    throw new ConfigError(`seed is ${seed}, expected an integer in [0, 2^32) for random actions`);
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}
