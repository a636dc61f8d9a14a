import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { attackEngine } from '../../../attacks/engine.ts';
import type { AttackEngine } from '../../../attacks/engine.ts';
import { anyActionCost, reachedActionCost } from '../../../attacks/timing/critic-cost.ts';
import { criticFields, criticWorth } from '../../../attacks/timing/critic-worth.ts';
import { timed } from '../../../attacks/timing/timed.ts';
import type { Moment } from '../../../attacks/timing/moment.ts';
import { quantile, shareBelow } from '../../../attacks/timing/quantile.ts';
import { attacks } from '../../../attacks/index.ts';
import type { ObservationAttack } from '../../../core/attack.ts';
import { ConfigError, StateError } from '../../../core/errors.ts';
import { headOutputs } from '../../../core/policy.ts';
import { rng } from '../../../core/rng.ts';
import type { Rng } from '../../../core/rng.ts';
import type { GradientAccess } from '../../../core/victim.ts';
import { integratorRehearsal, integratorVictim, trueCost, trueDamage } from '../../support/double-integrator.ts';
import { rankCorrelation } from '../../support/rank-correlation.ts';
import { drawnRehearsal, readyAttack } from '../../support/ready-attack.ts';
import { heads, randomNetwork, referenceVictim } from '../../support/reference-victim.ts';
import { plainFeatures, threatOf } from '../../support/threat.ts';

const criticOptions = z.strictObject(criticFields);
const size = 7;
const rows = 6;
const threat = threatOf([0, 0.05, 0.1, 0.05, 0.2, 0.05, 0.05]);
const x = Float32Array.from({ length: rows * size }, (_, i) => 0.5 + 0.4 * Math.sin(5 * i));
const watching = { watch: 60, epochs: 2, width: 6, batch: 16 };
const learning = { ...watching, updates: 0 };

const victimOf = (kind: keyof typeof heads): GradientAccess =>
  referenceVictim(randomNetwork(rng(3), [size, 8, headOutputs(heads[kind])]), heads[kind]);
const streams = (): Rng[] => Array.from({ length: rows }, (_, r) => rng(8).split(r));
const bits = (values: Float32Array): Uint32Array => new Uint32Array(values.slice().buffer);
const row = (values: Float32Array, r: number): Float32Array => values.slice(r * size, (r + 1) * size);

function engineOf(attack: ObservationAttack, victim: GradientAccess): AttackEngine {
  return attackEngine({ attack, threat, victim, features: plainFeatures(size) });
}

/** Strikes on these rows. */
const only = (marked: readonly number[]): Moment => ({
  access: 'none',
  asks: 0,
  choose(_x, count, _victim, _context, mark) {
    for (let r = 0; r < count; r++) mark[r] = marked.includes(r) ? 1 : 0;
  },
});

describe.each(['categorical', 'squashed-gaussian'] as const)('rows that strike, on a %s head', (kind) => {
  const victim = victimOf(kind);
  const settings = [
    ['pgd', { steps: 6, restarts: 3 }],
    ['pgd', { steps: 6, start: 'random' }],
    ['bifurcation', { steps: 4 }],
    ['random-noise', {}],
    ['square', {}],
  ] as const;

  it.each(settings)('are attacked by %s %j as they are alone, the others not at all', (name, config) => {
    const whole = engineOf(attacks[name].make(config), victim);
    const everywhere = new Float32Array(x.length);
    whole.perturb(x, rows, 0, streams(), everywhere);
    const some = engineOf(timed(attacks[name].make(config), only([1, 4, 5])), victim);
    const out = new Float32Array(x.length);
    some.perturb(x, rows, 0, streams(), out);
    for (let r = 0; r < rows; r++) {
      const struck = [1, 4, 5].includes(r);
      expect(bits(row(out, r))).toEqual(bits(row(struck ? everywhere : x, r)));
      expect(some.verdict.queries[r]).toBe(struck ? whole.verdict.queries[r] : 0);
      expect(some.verdict.gradients[r]).toBe(struck ? whole.verdict.gradients[r] : 0);
    }
  });

  it('may be all or none', () => {
    const untimed = attacks.pgd.make({ steps: 3 });
    const out = new Float32Array(x.length);
    const all = new Float32Array(x.length);
    engineOf(untimed, victim).perturb(x, rows, 0, streams(), all);
    engineOf(timed(attacks.pgd.make({ steps: 3 }), only([0, 1, 2, 3, 4, 5])), victim).perturb(
      x,
      rows,
      0,
      streams(),
      out,
    );
    expect(bits(out)).toEqual(bits(all));
    const none = engineOf(timed(attacks.pgd.make({ steps: 3 }), only([])), victim);
    none.perturb(x, rows, 0, streams(), out);
    expect(bits(out)).toEqual(bits(x));
    expect(none.meter).toEqual({ queries: 0, gradients: 0, rejected: 0 });
  });
});

it('an attack with a memory of each lane goes on watching those that do not strike', () => {
  const seen: number[] = [];
  const remembers: ObservationAttack = {
    stage: 'observation',
    access: 'none',
    perturb(_x, count, _victim, _context, out) {
      seen.push(count);
      out.fill(0.5);
    },
    reset() {},
  };
  const out = new Float32Array(x.length);
  const engine = engineOf(timed(remembers, only([2])), victimOf('gaussian'));
  engine.perturb(x, rows, 0, streams(), out);
  expect(seen).toEqual([rows]);
  expect(bits(row(out, 1))).toEqual(bits(row(x, 1)));
  expect(bits(row(out, 2))).not.toEqual(bits(row(x, 2)));
});

/** On how many rows of how many steps an attack strikes. */
function strikes(config: object, victim: GradientAccess, steps: number): Uint8Array[] {
  const attack = readyAttack('fgsm', { objective: 'grouped-margin', ...config }, victim);
  const engine = engineOf(attack, victim);
  const stream = rng(12);
  const lanes = streams();
  return Array.from({ length: steps }, (_, step) => {
    const shown = Float32Array.from({ length: rows * size }, () => 0.1 + 0.8 * stream.uniform());
    const out = new Float32Array(shown.length);
    engine.perturb(shown, rows, step, lanes, out);
    return Uint8Array.from({ length: rows }, (_, r) => (row(out, r).some((v, j) => v !== shown[r * size + j]) ? 1 : 0));
  });
}

const shareOf = (struck: readonly Uint8Array[]): number =>
  struck.reduce((sum, step) => sum + step.reduce((own, one) => own + one, 0), 0) / (struck.length * rows);

describe.each(['categorical', 'gaussian'] as const)('on a %s head', (kind) => {
  const victim = victimOf(kind);

  it('random duty strikes on that share of the steps', () => {
    expect(shareOf(strikes({ timing: { duty: 0.3 } }, victim, 200))).toBeCloseTo(0.3, 1);
    expect(shareOf(strikes({ timing: { duty: 0 } }, victim, 5))).toBe(0);
    expect(shareOf(strikes({ timing: { duty: 1 } }, victim, 5))).toBe(1);
  });

  it('listed steps are struck on all rows', () => {
    const struck = strikes({ timing: { steps: [1, 3] } }, victim, 5);
    expect(struck.map((step) => [...new Set(step)])).toEqual([[0], [1], [0], [1], [0]]);
  });

  it.each([
    ['valueAbove', 'value gate', watching],
    ['damageAbove', 'critical point', { by: 'any-action', ...learning }],
  ] as const)('%s: the %s strikes on about the share that is above its quantile', (key, _title, options) => {
    const share = (at: number): number => shareOf(strikes({ timing: { [key]: at, ...options } }, victim, 60));
    expect(share(0.75)).toBeLessThan(share(0.25));
    expect(Math.abs(share(0.5) - 0.5)).toBeLessThan(0.25);
    expect(share(0)).toBeGreaterThan(0.9);
  });

  it('a timing that weighs the attack leaves rows that do not strike clean, and asks for their attack too', () => {
    const attack = readyAttack(
      'fgsm',
      { objective: 'grouped-margin', timing: { damageAbove: 1, ...learning } },
      victim,
    );
    const engine = engineOf(attack, victim);
    const out = new Float32Array(x.length);
    engine.perturb(x, rows, 0, streams(), out);
    expect(bits(out)).toEqual(bits(x));
    const untimed = engineOf(attacks.fgsm.make({ objective: 'grouped-margin' }), victim);
    untimed.perturb(x, rows, 0, streams(), out);
    expect([...engine.verdict.queries]).toEqual([...untimed.verdict.queries].map((asked) => asked + 2));
  });

  it('the strategic one strikes less the more decided the victim has to be', () => {
    const share = (spread: number): number => shareOf(strikes({ timing: { spread, ...learning } }, victim, 40));
    expect(share(0)).toBe(1);
    expect(share(0.9)).toBeLessThan(share(0.1));
  });

  it('the best k of T strikes on k of every window that promises enough, on each row', () => {
    const windows = (by: string): number[] => {
      const struck = strikes({ timing: { best: 3, of: 8, by, ...learning } }, victim, 32);
      return Array.from({ length: 4 * rows }, (_, k) =>
        struck.slice(8 * (k % 4), 8 * (k % 4) + 8).reduce((sum, step) => sum + step[k >> 2]!, 0),
      );
    };
    // Where the victim's own action is the worst there is, nothing is promised.
    expect(new Set(windows('any-action'))).toContain(3);
    expect(Math.min(...windows('any-action'))).toBeGreaterThan(1);
    expect(Math.max(...windows('any-action'), ...windows('critic'))).toBe(3);
    expect(shareOf(strikes({ timing: { best: 0, of: 8, by: 'any-action', ...learning } }, victim, 8))).toBe(0);
  });
});

it('the strategic one on bins is the spread of the probabilities', () => {
  const victim = victimOf('categorical');
  const logits = new Float32Array(rows * 20);
  victim.logits(x, rows, logits);
  const spreads = Array.from({ length: rows }, (_, r) => {
    const z = [...logits.subarray(20 * r, 20 * r + 20)].map((v) => Math.exp(v / 2));
    const total = z.reduce((sum, v) => sum + v, 0);
    return (Math.max(...z) - Math.min(...z)) / total;
  });
  const spread = spreads.toSorted((a, b) => a - b)[3]! - 1e-9;
  const attack = attacks.fgsm.make({ objective: 'margin', timing: { spread, temperature: 2, within: 'range' } });
  const engine = engineOf(attack, victim);
  engine.perturb(x, rows, 0, streams(), new Float32Array(x.length));
  expect([...engine.verdict.gradients]).toEqual(spreads.map((own) => (own >= spread ? 1 : 0)));
});

describe('a critic ranks states, on a plant where the truth is known,', () => {
  const states = integratorRehearsal(5)
    .record(20)
    .observation.slice(0, 2 * 150);
  const shown = states.map((value, i) => value + 0.1 * Math.sin(3 * i));
  const worthOf = (cost: ReturnType<typeof anyActionCost>): number[] => {
    const worth = criticWorth(criticOptions.parse({ watch: 800, exploration: 0.5, width: 32 }), cost);
    for (const done of worth.prepare(integratorRehearsal(4))) expect(done).toBeLessThanOrEqual(1);
    const predicted = [...worth.of(states, 150, integratorVictim(), shown).subarray(0, 150)];
    worth.dispose();
    return predicted;
  };
  const at = (r: number): Float32Array => states.subarray(2 * r, 2 * r + 2);

  it('by the damage that the worst action does', () => {
    const truth = Array.from({ length: 150 }, (_, r) => trueDamage(at(r), 0.95));
    expect(rankCorrelation(worthOf(anyActionCost()), truth)).toBeGreaterThan(0.6);
  });

  it('by the damage that the action does which an attack brings about', () => {
    const action = new Float64Array(150);
    integratorVictim().decide(shown, 150, action);
    const truth = [...action].map((a, r) => trueCost(at(r), a, 0.95));
    expect(rankCorrelation(worthOf(reachedActionCost()), truth)).toBeGreaterThan(0.6);
  });
});

it('what has to learn refuses to begin before it has', () => {
  for (const timing of [{ valueAbove: 0.5 }, { damageAbove: 0.5 }, { best: 1, of: 2 }]) {
    const engine = engineOf(attacks.pgd.make({ timing }), victimOf('gaussian'));
    expect(() => engine.perturb(x, rows, 0, streams(), new Float32Array(x.length))).toThrow(StateError);
  }
});

it('asks for the access that its timing needs', () => {
  expect(attacks['random-noise'].make({ timing: { duty: 0.5 } }).access).toBe('none');
  expect(attacks['random-noise'].make({ timing: { spread: 0.5, within: 'range' } }).access).toBe('score');
  expect(attacks.pgd.make({ timing: { spread: 0.5 } }).access).toBe('gradient');
});

it('what it asks comes out of the budget of a step, and there is none of the episode', () => {
  const victim = victimOf('categorical');
  const engine = engineOf(
    readyAttack('square', { queryBudget: 30, timing: { best: 1, of: 1, ...learning } }, victim),
    victim,
  );
  engine.perturb(x, rows, 0, streams(), new Float32Array(x.length));
  expect(Math.max(...engine.verdict.queries)).toBe(30);
  const timing = { damageAbove: 0.5 };
  expect(() => attacks.square.make({ episodeQueryBudget: 1000, timing })).toThrow(ConfigError);
  expect(() => attacks.square.make({ queryBudget: 1, timing })).toThrow(ConfigError);
});

it('prepares timing and attack, each once', () => {
  const shares = [
    ...attacks['min-q'].make({ ...watching, timing: { valueAbove: 0.5, ...watching } }).prepare!(
      drawnRehearsal(victimOf('gaussian')),
    ),
  ];
  expect(shares).toEqual([0.25, 0.5, 0.75, 1]);
});

it('quantiles and shares of ascending values', () => {
  const values = Float64Array.of(1, 2, 2, 5);
  expect([0, 0.25, 0.5, 0.99, 1].map((share) => quantile(values, share))).toEqual([1, 2, 2, 5, 5]);
  expect([0, 1, 2, 3, 9].map((value) => shareBelow(values, value))).toEqual([0, 0, 0.25, 0.75, 1]);
});
