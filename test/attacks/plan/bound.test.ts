import { describe, expect, it } from 'vitest';
import { attackEngine } from '../../../attacks/engine.ts';
import { attacks } from '../../../attacks/index.ts';
import type { AttackName } from '../../../attacks/index.ts';
import { damageBound } from '../../../attacks/plan/bound.ts';
import type { BoundCells, DamageBound } from '../../../attacks/plan/bound.ts';
import { certifiedReach } from '../../../attacks/plan/certified-reach.ts';
import { damages } from '../../../attacks/plan/damage.ts';
import type { DamageName } from '../../../attacks/plan/damage.ts';
import type { ThreatModel } from '../../../core/attack.ts';
import type { BoxedPlant } from '../../../core/plant.ts';
import type { Head, LayerSpec } from '../../../core/policy.ts';
import { headOutputs } from '../../../core/policy.ts';
import { rng } from '../../../core/rng.ts';
import type { GradientAccess } from '../../../core/victim.ts';
import { actionCertificate } from '../../../defenses/certificate/index.ts';
import { createNetwork } from '../../../nn/create-network.ts';
import { policyVictim } from '../../../nn/victim.ts';
import { dayOptimum, linearVictim, toyThreat } from '../../support/toy-optimum.ts';
import { drawnRehearsal } from '../../support/ready-attack.ts';
import { plainFeatures, threatOf } from '../../support/threat.ts';
import { toyDay, toyPlant } from '../../support/toy-plant.ts';

const names = Object.keys(damages) as DamageName[];
const day = toyDay();
const most = 5 / 6.4;
const heads: Record<string, Head> = {
  bins: { kind: 'categorical', values: Array.from({ length: 7 }, (_, i) => -most + (most * i) / 3) },
  squashed: { kind: 'squashed-gaussian', low: [-most], high: [most] },
  clipped: { kind: 'gaussian', low: [-most], high: [most] },
};
const coarse: BoundCells = { soc: 40, net: 0.5, certified: { soc: 2, net: 4 } };

function boundOf(
  plant: BoxedPlant,
  certified: ReturnType<typeof certifiedReach>,
  name: DamageName,
  cells: BoundCells,
  budget?: number,
): DamageBound {
  const work = damageBound(plant, certified, damages[name], { horizon: plant.steps, cells, budget });
  for (;;) {
    const { done, value } = work.next();
    if (done === true) return value;
    expect(value).toBeLessThanOrEqual(1);
  }
}

/** A random policy of what the toy shows: the victim, and what is certified of it. */
function policyOf(head: Head, activation: 'tanh' | 'relu', seed: number) {
  const layers: readonly LayerSpec[] = [
    { inputs: 3, outputs: 8, activation },
    { inputs: 8, outputs: headOutputs(head), activation: 'linear' },
  ];
  const network = createNetwork(layers);
  const stream = rng(seed);
  const parameters = Float32Array.from({ length: network.size }, () => 0.9 * stream.normal());
  network.writeParameters(parameters);
  return {
    victim: policyVictim({ network, card: { head } }),
    certificate: actionCertificate({ layers, head }, parameters),
    [Symbol.dispose]: () => network[Symbol.dispose](),
  };
}

/** All damages of a day in which `shown` decides what the controller sees. @param shown changes x [3] in place */
function played(victim: GradientAccess, shown: (x: Float32Array, t: number) => void): Record<DamageName, number> {
  const plant = toyPlant(...day);
  const state = new Float64Array(plant.stateSize);
  plant.start(state, 0);
  const x = new Float32Array(3);
  const action = new Float64Array(1);
  const so = Object.fromEntries(names.map((name) => [name, 0])) as Record<DamageName, number>;
  for (let t = 0; t < plant.steps; t++) {
    plant.observe(t, state, 0, x, 0);
    shown(x, t);
    victim.decide(x, 1, action);
    const before = plant.net(state, 0);
    plant.advance(t, action[0]!, state, 0);
    for (const name of names)
      so[name] = damages[name].add(so[name], plant.net(state, 0), before, plant.price[t]!, plant.carbon[t]!);
  }
  return so;
}

function attacked(victim: GradientAccess, threat: ThreatModel, name: AttackName, config: object) {
  const attack = attacks[name].make(config);
  const rehearsal = { ...drawnRehearsal(victim), plants: () => [toyPlant(...day)] };
  for (const _ of attack.prepare?.(rehearsal) ?? []);
  const engine = attackEngine({ attack, threat, victim, features: plainFeatures(3) });
  const seen = new Float32Array(3);
  return played(victim, (x, t) => {
    engine.perturb(x.slice(), 1, t, [rng(t)], seen);
    x.set(seen);
  });
}

describe.each(Object.entries(heads))('a bound on the damage to a policy of %s', (_name, head) => {
  it.each([
    ['tanh', 1],
    ['relu', 2],
    ['tanh', 3],
    ['relu', 4],
  ] as const)('is exceeded by no attack, and by no random one: %s, %i', (activation, seed) => {
    using policy = policyOf(head, activation, seed);
    const { victim, certificate } = policy;
    const stream = rng(seed + 100);
    const epsilon = [0.1, 0.06, 0.04].map((value) => value * 2 * stream.uniform());
    const threat = threatOf(epsilon, -10, 10);
    const plant = toyPlant(...day);
    const certified = certifiedReach(plant, certificate, head, threat);
    const bounds = Object.fromEntries(names.map((name) => [name, boundOf(plant, certified, name, coarse).damage]));
    const suffered: Record<DamageName, number>[] = [];
    suffered.push(played(victim, () => {}));
    for (const name of ['bifurcation', 'toggle-bifurcation', 'pgd'] as const)
      suffered.push(attacked(victim, threat, name, { steps: 10 }));
    for (const damage of names)
      suffered.push(attacked(victim, threat, 'planned', { damage, steps: 5, socPoints: 5, netPoints: 2, actions: 5 }));
    for (let run = 0; run < 300; run++) {
      // Anywhere in the set, in its corners, or to one corner as long as a random time lasts.
      const style = run % 3;
      let corner = 1;
      suffered.push(
        played(victim, (x) => {
          if (stream.uniform() < 0.3) corner = -corner;
          for (let j = 0; j < 3; j++) {
            const share = style === 0 ? 2 * stream.uniform() - 1 : style === 1 ? 2 * stream.int(2) - 1 : corner;
            x[j] = x[j]! + 0.999999 * share * epsilon[j]!;
          }
        }),
      );
    }
    for (const name of names)
      expect(Math.max(...suffered.map((one) => one[name])), name).toBeLessThanOrEqual(bounds[name]!);
  });
});

const linear = actionCertificate(
  { layers: [{ inputs: 3, outputs: 1, activation: 'linear' }], head: linearVictim.head },
  Float32Array.of(-0.5, -0.9, 0.15, 0.5),
);
/** Without an epsilon there are few boxes, and they can be small. */
const tiny: BoundCells = { soc: 4000, net: 0.01, certified: { soc: 1, net: 1 } };

describe('a bound on the damage to a linear policy', () => {
  const plant = toyPlant(...day);

  it.each([
    ['consumption', { soc: 80, net: 1, certified: { soc: 2, net: 1 } }],
    ['ramping', { soc: 30, net: 0.4, certified: { soc: 2, net: 1 } }],
  ] as const)('is not far above the optimum over reachable intervals, which are exact: %s', (name, cells) => {
    const { damage } = boundOf(plant, certifiedReach(plant, linear, linearVictim.head, toyThreat), name, cells);
    const exact = dayOptimum(name);
    const clean = played(linearVictim, () => {})[name];
    const tightness = (damage - clean) / (exact - clean);
    expect(tightness).toBeGreaterThan(0.99); // the optimum interpolates on a grid
    expect(tightness).toBeLessThan(1.6);
  });

  it.each(names)('meets the clean damage without an epsilon: %s', (name) => {
    const none = certifiedReach(plant, linear, linearVictim.head, threatOf([0, 0, 0], -10, 10));
    const clean = played(linearVictim, () => {})[name];
    const { damage } = boundOf(plant, none, name, tiny);
    expect(damage).toBeGreaterThanOrEqual(clean);
    expect(damage).toBeLessThan(clean * 1.01);
  });

  it('grows with the steps that may be attacked, from the clean damage to that of all', () => {
    const certified = certifiedReach(plant, linear, linearVictim.head, toyThreat);
    const of = (budget?: number): number =>
      boundOf(plant, certified, 'consumption', { ...coarse, soc: 30, net: 2 }, budget).damage;
    const grown = [of(0), of(3), of(8), of()];
    expect(grown[0]).toBeGreaterThan(played(linearVictim, () => {}).consumption);
    for (let i = 1; i < grown.length; i++) expect(grown[i]).toBeGreaterThan(grown[i - 1]!);
    // No attack of three steps does more than the bound on three.
    const limited = attacked(linearVictim, toyThreat, 'planned', { horizon: 24, budget: 3 });
    expect(limited.consumption).toBeLessThanOrEqual(grown[1]!);
  });
});
