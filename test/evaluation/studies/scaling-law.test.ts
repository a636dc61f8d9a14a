import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { rng } from '../../../core/rng.ts';
import { studies } from '../../../evaluation/studies/index.ts';
import { gaussianModes, movedPatterns, sampled, shuffled } from '../../../evaluation/studies/scaling-law/data.ts';
import { entropyArm } from '../../../evaluation/studies/scaling-law/entropy-arm.ts';
import { lawArms } from '../../../evaluation/studies/scaling-law/law-arms.ts';
import type { LawCell } from '../../../evaluation/studies/scaling-law/law-arms.ts';
import { entropyId, lawId, searchId } from '../../../evaluation/studies/scaling-law/plan.ts';
import { asLarge, searchArm } from '../../../evaluation/studies/scaling-law/search-arm.ts';
import type { SearchCell } from '../../../evaluation/studies/scaling-law/search-arm.ts';
import { sizeOf } from '../../../evaluation/studies/scaling-law/size.ts';
import { all, within } from '../../../evaluation/studies/scaling-law/within.ts';
import type { StudyOptions } from '../../../evaluation/studies/study.ts';
import { parametersOf } from '../../../logits/scaling-law/search/space.ts';
import { memoryWorkspace } from '../../support/memory-workspace.ts';

const study = studies['scaling-law'];
const options: StudyOptions = { quick: true, dataset: 'builtin', seeds: 3 };
const tiny = {
  ...sizeOf({ quick: true }),
  train: 400,
  test: 600,
  pgdRows: 100,
  steps: 60,
  images: { train: 100, test: 150, steps: 2, pgdRows: 20 },
  policyRows: 60,
  policyPgdRows: 20,
  entropy: { widths: [16], steps: 60, strengths: [0, 0.9] },
  search: { children: 4, steps: 10, train: 200, validation: 50, test: 60 },
};

/** A cell whose law has these slopes; the prefactor is off by the factor `off`. */
function lawCell(slope: number, off = 1): LawCell {
  const fit = (exponent: number) => ({ exponent, coefficient: 1, standardError: 0, r2: 1, points: 8 });
  const epsilons = [1e-3, 3e-3, 1e-2, 3e-2];
  const errors = epsilons.map((epsilon) => epsilon ** slope);
  const curve = { measured: [errors, errors], predicted: [errors, errors], fits: [fit(slope), fit(2 * slope)] };
  const prefactor = { density: 1, susceptibility: 1, meanSusceptibility: 1, value: off };
  const differences = [fit(slope), fit(2), fit(3)];
  const law = { rows: 1e5, classes: 10, differences, medianDifference: 1, prefactor, epsilons };
  return { accuracy: 0.9, law: { ...law, fgsm: curve, stepLeastLikely: curve, pgd: { ...curve, predicted: null } } };
}

function judged(accuracy: number) {
  return {
    name: 'x',
    parameters: 10,
    clean: accuracy,
    fgsm: accuracy,
    pgd: accuracy,
    marginPgd: accuracy,
    transfer: accuracy,
  };
}

function searchCell(seed: number, better: number): SearchCell {
  const child = (reward: number) => ({ name: 'x', parameters: 10, clean: reward, reward });
  const children = Array.from({ length: 16 }, (_, at) => child(0.5 + better * at + 0.001 * ((at * 7 + seed) % 5)));
  return {
    controller: children,
    random: children.map(() => child(0.5)),
    found: judged(0.6 + better),
    foundAtRandom: judged(0.6),
    median: judged(0.6),
    baseline: judged(0.6),
    correlation: { clean: 0.9, parameters: better },
  };
}

/** All cells of the quick plan, made up. */
function madeUp(slope: (arm: string, seed: number) => number, sharper: number, better: number): Map<string, unknown> {
  const cells = new Map<string, unknown>();
  for (const seed of [0, 1, 2]) {
    for (const arm of Object.keys(lawArms)) cells.set(lawId(arm, 1, seed), lawCell(slope(arm, seed)));
    for (const lambda of sizeOf(options).entropy.strengths)
      cells.set(entropyId(lambda, 1, seed), {
        ...judged(0.8 - sharper * lambda),
        entropy: 0.1 - 0.05 * sharper * lambda,
        medianDifference: 5 + sharper * lambda,
      });
    cells.set(searchId(1, seed), searchCell(seed, better));
  }
  return cells;
}

const holding = (cells: ReadonlyMap<string, unknown>): Map<string, boolean | null> =>
  new Map(study.conclude(options, new Map(), cells).claims.map(({ claim, holds }) => [claim, holds]));

describe('plan', () => {
  it('has a cell for each arm, strength and search on each seed, by ids of their own', () => {
    const ids = study.plan(options).cells!.map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids).toContain('law-ppo20-difficulty1-seed2');
    expect(ids.filter((id) => id.startsWith('search-'))).toHaveLength(3);
    const full = study.plan({ ...options, quick: false, seeds: 5 }).cells!.map(({ id }) => id);
    expect(full).toContain('law-mlp-64-64-difficulty1.4-seed4');
    expect(full).not.toContain('law-ppo20-difficulty1-seed3'); // three ship
    expect(study.plan({ ...options, only: ['linear'] }).cells!.map(({ id }) => id)).toEqual(
      [0, 1, 2].map((seed) => lawId('linear', 1, seed)),
    );
  });
});

describe('conclusion', () => {
  it('holds where everything is as the theory says, and where the penalty sharpens without a gain says so', () => {
    const found = holding(madeUp((_arm, seed) => 1 + 0.01 * seed, 1, 0.01));
    const [law, every, distribution, response, mean, factor, falls, grow, robust, transfer, ...search] = found.values();
    expect([law, every, distribution, response, mean, factor, falls, grow]).toEqual(Array(8).fill(true));
    expect([robust, transfer]).toEqual([false, false]);
    expect(search).toEqual(Array(6).fill(true));
  });

  it('fails where slopes are others, and the search finds nothing', () => {
    const [law, every, , , , , falls] = holding(madeUp(() => 1.6, -1, -0.02)).values();
    expect([law, every, falls]).toEqual([false, false, false]);
    expect([...holding(madeUp(() => 1, 1, -0.02)).values()].slice(-6)).toEqual([
      false,
      false,
      false,
      false,
      false,
      true,
    ]);
  });

  it('wants a trained policy among the four, and does not decide where seeds straddle the bound', () => {
    const policies = (arm: string): boolean => /ppo|dqn|policy-distilled/.test(arm);
    expect([...holding(madeUp((arm) => (policies(arm) ? 1.6 : 1), 1, 0)).values()][0]).toBe(false);
    expect([...holding(madeUp((_arm, seed) => 1.1 + 0.04 * seed, 1, 0)).values()].slice(0, 2)).toEqual([null, null]);
  });

  it('of nothing claims nothing', () => {
    expect(study.conclude(options, new Map(), new Map()).claims.map(({ holds }) => holds)).not.toContain(true);
  });
});

describe('within', () => {
  it('holds inside, fails outside on one side, and is open in between, of one seed, and of fits that failed', () => {
    const verdict = (...values: number[]) => within('c', values, [0.85, 1.15], 'slope').holds;
    expect(verdict(0.9, 1.1)).toBe(true);
    expect(verdict(1.2, 1.3)).toBe(false);
    expect(verdict(0.8, 1)).toBe(null);
    expect(verdict(1)).toBe(null);
    expect(verdict(1, 1, Number.NaN)).toBe(null);
    expect(verdict()).toBe(null);
    expect(verdict(0.99, 1, 1.01, 1, 1)).toBe(true);
  });

  it('of several fails with one, and is open with one', () => {
    const parts = (...holds: (boolean | null)[]) => holds.map((one) => ({ claim: 'c', holds: one, evidence: 'e' }));
    expect(all('c', parts(true, true)).holds).toBe(true);
    expect(all('c', parts(true, null)).holds).toBe(null);
    expect(all('c', parts(null, false)).holds).toBe(false);
    expect(all('c', []).holds).toBe(null);
  });
});

describe('data', () => {
  it('are in equal shares, inside ±1, the same for the same seed, and harder with more noise', () => {
    fc.assert(
      fc.property(fc.nat(1000), fc.constantFrom(gaussianModes, movedPatterns), (seed, make) => {
        const spreadOf = (difficulty: number): number => {
          const { x, labels } = sampled(make(rng(seed), difficulty), 40, rng(seed + 1));
          expect(labels.filter((label) => label === 3)).toHaveLength(4);
          expect(Math.max(...x.map(Math.abs))).toBeLessThanOrEqual(1);
          expect(sampled(make(rng(seed), difficulty), 40, rng(seed + 1)).x).toEqual(x);
          return x.reduce((sum, value) => sum + value ** 2, 0) / x.length;
        };
        expect(spreadOf(2)).toBeGreaterThan(spreadOf(0.2));
      }),
      { numRuns: 10 },
    );
  });

  it('keep rows and shares of classes when labels are shuffled', () => {
    const drawn = sampled(gaussianModes(rng(1), 1), 200, rng(2));
    const mixed = shuffled(drawn, rng(3));
    expect(mixed.x).toBe(drawn.x);
    expect(mixed.labels).not.toEqual(drawn.labels);
    expect(mixed.labels.toSorted()).toEqual(drawn.labels.toSorted());
  });
});

describe('cells', () => {
  const setup = { seed: 1, difficulty: 1, size: tiny, workspace: memoryWorkspace() };

  it('of vectors learn, and give a law that JSON keeps', async () => {
    const { accuracy, law } = await lawArms['mlp-64-64'].run(setup);
    expect(accuracy).toBeGreaterThan(0.3);
    expect(law.fgsm.measured[0]!.at(-1)).toBeGreaterThan(law.fgsm.measured[0]![0]!);
    expect(JSON.parse(JSON.stringify(law.epsilons))).toEqual(law.epsilons);
  });

  it('of the penalty sharpen', async () => {
    const [plain, sharp] = [await entropyArm(0, setup), await entropyArm(0.9, setup)];
    expect(sharp.entropy).toBeLessThan(plain.entropy);
    expect(plain.clean).toBeGreaterThanOrEqual(plain.pgd);
  });

  it('of the search judge what they find beside a plain network of its size', async () => {
    const cell = await searchArm(setup, () => undefined);
    expect(cell.controller).toHaveLength(4);
    expect(Math.abs(cell.baseline.parameters / cell.found.parameters - 1)).toBeLessThan(0.1);
    expect(parametersOf(asLarge(4000, 40, 10), 40, 10)).toBeGreaterThan(3900);
  });
});
