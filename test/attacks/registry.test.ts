import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { attackEngine } from '../../attacks/engine.ts';
import { attacks } from '../../attacks/index.ts';
import type { AttackName } from '../../attacks/index.ts';
import { objectives } from '../../attacks/objective/index.ts';
import type { ThreatModel } from '../../core/attack.ts';
import { headOutputs } from '../../core/policy.ts';
import { rng } from '../../core/rng.ts';
import type { GradientAccess } from '../../core/victim.ts';
import { readyAttack } from '../support/ready-attack.ts';
import { askOf } from '../support/reference-search.ts';
import { heads, randomNetwork, referenceVictim } from '../support/reference-victim.ts';
import { plainFeatures, threatOf } from '../support/threat.ts';

/*
 * The rules of sanity.test.ts over the whole registry: each attack is in the table of a rule, or beside it with the reason. A new attack is in
 * neither, and fails.
 */

const size = 8;
const rows = 24;
const stream = rng(6);
const x = Float32Array.from({ length: size * rows }, () => stream.uniform());
const curved = referenceVictim(randomNetwork(rng(2), [size, 10, 20], 2), heads.categorical);
const linearNetwork = randomNetwork(rng(3), [size, headOutputs(heads['squashed-gaussian'])]);
const linear = referenceVictim(linearNetwork, heads['squashed-gaussian']);
const uniform = (epsilon: number): ThreatModel => threatOf(new Float32Array(size).fill(epsilon));
const names = Object.keys(attacks) as AttackName[];

const fieldsOf = (name: AttackName): z.ZodRawShape => (attacks[name].config as z.ZodObject).shape;

/** The alarm of no detector, for an attack that asks for one. */
const silent = {
  name: 'silent',
  evaluate(_x: Float32Array, count: number, value: Float32Array, gradient: Float32Array): void {
    value.fill(0, 0, count);
    gradient.fill(0);
  },
};

function run(name: AttackName, config: object, on: GradientAccess, threat: ThreatModel): Float32Array {
  const attack = readyAttack(name, config, on, threat);
  const engine = attackEngine({ attack, threat, victim: on, features: plainFeatures(size), alarm: silent });
  const out = new Float32Array(x.length);
  engine.perturb(
    x,
    rows,
    0,
    Array.from({ length: rows }, (_, row) => rng(1).split(row)),
    out,
  );
  return out;
}

function decisions(on: GradientAccess, points: Float32Array): Float64Array {
  const action = new Float64Array(rows);
  on.decide(points, rows, action);
  return action;
}

function changedShare(on: GradientAccess, out: Float32Array): number {
  const [before, after] = [decisions(on, x), decisions(on, out)];
  return before.filter((action, r) => action !== after[r]).length / rows;
}

const marginOf = (out: Float32Array): number => {
  const points = Array.from({ length: rows }, (_, r) => [...out.subarray(r * size, (r + 1) * size)]);
  return askOf(curved, objectives.margin, x)(points).value.reduce((a, b) => a + b, 0) / rows;
};

/** Settings that are quick and strong enough to be held to something; an objective is set where there is one. */
const settings: Partial<Record<AttackName, object>> = {
  bifurcation: { steps: 30 },
  'toggle-bifurcation': { steps: 30 },
  pgd: { steps: 30 },
  fgsm: {},
  bim: { steps: 30 },
  'mi-fgsm': { steps: 30 },
  'ni-fgsm': { steps: 30 },
  apgd: { steps: 30 },
  'apgd-t': { steps: 30, targets: 4 },
  acg: { steps: 30 },
  reacg: { steps: 30 },
  'acg-art-1.16': { steps: 20, restarts: 5 },
  'min-epsilon': { attack: 'apgd', config: { steps: 30 } },
  fmn: { steps: 60 },
  deepfool: { steps: 40 },
  'cw-l2': { steps: 60, searches: 5 },
  'greedy-sensors': { sensors: size },
  universal: { record: 60, steps: 40 },
  nes: { queryBudget: 300 },
  spsa: { queryBudget: 300 },
  square: { queryBudget: 300 },
  'hop-skip-jump': { queryBudget: 600 },
  boundary: { queryBudget: 600 },
  evasive: { steps: 40 },
  'paper-pgd': { steps: 40, stepSize: 0.3 },
};
const judged = Object.keys(settings) as AttackName[];

/** Of the others: why a stronger threat, a side or the scale of logits says nothing of them. */
const unjudged: Partial<Record<AttackName, string>> = {
  planned: 'has no plant here and is toggle-bifurcation then; what it plans: plan/planned.test.ts',
  'min-q': 'means to do harm by a critic’s word, whatever the decision: critic/critic.test.ts',
  'robust-sarsa': 'as min-q',
  'robust-sarsa-shuffled': 'as min-q',
  'rs-mad': 'as min-q',
  critic: 'as min-q',
  snooping: 'is an inner attack on a network that is not the victim: snooping/snooping.test.ts',
  'sensor-delay': 'aims at nothing: sensor/sensor.test.ts',
  'sensor-dropout': 'aims at nothing: sensor/sensor.test.ts',
  'sensor-replay': 'aims at nothing: sensor/sensor.test.ts',
  'random-noise': 'aims at nothing',
  none: 'aims at nothing',
  'learned-adversary': 'does what it has learnt, for one threat',
  'pa-ad': 'does what it has learnt, for one threat',
  'action-adversary': 'does what it has learnt, for one threat',
};

it('judges every attack, or says why not', () => {
  expect([...judged, ...Object.keys(unjudged)].toSorted()).toEqual(names.toSorted());
});

/** With an objective, where it can be chosen; the decision itself is wanted of those that choose otherwise. */
function aimed(name: AttackName, objective: string): object {
  const fields = fieldsOf(name);
  if (name === 'min-epsilon') return { attack: 'apgd', config: { steps: 30, objective } };
  return {
    ...settings[name],
    ...('objective' in fields && name !== 'apgd-t' ? { objective } : {}),
    ...('wanted' in fields ? { wanted: objective === 'margin' ? 'changed' : 'side' } : {}),
  };
}

describe('more epsilon never helps the defender', () => {
  /** By their mean margin those that climb it at every step, by their share of changed decisions those that stop at the first one. */
  const bySuccess: readonly AttackName[] = ['min-epsilon', 'fmn', 'deepfool', 'cw-l2', 'hop-skip-jump', 'boundary'];
  /**
   * A single step goes past the top of a curved victim, what is learnt of other rows may not help these, sides and ratios are not the margin, and
   * myPGD and ART’s ACG keep their last point.
   */
  const byOther: readonly AttackName[] = [
    'fgsm',
    'universal',
    'bifurcation',
    'toggle-bifurcation',
    'apgd-t',
    'paper-pgd',
    'acg-art-1.16',
  ];

  it.each(judged.filter((name) => !byOther.includes(name)))('%s', (name) => {
    const reached = [0.01, 0.03, 0.06, 0.12, 0.25].map((epsilon) => {
      const out = run(name, aimed(name, 'margin'), curved, uniform(epsilon));
      return bySuccess.includes(name) ? changedShare(curved, out) : marginOf(out);
    });
    for (let i = 1; i < reached.length; i++)
      expect(reached[i]!, reached.join(', ')).toBeGreaterThanOrEqual(
        reached[i - 1]! - 0.01 * Math.max(1, Math.abs(reached[i - 1]!)),
      );
    expect(reached.at(-1)!).toBeGreaterThan(reached[0]!);
  });

  it.each(byOther)('%s, on a linear victim', (name) => {
    const reached = [0.01, 0.03, 0.06, 0.12, 0.25].map((epsilon) => {
      const out = run(
        name,
        name === 'apgd-t' ? settings[name]! : aimed(name, 'grouped-margin'),
        linear,
        uniform(epsilon),
      );
      const [before, after] = [decisions(linear, x), decisions(linear, out)];
      return before.reduce((sum, action, r) => sum + Math.abs(after[r]! - action), 0) / rows;
    });
    for (let i = 1; i < reached.length; i++)
      expect(reached[i]!, reached.join(', ')).toBeGreaterThanOrEqual(0.99 * reached[i - 1]!);
    expect(reached.at(-1)!).toBeGreaterThan(reached[0]!);
  });
});

describe('a target’s side is the one that the action goes to, on a linear victim', () => {
  it.each(judged.filter((name) => 'target' in fieldsOf(name)))('%s', (name) => {
    const clean = decisions(linear, x);
    const to = (target: string): Float64Array =>
      decisions(linear, run(name, { ...aimed(name, 'grouped-margin'), target }, linear, uniform(0.25)));
    const [up, down] = [to('charge'), to('discharge')];
    const short = (target: number, at: Float64Array): number =>
      clean.filter((action, r) => target * (at[r]! - action) < 0 && Math.sign(at[r]!) !== target).length;
    expect([short(1, up), short(-1, down)]).toEqual([0, 0]);
    const mean = (actions: Float64Array): number => actions.reduce((a, b) => a + b, 0) / rows;
    expect(mean(up)).toBeGreaterThan(mean(clean) + 0.05);
    expect(mean(down)).toBeLessThan(mean(clean) - 0.05);
  });
});

describe('reaches the other side wherever it can be reached, on a linear victim', () => {
  const mean = (at: (j: number, r: number) => number, r: number): number =>
    linearNetwork.weights[0]!.reduce((sum, w, j) => sum + w[0]! * at(j, r), linearNetwork.biases[0]![0]!);
  /** 1 where a row can reach the other side with a little to spare, 0 where it cannot. */
  function reachable(epsilon: number): readonly (0 | 1 | undefined)[] {
    return Array.from({ length: rows }, (_, r) => {
      const side = Math.sign(mean((j) => x[r * size + j]!, r));
      const most =
        -side *
        mean((j) => {
          const towards = Math.sign(-side * linearNetwork.weights[0]![j]![0]!);
          return Math.min(1, Math.max(0, x[r * size + j]! + towards * epsilon));
        }, r);
      return most > 0.02 ? 1 : most < 0 ? 0 : undefined;
    });
  }
  /**
   * One bias for all rows; a side that is not each row’s other one; myPGD and ART’s ACG as they were; targets among bins; a random walk, which
   * only comes near (black-box/decision.test.ts).
   */
  const others: readonly AttackName[] = [
    'universal',
    'toggle-bifurcation',
    'acg-art-1.16',
    'apgd-t',
    'paper-pgd',
    'boundary',
  ];

  it.each(judged.filter((name) => !others.includes(name)))('%s', (name) => {
    for (const epsilon of [0.15, 1]) {
      const out = run(name, aimed(name, 'grouped-margin'), linear, uniform(epsilon));
      const [before, after] = [decisions(linear, x), decisions(linear, out)];
      const wanted = reachable(epsilon);
      expect(wanted.filter((one) => one === 1).length).toBeGreaterThan(5);
      const missed = [...wanted.keys()].filter(
        (r) => wanted[r] === 1 && Math.sign(after[r]!) === Math.sign(before[r]!),
      );
      const impossible = [...wanted.keys()].filter(
        (r) => wanted[r] === 0 && Math.sign(after[r]!) !== Math.sign(before[r]!),
      );
      expect({ epsilon, missed, impossible }).toEqual({ epsilon, missed: [], impossible: [] });
    }
  });
});

describe('logits that are shifted or scaled', () => {
  /** Logits on a grid of 2^−10, which float32 adds and doubles exactly: what does not see the change gives the same bits. */
  function graded(factor: number, shift: number): GradientAccess {
    const round = (logits: Float32Array): void => {
      for (let i = 0; i < logits.length; i++) logits[i] = factor * (Math.round(logits[i]! * 1024) / 1024) + shift;
    };
    const victim: GradientAccess = {
      ...curved,
      logits(points, count, out) {
        curved.logits(points, count, out);
        round(out);
      },
      decide(points, count, action) {
        const logits = new Float32Array(count * victim.logitsSize);
        victim.logits(points, count, logits);
        for (let r = 0; r < count; r++) {
          const own = logits.subarray(r * victim.logitsSize, (r + 1) * victim.logitsSize);
          action[r] = heads.categorical.values[own.indexOf(Math.max(...own))]!;
        }
      },
      valueAndGradient({ objective, goal }, points, count, value, gradient) {
        const rounded = {
          ...objective,
          evaluate: (...[head, logits, own, n, values, slopes]: Parameters<typeof objective.evaluate>) => {
            const other = logits.slice();
            round(other);
            objective.evaluate(head, other, own, n, values, slopes);
            for (let i = 0; i < slopes.length; i++) slopes[i]! *= factor;
          },
        };
        curved.valueAndGradient({ objective: rounded, goal }, points, count, value, gradient);
      },
    };
    return victim;
  }
  const bits = (values: Float32Array): Uint32Array => new Uint32Array(values.slice().buffer);
  const plain = graded(1, 0);
  /**
   * Weighs the loss against the distance; steps by the raw gradient; sets the products of gradients at length 1 against a direction that is not,
   * as published.
   */
  const scaleSees: readonly AttackName[] = ['cw-l2', 'acg-art-1.16', 'reacg'];

  it.each(judged)('%s does not see 8 added to all', (name) => {
    const config = aimed(name, 'margin');
    expect(bits(run(name, config, graded(1, 8), uniform(0.05)))).toEqual(bits(run(name, config, plain, uniform(0.05))));
  });

  it.each(judged.filter((name) => !scaleSees.includes(name)))(
    '%s does not see all of them four times as large',
    (name) => {
      for (const objective of 'objective' in fieldsOf(name) ? ['margin', 'dlr'] : ['margin']) {
        const config = aimed(name, objective);
        const [out, other] = [run(name, config, graded(4, 0), uniform(0.05)), run(name, config, plain, uniform(0.05))];
        expect(bits(out)).toEqual(bits(other));
      }
    },
  );
});

describe('masked features keep their bits, and what is shown its threat set', () => {
  const threats: Record<string, ThreatModel> = Object.fromEntries(
    (['linf', 'l2', 'l1', 'l0'] as const).map((norm) => [
      norm,
      {
        ...threatOf([0.3, 0, 0.2, 0.1, 0, 0.3, 0.3, 0.05]),
        norm,
        ...(norm === 'l0' ? { sensors: 2 } : {}),
      },
    ]),
  );
  const quick: Readonly<Record<string, unknown>> = {
    steps: 6,
    restarts: 3,
    targets: 2,
    attack: 'fgsm',
    queryBudget: 40,
    searches: 2,
    record: 12,
    hidden: [4],
    epochs: 2,
    days: 2,
    watch: 20,
    width: 4,
    batch: 16,
    policy: 'other',
    probability: 0.5,
    window: 1,
  };
  const variants = names.flatMap((name) => {
    const fields = fieldsOf(name);
    const base = Object.fromEntries(Object.entries(quick).filter(([field]) => field in fields));
    const start = fields['start'];
    const inner = start instanceof z.ZodDefault ? start.unwrap() : undefined;
    const starts: readonly unknown[] = inner instanceof z.ZodEnum ? inner.options : [undefined];
    return starts.map((one) => [name, one === undefined ? base : { ...base, start: one }] as const);
  });

  it('in every kind of start', () => {
    for (const start of ['clean', 'centre', 'random'])
      expect(variants.some(([, config]) => (config as { start?: unknown }).start === start)).toBe(true);
  });

  const masked = x.slice();
  it.each(variants)('%s %j', (name, config) => {
    for (let r = 0; r < rows; r++) masked.set([-0], r * size + 1);
    for (const [norm, threat] of Object.entries(threats)) {
      const attack = readyAttack(name, config, curved, threat);
      const engine = attackEngine({ attack, threat, victim: curved, features: plainFeatures(size), alarm: silent });
      const out = new Float32Array(x.length);
      const rngs = Array.from({ length: rows }, (_, row) => rng(1).split(row));
      for (let step = 0; step < 2; step++) engine.perturb(masked, rows, step, rngs, out); // the engine holds it to its set
      for (let r = 0; r < rows; r++)
        for (const j of [1, 4])
          expect(Object.is(out[r * size + j], masked[r * size + j]), `${norm}, row ${r}`).toBe(true);
    }
  });
});
