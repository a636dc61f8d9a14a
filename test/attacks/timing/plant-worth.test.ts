import { describe, expect, it } from 'vitest';
import { attackEngine } from '../../../attacks/engine.ts';
import { attacks } from '../../../attacks/index.ts';
import { plantWorth } from '../../../attacks/timing/plant-worth.ts';
import { ConfigError, ShapeError, StateError } from '../../../core/errors.ts';
import { rng } from '../../../core/rng.ts';
import { drawnRehearsal } from '../../support/ready-attack.ts';
import { plainFeatures } from '../../support/threat.ts';
import { linearVictim as victim, toyThreat as threat } from '../../support/toy-optimum.ts';
import { toyDay, toyPlant } from '../../support/toy-plant.ts';

const days = 7;
const plantOf = () => toyPlant(...toyDay(24 * days));
const plain = drawnRehearsal(victim);
const rehearsal = { ...plain, plants: () => [plantOf()] };

/** kWh from the grid from step `from` on if the controller is shown `first` at it, and the truth at the later ones. */
function consumed(from: number, steps: number, state: Float64Array, first: Float32Array): number {
  const plant = plantOf();
  const own = state.slice();
  const x = first.slice();
  const action = new Float64Array(1);
  let sum = 0;
  for (let t = from; t < from + steps; t++) {
    if (t > from) plant.observe(t, own, 0, x, 0);
    victim.decide(x, 1, action);
    plant.advance(t, action[0]!, own, 0);
    sum += Math.max(0, own[1]!);
  }
  return sum;
}

/** Plays the days under bifurcation at these times; returns kWh from the grid and how many steps were attacked. */
function played(timing: object | undefined): { readonly kwh: number; readonly struck: number } {
  const attack = attacks.bifurcation.make({ steps: 5, ...(timing && { timing }) });
  for (const _ of attack.prepare?.(rehearsal) ?? []);
  const engine = attackEngine({ attack, threat, victim, features: plainFeatures(3) });
  const plant = plantOf();
  const state = new Float64Array(plant.stateSize);
  plant.start(state, 0);
  const x = new Float32Array(3);
  const seen = new Float32Array(3);
  const action = new Float64Array(1);
  const streams = [rng(4)];
  let kwh = 0;
  let struck = 0;
  for (let t = 0; t < 24 * days; t++) {
    plant.observe(t, state, 0, x, 0);
    engine.perturb(x, 1, t, streams, seen);
    if (seen.some((value, j) => value !== x[j])) struck++;
    victim.decide(seen, 1, action);
    plant.advance(t, action[0]!, state, 0);
    kwh += Math.max(0, state[1]!);
  }
  return { kwh, struck };
}

describe('a step’s worth by the known plant', () => {
  it('is what the simulator makes of an attack there and nowhere else, on the way that was taken', () => {
    const worth = plantWorth('consumption', 6);
    for (const _ of worth.prepare(rehearsal));
    const plant = plantOf();
    const state = new Float64Array(plant.stateSize);
    plant.start(state, 0);
    const x = new Float32Array(3);
    const action = new Float64Array(1);
    for (let t = 0; t < 24; t++) {
      plant.observe(t, state, 0, x, 0);
      const shown = x.map((value, j) => value + threat.epsilon[j]! * Math.sin(t + j));
      const expected = consumed(t, 6, state, shown) - consumed(t, 6, state, x);
      expect(worth.of(x, 1, victim, shown)[0]).toBeCloseTo(expected, 12);
      worth.struck!(Uint8Array.of(t % 3 === 0 ? 1 : 0), 1);
      victim.decide(t % 3 === 0 ? shown : x, 1, action);
      plant.advance(t, action[0]!, state, 0);
    }
  });

  it.each([{ best: 6, of: 24 }, { damageAbove: 0.75 }])(
    '%j does more than steps at random, on no more of them',
    (timing) => {
      const clean = played({ steps: [] }).kwh;
      const own = played({ ...timing, by: 'consumption' });
      expect(own.struck).toBeLessThan(0.27 * 24 * days);
      for (let k = 0; k < 5; k++) {
        const stream = rng(k).split('steps');
        const steps = Array.from({ length: 24 * days }, (_, t) => t).filter(() => stream.uniform() < 0.27);
        const random = played({ steps }).kwh - clean;
        expect(own.kwh - clean).toBeGreaterThan(random);
        expect((own.kwh - clean) / own.struck).toBeGreaterThan((1.5 * random) / steps.length);
      }
    },
  );

  it('refuses rows without a plant, other rows than its own, and to begin before it is known', () => {
    const worth = plantWorth('cost', 6);
    const x = new Float32Array(6);
    expect(() => worth.of(x, 2, victim, x)).toThrow(StateError);
    expect(() => [...worth.prepare(plain)]).toThrow(ConfigError);
    for (const _ of worth.prepare(rehearsal));
    expect(() => worth.of(x, 2, victim, x)).toThrow(ShapeError);
  });
});
