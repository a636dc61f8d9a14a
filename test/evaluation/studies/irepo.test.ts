import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { banditShape, scaleShape } from '../../../evaluation/studies/irepo/cell-shape.ts';
import { UnknownNameError } from '../../../core/errors.ts';
import { rng } from '../../../core/rng.ts';
import { bandit } from '../../../evaluation/studies/irepo/bandit.ts';
import type { BanditDifficulty } from '../../../evaluation/studies/irepo/bandit.ts';
import { banditCell } from '../../../evaluation/studies/irepo/bandit-cell.ts';
import type { BanditFigures, Result } from '../../../evaluation/studies/irepo/bandit-cell.ts';
import { logPolicy, optimum, worth } from '../../../evaluation/studies/irepo/bandit-measure.ts';
import { banditSizes } from '../../../evaluation/studies/irepo/bandit-sizes.ts';
import { irepoStudy } from '../../../evaluation/studies/irepo/index.ts';
import { methods } from '../../../evaluation/studies/irepo/methods.ts';
import { scaleCell } from '../../../evaluation/studies/irepo/scale-cell.ts';
import type { Claim, StudyOptions } from '../../../evaluation/studies/study.ts';
import { selectBackend } from '../../../nn/backend.ts';
import type { SelectedBackend } from '../../../nn/backend.ts';
import { expectShaped } from '../../support/cell-value.ts';

const tiny: BanditDifficulty = { contexts: 24, actions: 4, hidden: [8], noise: 1, lapse: 0, beta: 0.5 };

let backend: SelectedBackend;
beforeAll(async () => {
  backend = await selectBackend({ force: 'wasm' });
});
afterAll(() => backend[Symbol.dispose]());

describe('the bandit', () => {
  it('has an optimum that no policy is better than, and a distance of 0 to it', async () => {
    using problem = await bandit(backend.tf, tiny, rng(1));
    const some = problem.test.slice(0, 50);
    const best = optimum(problem, some);
    const start = worth(problem, problem.reference, some);
    expect(start.kl).toBeCloseTo(0, 9);
    expect(start.j).toBeLessThan(best);
    expect(start.tv).toBeGreaterThan(0.1);
    // One context: the optimal policy by hand, put into the bias of a copy.
    const [x] = some;
    const base = logPolicy(problem.reference, [x!]);
    const z = problem.utilities(x!).map((r, a) => base[a]! + r / tiny.beta);
    using copy = problem.reference.copy();
    const parameters = new Float32Array(copy.network.size);
    parameters.set(z, parameters.length - 4);
    copy.network.writeParameters(parameters);
    const own = worth(problem, copy, [x!]);
    expect(own.tv).toBeCloseTo(0, 5);
    expect(own.j).toBeCloseTo(optimum(problem, [x!]), 5);
    expect(own.j).toBeCloseTo(own.utility - tiny.beta * own.kl, 9);
  });

  it('is the same of a seed, and another of another', async () => {
    using a = await bandit(backend.tf, tiny, rng(1));
    using again = await bandit(backend.tf, tiny, rng(1));
    using other = await bandit(backend.tf, tiny, rng(2));
    expect(a.reference.parameters()).toEqual(again.reference.parameters());
    expect(a.test[0]).not.toEqual(other.test[0]);
  });

  it('gives every method as many trials, and chooses on validation contexts', async () => {
    const steps: number[] = [];
    const size = {
      courses: [{ name: 'iREPO, h = 9', options: { iterations: 2, steps: 3 } }],
      grid: { rates: [2e-3], stops: [1, 2], betas: [1, 2] },
    };
    const figures = await banditCell(backend.tf, 1, tiny, size, (done) => steps.push(done));
    expect(figures.courses.map(({ iterations }) => iterations.length)).toEqual([2]);
    expect(figures.chosen.map(({ method, ownBeta }) => `${method} ${ownBeta}`)).toEqual(
      methods.flatMap((method) => [`${method} false`, `${method} true`]),
    );
    expect(steps.at(-1)).toBe(1);
    expectShaped(banditShape(size), figures, ['courses', 'chosen']);
    const shorter = {
      ...figures,
      courses: [{ ...figures.courses[0]!, iterations: [figures.courses[0]!.iterations[0]!] }],
    };
    expect(banditShape(size).safeParse(shorter).success).toBe(false);
    expect(await banditCell(backend.tf, 1, tiny, size, () => undefined)).toEqual(figures);
  });

  it('compares the two soft losses on the same pairs', async () => {
    const size = { difficulty: tiny, annotators: 3, batch: 8, rates: [1e-3], stops: [2, 4] };
    const figures = await scaleCell(backend.tf, 1, size, () => undefined);
    expectShaped(scaleShape, figures);
    const { irepo, softDpo, optimum: best } = figures;
    expect(Math.max(irepo, softDpo)).toBeLessThan(best);
  });
});

const full: StudyOptions = { quick: false, dataset: 'builtin', seeds: 5 };

/** Figures as the prototypes had them, and how they stray from seed to seed. */
function figuresOf(seed: number, worse = 0): BanditFigures {
  const stray = 0.01 * seed;
  const result = (j: number, tv: number, slope = 0.85): Result => ({
    utility: 1,
    kl: 1,
    j: j + stray,
    tv,
    slope,
    correlation: 0.87,
  });
  const own = result(0.78 - worse, 0.35 + worse);
  const course = (name: string, first: Result, third = first): BanditFigures['courses'][number] => ({
    name,
    iterations: [first, first, third],
  });
  return {
    optimum: 1,
    reference: { utility: 0, kl: 0, j: 0, tv: 0.6 },
    courses: [
      course('iREPO, h = 1', result(0.66, 0.4), result(0.5, 0.4)),
      course('iREPO, h = 9', own),
      course('iREPO, h = 21', own, result(0.8, 0.33)),
      course('DPO', result(0.5, 0.57, 1.9), result(0.2, 0.67, 2.5)),
      course('IPO', result(0.37, 0.44, 0.2)),
      course('SFT', result(0.3, 0.5)),
    ],
    chosen: methods.map((method) => ({
      method,
      ownBeta: false,
      rate: 2e-3,
      stop: 400,
      beta: 1,
      result: method === 'irepo' || method === 'soft-dpo' ? own : result(0.5, 0.5),
    })),
  };
}

function claimsOf(options: StudyOptions, worse = 0): readonly Claim[] {
  const ids = irepoStudy.plan(options).cells!.map(({ id }) => id);
  const cells = new Map(
    ids
      .filter((id) => id.startsWith('bandit-'))
      .map((id) => [id, figuresOf(Number(/seed(\d+)$/.exec(id)![1]), worse)] as const),
  );
  return irepoStudy.conclude(options, new Map(), cells).claims;
}

describe('the study', () => {
  it('has a cell a problem and seed, the base alone where it is quick', () => {
    const idsOf = (...only: string[]): string[] =>
      irepoStudy.plan({ ...full, only, seeds: 1 }).cells!.map(({ id }) => id);
    const bandits = Object.keys(banditSizes(full)).map((name) => `bandit-${name}-seed0`);
    expect(idsOf('bandit', 'difficulty').filter((id) => id.startsWith('bandit'))).toEqual(bandits);
    expect(idsOf('bandit')).toEqual(bandits.slice(0, 1));
    // The range of difficulty can be done alone, of every part.
    expect(idsOf('difficulty')).toEqual([
      ...bandits.slice(1),
      ...['controller-noise3', 'controller-temperature3', 'language-noise3'].map((name) => `${name}-seed0`),
    ]);
    const all = irepoStudy.plan(full).cells!.map(({ id }) => id);
    expect(new Set(all).size).toBe(all.length);
    expect(all).toHaveLength(5 * (bandits.length + 3 + 3 + 2));
    expect(irepoStudy.plan({ ...full, quick: true, seeds: 2, only: ['bandit'] }).cells!.map(({ id }) => id)).toEqual([
      'bandit-base-seed0',
      'bandit-base-seed1',
    ]);
    expect(() => irepoStudy.plan({ ...full, only: ['nothing'] })).toThrow(UnknownNameError);
  });

  it('holds what the prototypes showed, ties what they tied, and fails what is not there', () => {
    const options = { ...full, only: ['bandit'] };
    const of = (claims: readonly Claim[], part: string): boolean | null =>
      claims.find(({ claim }) => claim.includes(part))!.holds;
    const claims = claimsOf(options);
    expect(of(claims, 'regularised utility than DPO')).toBe(true);
    expect(of(claims, 'nearer to the known optimum than IPO')).toBe(true);
    expect(of(claims, 'slope in [0.6, 1.2]')).toBe(true);
    expect(of(claims, 'twenty-one annotators')).toBe(true);
    expect(of(claims, 'Squared loss')).toBe(null);
    expect(of(claimsOf(options, 0.3), 'regularised utility than DPO')).toBe(false);
    expect(of(claimsOf(options, 0.3), 'nearer to the known optimum than IPO')).toBe(false);
  });

  it('has a table of every other difficulty, and no claims, where only the range is done', () => {
    const { claims, tables, figures } = irepoStudy.conclude({ ...full, only: ['difficulty'] }, new Map(), new Map());
    expect([claims.length, figures.length]).toEqual([0, 0]);
    expect(tables).toHaveLength(Object.keys(banditSizes(full)).length - 1 + 3);
    expect(tables.some(({ title }) => title.includes('base'))).toBe(false);
  });

  it('decides nothing without cells, and says so', () => {
    const { claims, tables } = irepoStudy.conclude(full, new Map(), new Map());
    expect(claims.every(({ holds }) => holds === null)).toBe(true);
    expect(tables.length).toBeGreaterThan(0);
  });
});
