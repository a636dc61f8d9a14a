import { describe, expect, it } from 'vitest';
import { attackEngine } from '../../../attacks/engine.ts';
import { attacks } from '../../../attacks/index.ts';
import { imitate } from '../../../attacks/snooping/imitator.ts';
import type { Imitator } from '../../../attacks/snooping/imitator.ts';
import type { ObservationAttack, Recording } from '../../../core/attack.ts';
import { ConfigError, StateError } from '../../../core/errors.ts';
import { headOutputs } from '../../../core/policy.ts';
import type { Head } from '../../../core/policy.ts';
import { rng } from '../../../core/rng.ts';
import type { GradientAccess } from '../../../core/victim.ts';
import { heads, randomNetwork, referenceVictim } from '../../support/reference-victim.ts';
import { plainFeatures, threatOf } from '../../support/threat.ts';

const size = 6;
const features = plainFeatures(size);
const threat = threatOf([0.1, 0.1, 0, 0.1, 0.1, 0.1]);
const victimOf = (head: Head): GradientAccess =>
  referenceVictim(randomNetwork(rng(3), [size, 8, headOutputs(head)], 2), head);

/** Daily curves with noise: observations that the victim decides on, in time. */
function recordingOf(victim: GradientAccess) {
  return (steps: number): Recording => {
    const stream = rng(9);
    const observation = Float32Array.from({ length: (steps + 1) * size }, (_, i) => {
      const hour = Math.floor(i / size);
      return 0.5 + 0.3 * Math.sin((2 * Math.PI * (hour + 4 * (i % size))) / 24) + 0.15 * (2 * stream.uniform() - 1);
    });
    const action = new Float64Array(steps);
    victim.decide(observation, steps, action);
    return {
      lanes: 1,
      steps,
      observation,
      action,
      reward: new Float64Array(steps),
      terminated: new Uint8Array(steps),
      truncated: new Uint8Array(steps),
    };
  };
}

const options = { hidden: [32], epochs: 60, patience: 15, learningRate: 5e-3, batch: 16 };

function learn(head: Head, steps: number, seed = 1): Imitator {
  const victim = victimOf(head);
  const learning = imitate(recordingOf(victim)(steps), head, options, rng(seed));
  for (;;) {
    const next = learning.next();
    if (next.done === true) return next.value;
    expect(next.value).toBeGreaterThan(0);
    expect(next.value).toBeLessThanOrEqual(1);
  }
}

describe('an imitator', () => {
  it('agrees the better, the longer it listened', () => {
    const long = learn(heads.categorical, 24 * 60);
    expect(long.agreement).toBeGreaterThan(0.85);
    expect(long.error).toBeLessThan(learn(heads.categorical, 24 * 6).error);
    expect([long.pairs, long.held]).toEqual([1152, 288]);
    const means = learn(heads['squashed-gaussian'], 24 * 60);
    expect(means.agreement).toBeNull();
    expect(means.error).toBeLessThan(0.02);
  });

  it('is a function of the recording and the seed, to the bit', () => {
    const logits = (imitator: Imitator): Float32Array => {
      const out = new Float32Array(20);
      imitator.policy.logits(new Float32Array(size).fill(0.5), 1, out);
      return out;
    };
    expect(logits(learn(heads.categorical, 200))).toEqual(logits(learn(heads.categorical, 200)));
    expect(logits(learn(heads.categorical, 200, 2))).not.toEqual(logits(learn(heads.categorical, 200)));
  });

  it('needs more than one step', () => {
    expect(() => learn(heads.categorical, 1)).toThrow(ConfigError);
  });
});

function prepared(head: Head, config: object): { attack: ObservationAttack; victim: GradientAccess } {
  const victim = victimOf(head);
  const attack = attacks.snooping.make({ ...options, days: 40, ...config });
  for (const _ of attack.prepare!({ features, victim, rng: rng(1), stepsPerDay: 24, record: recordingOf(victim) }));
  return { attack, victim };
}

const rows = 60;
const x = recordingOf(victimOf(heads.categorical))(rows).observation.subarray(0, rows * size);

function moved(attack: ObservationAttack, victim: GradientAccess): number {
  const engine = attackEngine({ attack, threat, victim, features });
  const rngs = Array.from({ length: rows }, (_, row) => rng(2).split(row));
  engine.perturb(x, rows, 0, rngs, new Float32Array(x.length));
  expect(engine.meter.gradients + (attack.access === 'none' ? engine.meter.queries : 0)).toBe(
    attack.access === 'none' ? 0 : engine.meter.gradients,
  );
  return engine.verdict.actionChange.reduce((sum, change) => sum + change, 0) / rows;
}

describe('snooping', () => {
  it.each(['categorical', 'squashed-gaussian', 'gaussian'] as const)(
    'never asks the victim, beats noise and keeps below the white box, on %s',
    (kind) => {
      const toggle = { objective: 'grouped-margin', target: 'toggle' };
      const inner = { name: 'pgd', config: { steps: 20, ...(kind === 'categorical' ? {} : toggle) } };
      const { attack, victim } = prepared(heads[kind], { inner });
      const transferred = moved(attack, victim);
      expect(transferred).toBeGreaterThan(1.5 * moved(attacks['random-noise'].make({}), victim));
      expect(transferred).toBeLessThanOrEqual(1.02 * moved(attacks.pgd.make(inner.config), victim));
      expect(attack.notes!(victim.head).at(-1)).toMatch(
        /^imitator of 768 recorded pairs, \d+ epochs; on 192 later ones/,
      );
    },
  );

  it('counts days in steps of the recording', () => {
    const victim = victimOf(heads.categorical);
    const asked: number[] = [];
    for (const stepsPerDay of [24, 96, 288]) {
      const attack = attacks.snooping.make({ ...options, days: 3, epochs: 1 });
      const record = (steps: number): Recording => {
        asked.push(steps);
        return recordingOf(victim)(steps);
      };
      for (const _ of attack.prepare!({ features, victim, rng: rng(1), stepsPerDay, record }));
      attack.dispose?.();
    }
    expect(asked).toEqual([72, 288, 864]);
  });

  it('is the inner attack on the imitator, to the bit', () => {
    const head = heads.categorical;
    const victim = victimOf(head);
    const attack = attacks.snooping.make({ ...options, days: 10 });
    for (const _ of attack.prepare!({ features, victim, rng: rng(1), stepsPerDay: 24, record: recordingOf(victim) }));
    const learning = imitate(recordingOf(victim)(240), head, options, rng(1).split('imitator'));
    let next = learning.next();
    while (next.done !== true) next = learning.next();
    const of = (one: ObservationAttack, on: GradientAccess): Float32Array => {
      const engine = attackEngine({ attack: one, threat, victim: on, features });
      const out = new Float32Array(x.length);
      engine.perturb(
        x,
        rows,
        0,
        [...Array(rows).keys()].map((row) => rng(2).split(row)),
        out,
      );
      return out;
    };
    expect(of(attack, victim)).toEqual(of(attacks.fgsm.make({}), next.value.policy));
  });

  it('says when it has not listened, or cannot attack its imitator', () => {
    const victim = victimOf(heads.categorical);
    expect(() => moved(attacks.snooping.make({}), victim)).toThrow(StateError);
    const wrong = attacks.snooping.make({ inner: { name: 'pgd', config: { objective: 'action-distance' } } });
    expect(() => attackEngine({ attack: wrong, threat, victim, features })).toThrow(ConfigError);
  });
});
