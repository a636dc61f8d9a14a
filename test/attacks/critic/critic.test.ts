import { describe, expect, it } from 'vitest';
import { sarsa } from '../../../attacks/critic/sarsa.ts';
import { transitionsOf } from '../../../attacks/critic/transitions.ts';
import { attacks } from '../../../attacks/index.ts';
import type { AttackName } from '../../../attacks/index.ts';
import { StateError } from '../../../core/errors.ts';
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

it('refuses to begin before it has learnt', () => {
  const x = Float32Array.of(0.5, 0.5);
  for (const name of ['critic', 'min-q', 'robust-sarsa', 'rs-mad'] as const) {
    const attack = attacks[name].make({});
    const begin = (): void =>
      attack.perturb(x, 1, integratorVictim(), contextOf(x, threatOf([0.1, 0.1]), [rng(1)]), new Float32Array(2));
    expect(begin).toThrow(StateError);
  }
});
