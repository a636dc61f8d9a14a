import { describe, expect, it } from 'vitest';
import { sarsa } from '../../../attacks/critic/sarsa.ts';
import { transitionsOf } from '../../../attacks/critic/transitions.ts';
import { qScale } from '../../../attacks/critic/mixture.ts';
import type { QFunction } from '../../../attacks/critic/q-function.ts';
import { attacks } from '../../../attacks/index.ts';
import type { AttackName } from '../../../attacks/index.ts';
import type { ObservationAttack } from '../../../core/attack.ts';
import { StateError } from '../../../core/errors.ts';
import { randomNetwork, referenceVictim } from '../../support/reference-victim.ts';
import { rng } from '../../../core/rng.ts';
import {
  attackedReturn,
  integratorHead,
  integratorRehearsal,
  integratorVictim,
  recordIntegrator,
  trueSlope,
} from '../../support/double-integrator.ts';
import { rankCorrelation } from '../../support/rank-correlation.ts';
import { contextOf, threatOf } from '../../support/threat.ts';

/** Runs a generator to its end. */
function finish<Result>(steps: Generator<number, Result, void>): Result {
  for (let next = steps.next(); ; next = steps.next()) if (next.done === true) return next.value;
}

const gamma = 0.95;
const binsVictim = () =>
  referenceVictim(randomNetwork(rng(2), [2, 5]), { kind: 'categorical', values: [-2, -1, 0, 1, 2] });

describe('on a double integrator, whose Q function is known', () => {
  const learn = (successor: 'ordered' | 'shuffled', seed: number, radius = 0): number => {
    const recording = recordIntegrator(8, 800, 0.5, rng(seed).split('plant'));
    const data = transitionsOf(recording, integratorHead);
    const smoothness = { radius, weight: radius > 0 ? 0.1 : 0 };
    const options = { width: 32, epochs: 40, batch: 128, learningRate: 3e-3, gamma, tau: 0.02, smoothness, successor };
    const q = finish(sarsa(data, options, rng(seed).split('learn')));
    const count = 300;
    const x = data.x.subarray(0, 2 * count);
    const decided = new Float64Array(count);
    integratorVictim().decide(x, count, decided);
    const slope = new Float32Array(count);
    q.valueAndSlope(
      x,
      Float32Array.from(decided, (a) => a / 2),
      count,
      new Float32Array(count),
      slope,
    );
    const truth = Array.from({ length: count }, (_, r) => trueSlope(x.subarray(2 * r, 2 * r + 2), gamma));
    return rankCorrelation([...slope], truth);
  };

  it.each([1, 2, 3])('pairs in order rank the slopes of Q as they are, shuffled ones do not: seed %i', (seed) => {
    const figures = [learn('ordered', seed), learn('ordered', seed, 0.1), learn('shuffled', seed)];
    expect(figures[0]).toBeGreaterThan(0.85);
    expect(figures[1]).toBeGreaterThan(0.85);
    expect(figures[2]).toBeLessThan(-0.9);
  });

  it('ranks the attacks: Robust Sarsa costs more than its published form, than the critic attack and than noise', () => {
    const victim = integratorVictim();
    const threat = threatOf([0.1, 0.1]);
    const learning = { watch: 800, epochs: 40, width: 32, learningRate: 3e-3, exploration: 0.5, steps: 10 };
    const cost = (name: AttackName, config: object): number => {
      const attack = attacks[name].make(config);
      if (attack.prepare !== undefined) finish(attack.prepare(integratorRehearsal(4)));
      const rngs = [rng(9).split(name)];
      return attackedReturn((x, out) => attack.perturb(x, 1, victim, contextOf(x, threat, rngs), out), 5);
    };
    const clean = cost('none', {});
    const figures = {
      clean,
      noise: cost('random-noise', {}),
      critic: cost('critic', learning),
      minQ: cost('min-q', learning),
      sarsa: cost('robust-sarsa', learning),
      both: cost('rs-mad', learning),
      shuffled: cost('robust-sarsa-shuffled', learning),
      mad: cost('pgd', { objective: 'kl', steps: 10 }),
    };
    expect(figures.sarsa).toBeLessThan(figures.shuffled);
    expect(figures.sarsa).toBeLessThan(figures.noise);
    expect(figures.sarsa).toBeLessThan(2 * figures.mad); // returns are negative
    expect(figures.critic).toBeGreaterThan(figures.noise); // the weak control
    expect(figures.minQ).toBeLessThan(figures.shuffled);
    expect(figures.both).toBeLessThan(figures.mad);
  });
});

it.each(['critic', 'min-q', 'rs-mad'] as const)('%s learns anew when it is prepared again', (name) => {
  const bins = binsVictim();
  const x = Float32Array.of(0.4, 0.6);
  const threat = threatOf([0.2, 0.2]);
  const config = { watch: 100, epochs: 4, width: 8, steps: 4 };
  const shownBy = (attack: ObservationAttack): Float32Array => {
    const out = new Float32Array(2);
    attack.perturb(x, 1, bins as never, contextOf(x, threat, [rng(1)]), out);
    return out;
  };
  const rehearsed = (seed: number, attack: ObservationAttack): ObservationAttack => {
    finish(attack.prepare!({ ...integratorRehearsal(seed), victim: bins }));
    return attack;
  };
  const again = rehearsed(1, attacks[name].make(config));
  const before = shownBy(again);
  const once = shownBy(rehearsed(7, attacks[name].make(config)));
  expect(once).not.toEqual(before); // or nothing would tell the two apart
  expect(shownBy(rehearsed(7, again))).toEqual(once);
});

it('rs-mad weighs the critic and the divergence in units of their own: rewards may be of any size', () => {
  const q = {
    value: (_x: Float32Array, action: Float32Array, rows: number, out: Float32Array) =>
      out.set(action.subarray(0, rows)),
  };
  const data = transitionsOf(recordIntegrator(1, 60, 0.5, rng(3)), integratorHead);
  const scaled = (factor: number): number =>
    qScale({ ...data, action: data.action.map((a) => factor * a) }, q as unknown as QFunction);
  let sum = 0;
  for (let t = 0; t < 59; t++) sum += Math.abs(data.action[t + 1]! - data.action[t]!);
  expect(scaled(1)).toBeCloseTo(sum / 59, 5);
  expect(scaled(30)).toBeCloseTo((30 * sum) / 59, 3);
});

it('refuses to begin before it has learnt', () => {
  const x = Float32Array.of(0.5, 0.5);
  for (const name of ['critic', 'min-q', 'robust-sarsa', 'rs-mad'] as const) {
    const attack = attacks[name].make({});
    const begin = (): void =>
      attack.perturb(x, 1, integratorVictim(), contextOf(x, threatOf([0.1, 0.1]), [rng(1)]), new Float32Array(2));
    expect(begin).toThrow(StateError);
  }
});
