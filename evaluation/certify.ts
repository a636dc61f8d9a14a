import { attackEngine } from '../attacks/engine.ts';
import { attacks } from '../attacks/index.ts';
import { damageBound } from '../attacks/plan/bound.ts';
import type { BoundCells, CertifiedActions } from '../attacks/plan/bound.ts';
import { certifiedReach } from '../attacks/plan/certified-reach.ts';
import { damages } from '../attacks/plan/damage.ts';
import type { Damage, DamageName } from '../attacks/plan/damage.ts';
import { threatSet } from '../attacks/ball/threat-set.ts';
import { threatModel } from '../attacks/threat.ts';
import { ConfigError } from '../core/errors.ts';
import { partOf } from '../core/part-of.ts';
import { laterPlant } from '../core/plant.ts';
import type { BoxedPlant } from '../core/plant.ts';
import { rng } from '../core/rng.ts';
import type { Scenario } from '../core/scenario.ts';
import type { GradientAccess } from '../core/victim.ts';
import { knownPlant } from '../sim/district/known-plant.ts';
import { assertNormalisation, openDistrict } from './district.ts';
import { districtWorldEnv } from './district-world.ts';
import { recordings } from './rehearsal.ts';
import { moduleStage, withModules } from './modules.ts';
import type { Preparing } from './modules.ts';
import type { Tell } from './reported.ts';
import { kindOf } from './workspace.ts';
import type { VictimSource, Workspace } from './workspace.ts';

/** What is asked about some hours of a controller's year. */
export interface CertifyRequest {
  /** Its first building, its victim and modules, its one attack `planned` and that attack's threat. */
  readonly scenario: Scenario;
  /** First step, which the controller gets to by itself, unattacked. */
  readonly from: number;
  readonly horizon: number;
  readonly damage: DamageName;
  /** Steps of the horizon that may be attacked; absent: all. */
  readonly budget?: number | undefined;
  readonly method: 'interval' | 'crown';
  readonly cells: BoundCells;
}

/** The damage of some hours from both sides: what an attack does, and what none can exceed. */
export interface Certification {
  readonly clean: number;
  /** What the planned attack does in the simulator, by as many steps as it may attack. */
  readonly attacked: number;
  /** No attack within the threat set does more. */
  readonly bound: number;
  /** The same bound if the attacker could choose any action: where `bound` is no less, the certificate says nothing. */
  readonly anyAction: number;
  /** `(attacked − clean)/(bound − clean)`: 1: the attack is proven the strongest; null where there is nothing between. */
  readonly tightness: number | null;
  /** Share of the clean steps at which no perturbation can turn charging into giving or back. */
  readonly noFlipShare: number;
  /** Of each step of the clean run: what the controller does, and the certified ends of what it can be made to do. */
  readonly steps: readonly {
    readonly step: number;
    readonly action: number;
    readonly lowest: number;
    readonly highest: number;
    /** The charges that an attacked run can have reached after it. */
    readonly soc: readonly [low: number, high: number];
  }[];
}

/**
 * Bounds the damage that attacks can do to a controller over some hours, from below by an attack and from above by a certificate.
 *
 * Both know the plant. The bound holds for the exact simulator and the controller's own float32 arithmetic.
 * Source: specs/attacks-and-defenses.md 2.7, 2.15.
 * @param tell hears how far the victim's modules are; what it throws ends the work
 * @returns yields the share done, 0…1
 * @throws {ConfigError} for a controller that is no network or was trained on other observations, or a building that has more than a battery to control.
 */
export async function* certify(
  request: CertifyRequest,
  workspace: Workspace,
  tell?: Tell<Preparing>,
): AsyncGenerator<number, Certification, void> {
  const { scenario, from, horizon, method, cells, budget } = request;
  const held: (() => void)[] = [];
  using _held = { [Symbol.dispose]: () => held.toReversed().forEach((free) => free()) };
  const victimOf = async (name: string): Promise<VictimSource> => {
    const opened = await workspace.victim(name);
    held.push(() => opened.close?.());
    return opened;
  };
  const bare = await victimOf(scenario.victim.policy);
  assertNormalisation(bare, scenario);
  const district = await openDistrict(scenario, workspace, 1, [0]);
  using env = district.env;
  const stage = moduleStage(
    scenario,
    () => districtWorldEnv(district.practice()),
    env.observationSpace.features,
    victimOf,
    tell,
  );
  const { source } = await withModules(bare, stage, held);
  const { network: victim, certificate } = source;
  if (victim === null || certificate === undefined) {
    throw new ConfigError(`'${source.name}' is ${kindOf(source)}: only a network can be certified`, {
      place: { path: '/victim/policy' },
    });
  }
  const [building] = scenario.district.buildings;
  source.open({ kind: 'box', features: env.laneFeatures(0) }, { kind: 'box', features: env.laneActions(0) }, rng(0));
  const whole = knownPlant(env.lane(0), env.firstWindow);
  if (from + horizon > whole.steps)
    throw new ConfigError(`steps ${from} to ${from + horizon - 1}, but the episode of ${building} has ${whole.steps}`);
  const state = new Float64Array(whole.stateSize);
  whole.start(state, 0);
  const x = new Float32Array(victim.observationSize);
  const action = new Float64Array(1);
  for (let t = 0; t < from; t++) {
    whole.observe(t, state, 0, x, 0);
    victim.decide(x, 1, action);
    whole.advance(t, action[0]!, state, 0);
  }
  const plant = laterPlant(whole, from, horizon, state);
  const threat = threatModel(scenario.attacks[0]!.threat, env.laneFeatures(0));
  if (threat.constraints !== undefined)
    throw new ConfigError(
      'a threat with constraints is not certified: leave them out for a bound that holds with them too',
      {
        place: { path: '/attacks/0/threat/constraints' },
      },
    );
  const damage = damages[request.damage];
  const observations = new Float32Array(horizon * victim.observationSize);
  const actions = new Float64Array(horizon);
  const clean = played(plant, victim, damage, (x, t) => {
    observations.set(x, t * x.length);
    victim.decide(x, 1, actions.subarray(t, t + 1));
    return x;
  });

  const root = rng(scenario.seed);
  const features = env.laneFeatures(0);
  const attack = attacks.planned.make({ damage: request.damage, horizon, budget });
  const record = recordings({
    source,
    buildings: scenario.district.buildings,
    open: () => district.rehearsal(),
    controller: root.split('controller'),
    environment: root.split('environment'),
  });
  const stepsPerDay = Math.round(86_400 / env.secondsPerTimeStep);
  for (const _ of attack.prepare?.({ features, victim, rng: root, stepsPerDay, record, plants: () => [plant] }) ?? []);
  const engine = attackEngine({ attack, threat, victim, features });
  const streams = [root.split('attack')];
  const seen = new Float32Array(victim.observationSize);
  const attacked = played(plant, victim, damage, (x, t) => {
    engine.perturb(x, 1, t, streams, seen);
    return seen;
  });

  const own = certificate(method);
  const certified = certifiedReach(plant, own, victim.head, threat);
  const free: CertifiedActions = {
    values: certified.values,
    bounds(_t, _low, _high, _rows, _attacked, lowest, highest) {
      lowest.fill(plant.low);
      highest.fill(plant.high);
    },
  };
  const sure = yield* partOf(damageBound(plant, certified, damage, { horizon, budget, cells }), 0, 0.9);
  // Where consumption is not looked back on, it decides nothing here: nobody observes it.
  const wide = damage.looksBack ? cells : { ...cells, net: 1000 };
  const any = yield* partOf(damageBound(plant, free, damage, { horizon, cells: wide }), 0.9, 0.1);
  const lowest = new Float64Array(horizon);
  const highest = new Float64Array(horizon);
  const set = threatSet(threat);
  set.around(observations, horizon, threat);
  const low = new Float32Array(observations.length);
  const high = new Float32Array(observations.length);
  set.bounds(low, high);
  own.bounds(low, high, horizon, lowest, highest);
  const kept = Array.from(actions).filter((a, t) => keepsSide(a, lowest[t]!, highest[t]!)).length;
  return {
    clean,
    attacked,
    bound: sure.damage,
    anyAction: any.damage,
    tightness: sure.damage > clean ? (attacked - clean) / (sure.damage - clean) : null,
    noFlipShare: kept / horizon,
    steps: Array.from(actions, (a, t) => ({
      step: from + t,
      action: a,
      lowest: lowest[t]!,
      highest: highest[t]!,
      soc: [sure.soc.low[t]!, sure.soc.high[t]!] as const,
    })),
  };
}

/** The damage of a plant's steps. @param shown what the controller sees in place of x [O], which may be kept no longer than the step */
function played(
  plant: BoxedPlant,
  victim: GradientAccess,
  damage: Damage,
  shown: (x: Float32Array, t: number) => Float32Array,
): number {
  const state = new Float64Array(plant.stateSize);
  const x = new Float32Array(victim.observationSize);
  const action = new Float64Array(1);
  plant.start(state, 0);
  let so = 0;
  for (let t = 0; t < plant.steps; t++) {
    plant.observe(t, state, 0, x, 0);
    victim.decide(shown(x, t), 1, action);
    const before = plant.net(state, 0);
    plant.advance(t, action[0]!, state, 0);
    so = damage.add(so, plant.net(state, 0), before, plant.price[t]!, plant.carbon[t]!);
  }
  return so;
}

/** Whether all actions between the ends are on the side of one: charging, giving, or neither. */
function keepsSide(action: number, lowest: number, highest: number): boolean {
  if (action > 0) return lowest > 0;
  return action < 0 ? highest < 0 : lowest === 0 && highest === 0;
}
