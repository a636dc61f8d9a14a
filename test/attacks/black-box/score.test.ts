import { describe, expect, it } from 'vitest';
import { attackEngine } from '../../../attacks/engine.ts';
import { attacks } from '../../../attacks/index.ts';
import { shareAt } from '../../../attacks/black-box/square.ts';
import type { ObservationAttack } from '../../../core/attack.ts';
import { BudgetError } from '../../../core/errors.ts';
import { headOutputs } from '../../../core/policy.ts';
import { rng } from '../../../core/rng.ts';
import type { Rng } from '../../../core/rng.ts';
import type { GradientAccess } from '../../../core/victim.ts';
import { heads, randomNetwork, referenceVictim } from '../../support/reference-victim.ts';
import type { ReferenceNetwork } from '../../support/reference-victim.ts';
import { contextOf, plainFeatures, threatOf } from '../../support/threat.ts';

const size = 7;
const epsilon = [0.05, 0.02, 0, 0.1, 0.05, 0.3, 0.05].map(Math.fround);
const threat = threatOf(epsilon);
const head = heads.categorical;
const network = randomNetwork(rng(3), [size, 9, headOutputs(head)]);
const victim = referenceVictim(network, head);
const x = Float32Array.from({ length: size }, (_, j) => 0.1 + 0.12 * j);

function perturbed(name: 'nes' | 'spsa' | 'square', config: object, seed: number): Float32Array {
  const out = new Float32Array(size);
  attacks[name].make(config).perturb(x, 1, victim, contextOf(x, threat, [rng(seed)]), out);
  return out;
}

// The references: plain float64, from the papers, with nothing of the attacks' own code but their order of draws.

const lowEnd = [...x].map((v, j) => Math.max(0, v - epsilon[j]!));
const highEnd = [...x].map((v, j) => Math.min(1, v + epsilon[j]!));
const free = [...x.keys()].filter((j) => epsilon[j]! > 0);
const clip = (at: readonly number[]): number[] => at.map((v, j) => Math.min(highEnd[j]!, Math.max(lowEnd[j]!, v)));

function logitsOf({ weights, biases }: ReferenceNetwork, at: readonly number[]): number[] {
  const hidden = biases[0]!.map((b, o) => Math.tanh(at.reduce((sum, v, i) => sum + v * weights[0]![i]![o]!, b)));
  return biases[1]!.map((b, o) => hidden.reduce((sum, v, i) => sum + v * weights[1]![i]![o]!, b));
}
const label = ((z) => z.indexOf(Math.max(...z)))(logitsOf(network, [...x]));
const margin = (at: readonly number[]): number => {
  const z = logitsOf(network, at);
  return Math.max(...z.filter((_, i) => i !== label)) - z[label]!;
};

function estimatedAscent(
  stream: Rng,
  draw: (stream: Rng) => number,
  {
    pairs,
    iterations,
    smoothing,
    momentum,
  }: { pairs: number; iterations: number; smoothing: number; momentum: number },
): number[] {
  let at = [...x].map((v, j) => (epsilon[j] === 0 ? v : lowEnd[j]! + stream.uniform() * (highEnd[j]! - lowEnd[j]!)));
  let best = [...x];
  let estimate = x.map(() => 0) as unknown as number[];
  const consider = (): void => {
    if (margin(at) > margin(best)) best = at;
  };
  for (let k = 0; k < iterations; k++) {
    consider();
    const fresh = [...x].map(() => 0);
    for (let s = 0; s < pairs; s++) {
      const u = [...x].map((_, j) => (free.includes(j) ? draw(stream) : 0));
      const moved = (sign: number): number[] => at.map((v, j) => v + sign * smoothing * epsilon[j]! * u[j]!);
      const slope = (margin(moved(1)) - margin(moved(-1))) / (2 * smoothing);
      u.forEach((component, j) => (fresh[j]! += (slope * component) / pairs));
    }
    estimate = [...estimate].map((g, j) => momentum * g + (1 - momentum) * fresh[j]!);
    const step = 1 + Math.cos((Math.PI * k) / iterations); // cosine from 2ε
    at = clip(at.map((v, j) => v + step * epsilon[j]! * Math.sign(estimate[j]!)));
  }
  consider();
  return best;
}

function squareSearch(stream: Rng, queries: number, share: number): number[] {
  const end = (up: boolean, j: number): number => (up ? highEnd : lowEnd)[j]!;
  let at = [...x].map((v, j) => (epsilon[j] === 0 ? v : end(!(stream.uniform() < 0.5), j)));
  let best = margin(at) > margin([...x]) ? at : [...x];
  const order = [...free];
  const iterations = queries - 2;
  const halveAfter = [0.001, 0.005, 0.02, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8];
  for (let i = 0; i < iterations; i++) {
    const done = Math.floor((10_000 * i) / iterations) / 10_000;
    const p = share * 0.5 ** halveAfter.filter((end) => done > end).length;
    const width = Math.min(free.length, Math.max(1, Math.round(p * free.length)));
    const point = [...at];
    let up = stream.uniform() < 0.5;
    for (let w = 0; w < width; w++) {
      const other = w + stream.int(free.length - w);
      const picked = order[other]!;
      order[other] = order[w]!;
      order[w] = picked;
      if (w > 0) up = stream.uniform() < 0.5;
      point[picked] = end(up, picked);
    }
    if (point.every((v, j) => v === at[j]))
      for (const j of order.slice(0, width)) point[j] = end(at[j] !== highEnd[j], j);
    if (margin(point) > margin(at)) at = point;
    if (margin(at) > margin(best)) best = at;
  }
  return best;
}

describe('against references written from the papers', () => {
  const settings = { pairs: 4, smoothing: 0.1, momentum: 0.9 };
  it.each([0, 1, 2, 3])('nes, seed %i', (seed) => {
    const expected = estimatedAscent(rng(seed), (stream) => stream.normal(), { ...settings, iterations: 11 });
    // 1 for the clean row, 11 iterations of 2·4 + 1, one for the last iterate
    const got = perturbed('nes', { ...settings, queryBudget: 101 }, seed);
    got.forEach((v, j) => expect(Math.abs(v - expected[j]!)).toBeLessThan(1e-5));
  });

  it.each([0, 1, 2, 3])('spsa, seed %i', (seed) => {
    const sign = (stream: Rng): number => (stream.uniform() < 0.5 ? -1 : 1);
    const expected = estimatedAscent(rng(seed), sign, { ...settings, iterations: 11 });
    const got = perturbed('spsa', { ...settings, queryBudget: 101 }, seed);
    got.forEach((v, j) => expect(Math.abs(v - expected[j]!)).toBeLessThan(1e-5));
  });

  it.each([0, 1, 2, 3])('square, seed %i', (seed) => {
    const expected = squareSearch(rng(seed), 40, 0.8);
    const got = perturbed('square', { queryBudget: 40 }, seed);
    got.forEach((v, j) => expect(Math.abs(v - expected[j]!)).toBeLessThan(1e-6));
  });

  it('the share of the features follows the table of the authors', () => {
    // p_selection of square.py at 10 000 iterations, p_init 0.8
    for (const [i, divisor] of [
      [0, 1],
      [10, 1],
      [11, 2],
      [51, 4],
      [201, 8],
      [501, 16],
      [1001, 32],
      [2001, 64],
      [4001, 128],
      [6001, 256],
      [8001, 512],
    ] as const)
      expect(shareAt(0.8, i, 10_000)).toBeCloseTo(0.8 / divisor, 12);
  });
});

const rows = 40;
const many = Float32Array.from({ length: rows * size }, (_, i) => ((i * 61) % 97) / 96);
const rngs = (): Rng[] => Array.from({ length: rows }, (_, row) => rng(5).split(row));

function meanMargin(attack: ObservationAttack, of: GradientAccess = victim): number {
  const engine = attackEngine({ attack, threat, victim: of, features: plainFeatures(size) });
  const out = new Float32Array(many.length);
  engine.perturb(many, rows, 0, rngs(), out);
  let sum = 0;
  for (let row = 0; row < rows; row++) {
    const clean = logitsOf(network, [...many.subarray(row * size, (row + 1) * size)]);
    const own = clean.indexOf(Math.max(...clean));
    const z = logitsOf(network, [...out.subarray(row * size, (row + 1) * size)]);
    sum += Math.max(...z.filter((_, i) => i !== own)) - z[own]!;
  }
  return sum / rows;
}

/** The best of so many random points: what a black-box attack has to beat at equal queries. */
function randomSearch(queries: number): ObservationAttack {
  return {
    stage: 'observation',
    access: 'score',
    perturb(clean, count, of, context, out) {
      const z = new Float32Array(count * of.logitsSize);
      of.logits(clean, count, z);
      const own = Array.from({ length: count }, (_, r) => {
        const part = [...z.subarray(r * of.logitsSize, (r + 1) * of.logitsSize)];
        return part.indexOf(Math.max(...part));
      });
      const best = own.map(() => -Infinity);
      const point = new Float64Array(clean.length);
      for (let q = 1; q < queries; q++) {
        for (let r = 0; r < count; r++) context.set.sample(r, context.rngs[r]!, point);
        const single = Float32Array.from(point);
        of.logits(single, count, z);
        for (let r = 0; r < count; r++) {
          const part = [...z.subarray(r * of.logitsSize, (r + 1) * of.logitsSize)];
          const value = Math.max(...part.filter((_, i) => i !== own[r])) - part[own[r]!]!;
          if (value <= best[r]!) continue;
          best[r] = value;
          out.set(single.subarray(r * size, (r + 1) * size), r * size);
        }
      }
    },
  };
}

describe.each(['nes', 'spsa', 'square'] as const)('%s', (name) => {
  it('gains with its budget, beats random points at equal queries and comes near the white box', () => {
    const at = (queryBudget: number): number => meanMargin(attacks[name].make({ queryBudget }));
    const curve = [10, 40, 160, 640].map(at);
    const none = meanMargin(attacks.none.make({}));
    const white = meanMargin(attacks.pgd.make({ steps: 100, restarts: 4 }));
    // Corners have local maxima: a longer search may end in another one, hardly lower.
    for (let i = 1; i < curve.length; i++) expect(curve[i]).toBeGreaterThan(curve[i - 1]! - 0.03 * (white - none));
    expect(curve[0]).toBeGreaterThan(none);
    expect(curve[2]).toBeGreaterThan(curve[0]!);
    expect(curve[2]).toBeGreaterThan(meanMargin(randomSearch(160)));
    expect(curve[3]).toBeGreaterThan(0.9 * white + 0.1 * none);
  });

  it('keeps to its budgets, of a step and of an episode, and asks no gradient', () => {
    const attack = attacks[name].make({ queryBudget: 30, episodeQueryBudget: 70 });
    const engine = attackEngine({ attack, threat, victim, features: plainFeatures(size) });
    const spent = new Float64Array(rows);
    const perStep: number[][] = [];
    for (let step = 0; step < 4; step++) {
      engine.perturb(many, rows, step, rngs(), new Float32Array(many.length));
      engine.verdict.queries.forEach((q, row) => (spent[row]! += q));
      perStep.push([...engine.verdict.queries]);
    }
    expect(Math.max(...perStep[0]!)).toBeLessThanOrEqual(30);
    expect(Math.min(...perStep[0]!)).toBeGreaterThan(20);
    expect(Math.max(...spent)).toBeLessThanOrEqual(70);
    expect(Math.max(...perStep[3]!)).toBeLessThanOrEqual(10);
    engine.reset(new Uint8Array(rows).fill(1));
    engine.perturb(many, rows, 4, rngs(), new Float32Array(many.length));
    expect([...engine.verdict.queries]).toEqual(perStep[0]);
    expect(engine.meter.gradients).toBe(0);
  });
});

it('an attack that asks more than its budget is stopped', () => {
  const attack: ObservationAttack = { ...randomSearch(5), queryBudget: { step: 4, episode: 9 } } as ObservationAttack;
  const engine = attackEngine({ attack, threat, victim, features: plainFeatures(size) });
  const step = (): void => engine.perturb(many, rows, 0, rngs(), new Float32Array(many.length));
  expect(step).toThrow(BudgetError);
  expect(step).toThrow('lane 0: 5 queries at one step, its budget had 4 left');
});

it('an attack on scores cannot ask a gradient, by its type', () => {
  const attack: ObservationAttack<'score'> = {
    stage: 'observation',
    access: 'score',
    perturb(_x, _rows, of) {
      // @ts-expect-error a score attack is given no gradients
      expect(of.valueAndGradient).toBeDefined();
    },
  };
  expect(attack.access).toBe('score');
});
