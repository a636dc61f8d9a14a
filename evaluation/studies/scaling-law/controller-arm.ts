import { attackEngine } from '../../../attacks/engine.ts';
import { threatModel } from '../../../attacks/threat.ts';
import { rng } from '../../../core/rng.ts';
import { scenarioFrom } from '../../../core/scenario.ts';
import type { Scenario } from '../../../core/scenario.ts';
import type { Feature } from '../../../core/space.ts';
import type { DecisionAccess, GradientAccess } from '../../../core/victim.ts';
import { certaintyOf } from '../../../logits/scaling-law/certainty.ts';
import type { Certainty } from '../../../logits/scaling-law/certainty.ts';
import { loadPolicy } from '../../../nn/policy.ts';
import { policyVictim } from '../../../nn/victim.ts';
import { openLoopAttack } from '../../attack-batch.ts';
import { districtLanes, judgeOn } from '../../district-ground.ts';
import { openTraining } from '../../train.ts';
import { schema } from '../../vocabulary.ts';
import type { Workspace } from '../../workspace.ts';
import type { ArmSetup } from './law-arms.ts';
import { victimResponse } from '../../recorded-policy.ts';

/** What an attack does to a controller in the closed loop. */
interface Attacked {
  /** Share of decisions that it changes, beside what the controller would do on the truth. */
  readonly success: number;
  /** Of the episode, and how much less than the clean one. */
  readonly return: number;
  readonly loss: number;
}

/** One controller, on the building that it was trained on. */
export interface ControllerTrial extends Certainty {
  /** λ: minus PPO's entropy coefficient. */
  readonly lambda: number;
  /** Success of margin PGD on another building, by which λ is chosen. */
  readonly validation: number;
  readonly return: number;
  readonly attacks: Readonly<Record<ControllerAttack, Attacked>>;
}

export interface ControllerCell {
  readonly trials: readonly ControllerTrial[];
}

/** Attacks of the closed loop; the last is made for another controller, the one trained without a penalty on another seed. */
export const controllerAttacks = {
  fgsm: { name: 'fgsm', config: { objective: 'cross-entropy' } },
  pgd: { name: 'pgd', config: { objective: 'cross-entropy', steps: 10 } },
  marginPgd: { name: 'pgd', config: { objective: 'margin', steps: 10 } },
  transfer: { name: 'pgd', config: { objective: 'margin', steps: 10 } },
} as const;

export type ControllerAttack = keyof typeof controllerAttacks;

/** ε of every feature but the calendar, in normalised units. */
export const controllerThreat = { epsilon: 0.01, mask: ['time'] };

/**
 * PPO over 20 bins with the entropy penalty in its loss, `−λ` for its entropy coefficient, at each λ from the same weights; each is attacked in the
 * closed loop by the attack engine.
 */
export async function controllerArm(
  { seed, size, workspace }: ArmSetup,
  progress: (done: number) => void,
): Promise<ControllerCell> {
  const { strengths, steps, episode } = size.controllers;
  using surrogate = await trainedController(0, seed + surrogateSeeds, steps, workspace);
  const trials: ControllerTrial[] = [];
  for (const lambda of strengths) {
    using controller = await trainedController(lambda, seed, steps, workspace);
    const { victim, features } = controller;
    const trained = await judged('Building_1', episode, workspace);
    const clean = trained(victim);
    const attacks = Object.fromEntries(
      Object.entries(controllerAttacks).map(([name, spec]) => {
        const attacked = underAttack(victim, name === 'transfer' ? surrogate.victim : victim, features, spec, seed);
        const { total } = trained(attacked);
        return [name, { success: attacked.success(), return: total, loss: clean.total - total }];
      }),
    ) as unknown as ControllerTrial['attacks'];
    const elsewhere = underAttack(victim, victim, features, controllerAttacks.marginPgd, seed);
    (await judged('Building_2', episode, workspace))(elsewhere);
    trials.push({
      lambda,
      validation: elsewhere.success(),
      return: clean.total,
      attacks,
      ...(await certaintyOf(victimResponse(victim), clean.x)),
    });
    progress(trials.length / strengths.length);
  }
  return { trials };
}

/** Seeds of the attacker's own controllers. */
const surrogateSeeds = 1000;

interface Controller extends Disposable {
  readonly victim: GradientAccess;
  readonly features: readonly Feature[];
}

async function trainedController(
  lambda: number,
  seed: number,
  steps: number,
  workspace: Workspace,
): Promise<Controller> {
  const train = {
    algorithm: 'ppo',
    preset: 'district',
    steps,
    lanes: 8,
    evaluateEvery: Math.min(steps, Math.max(20_480, Math.floor(steps / 4))),
    config: { net_arch: [64, 64], ent_coef: lambda === 0 ? 0 : -lambda },
  };
  const run = await openTraining(scenarioOf('Building_1', null, { seed, train }), workspace);
  using _run = run;
  for (const _ of run.training);
  const { card, weights } = run.files('controller');
  const policy = loadPolicy(card, weights, 'controller');
  return { victim: policyVictim(policy), features: run.observation, [Symbol.dispose]: () => policy[Symbol.dispose]() };
}

function scenarioOf(building: string, steps: number | null, rest: object): Scenario {
  const district = { dataset: 'builtin', buildings: [building], normalisation: 'fixed', steps };
  return scenarioFrom({ name: 'controller', district, ...rest }, 'scaling-law controller', schema);
}

/** Plays a controller for an episode: its return, and the true observations [N×O]. */
async function judged(
  building: string,
  episode: number | null,
  workspace: Workspace,
): Promise<(policy: DecisionAccess) => { readonly total: number; readonly x: Float32Array }> {
  const train = { algorithm: 'ppo' };
  const { env: lanes, judge: env } = await districtLanes(scenarioOf(building, episode, { train }), 1, workspace);
  lanes[Symbol.dispose]();
  const judge = judgeOn(env);
  return (policy) => {
    const x: number[] = [];
    const watched: DecisionAccess = {
      observationSize: policy.observationSize,
      actionSize: policy.actionSize,
      decide(observation, rows, action) {
        for (let i = 0; i < rows * policy.observationSize; i++) x.push(observation[i]!);
        policy.decide(observation, rows, action);
      },
    };
    return { total: judge(watched).metrics['return']!, x: Float32Array.from(x) };
  };
}

/** A controller that sees what an attack on `aimed` makes of each observation. */
function underAttack(
  victim: GradientAccess,
  aimed: GradientAccess,
  features: readonly Feature[],
  { name, config }: (typeof controllerAttacks)[ControllerAttack],
  seed: number,
): DecisionAccess & { success(): number } {
  const spec = { name, config, threat: controllerThreat };
  const engine = attackEngine({
    attack: openLoopAttack(spec),
    threat: threatModel(controllerThreat, features),
    victim: aimed,
    features,
  });
  const streams = [rng(seed).split('attack').split(name)];
  const seen = new Float32Array(victim.observationSize);
  const truly = new Float64Array(victim.actionSize);
  let steps = 0;
  let changed = 0;
  return {
    observationSize: victim.observationSize,
    actionSize: victim.actionSize,
    decide(x, rows, action) {
      engine.perturb(x, rows, steps, streams, seen);
      victim.decide(x, rows, truly);
      victim.decide(seen, rows, action);
      steps += 1;
      if (action[0] !== truly[0]) changed += 1;
    },
    success: () => changed / steps,
  };
}
