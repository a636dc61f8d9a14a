import { describe, expect, it } from 'vitest';
import { attacks } from '../../attacks/index.ts';
import type { AttackName } from '../../attacks/index.ts';
import { firstOutside } from '../../attacks/ball/outside.ts';
import { objectives } from '../../attacks/objective/index.ts';
import type { ThreatModel } from '../../core/attack.ts';
import { headOutputs } from '../../core/policy.ts';
import { rng } from '../../core/rng.ts';
import type { GradientAccess } from '../../core/victim.ts';
import { askOf } from '../support/reference-search.ts';
import { heads, randomNetwork, referenceVictim } from '../support/reference-victim.ts';
import { contextOf, threatOf } from '../support/threat.ts';

/* What must hold of attacks on any victim, whatever they do: a defect of an attack shows here as a success that is too rare. */

const size = 8;
const rows = 60;
const stream = rng(6);
const x = Float32Array.from({ length: size * rows }, () => stream.uniform());
const victim = referenceVictim(randomNetwork(rng(2), [size, 16, 20], 2), heads.categorical);
const uniformThreat = (epsilon: number): ThreatModel => threatOf(new Float32Array(size).fill(epsilon));

const iterative = ['pgd', 'bim', 'mi-fgsm', 'ni-fgsm', 'apgd', 'acg', 'reacg'] as const satisfies readonly AttackName[];

function run(name: AttackName, config: object, threat: ThreatModel, on: GradientAccess = victim): Float32Array {
  const out = new Float32Array(x.length);
  const rngs = Array.from({ length: rows }, (_, row) => rng(1).split(row));
  const attack = attacks[name].make(config);
  if (attack.access !== 'gradient') throw new Error(name);
  attack.perturb(x, rows, on, contextOf(x, threat, rngs), out);
  return out;
}

function successOf(out: Float32Array, on: GradientAccess = victim): number {
  const [before, after] = [new Float64Array(rows), new Float64Array(rows)];
  on.decide(x, rows, before);
  on.decide(out, rows, after);
  return before.filter((action, r) => action !== after[r]).length / rows;
}

const meanOf = (out: Float32Array, objective: keyof typeof objectives = 'margin'): number => {
  const points = Array.from({ length: rows }, (_, r) => [...out.subarray(r * size, (r + 1) * size)]);
  return askOf(victim, objectives[objective], x)(points).value.reduce((a, b) => a + b, 0) / rows;
};

describe.each(iterative)('%s', (name) => {
  it('is no weaker than a single step', () => {
    const single = run('fgsm', { objective: 'margin' }, uniformThreat(0.05));
    const out = run(name, { objective: 'margin', steps: 30 }, uniformThreat(0.05));
    expect(successOf(out)).toBeGreaterThanOrEqual(successOf(single) - 0.01);
    expect(meanOf(out)).toBeGreaterThanOrEqual(meanOf(single));
  });

  it('gains from more epsilon and more steps', () => {
    const byEpsilon = [0.01, 0.03, 0.06, 0.12].map((e) =>
      meanOf(run(name, { objective: 'margin', steps: 25 }, uniformThreat(e))),
    );
    const bySteps = [3, 10, 40].map((steps) => meanOf(run(name, { objective: 'margin', steps }, uniformThreat(0.05))));
    for (const means of [byEpsilon, bySteps])
      for (let i = 1; i < means.length; i++)
        expect(means[i]!).toBeGreaterThanOrEqual(means[i - 1]! - 0.01 * Math.abs(means[i - 1]!));
  });

  it('changes every decision when anything goes', () => {
    const out = run(name, { objective: 'margin', steps: 60 }, uniformThreat(1));
    expect(successOf(out)).toBe(1);
  });

  it('pushes to the side it was given, on a victim whose action is linear in what it sees', () => {
    const linear = referenceVictim(
      randomNetwork(rng(3), [size, headOutputs(heads['squashed-gaussian'])]),
      heads['squashed-gaussian'],
    );
    const action = (points: Float32Array): Float64Array => {
      const to = new Float64Array(rows);
      linear.decide(points, rows, to);
      return to;
    };
    const clean = action(x);
    const up = action(
      run(name, { objective: 'grouped-margin', target: 'charge', steps: 10 }, uniformThreat(0.05), linear),
    );
    const down = action(
      run(name, { objective: 'grouped-margin', target: 'discharge', steps: 10 }, uniformThreat(0.05), linear),
    );
    clean.forEach((a, r) => {
      expect(up[r]).toBeGreaterThan(a);
      expect(down[r]).toBeLessThan(a);
    });
  });

  it.each(['l2', 'l1', 'l0'] as const)('keeps to %s sets, masked features to the bit, and gains there', (norm) => {
    const threat: ThreatModel = {
      ...threatOf([0.3, 0, 0.2, 0.1, 0, 0.3, 0.3, 0.05]),
      norm,
      ...(norm === 'l0' ? { sensors: 2 } : {}),
    };
    const out = run(name, { objective: 'margin', steps: 15 }, threat);
    expect(firstOutside(x, out, rows, threat)).toBe(-1);
    expect(meanOf(out)).toBeGreaterThan(meanOf(x) + 0.05);
  });
});

it.each(['pgd', 'apgd', 'acg', 'reacg'] as const)('%s gains from restarts', (name) => {
  const means = [1, 3, 9].map((restarts) =>
    meanOf(run(name, { objective: 'margin', steps: 10, restarts }, uniformThreat(0.1))),
  );
  expect(means[1]!).toBeGreaterThanOrEqual(means[0]!);
  expect(means[2]!).toBeGreaterThanOrEqual(means[1]!);
});
