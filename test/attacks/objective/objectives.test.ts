import { describe, expect, it } from 'vitest';
import { objectiveOf, objectives } from '../../../attacks/objective/index.ts';
import { ConfigError, FaultlineError } from '../../../core/errors.ts';
import { goalOf } from '../../../core/goal.ts';
import { headOutputs } from '../../../core/policy.ts';
import type { Head } from '../../../core/policy.ts';
import { rng } from '../../../core/rng.ts';
import type { Goal, Objective } from '../../../core/victim.ts';
import { heads } from '../../support/reference-victim.ts';

const twoBatteries: Head = { kind: 'squashed-gaussian', low: [-0.8, -0.2], high: [0.8, 0.6] };
const oddBins: Head = { kind: 'categorical', values: [-0.5, 0.25, 0, -0.25, 0.5] };
const allHeads: Record<string, Head> = { ...heads, 'two batteries': twoBatteries, 'five bins, one idle': oddBins };
const rows = 3;

/** The goal of rows that decided so, the same for every component. */
function goalAt(head: Head, clean: ArrayLike<number>, { side = 0, action = Number.NaN }: Aim = {}, rows = 1): Goal {
  const goal = goalOf({ observationSize: 0, logitsSize: clean.length / rows, head }, rows);
  goal.clean.set(clean);
  goal.side.fill(side);
  goal.action.fill(action);
  return goal;
}

/** What the tests push towards: away, a side, an action that is off every bin, one beyond the range. */
const aims = {
  away: {},
  discharge: { side: -1 },
  charge: { side: 1 },
  'an action': { action: 0.3 },
  'an action beyond its range': { action: -2 },
} as const;
interface Aim {
  readonly side?: number;
  readonly action?: number;
}

function accepts(objective: Objective, head: Head): boolean {
  try {
    objective.check(head);
    return true;
  } catch (error) {
    expect(error).toBeInstanceOf(FaultlineError);
    return false;
  }
}

function evaluate(objective: Objective, head: Head, logits: Float32Array, goal: Goal): [Float32Array, Float32Array] {
  const value = new Float32Array(rows);
  const gradient = new Float32Array(logits.length).fill(99); // stale memory
  objective.evaluate(head, logits, goal, rows, value, gradient);
  return [value, gradient];
}

/** Those with options of their own, too. */
const all: Record<string, Objective> = {
  ...objectives,
  'three groups': objectiveOf({ groups: [[0, 2], [3]], by: 'index', reduce: 'max' }),
  'three soft groups': objectiveOf({ groups: [[0, 2], [3]], by: 'index', reduce: 'log-sum-exp' }),
  'an expression over bins': objectiveOf({
    expression: 'tanh(other(z, y) - z[y]) + sum(p * a)^2 / (2 + side) - 0.1 * lse(z - max(clean, z))',
  }),
  'an expression over means': objectiveOf({
    expression: 'sum(abs(u - clean_u) * (1 + side)) + max(-z[0], exp(z / 3))[0]',
  }),
};

const cases = Object.entries(all).flatMap(([name, objective]) =>
  Object.entries(allHeads)
    .filter(([, head]) => accepts(objective, head))
    .flatMap(([headName, head]) =>
      Object.entries(aims).map(([to, aim]) => [`${name} on ${headName}, ${to}`, objective, head, aim] as const),
    ),
);

describe('gradients agree with central differences', () => {
  it.each(cases)('%s', (_name, objective, head, aim) => {
    const stream = rng(11);
    const outputs = headOutputs(head);
    let checked = 0;
    for (let trial = 0; trial < 12; trial++) {
      const logits = Float32Array.from({ length: rows * outputs }, () => 1.5 * stream.normal());
      const clean = Array.from({ length: rows * outputs }, () => 1.5 * stream.normal());
      const goal = goalAt(head, clean, aim, rows);
      const [, gradient] = evaluate(objective, head, logits, goal);
      const h = 1 / 256; // exact in float32, so that the quotient's error is the function's own
      for (let i = 0; i < logits.length; i++) {
        const moved = (by: number): [number, number] => {
          const other = Float32Array.from(logits);
          other[i]! += by;
          const [value, slope] = evaluate(objective, head, other, goal);
          return [value[Math.floor(i / outputs)]!, slope[i]!];
        };
        const [up, slopeUp] = moved(h);
        const [down, slopeDown] = moved(-h);
        const kink = Math.abs(slopeUp - slopeDown) > 0.1 * Math.max(0.1, Math.abs(gradient[i]!));
        if (kink) continue;
        checked++;
        const quotient = (up - down) / (2 * h);
        const rounding = (Math.abs(up) * 2 ** -23) / h; // of values that are kept in float32
        expect(Math.abs(quotient - gradient[i]!)).toBeLessThan(0.01 * Math.max(1, Math.abs(gradient[i]!)) + rounding);
      }
    }
    expect(checked).toBeGreaterThan(12 * rows * outputs * 0.7);
  });
});

describe('what an objective has no meaning on, it refuses', () => {
  it.each(['margin', 'cross-entropy', 'dlr', 'log-sum-exp', 'expected-action', 'paper-untargeted-discrete'] as const)(
    '%s on continuous heads',
    (name) => {
      for (const kind of ['squashed-gaussian', 'gaussian', 'deterministic'] as const) {
        expect(() => objectives[name].check(heads[kind])).toThrow(ConfigError);
      }
    },
  );

  it.each(['action-distance', 'executed-action-distance', 'paper-untargeted-continuous'] as const)(
    '%s on bins',
    (name) => {
      expect(() => objectives[name].check(heads.categorical)).toThrow(ConfigError);
    },
  );

  it.each(['grouped-margin', 'log-sum-exp'] as const)('%s on bins of one sign', (name) => {
    expect(() => objectives[name].check({ kind: 'categorical', values: [0, 1, 2] })).toThrow(/side of zero/);
  });

  it('auto accepts every head', () => {
    for (const head of Object.values(allHeads)) expect(accepts(objectives.auto, head)).toBe(true);
  });
});

function one(objective: Objective, head: Head, logits: number[], clean: number[], aim: Aim = {}): number {
  const value = new Float32Array(1);
  objective.evaluate(
    head,
    Float32Array.from(logits),
    goalAt(head, clean, aim),
    1,
    value,
    new Float32Array(logits.length),
  );
  return value[0]!;
}

describe('the grouped margin pushes to the other side of zero', () => {
  const objective = objectives['grouped-margin'];
  it('on bins: positive exactly where the side has changed', () => {
    const clean = [0, 3, 0, 0, 0]; // bin 1 charges
    expect(one(objective, oddBins, clean, clean)).toBe(-3);
    expect(one(objective, oddBins, [4, 3, 0, 0, 0], clean)).toBe(1); // bin 0 discharges
    expect(one(objective, oddBins, [0, 3, 4, 0, 0], clean)).toBe(-4); // idle is not the other side
    expect(one(objective, oddBins, [0, 3, 0, 0, 0], clean, { side: 1 })).toBe(3);
  });

  it('on an idle clean bin: to whichever side is nearer', () => {
    const clean = [0, 0, 5, 0, 1];
    expect(one(objective, oddBins, clean, clean)).toBe(-4);
    expect(one(objective, oddBins, [7, 0, 5, 0, 1], clean)).toBe(2);
  });

  it('on means: from the neutral point of each component', () => {
    expect(one(objective, heads['squashed-gaussian'], [0.7, 0], [0.2, 0])).toBeCloseTo(-0.7, 6);
    expect(one(objective, heads['squashed-gaussian'], [-0.7, 0], [0.2, 0])).toBeCloseTo(0.7, 6);
    expect(one(objective, heads.gaussian, [0.7, 0], [0.2, 0])).toBeCloseTo(0.2, 6); // neutral is 0.5
    expect(one(objective, heads.gaussian, [0.7, 0], [0.2, 0], { side: -1 })).toBeCloseTo(-0.2, 6);
  });
});

describe('an action to force', () => {
  const bins = heads.categorical; // the paper's 20, from −0.78125 to 0.78125
  const z = Array.from({ length: 20 }, (_, i) => Math.sin(3 * i));
  const shown = (objective: Objective, aim: Aim): number => one(objective, bins, z, z, aim);
  const others = (not: number): number => Math.max(...z.filter((_, i) => i !== not));
  const action = 0.3; // bin 13 is at 0.288, bin 14 at 0.370

  it('is the nearest bin', () => {
    expect(shown(objectives.margin, { action })).toBeCloseTo(z[13]! - others(13), 5);
    expect(shown(objectives['cross-entropy'], { action })).toBeCloseTo(
      z[13]! - Math.log(z.reduce((sum, v) => sum + Math.exp(v), 0)),
      5,
    );
    expect(shown(objectives.margin, { action: 99 })).toBeCloseTo(z[19]! - others(19), 5);
  });

  it('of the targeted ratio: equation 7 of Croce and Hein', () => {
    const [first, , third, fourth] = z.toSorted((a, b) => b - a) as [number, number, number, number];
    const expected = (z[13]! - first) / (first - (third + fourth) / 2); // the clean bin is the largest
    expect(shown(objectives.dlr, { action })).toBeCloseTo(expected, 4);
    const label = z.indexOf(first);
    const runnerUp = others(label);
    expect(shown(objectives.dlr, { action: bins.values[label]! })).toBeCloseTo((first - runnerUp) / (first - third), 4);
  });

  it('goes before the side, and stands for its side under the grouped margin', () => {
    const charging = shown(objectives['grouped-margin'], { side: 1 });
    expect(shown(objectives['grouped-margin'], { action })).toBe(charging);
    expect(shown(objectives['grouped-margin'], { action, side: -1 })).toBe(charging);
    const idle = { action: 0.01 }; // of a policy that has an idle bin
    expect(one(objectives['grouped-margin'], oddBins, [1, 2, 4, 8, 16], [1, 2, 4, 8, 16], idle)).toBe(4 - 16);
  });

  it.each(['squashed-gaussian', 'gaussian', 'deterministic'] as const)(
    'of a %s head is reached where the distance is 0, and there alone',
    (kind) => {
      const head = heads[kind];
      const at = {
        'squashed-gaussian': Math.atanh(action / 0.78125),
        gaussian: 0.5 + action / 1.5625,
        deterministic: action,
      };
      for (const name of ['action-distance', 'executed-action-distance'] as const) {
        expect(one(objectives[name], head, [at[kind], 0], [0, 0], { action })).toBeCloseTo(0, 6);
        expect(one(objectives[name], head, [at[kind] + 0.1, 0], [0, 0], { action })).toBeLessThan(-0.01);
        expect(one(objectives[name], head, [at[kind] - 0.1, 0], [0, 0], { action })).toBeLessThan(-0.01);
      }
      expect(one(objectives['action-distance'], head, [at[kind] + 0.1, 0], [0, 0], { action })).toBeCloseTo(-0.1, 6);
    },
  );
});

describe('several batteries', () => {
  const logits = Float32Array.of(0.4, -0.2, 0, 0);
  const value = (side: readonly number[]): number => {
    const goal = goalAt(twoBatteries, [0.1, 0.1, 0, 0]);
    goal.side.set(side);
    const out = new Float32Array(1);
    objectives['grouped-margin'].evaluate(twoBatteries, logits, goal, 1, out, new Float32Array(4));
    return out[0]!;
  };
  const idle = [0, Math.atanh(2 * 0.25 - 1)] as const; // −0.2 … 0.6 is idle at a quarter of its range

  it('are pushed each to its own side', () => {
    expect(value([1, 1])).toBeCloseTo(0.4 - idle[0] + (-0.2 - idle[1]), 6);
    expect(value([1, -1])).toBeCloseTo(0.4 - idle[0] - (-0.2 - idle[1]), 6);
  });

  it('of which one has no goal: it does not count beside one that has', () => {
    expect(value([1, 0])).toBeCloseTo(0.4, 6);
  });
});

describe('margins do not see what does not matter', () => {
  const shiftless = [
    'auto',
    'margin',
    'cross-entropy',
    'dlr',
    'grouped-margin',
    'log-sum-exp',
    'expected-action',
    'kl',
  ] as const;
  const cases = shiftless.flatMap((name) => Object.entries(aims).map(([to, aim]) => [name, to, aim] as const));

  it.each(cases)('%s, %s: a constant added to all logits changes neither value nor gradient', (name, _to, aim) => {
    const stream = rng(5);
    for (const shift of [-3, 64]) {
      // On a grid that the shift keeps exactly.
      const z = Float32Array.from({ length: rows * 20 }, () => Math.round(stream.normal() * 1024) / 1024);
      const goal = goalAt(heads.categorical, z, aim, rows);
      const [value, gradient] = evaluate(objectives[name], heads.categorical, z, goal);
      const moved = evaluate(
        objectives[name],
        heads.categorical,
        z.map((v) => v + shift),
        goal,
      );
      expect(moved[0]).toEqual(value);
      expect(moved[1]).toEqual(gradient);
    }
  });

  it.each(Object.entries(aims))('dlr, %s: nor does a positive factor on all logits, on its value', (_to, aim) => {
    const stream = rng(6);
    for (const factor of [0.1, 100]) {
      const z = Float32Array.from({ length: rows * 20 }, () => stream.normal());
      const [value] = evaluate(objectives.dlr, heads.categorical, z, goalAt(heads.categorical, z, aim, rows));
      const scaled = z.map((v) => v * factor);
      const [other] = evaluate(objectives.dlr, heads.categorical, scaled, goalAt(heads.categorical, z, aim, rows));
      other.forEach((v, row) => expect(Math.abs(v - value[row]!)).toBeLessThan(1e-4 * Math.max(1, Math.abs(v))));
    }
  });
});

describe('dlr on two bins, which have no third logit', () => {
  const two: Head = { kind: 'categorical', values: [-1, 1] };
  it.each(Object.entries(aims))('is the margin, and says so: %s', (_to, aim) => {
    const z = Float32Array.of(0.3, -0.4, 2, 1, -1, 5);
    expect(evaluate(objectives.dlr, two, z, goalAt(two, z, aim, rows))).toEqual(
      evaluate(objectives.margin, two, z, goalAt(two, z, aim, rows)),
    );
    expect(objectives.dlr.notes!(two)).toEqual([expect.stringMatching(/'margin' was maximised/)]);
    expect(objectives.dlr.notes!(heads.categorical)).toEqual([]);
  });
});

describe('kl', () => {
  it.each(Object.keys(allHeads))('has value and gradient 0 at the clean point, to the bit, on %s', (name) => {
    const head = allHeads[name]!;
    const stream = rng(8);
    const z = Float32Array.from({ length: rows * headOutputs(head) }, () => 3 * stream.normal());
    const [value, gradient] = evaluate(objectives.kl, head, z, goalAt(head, z, {}, rows));
    expect(value.every((v) => v === 0)).toBe(true);
    expect(gradient.every((g) => g === 0)).toBe(true);
  });

  it('is the divergence: on bins from its definition, on means between Gaussians of the clean deviation', () => {
    const [c, z] = [
      [1, -0.5, 0.3, 0, 2],
      [0.2, 0.4, -1, 0.1, 1],
    ] as const;
    const softmax = (v: readonly number[]): number[] => {
      const total = v.reduce((sum, x) => sum + Math.exp(x), 0);
      return v.map((x) => Math.exp(x) / total);
    };
    const q = softmax(z);
    const expected = softmax(c).reduce((sum, p, i) => sum + p * Math.log(p / q[i]!), 0);
    expect(one(objectives.kl, oddBins, [...z], [...c])).toBeCloseTo(expected, 6);
    const deviation = [Math.exp(-0.7), Math.exp(0.4)] as const;
    const shown = one(objectives.kl, twoBatteries, [0.9, -0.2, 9, 9], [0.1, 0.3, -0.7, 0.4]);
    expect(shown).toBeCloseTo(0.5 * ((0.8 / deviation[0]) ** 2 + (0.5 / deviation[1]) ** 2), 5);
  });
});

describe('replicas show their defect', () => {
  it('the continuous one pushes the action down whenever u < 0.844, whatever raises it', () => {
    const head = heads['squashed-gaussian'];
    const slopeAt = (mean: number): number => {
      const gradient = new Float32Array(2);
      const clean = Float32Array.of(mean, 0);
      objectives['paper-untargeted-continuous'].evaluate(
        head,
        clean,
        goalAt(head, clean),
        1,
        new Float32Array(1),
        gradient,
      );
      return Math.sign(gradient[0]!);
    };
    expect([-1, 0, 0.5, 0.843].map(slopeAt)).toEqual([-1, -1, -1, -1]);
    expect([0.845, 1, 2].map(slopeAt)).toEqual([1, 1, 1]);
  });

  it('the discrete one multiplies by the index: index 0 raises the largest logit, 1 lowers the sum', () => {
    const gradientOf = (clean: number[]): number[] => {
      const gradient = new Float32Array(3);
      const z = Float32Array.from([1, 2, 0]);
      const head: Head = { kind: 'categorical', values: [-1, 0, 1] };
      objectives['paper-untargeted-discrete'].evaluate(head, z, goalAt(head, clean), 1, new Float32Array(1), gradient);
      return [...gradient];
    };
    expect(gradientOf([9, 0, 0])).toEqual([0, 1, 0]);
    expect(gradientOf([0, 9, 0])).toEqual([-1, -1, -1]);
    expect(gradientOf([0, 0, 9])).toEqual([-2, -2, -3]); // (1 − 2)·min
  });

  it('the grouped margin keeps a zero in its maximum: with negative logits the other side is not pulled up', () => {
    const head: Head = { kind: 'categorical', values: [-2, -1, 1, 2] };
    const gradientOf = (name: 'grouped-margin' | 'paper-grouped-margin'): number[] => {
      const gradient = new Float32Array(4);
      const z = Float32Array.from([-3, -4, -1, -2]);
      objectives[name].evaluate(head, z, goalAt(head, z), 1, new Float32Array(1), gradient);
      return [...gradient];
    };
    expect(gradientOf('grouped-margin')).toEqual([1, 0, -1, 0]);
    expect(gradientOf('paper-grouped-margin')).toEqual([0, 0, -1, 0]);
  });
});
