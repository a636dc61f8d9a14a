import { z } from 'zod';
import { damages } from '../attacks/plan/damage.ts';
import type { DamageName } from '../attacks/plan/damage.ts';
import { forceAction, pushDirection, shift } from '../attacks/rl/actuator.ts';
import type { Actuator } from '../attacks/rl/actuator.ts';
import { threatModel, threatSchema } from '../attacks/threat.ts';
import { parseValueAs } from '../core/document.ts';
import { ConfigError } from '../core/errors.ts';
import type { Scenario } from '../core/scenario.ts';
import type { Feature } from '../core/space.ts';
import type { GradientAccess } from '../core/victim.ts';
import type { DistrictEnv } from '../sim/district/district-env.ts';
import { NET, NET_WITHOUT_STORAGE } from '../sim/district/hour.ts';
import { adversaryEnv, opposite } from './adversary-env.ts';
import type { Pay } from './adversary-env.ts';
import { districtLanes, judgeOn } from './district-ground.ts';
import type { TrainingGround } from './training-ground.ts';
import { openDistrict } from './district.ts';
import { districtWorldEnv } from './district-world.ts';
import { moduleStage, withModules } from './modules.ts';
import { kindOf } from './workspace.ts';
import type { VictimSource, Workspace } from './workspace.ts';

/** How an adversary is trained: what it chooses, how far it may go, what it is paid. */
export const adversarySchema = z.strictObject({
  chooses: z
    .enum(['perturbation', 'direction', 'action'])
    .default('perturbation')
    .describe(
      'The perturbation itself (attack `learned-adversary`), a direction in policy space (`pa-ad`), or an action to force (`action-adversary`).',
    ),
  threat: threatSchema.prefault({}).describe('What the adversary may change, and how far; without constraints.'),
  reward: z
    .enum(['opposite', 'net', ...(Object.keys(damages) as [DamageName, ...DamageName[]])])
    .default('opposite')
    .describe(
      'What it is paid: minus the victim’s reward, the net consumption (the paper’s), or the damage of the hour; the latter two less what the hour would be without a battery.',
    ),
  judged: z
    .enum(['action', 'perturbation'])
    .default('action')
    .describe(
      'What the critics of SAC and TD3 judge where the perturbation is chosen: what the victim does on it, through which the adversary then gets its slope (white box, in training only), or the perturbation itself, as published.',
    ),
  steps: z
    .int()
    .min(1)
    .max(10_000)
    .default(10)
    .describe('Gradients of the inner search for a direction or an action; the attack takes as many.'),
});

export type AdversaryOptions = z.output<typeof adversarySchema>;

/** @throws {ConfigError} for options that are none, or a threat with constraints, which need a memory that training has not. */
export function adversaryOptions(raw: unknown): AdversaryOptions {
  const options = parseValueAs<AdversaryOptions>(raw ?? {}, 'train.adversary', adversarySchema);
  if (options.threat.constraints !== undefined)
    throw new ConfigError('an adversary is trained without constraints; the attack then keeps to them', {
      place: { path: '/train/adversary/threat/constraints' },
    });
  return options;
}

/** The adversary's problem over the scenario's victim on one building, judged by a whole attacked year. */
export async function adversaryGround(
  scenario: Scenario,
  laneCount: number,
  workspace: Workspace,
): Promise<TrainingGround> {
  const options = adversaryOptions(scenario.train.adversary);
  const { env, judge, hash } = await districtLanes(scenario, laneCount, workspace);
  const features = env.observationSpace.features;
  const held: (() => void)[] = [];
  const victim = await networkVictim(scenario, workspace, features, held);
  const threat = threatModel(options.threat, features);
  const actuator = actuatorOf(options);
  const wrapped = (inner: DistrictEnv) =>
    adversaryEnv({
      env: inner,
      victim,
      actuator,
      threat,
      pay: payOf(options, inner),
      throughVictim: options.judged === 'action',
    });
  return {
    env: wrapped(env),
    normalisation: scenario.district.normalisation,
    dataHash: hash,
    curveMetrics: ['electricity_consumption_total', 'ramping_average', 'cost_total'],
    judge: judgeOn(judge, wrapped(judge)),
    [Symbol.dispose]() {
      env[Symbol.dispose]();
      judge[Symbol.dispose]();
      for (const free of held.toReversed()) free();
    },
  };
}

function actuatorOf({ chooses, steps }: AdversaryOptions): Actuator {
  if (chooses === 'perturbation') return shift;
  return chooses === 'direction' ? pushDirection(steps) : forceAction(steps);
}

/** The scenario's victim, with its modules around it. */
async function networkVictim(
  scenario: Scenario,
  workspace: Workspace,
  features: readonly Feature[],
  held: (() => void)[],
): Promise<GradientAccess> {
  const { policy } = scenario.victim;
  const victimOf = async (name: string): Promise<VictimSource> => {
    const opened = await workspace.victim(name);
    held.push(() => opened.close?.());
    return opened;
  };
  const source = await modular(await victimOf(policy), scenario, workspace, features, victimOf, held);
  if (source.network === null || source.network.observationSize !== features.length)
    throw new ConfigError(
      `an adversary is trained against a network of ${features.length} features, '${policy}' is ${source.network === null ? kindOf(source) : `one of ${source.network.observationSize}`}`,
      { place: { path: '/victim/policy' } },
    );
  return source.network;
}

async function modular(
  bare: VictimSource,
  scenario: Scenario,
  workspace: Workspace,
  features: readonly Feature[],
  victimOf: (name: string) => Promise<VictimSource>,
  held: (() => void)[],
): Promise<VictimSource> {
  if ((scenario.modules ?? []).length === 0) return bare;
  const district = await openDistrict(scenario, workspace, 1);
  district.env[Symbol.dispose]();
  const stage = moduleStage(scenario, () => districtWorldEnv(district.practice()), features, victimOf);
  return (await withModules(bare, stage, held)).source;
}

/**
 * Payment by what the hour was, less what it would have been without a battery, which is not of the adversary's making and would drown the
 * rest; it does not move the optimum. A tap sees the hour before an ended episode starts anew.
 */
export function payOf({ reward: wanted }: AdversaryOptions, env: DistrictEnv): Pay {
  if (wanted === 'opposite') return opposite;
  const lanes = env.numEnvs;
  const paid = new Float64Array(lanes);
  const before = new Float64Array(lanes);
  const idleBefore = new Float64Array(lanes);
  const worth = (lane: number, row: number, net: number, last: number): number => {
    if (wanted === 'net') return net;
    const { price, carbon } = env.lane(lane).plant;
    return damages[wanted].add(0, net, last, price[row]!, carbon[row]!);
  };
  env.tap((lane, hours, at, _t, row, reward) => {
    const net = hours[at + NET]!;
    const idle = hours[at + NET_WITHOUT_STORAGE]!;
    if (!Number.isNaN(reward))
      paid[lane] = worth(lane, row, net, before[lane]!) - worth(lane, row, idle, idleBefore[lane]!);
    before[lane] = net;
    idleBefore[lane] = idle;
  });
  return (_reward, out) => {
    out.set(paid);
  };
}
