import { ConfigError, DataError, ShapeError, UnknownNameError } from '../core/errors.ts';
import { rng } from '../core/rng.ts';
import type { Scenario } from '../core/scenario.ts';
import { controllers } from '../agents/index.ts';
import type { ControllerName } from '../agents/index.ts';
import type { District } from '../sim/data/dataset.ts';
import { districtEnv } from '../sim/district/district-env.ts';
import type { DistrictEnv, LaneSeries } from '../sim/district/district-env.ts';
import { kpiRows } from '../sim/district/kpi.ts';
import type { KpiRow } from '../sim/district/kpi.ts';
import { decider } from './decider.ts';
import { districtOptions } from './district.ts';
import { ruleSource } from './workspace.ts';
import type { VictimSource } from './workspace.ts';

/** Actions to replay: [steps×B] row-major, fractions of capacity, one column a building. */
export interface ActionTable {
  readonly file: string;
  readonly rows: number;
  readonly values: Float64Array;
}

export interface SimulationOptions {
  readonly scenario: Pick<Scenario, 'district'>;
  readonly district: District;
  /** A table to replay, `zero`, `random` (mulberry32, as the golden files), or a controller's name. */
  readonly actions: ActionTable | string;
  readonly seed: number;
}

export interface Simulation {
  readonly env: DistrictEnv;
  /** [steps×B] what was asked of each building. */
  readonly actions: Float64Array;
  /** [steps×B] */
  readonly rewards: Float64Array;
  /** [rows×B×O] normalised, row 0 the reset; float32. */
  readonly observations: Float32Array;
  readonly series: readonly LaneSeries[];
  readonly kpis: readonly KpiRow[];
}

/** Steps between two reports of progress. */
const reportEvery = 1000;

/** Runs every building of a district as one lane for one episode; yields the number of steps done now and then. */
export function* simulate(options: SimulationOptions): Generator<number, Simulation, void> {
  const { scenario, district, seed } = options;
  const count = district.buildings.length;
  const env = districtEnv({
    ...districtOptions(scenario, district),
    lanes: district.buildings.map((_, building) => ({ building })),
  });
  const steps = env.episodeSteps;
  const size = env.observationSpace.features.length;
  const next = source(options, env, steps);
  const actions = new Float64Array(steps * count);
  const rewards = new Float64Array(steps * count);
  const observations = new Float32Array((steps + 1) * count * size);
  let batch = env.reset(rng(seed).split('environment'));
  observations.set(batch.observation, 0);
  const action = new Float64Array(count);
  for (let step = 0; step < steps; step++) {
    next(step, batch.observation, action);
    actions.set(action, step * count);
    batch = env.step(action);
    rewards.set(batch.reward, step * count);
    observations.set(step + 1 === steps ? batch.finalObservation : batch.observation, (step + 1) * count * size);
    if (step % reportEvery === reportEvery - 1) yield step + 1;
  }
  const series = district.buildings.map((_, lane) => env.series(lane));
  return {
    env,
    actions,
    rewards,
    observations,
    series,
    kpis: kpiRows(
      district.buildings.map((building) => building.name),
      series,
    ),
  };
}

type ActionSource = (step: number, observation: Float32Array, action: Float64Array) => void;

function source({ actions, seed, district }: SimulationOptions, env: DistrictEnv, steps: number): ActionSource {
  const count = district.buildings.length;
  if (typeof actions !== 'string') {
    if (actions.rows < steps)
      throw new DataError(`${actions.rows} rows of actions, expected one for each of ${steps} steps`, {
        place: { file: actions.file },
      });
    if (actions.values.length !== actions.rows * count)
      throw new ShapeError(
        `actions: ${actions.values.length} values, expected ${actions.rows} rows × ${count} buildings`,
      );
    return (step, _observation, action) => action.set(actions.values.subarray(step * count, (step + 1) * count));
  }
  if (actions === 'zero') return (_step, _observation, action) => void action.fill(0);
  if (actions === 'random') {
    const { low, high } = bounds(env);
    const draw = mulberry32(seed);
    return (_step, _observation, action) => {
      for (let lane = 0; lane < count; lane++) action[lane] = low[lane]! + (high[lane]! - low[lane]!) * draw();
    };
  }
  if (!Object.hasOwn(controllers, actions))
    throw new UnknownNameError('controller', actions, ['zero', 'random', ...Object.keys(controllers)]);
  const rule: VictimSource = ruleSource(actions as ControllerName);
  const decide = decider(
    rule,
    env,
    district.buildings.map((building) => building.name),
    rng(seed).split('controller'),
  );
  return (_step, observation, action) => decide(observation, action);
}

function bounds(env: DistrictEnv): { readonly low: Float64Array; readonly high: Float64Array } {
  const high = Float64Array.from({ length: env.numEnvs }, (_, lane) => env.laneBound(lane));
  return { low: high.map((value) => -value), high };
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
