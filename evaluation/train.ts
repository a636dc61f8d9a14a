import type { Alternation } from '../agents/alternation.ts';
import { learners } from '../agents/index.ts';
import type { LearnerName } from '../agents/index.ts';
import type { LearnedPolicy, Metrics } from '../agents/learner.ts';
import { presets } from '../agents/preset.ts';
import type { Preset, PresetName } from '../agents/preset.ts';
import { keptPolicy, train } from '../agents/train.ts';
import type { CurvePoint, KeptPolicy, Training } from '../agents/train.ts';
import { rng } from '../core/rng.ts';
import type { Scenario } from '../core/scenario.ts';
import type { Feature } from '../core/space.ts';
import { loadPolicy, policyFiles } from '../nn/policy.ts';
import type { PolicyFiles } from '../nn/policy.ts';
import { policyVictim } from '../nn/victim.ts';
import { adversaryGround } from './adversary-ground.ts';
import { openAtla } from './atla.ts';
import { classicGround } from './classic-ground.ts';
import { districtGround } from './district-ground.ts';
import { environments, isGridTask } from './environments.ts';
import type { EnvironmentName } from './environments.ts';
import { taskGround } from './task-ground.ts';
import type { TrainingGround } from './training-ground.ts';
import type { Workspace } from './workspace.ts';

/** A scenario's training with nothing left open. */
export function plannedTraining(train: Scenario['train']): {
  readonly preset: PresetName;
  readonly steps: number;
  readonly lanes: number;
  readonly evaluateEvery: number;
  /** The learner's options with every default filled in. */
  readonly config: Readonly<Record<string, unknown>>;
} {
  const algorithm = train.algorithm as LearnerName;
  const environment = environments[train.environment as EnvironmentName];
  const name = (train.preset ?? environment.preset) as PresetName;
  const preset: Preset = presets[name][algorithm];
  const steps = train.steps ?? environment.steps ?? preset.steps;
  return {
    preset: name,
    steps,
    lanes: train.lanes ?? preset.lanes,
    evaluateEvery: train.evaluateEvery ?? Math.ceil(steps / 20),
    config: learners[algorithm].config.parse({ ...preset.config, ...train.config }),
  };
}

/** A training with a clean, deterministic evaluation beside it. */
export interface TrainingRun extends Disposable {
  readonly training: Training | Alternation;
  /** SHA-256 of the data that it trains on; null where the environment has none. */
  readonly dataHash: string | null;
  /** The learner's options with every default filled in. */
  readonly config: unknown;
  readonly observation: readonly Feature[];
  readonly action: readonly Feature[];
  /** Metrics of an evaluation that belong on the learning curve. */
  readonly curveMetrics: readonly string[];
  /** The clean evaluation of the best policy so far. */
  readonly best: CurvePoint | undefined;
  /** What the best policy so far does where nothing chose it: on fresh episodes, or where no chance is, as `best`. */
  examine(): Metrics;
  /** The best policy so far, as the two files that ship. */
  files(name: string): PolicyFiles;
  /** The adversary of the moment that the policy is trained in turns with, for the attack `learned-adversary`; absent where it trains alone. */
  readonly adversaryFiles?: ((name: string) => PolicyFiles) | undefined;
}

async function openGround(scenario: Scenario, lanes: number, workspace: Workspace): Promise<TrainingGround> {
  const { environment } = scenario.train;
  if (environment === 'adversary') return adversaryGround(scenario, lanes, workspace);
  if (isGridTask(environment)) return taskGround(scenario, environment, lanes);
  return environment === 'district' ? districtGround(scenario, lanes, workspace) : classicGround(scenario, lanes);
}

async function openAlone(scenario: Scenario, plan: ReturnType<typeof plannedTraining>, workspace: Workspace) {
  const ground = await openGround(scenario, plan.lanes, workspace);
  const training = train({
    env: ground.env,
    algorithm: scenario.train.algorithm as LearnerName,
    config: plan.config,
    rng: rng(scenario.seed).split('train'),
    totalSteps: plan.steps,
    evaluateEvery: plan.evaluateEvery,
    evaluate: (policy) => ground.judge(policy),
    stop: scenario.train.stop ?? undefined,
  });
  return { ground, training, adversary: undefined };
}

/** Opens the training that a scenario describes. */
export async function openTraining(scenario: Scenario, workspace: Workspace): Promise<TrainingRun> {
  const plan = plannedTraining(scenario.train);
  const { ground, training, adversary } =
    scenario.train.atla === null
      ? await openAlone(scenario, plan, workspace)
      : await openAtla(scenario, plan, workspace);
  const { env } = ground;
  const observation = env.observationSpace.features;
  const action = env.actionSpace.features;
  const filesOf = (
    name: string,
    { head, layers }: LearnedPolicy,
    { parameters, normaliser }: KeptPolicy,
    features: readonly Feature[],
  ): PolicyFiles =>
    policyFiles(
      {
        name,
        observation: {
          features: observation,
          normalisation: ground.normalisation,
          ...(normaliser === undefined ? {} : { normaliser }),
        },
        action: { features },
        head,
        layers,
      },
      parameters,
    );
  const files = (name: string): PolicyFiles => filesOf(name, training.learner.policy, training.bestPolicy, action);
  const best = (): CurvePoint | undefined =>
    training.curve.reduce<CurvePoint | undefined>(
      (best, point) => (best === undefined || point.score < best.score ? point : best),
      undefined,
    );
  return {
    training,
    dataHash: ground.dataHash,
    config: plan.config,
    observation,
    action,
    curveMetrics: ground.curveMetrics,
    get best() {
      return best();
    },
    examine() {
      if (ground.examine === undefined) return best()?.metrics ?? {};
      // What is judged is what the files hold, through the code that will read them.
      const { card, weights } = files('examined');
      using policy = loadPolicy(card, weights, 'examined');
      return ground.examine(policyVictim(policy)).metrics;
    },
    files,
    ...(adversary === undefined
      ? {}
      : {
          adversaryFiles: (name: string) =>
            filesOf(name, adversary.policy(), keptPolicy(adversary.policy()), adversary.choices),
        }),
    [Symbol.dispose]() {
      training[Symbol.dispose]();
      ground[Symbol.dispose]();
    },
  };
}
