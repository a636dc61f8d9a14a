import { describe, expect, it } from 'vitest';
import { attackEngine } from '../../../attacks/engine.ts';
import { attacks } from '../../../attacks/index.ts';
import type { DamageName } from '../../../attacks/plan/damage.ts';
import type { Rehearsal } from '../../../core/attack.ts';
import { rng } from '../../../core/rng.ts';
import type { GradientAccess } from '../../../core/victim.ts';
import { referenceVictim } from '../../support/reference-victim.ts';
import { plainFeatures, threatOf } from '../../support/threat.ts';
import { paperBattery, toyDay, toyPlant } from '../../support/toy-plant.ts';

/** A controller that is linear in what it sees: charges where there is sun, gives where there is load, keeps to the middle. */
const weights = [-0.5, -0.9, 0.15];
const bias = 0.5;
const epsilon = [0.2, 0.2, 0.1];
const most = 5 / 6.4;
const victim: GradientAccess = referenceVictim(
  { weights: [weights.map((weight) => [weight])], biases: [[bias]] },
  { kind: 'deterministic', low: [-most], high: [most] },
);
const threat = threatOf(epsilon, -10, 10);
const radius = weights.reduce((sum, weight, j) => sum + Math.abs(weight) * epsilon[j]!, 0);
const [base, price, carbon] = toyDay();
const clip = (action: number): number => Math.min(most, Math.max(-most, action));
/** What the controller does by itself, and the ends of what it can be brought to: exact, it being linear. */
const own = (t: number, soc: number, net: number): number =>
  weights[0]! * soc + (weights[1]! * (net + 6)) / 18 + (weights[2]! * (t % 24)) / 24 + bias;

/**
 * The optimum over reachable intervals by backward value iteration on a fine grid of (charge, consumption of the hour before), values
 * between grid points interpolated. The efficiency of the hour before follows from what was drawn in it.
 */
function optimum(damage: DamageName): number {
  const socs = 81;
  const nets = 41;
  const choices = 21;
  const drawnAt = (n: number): number => -5 + (10 * n) / (nets - 1);

  let value = new Float64Array(socs * nets);
  const read = (values: Float64Array, soc: number, drawn: number): number => {
    const s = Math.min(socs - 1.000001, Math.max(0, soc * (socs - 1)));
    const n = Math.min(nets - 1.000001, Math.max(0, ((drawn + 5) / 10) * (nets - 1)));
    const [i, j] = [Math.floor(s), Math.floor(n)];
    const [p, q] = [s - i, n - j];
    const at = (a: number, b: number): number => values[a * nets + b]!;
    return (1 - p) * ((1 - q) * at(i, j) + q * at(i, j + 1)) + p * ((1 - q) * at(i + 1, j) + q * at(i + 1, j + 1));
  };
  const best = (t: number, soc: number, drawn: number, last: number): number => {
    const net = base[t]! + drawn;
    const middle = own(t, soc, net);
    let most = Number.NEGATIVE_INFINITY;
    for (let c = 0; c < choices; c++) {
      const action = clip(middle - radius + (2 * radius * c) / (choices - 1));
      const [next, taken] = paperBattery(soc, last, action);
      const after = base[t + 1]! + taken;
      const gain =
        damage === 'ramping'
          ? Math.abs(after - net)
          : Math.max(0, after) * (damage === 'cost' ? price[t + 1]! : damage === 'carbon' ? carbon[t + 1]! : 1);
      most = Math.max(most, gain + read(value, next, taken));
    }
    return most;
  };
  for (let t = 23; t > 0; t--) {
    const now = new Float64Array(socs * nets);
    for (let s = 0; s < socs; s++)
      for (let n = 0; n < nets; n++) now[s * nets + n] = best(t, s / (socs - 1), drawnAt(n), efficiency(drawnAt(n)));
    value = now;
  }
  return best(0, 0.4, 0, 0.9);
}

/** Efficiency of an hour in which so much was drawn, specs/bifurcation.md 1.2. */
function efficiency(drawn: number): number {
  const share = Math.abs(drawn) / 5;
  if (share <= 0.3) return 0.83;
  if (share <= 0.7) return 0.83 + ((share - 0.3) / 0.4) * 0.07;
  return share <= 0.8 ? 0.9 : 0.9 - ((share - 0.8) / 0.2) * 0.05;
}

/** The damage of a day in the closed loop under an attack. */
function suffered(
  name: 'planned' | 'toggle-bifurcation' | 'bifurcation' | 'none',
  damage: DamageName,
  config: object,
): number {
  const plant = toyPlant(base, price, carbon);
  const attack = attacks[name].make(config);
  const features = plainFeatures(3);
  const rehearsal: Rehearsal = {
    features,
    victim,
    rng: rng(1),
    record: () => {
      throw new Error('a plan needs no recording');
    },
    plants: () => [plant],
  };
  for (const _ of attack.prepare?.(rehearsal) ?? []);
  const engine = attackEngine({ attack, threat, victim, features });
  const state = new Float64Array(plant.stateSize);
  plant.start(state, 0);
  const x = new Float32Array(3);
  const seen = new Float32Array(3);
  const action = new Float64Array(1);
  let so = 0;
  for (let t = 0; t < 24; t++) {
    plant.observe(t, state, 0, x, 0);
    engine.perturb(x, 1, t, [rng(t)], seen);
    victim.decide(seen, 1, action);
    const before = state[1]!;
    plant.advance(t, action[0]!, state, 0);
    const net = state[1]!;
    if (damage === 'ramping') so += Math.abs(net - before);
    else if (damage === 'peak') so = Math.max(so, net);
    else so += Math.max(0, net) * (damage === 'cost' ? plant.price[t]! : damage === 'carbon' ? plant.carbon[t]! : 1);
  }
  return so;
}

describe('the planned attack in the closed loop', () => {
  it.each(['consumption', 'ramping', 'cost', 'carbon'] as const)(
    'attains at least 95 % of the optimum over reachable intervals in a day of %s, and never more',
    (damage) => {
      const exact = optimum(damage);
      const attained = suffered('planned', damage, { damage });
      expect(attained).toBeGreaterThan(0.95 * exact);
      expect(attained).toBeLessThan(1.01 * exact); // the grid of the optimum interpolates
      const clean = suffered('none', damage, {});
      // The damage done, not only the sum it ends in.
      expect(attained - clean).toBeGreaterThan(0.95 * (exact - clean));
    },
  );

  it.each(['consumption', 'ramping', 'cost', 'carbon', 'peak'] as const)(
    'beats the schedules that do not plan, in %s',
    (damage) => {
      const attained = suffered('planned', damage, { damage });
      for (const other of ['none', 'bifurcation', 'toggle-bifurcation'] as const)
        expect(attained).toBeGreaterThan(suffered(other, damage, {}));
    },
  );

  it('attacks no more steps than its budget, and does more with more', () => {
    const of = (budget: number): number => suffered('planned', 'ramping', { damage: 'ramping', budget });
    expect(of(4)).toBeGreaterThan(suffered('none', 'ramping', {}));
    expect(of(12)).toBeGreaterThan(of(4));
  });
});
