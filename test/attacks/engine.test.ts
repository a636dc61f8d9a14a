import { describe, expect, it } from 'vitest';
import { linfBall } from '../../attacks/ball/linf.ts';
import { attackEngine } from '../../attacks/engine.ts';
import { attacks } from '../../attacks/index.ts';
import type { ObservationAttack } from '../../core/attack.ts';
import { BudgetError, ConfigError, ShapeError } from '../../core/errors.ts';
import { headOutputs } from '../../core/policy.ts';
import type { Head } from '../../core/policy.ts';
import { rng } from '../../core/rng.ts';
import type { GradientAccess } from '../../core/victim.ts';
import { heads, randomNetwork, referenceVictim } from '../support/reference-victim.ts';
import { plainFeatures, threatOf } from '../support/threat.ts';

const size = 6;
const rows = 3;
const threat = threatOf([0.4, 0.4, 0, 0.4, 0.4, 0.4]);
const features = plainFeatures(size);
const rngs = Array.from({ length: rows }, (_, lane) => rng(1).split(lane));
const victimOf = (head: Head): GradientAccess =>
  referenceVictim(randomNetwork(rng(2), [size, 12, headOutputs(head)], 1), head);
const x = Float32Array.from({ length: rows * size }, (_, i) => ((i * 37) % 100) / 100);

/** An attack that proposes whatever it is told. */
const proposing = (propose: (clean: number, i: number) => number): ObservationAttack => ({
  stage: 'observation',
  access: 'none',
  perturb: (clean, _rows, _victim, _context, out) => out.set(clean.map(propose)),
});

describe('the engine keeps the promise whatever an attack proposes', () => {
  const victim = victimOf(heads.categorical);
  it('confines', () => {
    const engine = attackEngine({ attack: proposing((v, i) => v + (i % 2 ? 5 : -5)), threat, victim, features });
    const out = new Float32Array(x.length);
    engine.perturb(x, rows, 0, rngs, out);
    out.forEach((v, i) => {
      expect(Math.abs(v - x[i]!)).toBeLessThanOrEqual(threat.epsilon[i % size]!);
      expect(v >= 0 && v <= 1).toBe(true);
    });
    expect(engine.meter.rejected).toBe(0);
  });

  it('answers a proposal that is not a number with the clean value, and counts it', () => {
    const engine = attackEngine({
      attack: proposing((v, i) => (i % 4 === 0 ? Number.NaN : v)),
      threat,
      victim,
      features,
    });
    const out = new Float32Array(x.length);
    engine.perturb(x, rows, 0, rngs, out);
    engine.perturb(x, rows, 1, rngs, out);
    expect([...out]).toEqual([...x]);
    expect(engine.meter.rejected).toBe(2 * 5); // 18 numbers, every fourth
  });

  it('names lane, feature and amount if something outside were ever handed out', () => {
    // It cannot be, so the test cheats: this threat set shrinks between confining and verifying.
    let reads = 0;
    let shrinksAt = Number.POSITIVE_INFINITY;
    const shrinking = {
      ...threat,
      get epsilon() {
        return reads++ < shrinksAt ? threat.epsilon : new Float32Array(size);
      },
    };
    linfBall().around(x, rows, shrinking);
    const readsToConfine = reads;
    const attack = proposing((v, i) => (i === 10 ? v - 0.05 : v));
    const engine = attackEngine({ attack, threat: shrinking, victim, features });
    const step = (): void => engine.perturb(x, rows, 0, rngs, new Float32Array(x.length));
    expect(step).not.toThrow();
    reads = 0;
    shrinksAt = readsToConfine;
    expect(step).toThrow(BudgetError);
    reads = 0;
    expect(step).toThrow(/lane 1, feature 'f4': perturbed from 0\.\d+ to 0\.\d+, by -0\.0\d+; allowed ±0/);
  });
});

describe('the engine judges', () => {
  it('changed decisions, action change on the unit scale and norms', () => {
    for (const head of [heads.categorical, heads['squashed-gaussian'], heads.gaussian]) {
      const victim = victimOf(head);
      const engine = attackEngine({ attack: attacks.bifurcation.make({ steps: 20 }), threat, victim, features });
      const out = new Float32Array(x.length);
      engine.perturb(x, rows, 0, rngs, out);
      const [before, after] = [new Float64Array(rows), new Float64Array(rows)];
      victim.decide(x, rows, before);
      victim.decide(out, rows, after);
      const { success, actionChange, linf, l2, cleanAction, action } = engine.verdict;
      expect([...cleanAction]).toEqual([...before]);
      expect([...action]).toEqual([...after]);
      for (let row = 0; row < rows; row++) {
        const deltas = [...out.subarray(row * size, (row + 1) * size)].map((v, j) => v - x[row * size + j]!);
        expect(linf[row]).toBe(Math.max(...deltas.map(Math.abs)));
        expect(l2[row]).toBeCloseTo(Math.hypot(...deltas), 12);
        expect(actionChange[row]).toBeCloseTo(Math.abs(after[row]! - before[row]!) / 1.5625, 12);
        expect(success[row]).toBe(head.kind === 'categorical' && before[row] !== after[row] ? 1 : 0);
      }
      // This victim's plain Gaussian mean is clipped before and after: no change is the truth there.
      expect(Math.max(...actionChange) > 0.01).toBe(head.kind !== 'gaussian');
    }
  });

  it('follows a batch that changes size', () => {
    const engine = attackEngine({ attack: attacks.none.make({}), threat, victim: victimOf(heads.gaussian), features });
    for (const count of [3, 1, 2]) {
      engine.perturb(x.subarray(0, count * size), count, 0, rngs, new Float32Array(count * size));
      expect(engine.verdict.linf).toEqual(new Float64Array(count));
    }
  });
});

describe('the meter', () => {
  it('counts rows that the attack asked for, and nothing of the judging', () => {
    const spent = (name: 'pgd' | 'fgsm' | 'none' | 'paper-pgd', config: object, head: Head): [number, number] => {
      const engine = attackEngine({ attack: attacks[name].make(config), threat, victim: victimOf(head), features });
      engine.perturb(x, rows, 0, rngs, new Float32Array(x.length));
      return [engine.meter.gradients / rows, engine.meter.queries / rows];
    };
    expect(spent('none', {}, heads.categorical)).toEqual([0, 0]);
    expect(spent('fgsm', {}, heads.categorical)).toEqual([1, 2]);
    // Steps too short to reach a corner of the ball: no row settles before its last.
    const short = { steps: 10, schedule: 'relative', stepSize: 0.5 };
    expect(spent('pgd', { ...short, restarts: 3 }, heads.categorical)).toEqual([30, 4]);
    expect(spent('paper-pgd', { steps: 10, stepSize: 1e-9 }, heads.categorical)).toEqual([10, 2]);
    // The gradient of an action distance vanishes at the clean point: one more to leave it.
    expect(spent('pgd', short, heads['squashed-gaussian'])).toEqual([11, 2]);
    // A row that has come to rest is asked no more.
    expect(spent('pgd', { steps: 1000 }, heads.categorical)[0]).toBeLessThan(100);
  });

  it('tells what each row cost, which is what it costs alone', () => {
    const many = 9;
    const spread = Float32Array.from({ length: many * size }, (_, i) => ((i * 61) % 97) / 96);
    const streams = Array.from({ length: many }, (_, row) => rng(6).split(row));
    // Flat where its first feature is below a half: there, and only there, rows jump.
    const halfFlat = (victim: GradientAccess): GradientAccess => ({
      ...victim,
      valueAndGradient(bound, at, count, value, gradient) {
        victim.valueAndGradient(bound, at, count, value, gradient);
        for (let i = 0; i < count * size; i++) if (at[i - (i % size)]! < 0.5) gradient[i] = 0;
      },
    });
    for (const [name, victim] of [
      ['pgd', victimOf(heads.categorical)],
      ['pgd', victimOf(heads['squashed-gaussian'])],
      ['pgd', halfFlat(victimOf(heads.categorical))],
      ['fgsm', halfFlat(victimOf(heads.categorical))],
    ] as const) {
      const open = () => attackEngine({ attack: attacks[name].make({}), threat, victim, features });
      const engine = open();
      engine.perturb(
        spread,
        many,
        0,
        streams.map((stream) => stream.split('a')),
        new Float32Array(spread.length),
      );
      const { queries, gradients } = engine.verdict;
      expect(queries.reduce((sum, value) => sum + value)).toBe(engine.meter.queries);
      expect(gradients.reduce((sum, value) => sum + value)).toBe(engine.meter.gradients);
      if (name === 'fgsm') expect(new Set(gradients)).toEqual(new Set([1, 2]));
      for (let row = 0; row < many; row++) {
        const alone = open();
        const own = spread.subarray(row * size, (row + 1) * size);
        alone.perturb(own, 1, 0, [streams[row]!.split('a')], new Float32Array(size));
        expect([alone.meter.queries, alone.meter.gradients], `${name} row ${row}`).toEqual([
          queries[row],
          gradients[row],
        ]);
      }
    }
  });

  it('refuses questions that are about no row of the batch', () => {
    const asking = (rowsAsked: number, of?: number[]): ObservationAttack => ({
      stage: 'observation',
      access: 'score',
      perturb(clean, _rows, victim, _context, out) {
        out.set(clean);
        const logits = new Float32Array(rowsAsked * victim.logitsSize);
        victim.logits(clean.subarray(0, rowsAsked * size), rowsAsked, logits, of && Int32Array.from(of));
      },
    });
    const ask = (rowsAsked: number, of?: number[]) => {
      const attack = asking(rowsAsked, of);
      const engine = attackEngine({ attack, threat, victim: victimOf(heads.categorical), features });
      engine.perturb(x, rows, 0, rngs, new Float32Array(x.length));
      return [...engine.verdict.queries];
    };
    expect(ask(2, [2, 2])).toEqual([0, 0, 2]);
    expect(() => ask(2)).toThrow('a batch of 3 rows asks about 2 without saying for which of its own');
    expect(() => ask(2, [0, 3])).toThrow('row 1 is asked for row 3 of a batch of 3');
    expect(() => ask(2, [0])).toThrow(ShapeError);
  });
});

describe('misuse is refused with a name', () => {
  const victim = victimOf(heads['squashed-gaussian']);
  it('an objective without a meaning on the head, before the first step', () => {
    const attack = attacks.pgd.make({ objective: 'margin' });
    expect(() => attackEngine({ attack, threat, victim, features })).toThrow(ConfigError);
  });

  it('arrays of other lengths', () => {
    const attack = attacks.none.make({});
    expect(() => attackEngine({ attack, threat: threatOf([1, 1]), victim, features })).toThrow(ShapeError);
    expect(() => attackEngine({ attack, threat, victim, features: features.slice(1) })).toThrow(ShapeError);
    const engine = attackEngine({ attack, threat, victim, features });
    expect(() => engine.perturb(x, 2, 0, rngs, new Float32Array(x.length))).toThrow(ShapeError);
    expect(() => engine.perturb(x, rows, 0, rngs, new Float32Array(1))).toThrow(ShapeError);
    expect(() => engine.perturb(x, rows, 0, rngs.slice(1), new Float32Array(x.length))).toThrow(ShapeError);
  });
});
