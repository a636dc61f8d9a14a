import { describe, expect, it } from 'vitest';
import { attackEngine } from '../../../attacks/engine.ts';
import { attacks } from '../../../attacks/index.ts';
import type { DamageName } from '../../../attacks/plan/damage.ts';
import { rng } from '../../../core/rng.ts';
import { dayOptimum, linearVictim as victim, toyThreat as threat } from '../../support/toy-optimum.ts';
import { drawnRehearsal } from '../../support/ready-attack.ts';
import { plainFeatures } from '../../support/threat.ts';
import { toyDay, toyPlant } from '../../support/toy-plant.ts';

const [base, price, carbon] = toyDay();

/** The damage of a day in the closed loop under an attack. */
function suffered(
  name: 'planned' | 'toggle-bifurcation' | 'bifurcation' | 'none',
  damage: DamageName,
  config: object,
): number {
  const plant = toyPlant(base, price, carbon);
  const attack = attacks[name].make(config);
  const features = plainFeatures(3);
  const rehearsal = { ...drawnRehearsal(victim), plants: () => [plant] };
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
      const exact = dayOptimum(damage);
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

  it('goes by what was done where a timing put the clean row back', () => {
    const plant = toyPlant(base, price, carbon);
    // The attack's own state is the one that was begun by its `prepare`; plans try others.
    let own: Float64Array | undefined;
    const watched = {
      ...plant,
      start(state: Float64Array, at: number) {
        own ??= state;
        plant.start(state, at);
      },
    };
    const attack = attacks.planned.make({ damage: 'ramping', timing: { duty: 0.5 } });
    for (const _ of attack.prepare?.({ ...drawnRehearsal(victim), plants: () => [watched] }) ?? []);
    const engine = attackEngine({ attack, threat, victim, features: plainFeatures(3) });
    const state = new Float64Array(plant.stateSize);
    plant.start(state, 0);
    const before = state.slice();
    const [x, seen, action] = [new Float32Array(3), new Float32Array(3), new Float64Array(1)];
    let struck = 0;
    for (let t = 0; t < 24; t++) {
      plant.observe(t, state, 0, x, 0);
      engine.perturb(x, 1, t, [rng(t)], seen);
      if (seen.some((value, i) => value !== x[i])) struck++;
      victim.decide(seen, 1, action);
      // It has had the steps before this one.
      expect([t, own]).toEqual([t, before]);
      engine.acted(action);
      plant.advance(t, action[0]!, state, 0);
      before.set(state);
    }
    expect(struck).toBeGreaterThan(3);
    expect(struck).toBeLessThan(21);
  });

  it('attacks no more steps than its budget, and does more with more', () => {
    const of = (budget: number): number => suffered('planned', 'ramping', { damage: 'ramping', budget });
    expect(of(4)).toBeGreaterThan(suffered('none', 'ramping', {}));
    expect(of(12)).toBeGreaterThan(of(4));
  });
});
