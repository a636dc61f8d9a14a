import { ConfigError } from '../core/errors.ts';
import { rng } from '../core/rng.ts';
import type { Scenario } from '../core/scenario.ts';
import { learners } from '../agents/index.ts';
import type { LearnerName } from '../agents/index.ts';
import type { LearnedPolicy } from '../agents/learner.ts';
import { presets } from '../agents/preset.ts';
import type { Preset, PresetName } from '../agents/preset.ts';
import { train } from '../agents/train.ts';
import type { CurvePoint, Evaluation, Training } from '../agents/train.ts';
import { policyFiles } from '../nn/policy.ts';
import type { PolicyFiles } from '../nn/policy.ts';
import { districtEnv } from '../sim/district/district-env.ts';
import type { DistrictEnv } from '../sim/district/district-env.ts';
import { kpiMeter } from '../sim/district/kpi.ts';
import type { KpiMeter } from '../sim/district/kpi.ts';
import { districtOptions } from './district.ts';
import type { Workspace } from './workspace.ts';

/** A scenario's training with nothing left open. */
export function plannedTraining(train: Scenario['train']): {
  readonly steps: number;
  readonly lanes: number;
  readonly evaluateEvery: number;
  /** The learner's options with every default filled in. */
  readonly config: Readonly<Record<string, unknown>>;
} {
  const algorithm = train.algorithm as LearnerName;
  const preset: Preset = presets[train.preset as PresetName][algorithm];
  const steps = train.steps ?? preset.steps;
  return {
    steps,
    lanes: train.lanes ?? preset.lanes,
    evaluateEvery: train.evaluateEvery ?? Math.ceil(steps / 20),
    config: learners[algorithm].config.parse({ ...preset.config, ...train.config }),
  };
}

/** A training on one building with a clean, deterministic, full evaluation beside it. */
export interface TrainingRun extends Disposable {
  readonly training: Training;
  readonly dataHash: string;
  /** The learner's options with every default filled in. */
  readonly config: unknown;
  /** The clean evaluation of the best policy so far. */
  readonly best: CurvePoint | undefined;
  /** The best policy so far, as the two files that ship. */
  files(name: string): PolicyFiles;
}

/** Opens the training that a scenario describes: one building, as many copies of it as it has lanes, begun at different times of the year. */
export async function openTraining(scenario: Scenario, workspace: Workspace): Promise<TrainingRun> {
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
  const plan = plannedTraining(scenario.train);
  const count = plan.lanes;
  const lanes = Array.from({ length: count }, (_, lane) => ({
    building: 0,
    start: Math.floor((lane * judge.episodeSteps) / count),
  }));
  const env = districtEnv({ ...options, lanes, history: 'none' });
  const training = train({
    env,
    algorithm: scenario.train.algorithm as LearnerName,
    config: plan.config,
    rng: rng(scenario.seed).split('train'),
    totalSteps: plan.steps,
    evaluateEvery: plan.evaluateEvery,
    evaluate: judgeOn(judge),
  });
  return {
    training,
    dataHash: district.hash,
    config: plan.config,
    get best() {
      return training.curve.reduce<CurvePoint | undefined>(
        (best, point) => (best === undefined || point.score < best.score ? point : best),
        undefined,
      );
    },
    files: (name) =>
      policyFiles(
        {
          name,
          observation: { features: env.observationSpace.features, normalisation: scenario.district.normalisation },
          action: { features: env.actionSpace.features },
          head: training.learner.policy.head,
          layers: training.learner.policy.layers,
        },
        training.bestParameters,
      ),
    [Symbol.dispose]() {
      training[Symbol.dispose]();
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
