import { expect, it } from 'vitest';
import { universal } from '../../attacks/universal.ts';
import { StateError } from '../../core/errors.ts';
import { rng } from '../../core/rng.ts';
import { readyAttack } from '../support/ready-attack.ts';
import { heads, randomNetwork, referenceVictim } from '../support/reference-victim.ts';
import { contextOf, threatOf } from '../support/threat.ts';

const size = 8;
const threat = threatOf([0.1, 0, 0.05, 0.2, 0.1, 0.1, 0.03, 0.2]);
const rows = 40;
const stream = rng(4);
const x = Float32Array.from({ length: rows * size }, () => 0.25 + 0.5 * stream.uniform()); // no box is in the way

function played(config: object, victim: ReturnType<typeof referenceVictim>, step: number): Float32Array {
  const attack = readyAttack('universal', { objective: 'grouped-margin', ...config }, victim);
  if (attack.access !== 'none') throw new Error('universal asks nothing while it plays');
  const out = new Float32Array(x.length);
  attack.perturb(x, rows, victim, contextOf(x, threat, [], step), out);
  return out;
}

it('is, on a linear victim, ε ⊙ sign(w) towards the side, one bias for all rows, and turns with a toggle', () => {
  const network = randomNetwork(rng(2), [size, 2]);
  const victim = referenceVictim(network, heads['squashed-gaussian']);
  const expected = (side: number) => (v: number, i: number) => {
    const j = i % size;
    expect(v - x[i]!).toBeCloseTo(side * threat.epsilon[j]! * Math.sign(network.weights[0]![j]![0]!), 6);
  };
  played({ target: 'charge' }, victim, 0).forEach(expected(1));
  played({ target: 'toggle' }, victim, 4).forEach(expected(-1));
  played({ target: 'toggle' }, victim, 5).forEach(expected(1));
});

it('moves decisions it never saw more than a random bias of the same size', () => {
  const victim = referenceVictim(randomNetwork(rng(5), [size, 16, 2]), heads['squashed-gaussian']);
  const meanOf = (points: Float32Array): number => {
    const logits = new Float32Array(2 * rows);
    victim.logits(points, rows, logits);
    return logits.reduce((sum, z, i) => sum + (i % 2 === 0 ? z : 0), 0) / rows;
  };
  const pushed = meanOf(played({ target: 'charge' }, victim, 0)) - meanOf(x);
  for (let seed = 0; seed < 20; seed++) {
    const signs = Array.from({ length: size }, (_, j) => (rng(seed).split(j).uniform() < 0.5 ? -1 : 1));
    const biased = x.map((v, i) => v + threat.epsilon[i % size]! * signs[i % size]!);
    expect(pushed).toBeGreaterThan(meanOf(biased) - meanOf(x));
  }
});

it('has to be prepared', () => {
  const attack = universal.make({});
  if (attack.access !== 'none') throw new Error('universal asks nothing while it plays');
  const victim = referenceVictim(randomNetwork(rng(2), [size, 2]), heads['squashed-gaussian']);
  expect(() => attack.perturb(x, rows, victim, contextOf(x, threat, []), x.slice())).toThrow(StateError);
});
