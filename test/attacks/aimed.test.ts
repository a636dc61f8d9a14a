import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { attackEngine } from '../../attacks/engine.ts';
import { attacks } from '../../attacks/index.ts';
import type { AttackName } from '../../attacks/index.ts';
import type { ObservationAttack, Rehearsal, ThreatModel } from '../../core/attack.ts';
import type { Head } from '../../core/policy.ts';
import { rng } from '../../core/rng.ts';
import type { DecisionAccess } from '../../core/victim.ts';
import { drawnRehearsal } from '../support/ready-attack.ts';
import { heads, randomNetwork, referenceVictim } from '../support/reference-victim.ts';
import { plainFeatures, threatOf } from '../support/threat.ts';

/* What an attack's target and objective ask for reaches whoever composes the run, whatever the attack. */

const size = 6;
const rows = 3;
const x = Float32Array.from({ length: size * rows }, (_, i) => ((7 * i) % 17) / 17);
const names = Object.keys(attacks) as AttackName[];
const has = (name: AttackName, field: string): boolean =>
  Object.hasOwn((attacks[name].config as z.ZodObject).shape, field);

/** Less to do than by default, for whoever can be told so. */
function quick(name: AttackName): object {
  if (name === 'paper-pgd') return { steps: 12, stepSize: 0.3 };
  const less = { steps: 12, restarts: 1, queryBudget: 400, record: 30, watch: 20, epochs: 1 };
  return Object.fromEntries(Object.entries(less).filter(([field]) => has(name, field)));
}

const victim = referenceVictim(randomNetwork(rng(2), [size, 1], 1.2), heads.deterministic);
const wide = threatOf(new Float32Array(size).fill(0.5));

/** A controller that does one thing, and how often it was asked for each lane. */
function single(action: number): DecisionAccess & { readonly asked: number[] } {
  const asked = Array.from({ length: rows }, () => 0);
  return {
    observationSize: size,
    actionSize: 1,
    asked,
    decide(_x, count, out, of) {
      for (let r = 0; r < count; r++) asked[(of?.[r] ?? r) % rows]!++;
      out.fill(action, 0, count);
    },
  };
}

function run(attack: ObservationAttack, other: DecisionAccess, on = victim, threat: ThreatModel = wide, steps = 1) {
  const rehearsal: Rehearsal = { ...drawnRehearsal(on), policy: () => other, recordedPolicy: () => other };
  for (const _ of attack.prepare?.(rehearsal) ?? []);
  const alarm = {
    name: 'silent',
    evaluate: (_x: Float32Array, count: number, value: Float32Array, gradient: Float32Array) => {
      value.fill(0, 0, count);
      gradient.fill(0);
    },
  };
  const engine = attackEngine({ attack, threat, victim: on, features: plainFeatures(size), alarm });
  const out = new Float32Array(x.length);
  const rngs = Array.from({ length: rows }, (_, row) => rng(9).split(row));
  for (let step = 0; step < steps; step++) engine.perturb(x, rows, step, rngs, out);
  return engine.verdict;
}

const targeted = names.filter((name) => has(name, 'target'));

it('takes in the attacks that have a target', () => {
  expect(targeted).toEqual(
    expect.arrayContaining(['pgd', 'acg-art-1.16', 'greedy-sensors', 'square', 'boundary', 'universal', 'evasive']),
  );
});

describe.each(targeted)('%s', (name) => {
  const objective = has(name, 'objective') ? { objective: 'action-distance' } : {};

  it('forces what another controller does, which it names and is given', () => {
    const action = (wanted: number): number => {
      const attack = attacks[name].make({ ...quick(name), ...objective, target: { imitate: 'other' } });
      expect(attack.policies).toEqual(['other']);
      const verdict = run(attack, single(wanted));
      return verdict.action.reduce((sum, a) => sum + a, 0) / rows;
    };
    expect(action(0.7)).toBeGreaterThan(action(-0.7) + 0.2);
  });
});

it('min-epsilon gives its inner attack what that asks for, and asks the other controller once a step and lane', () => {
  const attack = attacks['min-epsilon'].make({
    attack: 'pgd',
    config: { steps: 4, target: { imitate: 'other' }, objective: 'action-distance' },
  });
  expect(attack.policies).toEqual(['other']);
  const other = single(0.7);
  run(attack, other, victim, wide, 3);
  expect(other.asked).toEqual([3, 3, 3]);
});

it('snooping does so too, and lets an inner attack learn from the imitator', () => {
  const config = { hidden: [4], epochs: 2, days: 2 };
  const attack = attacks.snooping.make({
    ...config,
    inner: { name: 'fgsm', config: { target: { imitate: 'other' }, objective: 'action-distance' } },
  });
  expect(attack.policies).toEqual(['other']);
  expect(run(attack, single(0.7)).linf.every((length) => length > 0)).toBe(true);
  const learns = attacks.snooping.make({ ...config, inner: { name: 'universal', config: { record: 12, steps: 3 } } });
  expect(run(learns, single(0)).linf.every((length) => length > 0)).toBe(true);
});

it('a timed attack asks the other controller under the names of the lanes that it strikes', () => {
  const attack = attacks.fgsm.make({
    objective: 'action-distance',
    target: { imitate: 'other' },
    timing: { duty: 0.5 },
  });
  const lanes: number[][] = [];
  const other: DecisionAccess = {
    ...single(0.7),
    decide(_x, count, out, of) {
      lanes.push(Array.from({ length: count }, (_, r) => of?.[r] ?? r));
      out.fill(0.7, 0, count);
    },
  };
  run(attack, other, victim, wide, 12);
  expect(lanes.some((own) => own.length < rows && own[0]! > 0)).toBe(true);
});

describe.each(names.filter((name) => has(name, 'objective')))('%s', (name) => {
  it('says that the objective stood in for another', () => {
    const two: Head = { kind: 'categorical', values: [-1, 1] };
    const attack = attacks[name].make({ ...quick(name), objective: 'dlr' });
    expect(attack.notes?.(two).join()).toMatch(/'margin' was maximised/);
    expect(attack.notes?.(heads.categorical) ?? []).toEqual([]);
  });
});

it('min-epsilon says so of its inner attack', () => {
  const attack = attacks['min-epsilon'].make({ attack: 'pgd', config: { objective: 'dlr' } });
  expect(attack.notes?.({ kind: 'categorical', values: [-1, 1] }).join()).toMatch(/'margin' was maximised/);
});
