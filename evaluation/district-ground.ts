import type { Evaluation } from '../agents/train.ts';
import type { VectorEnv } from '../core/environment.ts';
import { ConfigError } from '../core/errors.ts';
import { rng } from '../core/rng.ts';
import type { Scenario } from '../core/scenario.ts';
import type { DecisionAccess } from '../core/victim.ts';
import { districtEnv } from '../sim/district/district-env.ts';
import type { DistrictEnv } from '../sim/district/district-env.ts';
import { kpiMeter } from '../sim/district/kpi.ts';
import type { KpiMeter } from '../sim/district/kpi.ts';
import { districtOptions } from './district.ts';
import type { TrainingGround } from './training-ground.ts';
import type { Workspace } from './workspace.ts';

/** One building, as many copies of it as there are lanes, begun at different times of the year, and one more to judge in. */
export async function districtLanes(
  scenario: Scenario,
  laneCount: number,
  workspace: Workspace,
): Promise<{ readonly env: DistrictEnv; readonly judge: DistrictEnv; readonly hash: string }> {
  const { buildings, dataset } = scenario.district;
  const [building] = buildings;
  if (building === undefined || buildings.length > 1) {
    throw new ConfigError(`a controller is trained on one building, got ${buildings.length}: ${buildings.join(', ')}`, {
      place: { path: '/district/buildings' },
    });
  }
  const district = await workspace.dataset(dataset, [building]);
  const options = districtOptions(scenario, district);
  const judge = districtEnv({ ...options, lanes: [{ building: 0 }], history: 'none' });
  const lanes = Array.from({ length: laneCount }, (_, lane) => ({
    building: 0,
    start: Math.floor((lane * judge.episodeSteps) / laneCount),
  }));
  return { env: districtEnv({ ...options, lanes, history: 'none' }), judge, hash: district.hash };
}

/** A building to control; a clean, full, deterministic episode judges. */
export async function districtGround(
  scenario: Scenario,
  laneCount: number,
  workspace: Workspace,
): Promise<TrainingGround> {
  const { env, judge, hash } = await districtLanes(scenario, laneCount, workspace);
  return {
    env,
    normalisation: scenario.district.normalisation,
    dataHash: hash,
    curveMetrics: ['electricity_consumption_total', 'ramping_average', 'cost_total'],
    judge: judgeOn(judge),
    [Symbol.dispose]() {
      env[Symbol.dispose]();
      judge[Symbol.dispose]();
    },
  };
}

/**
 * Judges by a deterministic episode: the score is minus its return, the metrics are its KPIs.
 * @param acting what the policy acts in: the environment itself, or one around it
 */
export function judgeOn(env: DistrictEnv, acting: VectorEnv = env): (policy: DecisionAccess) => Evaluation {
  let meter: KpiMeter | undefined;
  env.tap((_lane, hours, at, _t, row) => meter?.push(hours, at, row));
  return (policy) => {
    // As many windows as the data have: the first one is judged.
    meter = kpiMeter(env.lane(0).model, env.firstWindow);
    const action = new Float64Array(acting.actionSpace.features.length);
    let { observation } = acting.reset(rng(0));
    let total = 0;
    for (let step = 0; step < env.episodeSteps; step++) {
      policy.decide(observation, 1, action);
      const batch = acting.step(action);
      observation = batch.observation;
      total += batch.reward[0]!;
    }
    const known = Object.entries(meter.values()).filter((entry): entry is [string, number] => entry[1] !== null);
    return { score: -total, metrics: { return: total, ...Object.fromEntries(known) } };
  };
}
