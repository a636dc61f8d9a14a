import { describe, expect, it } from 'vitest';
import { attackEngine } from '../../attacks/engine.ts';
import { attacks } from '../../attacks/index.ts';
import type { AttackName } from '../../attacks/index.ts';
import { objectives } from '../../attacks/objective/index.ts';
import type { ThreatModel } from '../../core/attack.ts';
import { ConfigError } from '../../core/errors.ts';
import { headOutputs } from '../../core/policy.ts';
import type { Head } from '../../core/policy.ts';
import { rng } from '../../core/rng.ts';
import type { GradientAccess } from '../../core/victim.ts';
import { exactlyWithin } from '../support/exact.ts';
import { readyAttack } from '../support/ready-attack.ts';
import { heads, randomNetwork, referenceVictim } from '../support/reference-victim.ts';
import { contextOf, plainFeatures, threatOf } from '../support/threat.ts';

/** What every attack must keep, whatever it is: one table, one body. A new attack is one new row. */
const settings: readonly (readonly [AttackName, Readonly<Record<string, unknown>>])[] = [
  ['none', {}],
  ['random-noise', {}],
  ['random-noise', { oneSided: true }],
  ['fgsm', {}],
  ['bim', { steps: 6 }],
  ['mi-fgsm', { steps: 6 }],
  ['mi-fgsm', { steps: 6, keep: 'last', decay: 0.5, objective: 'grouped-margin', target: 'charge' }],
  ['ni-fgsm', { steps: 6 }],
  ['apgd', { steps: 20, restarts: 2 }],
  ['apgd', { steps: 12, objective: 'grouped-margin', start: 'random' }],
  ['apgd-t', { steps: 6, targets: 3, restarts: 2 }],
  ['acg', { steps: 20, restarts: 2 }],
  ['acg', { steps: 12, beta: 'textbook', clamp: false }],
  ['acg', { steps: 12, beta: 'zero', objective: 'grouped-margin', start: 'random' }],
  ['reacg', { steps: 20, restarts: 2 }],
  ['acg-art-1.16', { steps: 6, restarts: 3 }],
  ['min-epsilon', { attack: 'pgd', config: { steps: 4 } }],
  ['min-epsilon', { attack: 'fgsm', shares: [0.2, 0.6, 1] }],
  ['fmn', { steps: 10 }],
  ['deepfool', { steps: 5 }],
  ['cw-l2', { steps: 8, searches: 3 }],
  ['greedy-sensors', {}],
  ['universal', { record: 12, steps: 4 }],
  ['universal', { record: 12, steps: 4, objective: 'grouped-margin', target: 'toggle' }],
  ['fgsm', { objective: 'grouped-margin', target: 'toggle' }],
  ['nes', { queryBudget: 30 }],
  ['nes', { queryBudget: 30, step: 'normalised', target: 'toggle', objective: 'grouped-margin', momentum: 0 }],
  ['spsa', { queryBudget: 30, pairs: 2, start: 'clean', schedule: 'constant' }],
  ['hop-skip-jump', { queryBudget: 60 }],
  ['hop-skip-jump', { queryBudget: 60, metric: 'l2', until: 'nearest', wanted: 'changed', threshold: 0.01 }],
  ['boundary', { queryBudget: 60, target: 'toggle' }],
  ['boundary', { queryBudget: 60, metric: 'l2', until: 'nearest', wanted: 'changed', threshold: 0.01 }],
  ['snooping', { hidden: [6], epochs: 3 }],
  ['snooping', { hidden: [6], epochs: 3, inner: { name: 'bifurcation', config: { steps: 5 } } }],
  ['sensor-delay', { steps: 2 }],
  ['sensor-dropout', { probability: 0.5, fill: 'zero' }],
  ['sensor-dropout', { probability: 0.5, fill: 'mean' }],
  ['sensor-replay', { window: 1 }],
  ['square', { queryBudget: 30 }],
  ['square', { queryBudget: 30, blocks: 'contiguous', objective: 'grouped-margin' }],
  ['bifurcation', { steps: 7 }],
  ['bifurcation', { steps: 3, restarts: 3, start: 'random' }],
  ['toggle-bifurcation', { steps: 7, schedule: 'constant' }],
  ['planned', { steps: 5 }],
  ['evasive', { steps: 5 }],
  ['evasive', { steps: 5, target: 'toggle' }],
  ['learned-adversary', { policy: 'other' }],
  ['pa-ad', { policy: 'other', steps: 3 }],
  ['action-adversary', { policy: 'other', steps: 3 }],
  ['paper-pgd', { steps: 9 }],
  ['paper-pgd', { steps: 9, objective: 'paper-grouped-margin', target: 'toggle' }],
  ...Object.keys(objectives).map((objective) => ['pgd', { objective, steps: 5, restarts: 2 }] as const),
  ['pgd', { objective: 'margin', target: 'charge', steps: 5, schedule: 'halving' }],
  ['pgd', { objective: 'cross-entropy', target: 'discharge', steps: 5, schedule: 'relative' }],
  ['pgd', { steps: 5, keep: 'last', restarts: 3 }],
  ['pgd', { objective: { expression: 'sum(abs(z - clean))' }, steps: 5 }],
  ['pgd', { target: 'furthest-action', steps: 5 }],
  ['pgd', { target: { imitate: 'another' }, steps: 5 }],
  ...(['critic', 'min-q', 'robust-sarsa', 'robust-sarsa-shuffled', 'rs-mad'] as const).map(
    (name) => [name, { steps: 5, watch: 20, epochs: 1, width: 4, batch: 16 }] as const,
  ),
];
const size = 11;
const rows = 5;
const allHeads: Record<string, Head> = {
  ...heads,
  'two batteries': { kind: 'squashed-gaussian', low: [-0.8, -0.2], high: [0.8, 0.6] },
};
/** Masks, tiny and large epsilons side by side. */
const threat = threatOf([0, 0.05, 0.00012, 0.03, 0, 2, 0.05, 1e-9, 0.05, 0.00048, 0.05]);

function victimOf(head: Head, seed: number): GradientAccess {
  return referenceVictim(randomNetwork(rng(seed), [size, 10, headOutputs(head)]), head);
}

/** Clean rows in the box, with values at its ends, outside it, and a −0. */
function cleanOf(seed: number): Float32Array {
  const stream = rng(seed).split('x');
  const x = Float32Array.from({ length: rows * size }, () => stream.uniform());
  x.set([-0, 0, 1, 1.02, -0.03], 0);
  x[size] = -0;
  return x;
}

interface Setup {
  readonly step?: number;
  readonly threat?: ThreatModel;
  readonly only?: number;
}

const subset = (x: Float32Array, only: number | undefined): Float32Array =>
  only === undefined ? x : x.slice(only * size, (only + 1) * size);

/** Runs the bare attack, without the engine to tidy up after it. */
function bare(
  name: AttackName,
  config: object,
  victim: GradientAccess,
  x: Float32Array,
  { step = 4, threat: bounds = threat, only }: Setup = {},
): Float32Array {
  const out = new Float32Array(subset(x, only).length).fill(Number.NaN);
  const lanes = only === undefined ? [0, 1, 2, 3, 4] : [only];
  const rngs = lanes.map((lane) => rng(17).split(lane));
  const own = subset(x, only);
  readyAttack(name, config, victim, bounds).perturb(own, lanes.length, victim, contextOf(own, bounds, rngs, step), out);
  return out;
}

const bits = (values: Float32Array): Uint32Array => new Uint32Array(values.slice().buffer);

const cases = settings.flatMap(([name, config]) =>
  Object.entries(allHeads)
    .filter(([, head]) => {
      try {
        attacks[name].make(config).check?.(head);
        return true;
      } catch (error) {
        if (error instanceof ConfigError) return false;
        throw error;
      }
    })
    .map(([headName, head]) => [`${name} ${JSON.stringify(config)} on ${headName}`, name, config, head] as const),
);

it('covers every attack, each on all heads unless its objective names a kind', () => {
  expect(new Set(settings.map(([name]) => name))).toEqual(new Set(Object.keys(attacks)));
  for (const name of Object.keys(attacks)) {
    const covered = new Set(cases.filter(([, other]) => other === name).map(([, , , head]) => head));
    expect(covered.size).toBe(Object.keys(allHeads).length);
  }
});

describe.each(cases)('%s', (_title, name, config, head) => {
  const victim = victimOf(head, 1);
  const x = cleanOf(1);

  it('stays in its threat set in exact arithmetic, masked features to the bit, on random victims', () => {
    for (let seed = 0; seed < 4; seed++) {
      const clean = cleanOf(seed);
      const before = bits(clean);
      const out = bare(name, config, victimOf(head, seed), clean, { step: seed });
      out.forEach((value, i) => {
        const epsilon = threat.epsilon[i % size]!;
        expect(exactlyWithin(value, clean[i]!, epsilon)).toBe(true);
        expect(value).toBeGreaterThanOrEqual(Math.min(0, clean[i]!));
        expect(value).toBeLessThanOrEqual(Math.max(1, clean[i]!));
        if (epsilon === 0) expect(bits(out)[i]).toBe(before[i]);
      });
      expect(bits(clean)).toEqual(before); // the clean observation is not the attack's to change
    }
  });

  it('is deterministic', () => {
    expect(bits(bare(name, config, victim, x))).toEqual(bits(bare(name, config, victim, x)));
  });

  it('does not see how rows are batched', () => {
    const together = bare(name, config, victim, x);
    for (const only of [0, 3]) {
      expect(bits(bare(name, config, victim, x, { only }))).toEqual(bits(subset(together, only)));
    }
  });

  it('returns the clean bits when nothing may move', () => {
    expect(bits(bare(name, config, victim, x, { threat: threatOf(new Float32Array(size)) }))).toEqual(bits(x));
  });

  it('passes the engine, which has nothing to correct', () => {
    const attack = readyAttack(name, config, victim, threat);
    const engine = attackEngine({ attack, threat, victim, features: plainFeatures(size) });
    const out = new Float32Array(x.length);
    const rngs = Array.from({ length: rows }, (_, lane) => rng(17).split(lane));
    engine.perturb(x, rows, 4, rngs, out);
    expect(bits(out)).toEqual(bits(bare(name, config, victim, x)));
    expect(engine.meter.rejected).toBe(0);
    expect(engine.meter.gradients > 0).toBe(attack.access === 'gradient');
  });

  it('meets a constant policy without harm', () => {
    const constant = referenceVictim(randomNetwork(rng(1), [size, headOutputs(head)], 0), head);
    const out = bare(name, config, constant, x);
    expect(out.every(Number.isFinite)).toBe(true);
  });
});
