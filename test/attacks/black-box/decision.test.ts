import { describe, expect, it } from 'vitest';
import { attackEngine } from '../../../attacks/engine.ts';
import { attacks } from '../../../attacks/index.ts';
import type { ObservationAttack } from '../../../core/attack.ts';
import { headOutputs } from '../../../core/policy.ts';
import type { Head } from '../../../core/policy.ts';
import { rng } from '../../../core/rng.ts';
import type { Rng } from '../../../core/rng.ts';
import type { GradientAccess } from '../../../core/victim.ts';
import { heads, randomNetwork, referenceVictim } from '../../support/reference-victim.ts';
import { plainFeatures, threatOf } from '../../support/threat.ts';

const size = 7;
const names = ['hop-skip-jump', 'boundary'] as const;

function run(
  attack: ObservationAttack,
  victim: GradientAccess,
  threat: ReturnType<typeof threatOf>,
  x: Float32Array,
  step = 0,
) {
  const rows = x.length / size;
  const engine = attackEngine({ attack, threat, victim, features: plainFeatures(size) });
  const out = new Float32Array(x.length);
  const rngs = Array.from({ length: rows }, (_, row): Rng => rng(5).split(row));
  engine.perturb(x, rows, step, rngs, out);
  return { out, engine, verdict: engine.verdict };
}

describe('on a linear policy, whose boundary is a plane', () => {
  // Two bins, z₁ − z₀ = w·x + b: the nearest other decision is |w·x + b| / ‖w ⊙ ε‖ away in the dual norm, in epsilons.
  const w = [0.9, -0.3, 5, 0.2, -1.1, 0.4, 0.05];
  const b = -0.35;
  const head: Head = { kind: 'categorical', values: [-1, 1] };
  const victim = referenceVictim({ weights: [w.map((v) => [-v / 2, v / 2])], biases: [[-b / 2, b / 2]] }, head);
  const epsilon = [0.4, 0.4, 0, 0.2, 0.4, 0.8, 0.4];
  const threat = threatOf(epsilon);
  const x = Float32Array.from([0.55, 0.5, 0, 0.5, 0.5, 0.45, 0.5]);
  const scaled = w.map((v, j) => v * Math.fround(epsilon[j]!));
  const gap = Math.abs([...x].reduce((sum, v, j) => sum + v * w[j]!, b));
  const analytic = {
    l2: gap / Math.hypot(...scaled),
    linf: gap / scaled.reduce((sum, v) => sum + Math.abs(v), 0),
  };
  const measured = (out: Float32Array, metric: 'l2' | 'linf'): number => {
    const offsets = [...out].map((v, j) => (epsilon[j] === 0 ? 0 : (v - x[j]!) / epsilon[j]!));
    return metric === 'l2' ? Math.hypot(...offsets) : Math.max(...offsets.map(Math.abs));
  };

  it.each(['l2', 'linf'] as const)('hop-skip-jump comes to the nearest point in %s', (metric) => {
    const at = (queryBudget: number): number => {
      const attack = attacks['hop-skip-jump'].make({ metric, until: 'nearest', queryBudget });
      return measured(run(attack, victim, threat, x).out, metric);
    };
    const distance = [100, 400, 4000].map(at);
    expect(distance[0]).toBeGreaterThanOrEqual(distance[1]!);
    expect(distance[0]).toBeGreaterThan(distance[2]!);
    expect(distance[2]).toBeGreaterThan(0.999 * analytic[metric]);
    expect(distance[2]).toBeLessThan(1.05 * analytic[metric]);
  });

  it.each(['l2', 'linf'] as const)('boundary comes near it in %s, in 400 queries, on the mean of 6 walks', (metric) => {
    const attack = attacks.boundary.make({ metric, until: 'nearest', queryBudget: 400 });
    const { out } = run(
      attack,
      victim,
      threat,
      Float32Array.from({ length: 6 * size }, (_, i) => x[i % size]!),
    );
    const walks = Array.from({ length: 6 }, (_, r) => measured(out.subarray(r * size, (r + 1) * size), metric));
    expect(Math.min(...walks)).toBeGreaterThan(0.999 * analytic[metric]);
    expect(walks.reduce((sum, v) => sum + v, 0) / 6).toBeLessThan((metric === 'l2' ? 1.05 : 1.2) * analytic[metric]);
  });

  it.each(names)('%s leaves the clean row where the threat set has no other decision', (name) => {
    const tight = threatOf(epsilon.map((v) => v * analytic.linf * 0.9));
    const { out } = run(attacks[name].make({ queryBudget: 500 }), victim, tight, x);
    expect([...out]).toEqual([...x]);
    const loose = threatOf(epsilon.map((v) => v * analytic.linf * 1.5));
    const { verdict } = run(attacks[name].make({ queryBudget: 3000 }), victim, loose, x);
    if (name === 'hop-skip-jump') expect([...verdict.success]).toEqual([1]);
  });
});

describe.each(names)('%s', (name) => {
  const rows = 40;
  const x = Float32Array.from({ length: rows * size }, (_, i) => ((i * 61) % 97) / 96);
  const threat = threatOf([0.1, 0.1, 0, 0.1, 0.05, 0.2, 0.1]);
  const victimOf = (head: Head): GradientAccess =>
    referenceVictim(randomNetwork(rng(3), [size, 9, headOutputs(head)], 2), head);
  const share = (flags: Uint8Array): number => flags.reduce((sum, flag) => sum + flag, 0) / rows;

  it('gains with its budget and beats random noise, asking decisions alone', () => {
    const victim = victimOf(heads.categorical);
    const blind: GradientAccess = {
      ...victim,
      logits: () => expect.unreachable(),
      valueAndGradient: () => expect.unreachable(),
    };
    const rate = (queryBudget: number): number =>
      share(run(attacks[name].make({ wanted: 'changed', queryBudget }), blind, threat, x).verdict.success);
    const rates = [5, 30, 300].map(rate);
    expect(rates[1]).toBeGreaterThanOrEqual(rates[0]!);
    expect(rates[2]).toBeGreaterThanOrEqual(rates[1]!);
    expect(rates[2]).toBeGreaterThan(share(run(attacks['random-noise'].make({}), victim, threat, x).verdict.success));
    const white = share(run(attacks.pgd.make({ restarts: 4 }), victim, threat, x).verdict.success);
    expect(rates[2]).toBeGreaterThan(0.8 * white);
  });

  it('reaches the other side, or the side that is asked for, of a continuous action', () => {
    const victim = victimOf(heads['squashed-gaussian']);
    const { verdict } = run(attacks[name].make({ queryBudget: 400 }), victim, threat, x);
    const flipped = [...verdict.action].filter((action, row) => action * verdict.cleanAction[row]! < 0).length;
    expect(flipped).toBeGreaterThan(0);
    expect([...verdict.foundAfter].filter((queries) => queries !== 0xffff_ffff).length).toBe(flipped);
    for (const step of [0, 1]) {
      const { verdict: toggled } = run(attacks[name].make({ target: 'toggle' }), victim, threat, x, step);
      const sign = step === 0 ? -1 : 1;
      const count = (actions: Float64Array): number => [...actions].filter((a) => Math.sign(a) === sign).length;
      expect(count(toggled.action)).toBeGreaterThan(count(toggled.cleanAction));
    }
  });

  it('moves a continuous action by the threshold', () => {
    const victim = victimOf(heads['squashed-gaussian']);
    const attack = attacks[name].make({ wanted: 'changed', threshold: 0.05 });
    const { verdict, out } = run(attack, victim, threat, x);
    let moved = 0;
    for (let row = 0; row < rows; row++) {
      if (verdict.linf[row] === 0) continue;
      expect(verdict.actionChange[row]).toBeGreaterThanOrEqual(0.05 - 1e-9);
      moved++;
    }
    expect(moved).toBeGreaterThan(rows / 4);
    expect(out.every(Number.isFinite)).toBe(true);
  });

  it('starts from what was recorded', () => {
    const victim = victimOf(heads.categorical);
    const attack = attacks[name].make({ wanted: 'side', recordedDays: 1, tries: 1, queryBudget: 100 });
    const blind = run(attacks[name].make({ wanted: 'side', tries: 1, queryBudget: 100 }), victim, threat, x);
    const rehearsal = {
      features: plainFeatures(size),
      victim,
      rng: rng(1),
      stepsPerDay: 96,
      record: (steps: number) => {
        expect(steps).toBe(96);
        return {
          lanes: 1,
          steps: rows - 1,
          observation: x,
          action: new Float64Array(rows - 1),
          reward: new Float64Array(rows - 1),
          terminated: new Uint8Array(rows - 1),
          truncated: new Uint8Array(rows - 1),
        };
      },
    };
    for (const _ of attack.prepare!(rehearsal as never));
    const listened = run(attack, victim, threat, x);
    expect(share(listened.verdict.success)).toBeGreaterThan(share(blind.verdict.success));
  });
});
