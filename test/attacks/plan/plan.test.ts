import { describe, expect, it } from 'vitest';
import { damages } from '../../../attacks/plan/damage.ts';
import type { DamageName } from '../../../attacks/plan/damage.ts';
import { planAttack } from '../../../attacks/plan/plan.ts';
import type { Choices } from '../../../attacks/plan/plan.ts';
import type { KnownPlant } from '../../../core/plant.ts';
import { toyDay, toyPlant } from '../../support/toy-plant.ts';

const fine = { soc: 4000, efficiency: 1e-4, net: 1e-3 };
const names = Object.keys(damages) as DamageName[];

/** The damage of an hour as its name says, written anew. */
const share: Record<DamageName, (so: number, net: number, before: number, price: number, carbon: number) => number> = {
  consumption: (so, net) => so + (net > 0 ? net : 0),
  ramping: (so, net, before) => so + (net > before ? net - before : before - net),
  cost: (so, net, _before, price) => so + (net > 0 ? net * price : 0),
  carbon: (so, net, _before, _price, carbon) => so + (net > 0 ? net * carbon : 0),
  peak: (so, net) => (net > so ? net : so),
};

/** Three actions around one that depends on the state, as an attack would leave them. */
const choices: Choices = {
  most: 3,
  at(t, state, from, actions) {
    const own = 0.3 * Math.sin(t) - 0.2 * (state[from]! - 0.5);
    actions.set([own, own - 0.35, own + 0.3]);
    return 3;
  },
};

/** The best of all sequences of choices, one by one. */
function exhaustive(plant: KnownPlant, name: DamageName, t0: number, horizon: number, budget: number): number {
  const best = (t: number, state: Float64Array, so: number, left: number): number => {
    if (t === t0 + horizon) return so;
    const actions = new Float64Array(3);
    choices.at(t, state, 0, actions);
    let most = Number.NEGATIVE_INFINITY;
    actions.forEach((action, c) => {
      if (c > 0 && left === 0) return;
      const next = state.slice();
      plant.advance(t, action, next, 0);
      const after = share[name](so, next[1]!, state[1]!, plant.price[t]!, plant.carbon[t]!);
      most = Math.max(most, best(t + 1, next, after, left - (c > 0 ? 1 : 0)));
    });
    return most;
  };
  const state = new Float64Array(plant.stateSize);
  plant.start(state, 0);
  return best(t0, state, 0, budget);
}

/** What the simulator gives for a plan's actions. */
function played(plant: KnownPlant, name: DamageName, t0: number, actions: Float64Array): number {
  const state = new Float64Array(plant.stateSize);
  plant.start(state, 0);
  const own = new Float64Array(3);
  let so = 0;
  actions.forEach((action, h) => {
    const before = state[1]!;
    choices.at(t0 + h, state, 0, own);
    plant.advance(t0 + h, Number.isNaN(action) ? own[0]! : action, state, 0);
    so = share[name](so, state[1]!, before, plant.price[t0 + h]!, plant.carbon[t0 + h]!);
  });
  return so;
}

describe.each(names)('a plan for %s', (name) => {
  const plant = toyPlant(...toyDay());
  const start = new Float64Array(plant.stateSize);
  plant.start(start, 0);

  it.each([
    [8, 8],
    [8, 3],
    [8, 1],
    [5, 0],
  ])('of %i steps, %i of them attacked, is the best of all sequences', (horizon, budget) => {
    const request = { t0: 14, horizon, state: start, budget, cells: fine };
    const plan = planAttack(plant, choices, damages[name], request);
    const exact = exhaustive(plant, name, 14, horizon, budget);
    expect(plan.damage).toBeLessThanOrEqual(exact + 1e-9);
    expect(plan.damage).toBeGreaterThan(0.9999 * exact); // states in one cell share a future
    expect(plan.actions.filter((action) => !Number.isNaN(action)).length).toBeLessThanOrEqual(budget);
  });

  it('promises what the simulator gives, whatever its cells, and little less in coarse ones', () => {
    const request = { t0: 14, horizon: 8, state: start };
    const coarse = planAttack(plant, choices, damages[name], request);
    expect(played(plant, name, 14, coarse.actions)).toBeCloseTo(coarse.damage, 12);
    const exact = exhaustive(plant, name, 14, 8, 8);
    expect(coarse.damage).toBeLessThanOrEqual(exact + 1e-9);
    expect(coarse.damage).toBeGreaterThan(0.98 * exact);
  });

  it('grows with its budget', () => {
    const of = (budget: number): number =>
      planAttack(plant, choices, damages[name], { t0: 0, horizon: 24, state: start, budget }).damage;
    const grown = [0, 2, 6, 24].map(of);
    grown.slice(1).forEach((more, i) => expect(more).toBeGreaterThan(0.99 * grown[i]!));
    expect(grown[3]).toBeGreaterThan(grown[0]!);
  });
});
