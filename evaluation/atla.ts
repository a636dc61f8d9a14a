import { z } from 'zod';
import { Alternation } from '../agents/alternation.ts';
import type { LearnerName } from '../agents/index.ts';
import type { LearnedPolicy } from '../agents/learner.ts';
import { learners } from '../agents/index.ts';
import { presets } from '../agents/preset.ts';
import type { Evaluation } from '../agents/train.ts';
import { train } from '../agents/train.ts';
import { shift } from '../attacks/rl/actuator.ts';
import { threatModel } from '../attacks/threat.ts';
import type { ThreatModel } from '../core/attack.ts';
import type { VectorEnv } from '../core/environment.ts';
import { ConfigError } from '../core/errors.ts';
import type { Rng } from '../core/rng.ts';
import { rng } from '../core/rng.ts';
import type { Scenario } from '../core/scenario.ts';
import { learnerLanes, learnerSteps } from '../core/scenario-train.ts';
import type { Feature } from '../core/space.ts';
import type { DecisionAccess, GradientAccess } from '../core/victim.ts';
import { adversaryEnv, perturbedEnv } from './adversary-env.ts';
import type { Pay } from './adversary-env.ts';
import { adversaryOptions, payOf } from './adversary-ground.ts';
import { districtLanes, judgeOn } from './district-ground.ts';
import type { TrainingGround } from './training-ground.ts';
import type { Workspace } from './workspace.ts';

/** The adversary's side of an alternation; the victim's is the training's own. */
export const atlaSchema = z.strictObject({
  cycles: z
    .int()
    .min(1)
    .max(10_000)
    .default(5)
    .describe('Turns of each; every one ends with a clean and an attacked evaluation.'),
  algorithm: z.enum(['ppo', 'sac']).default('ppo').describe('The adversary’s learner.'),
  steps: learnerSteps.describe('The adversary’s environment steps in all; null: half of the victim’s.'),
  lanes: learnerLanes.describe('The adversary’s lanes; null: those of its preset.'),
  config: z
    .record(z.string(), z.unknown())
    .default({})
    .describe('Options of the adversary’s learner, before those of the preset `adversary`.'),
});

/** What takes turns, and where. */
export interface AtlaSetup {
  readonly victim: {
    readonly env: VectorEnv;
    readonly algorithm: LearnerName;
    readonly config: unknown;
    readonly steps: number;
  };
  readonly adversary: {
    readonly env: VectorEnv;
    readonly algorithm: LearnerName;
    readonly config: unknown;
    readonly steps: number;
  };
  readonly pay?: Pay;
  readonly threat: ThreatModel;
  readonly cycles: number;
  readonly rng: Rng;
  readonly judge: (victim: DecisionAccess, adversary: DecisionAccess) => Evaluation;
  readonly stop?: Readonly<Record<string, unknown>> | undefined;
}

/** A victim and its adversary, which chooses perturbations, each in the other's world. */
export function atla({ victim, adversary, pay, threat, cycles, rng, judge, stop }: AtlaSetup): Alternation {
  let present: DecisionAccess | undefined;
  // An adversary that chooses perturbations asks of its victim nothing but what it does.
  const opponent = {
    observationSize: victim.env.observationSpace.features.length,
    actionSize: victim.env.actionSpace.features.length,
    decide: (x: Float32Array, rows: number, action: Float64Array) => present!.decide(x, rows, action),
  } as GradientAccess;
  const against = train({
    env: adversaryEnv({
      env: adversary.env,
      victim: opponent,
      actuator: shift,
      threat,
      ...(pay === undefined ? {} : { pay }),
    }),
    algorithm: adversary.algorithm,
    config: adversary.config,
    rng: rng.split('adversary'),
    totalSteps: adversary.steps,
    reportEvery: reportEvery(adversary.steps, cycles),
  });
  const own = train({
    env: perturbedEnv({ env: victim.env, adversary: against.learner.policy, threat }),
    algorithm: victim.algorithm,
    config: victim.config,
    rng: rng.split('victim'),
    totalSteps: victim.steps,
    reportEvery: reportEvery(victim.steps, cycles),
  });
  present = own.learner.policy;
  return new Alternation(own, against, {
    cycles,
    victimSteps: victim.steps / cycles,
    adversarySteps: adversary.steps / cycles,
    judge,
    stop,
  });
}

/** Most steps between two events of either: a turn ends with an event, and would run on into those to come. */
function reportEvery(steps: number, cycles: number): number {
  return Math.min(2048, steps / cycles);
}

/** The alternation of a scenario on one building, judged by a whole year, clean and attacked. */
export async function openAtla(
  scenario: Scenario,
  plan: { readonly lanes: number; readonly steps: number; readonly config: unknown },
  workspace: Workspace,
): Promise<{
  readonly training: Alternation;
  readonly ground: Omit<TrainingGround, 'judge'>;
  /** What it chooses, and the one of the moment. */
  readonly adversary: { readonly choices: readonly Feature[]; policy(): LearnedPolicy };
}> {
  const { environment, algorithm, adversary, stop } = scenario.train;
  if (environment !== 'district')
    throw new ConfigError(`atla trains on a building, not on '${environment}'`, {
      place: { path: '/train/environment' },
    });
  const side = atlaSchema.parse(scenario.train.atla ?? {});
  const options = adversaryOptions(adversary);
  if (options.chooses !== 'perturbation')
    throw new ConfigError(`atla's adversary chooses perturbations, not '${options.chooses}'`, {
      place: { path: '/train/adversary/chooses' },
    });
  const preset = presets.adversary[side.algorithm];
  const clean = await districtLanes(scenario, plan.lanes, workspace);
  const attacked = await districtLanes(scenario, side.lanes ?? preset.lanes, workspace);
  const threat = threatModel(options.threat, clean.env.observationSpace.features);
  const judgeClean = judgeOn(clean.judge);
  let present: DecisionAccess | undefined;
  let perturbed: VectorEnv | undefined;
  let judgeAttacked: ((policy: DecisionAccess) => Evaluation) | undefined;
  const training = atla({
    victim: { env: clean.env, algorithm: algorithm as LearnerName, config: plan.config, steps: plan.steps },
    adversary: {
      env: attacked.env,
      algorithm: side.algorithm,
      config: learners[side.algorithm].config.parse({ ...preset.config, ...side.config }),
      steps: side.steps ?? Math.ceil(plan.steps / 2),
    },
    pay: payOf(options, attacked.env),
    threat,
    cycles: side.cycles,
    rng: rng(scenario.seed).split('train'),
    stop: stop ?? undefined,
    judge(victim, adversary) {
      if (present !== adversary) {
        present = adversary;
        perturbed = perturbedEnv({ env: attacked.judge, adversary, threat });
        judgeAttacked = judgeOn(attacked.judge, perturbed);
      }
      return underBoth(judgeClean(victim), judgeAttacked!(victim));
    },
  });
  return {
    training,
    adversary: {
      choices: shift.choices(clean.env.observationSpace.features, threat, training.learner.policy.head),
      policy: () => training.opponent.policy,
    },
    ground: {
      env: clean.env,
      normalisation: scenario.district.normalisation,
      dataHash: clean.hash,
      curveMetrics: ['attacked_return', 'electricity_consumption_total', 'attacked_electricity_consumption_total'],
      [Symbol.dispose]() {
        for (const { env, judge } of [clean, attacked]) {
          env[Symbol.dispose]();
          judge[Symbol.dispose]();
        }
      },
    },
  };
}

/** The attacked score counts; metrics are the clean ones, and those under attack by `attacked_`. */
function underBoth(clean: Evaluation, attacked: Evaluation): Evaluation {
  const under = Object.entries(attacked.metrics).map(([name, value]) => [`attacked_${name}`, value] as const);
  return { score: attacked.score, metrics: { ...clean.metrics, ...Object.fromEntries(under) } };
}
