import type { LearnedPolicy } from '../agents/learner.ts';
import type { Evaluation } from '../agents/train.ts';
import { ConfigError } from '../core/errors.ts';
import { rng } from '../core/rng.ts';
import type { Scenario } from '../core/scenario.ts';
import { districtEnv } from '../sim/district/district-env.ts';
import type { DistrictEnv } from '../sim/district/district-env.ts';
import { kpiMeter } from '../sim/district/kpi.ts';
import type { KpiMeter } from '../sim/district/kpi.ts';
import { districtOptions } from './district.ts';
import type { TrainingGround } from './training-ground.ts';
import type { Workspace } from './workspace.ts';

/** One building, as many copies of it as there are lanes, begun at different times of the year; a clean, full, deterministic episode judges. */
export async function districtGround(
  scenario: Scenario,
  laneCount: number,
  workspace: Workspace,
): Promise<TrainingGround> {
  const { buildings, dataset, normalisation } = scenario.district;
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
  const env = districtEnv({ ...options, lanes, history: 'none' });
  return {
    env,
    normalisation,
    dataHash: district.hash,
    curveMetrics: ['electricity_consumption_total', 'ramping_average', 'cost_total'],
    judge: judgeOn(judge),
    [Symbol.dispose]() {
      env[Symbol.dispose]();
      judge[Symbol.dispose]();
    },
  };
}

/** Judges by a clean deterministic episode: the score is minus its return, the metrics are its KPIs. */
function judgeOn(env: DistrictEnv): (policy: LearnedPolicy) => Evaluation {
  let meter: KpiMeter | undefined;
  env.tap((_lane, hours, at, _t, row) => meter?.push(hours, at, row));
  return (policy) => {
    // As many windows as the data have: the first one is judged.
    meter = kpiMeter(env.lane(0).model, env.firstWindow);
    const action = new Float64Array(env.actionSize);
    let { observation } = env.reset(rng(0));
    let total = 0;
    for (let step = 0; step < env.episodeSteps; step++) {
      policy.decide(observation, 1, action);
      const batch = env.step(action);
      observation = batch.observation;
      total += batch.reward[0]!;
    }
    const known = Object.entries(meter.values()).filter((entry): entry is [string, number] => entry[1] !== null);
    return { score: -total, metrics: { return: total, ...Object.fromEntries(known) } };
  };
}
