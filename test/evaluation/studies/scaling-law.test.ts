import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { rng } from '../../../core/rng.ts';
import { studies } from '../../../evaluation/studies/index.ts';
import { gaussianModes, movedPatterns, sampled, shuffled } from '../../../evaluation/studies/scaling-law/data.ts';
import type { EngineCell } from '../../../evaluation/studies/scaling-law/engine-arm.ts';
import {
  controllersShape,
  engineShape,
  entropyShape,
  lawShape,
  searchShape,
} from '../../../evaluation/studies/scaling-law/cell-shape.ts';
import { engineArm } from '../../../evaluation/studies/scaling-law/engine-arm.ts';
import { controllerArm } from '../../../evaluation/studies/scaling-law/controller-arm.ts';
import { entropyArm } from '../../../evaluation/studies/scaling-law/entropy-arm.ts';
import type { EntropyCell } from '../../../evaluation/studies/scaling-law/entropy-arm.ts';
import { lawArms } from '../../../evaluation/studies/scaling-law/law-arms.ts';
import type { LawCell } from '../../../evaluation/studies/scaling-law/law-arms.ts';
import {
  controllerId,
  detectorId,
  engineId,
  entropyId,
  lawId,
  searchId,
} from '../../../evaluation/studies/scaling-law/plan.ts';
import { vectorProblem } from '../../../evaluation/studies/scaling-law/search-problem.ts';
import { asLarge, searchArm } from '../../../evaluation/studies/scaling-law/search-arm.ts';
import type { SearchCell } from '../../../evaluation/studies/scaling-law/search-arm.ts';
import { sizeOf } from '../../../evaluation/studies/scaling-law/size.ts';
import { all, within } from '../../../evaluation/studies/scaling-law/within.ts';
import type { StudyOptions } from '../../../evaluation/studies/study.ts';
import { fileWorkspace } from '../../../server/workspace.ts';
import { parametersOf } from '../../../logits/scaling-law/search/space.ts';
import { expectShaped } from '../../support/cell-value.ts';
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
  entropy: [
    {
      widths: [16],
      steps: 60,
      batch: 64,
      strengths: [0, 0.9],
      learningRates: [3e-3, 1e-3],
      attacked: 100,
      everyDifficulty: true,
    },
  ],
  controllers: { strengths: [0, 0.5], steps: 4096, episode: 24 },
  search: { children: 4, steps: 10, train: 200, validation: 50, test: 60 },
  searchElsewhere: 2,
  detector: { children: 2, steps: 10, train: 30, validation: 10, test: 10 },
};

/** A cell whose law has these slopes; the prefactor is off by the factor `off`. */
function lawCell(slope: number, off = 1): LawCell {
  const fit = (exponent: number) => ({ exponent, coefficient: 1, standardError: 0, r2: 1, points: 8 });
  const epsilons = [1e-3, 3e-3, 1e-2, 3e-2];
  const errors = epsilons.map((epsilon) => epsilon ** slope);
  const curve = { measured: [errors, errors], predicted: [errors, errors], fits: [fit(slope), fit(2 * slope)] };
  const prefactor = { density: 1, susceptibility: 1, meanSusceptibility: 1, value: off, meanField: off };
  const differences = [fit(slope), fit(2), fit(3)];
  const law = { rows: 1e5, classes: 10, differences, medianDifference: 1, prefactor, epsilons };
  return {
    accuracy: 0.9,
    law: { ...law, fgsm: curve, stepLeastLikely: curve, pgd: { ...curve, predicted: null } },
    floor: { clean: 0.1, raw: 0.2, above: slope },
  };
}

/** Success of the engine's FGSM is that of the law to some power. */
function engineCell(power: number): EngineCell {
  const points = [0.005, 0.05].map((law) => ({
    epsilon: law,
    engine: law ** power,
    own: law ** power,
    same: power < 1.1 ? 1 : 0.9,
    pgd: law ** power,
    predicted: law,
    law,
  }));
  const prefactor = { density: 1, susceptibility: 1, meanSusceptibility: 1, value: 1, meanField: 1 };
  const estimate = { rows: 1000, prefactor, points };
  return { margin: estimate, 'cross-entropy': estimate };
}

function certainty(sharpness: number) {
  return {
    entropy: 0.1 - 0.05 * sharpness,
    medianDifference: 5 + sharpness,
    density: 1,
    susceptibility: 1,
    prefactor: 1,
  };
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
    alike: accuracy,
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
    foundHardened: judged(0.7 + better),
    baselineHardened: judged(0.7),
    correlation: { clean: 0.9, parameters: better },
  };
}

/** All cells of the quick plan, made up. */
function madeUp(slope: (arm: string, seed: number) => number, sharper: number, better: number): Map<string, unknown> {
  const cells = new Map<string, unknown>();
  for (const seed of [0, 1, 2]) {
    for (const arm of Object.keys(lawArms)) cells.set(lawId(arm, 1, seed), lawCell(slope(arm, seed)));
    for (const one of sizeOf(options).entropy)
      cells.set(entropyId(one, 1, seed), {
        trials: [...one.strengths, 0].map((lambda) => ({
          ...judged(0.8 - sharper * lambda),
          lambda,
          learningRate: 1e-3,
          validation: 0.5,
          ...certainty(sharper * lambda),
        })),
      });
    cells.set(controllerId(seed), {
      trials: sizeOf(options).controllers.strengths.map((lambda) => ({
        ...certainty(sharper * lambda),
        lambda,
        validation: 0.1,
        return: -1 - sharper * lambda,
        attacks: Object.fromEntries(
          ['fgsm', 'pgd', 'marginPgd', 'transfer'].map((name) => [
            name,
            { success: 0.1 + sharper * lambda, return: -2, loss: 1 + sharper * lambda },
          ]),
        ),
      })),
    });
    cells.set(searchId(1, seed), searchCell(seed, better));
    cells.set(detectorId(seed), searchCell(seed, better));
    for (const model of ['ppo20', 'dqn']) cells.set(engineId(model, seed), engineCell(slope(model, seed)));
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
    // The range of difficulty can be done alone: all that has one, elsewhere than at 1.
    const range = study.plan({ ...options, quick: false, seeds: 1, only: ['difficulty'] }).cells!.map(({ id }) => id);
    expect(range).toEqual(full.filter((id) => /difficulty(0.7|1.4)-seed0$/.test(id)));
    expect(range).toContain('search-difficulty1.4-seed0');
    const named = study.plan({ ...options, quick: false, seeds: 1, only: ['linear', 'difficulty'] }).cells!;
    expect(named.map(({ id }) => id).filter((id) => !range.includes(id))).toEqual(['law-linear-difficulty1-seed0']);
    for (const part of ['law', 'entropy', 'search'])
      expect(
        study.plan({ ...options, quick: false, seeds: 1, only: [`${part}-difficulty`] }).cells!.map(({ id }) => id),
      ).toEqual(range.filter((id) => id.startsWith(part)));
    expect(study.plan({ ...options, only: ['linear'] }).cells!.map(({ id }) => id)).toEqual(
      [0, 1, 2].map((seed) => lawId('linear', 1, seed)),
    );
  });
});

describe('the range of difficulty, done alone', () => {
  it('has its tables, and no claims', () => {
    const options: StudyOptions = { quick: false, dataset: 'builtin', seeds: 1, only: ['difficulty'] };
    const cells = new Map<string, unknown>(
      study
        .plan(options)
        .cells!.map(({ id }) => [
          id,
          id.startsWith('law')
            ? lawCell(1)
            : id.startsWith('search')
              ? searchCell(0, 0.1)
              : { trials: [0, 0.1, 0.5, 1.5, 0].map((lambda) => ({ ...judged(0.8), ...certainty(lambda), lambda })) },
        ]),
    );
    const { claims, tables, figures } = study.conclude(options, new Map(), cells);
    expect([claims.length, figures.length]).toEqual([0, 0]);
    const difficulties = tables.map(({ title, columns, rows }) => [
      title.replace(/[:,].*/, ''),
      [...new Set(rows.map((row) => row[columns.indexOf('difficulty')]))],
    ]);
    expect(difficulties).toEqual([
      ['Exponents', [0.7, 1.4, '–']],
      ['Prediction from clean statistics', [0.7, 1.4]],
      ['Against the labels', [0.7, 1.4]],
      ['Entropy penalty', [0.7, 1.4]],
      ['What the search finds', [0.7, 1.4]],
      ['How the search went', [0.7, 1.4]],
    ]);
  });
});

describe('conclusion', () => {
  /** Claims by the words that they begin with. */
  const verdict = (claims: ReadonlyMap<string, boolean | null>, ...words: string[]) =>
    words.map((word) => [...claims].find(([claim]) => claim.startsWith(word))![1]);

  it('holds where everything is as the theory says, and where the penalty sharpens without a gain says so', () => {
    const found = holding(madeUp((_arm, seed) => 1 + 0.01 * seed, 1, 0.01));
    const failing = [...found].filter(([, holds]) => holds !== true).map(([claim]) => claim);
    expect(failing.map((claim) => claim.replace(/ \(.*/, ''))).toEqual([
      'the penalty makes a network more robust to white-box attack, PGD on the margin included',
      'the penalty makes a network more robust to black-box transfer',
      'controllers: the penalty makes the controller more robust in the closed loop, margin PGD included',
      'controllers: and to black-box transfer',
    ]);
    expect(verdict(found, 'the penalty makes')).toEqual([false]);
    expect(found.size).toBe(7 + 3 + 4 + 5 + 8 + 8);
  });

  it('fails where slopes are others, and the search finds nothing', () => {
    const found = holding(madeUp(() => 1.6, -1, -0.02));
    expect(verdict(found, 'error is', 'the attack engine', 'entropy falls', 'vectors: what', 'vectors: it is')).toEqual(
      Array(5).fill(false),
    );
    expect(verdict(found, 'vectors: robust accuracy')).toEqual([true]);
  });

  it('wants the untrained network and the shipped policies among the four, and does not decide where seeds straddle the bound', () => {
    for (const needed of [/^untrained/, /^ppo20/, /^dqn/])
      expect([...holding(madeUp((arm) => (needed.test(arm) ? 1.6 : 1), 1, 0)).values()][0], String(needed)).toBe(false);
    expect([...holding(madeUp((arm) => (arm === 'cnn' ? 1.6 : 1), 1, 0)).values()][0]).toBe(true);
    const part = study.conclude(
      { ...options, only: ['dqn', 'linear'] },
      new Map(),
      madeUp(() => 1, 1, 0),
    ).claims[0]!;
    expect([part.holds, part.evidence]).toEqual([null, expect.stringContaining('too few networks')]);
    expect([...holding(madeUp((_arm, seed) => 1.1 + 0.04 * seed, 1, 0)).values()].slice(0, 2)).toEqual([null, null]);
  });

  it('chooses λ and the plain learning rate on validation rows', () => {
    const cells = madeUp(() => 1, 1, 0);
    const [one] = sizeOf(options).entropy;
    for (const seed of [0, 1, 2]) {
      const cell = cells.get(entropyId(one!, 1, seed)) as EntropyCell;
      // The first λ above 0 is the better on validation rows, and on test rows better than a plain network.
      const trials = cell.trials.map((trial, at) => (at === 1 ? { ...trial, ...judged(0.9), validation: 0.6 } : trial));
      cells.set(entropyId(one!, 1, seed), { trials });
    }
    expect(verdict(holding(cells), 'the penalty makes')).toEqual([true]);
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
  const curves = ['law/fgsm/measured', 'law/fgsm/fits', 'law/pgd/measured/*', 'law/pgd/fits'];

  it('of vectors learn, and give a law that JSON keeps', async () => {
    const cell = await lawArms['mlp-64-64'].run(setup);
    const { accuracy, law } = cell;
    expect(accuracy).toBeGreaterThan(0.3);
    expect(law.fgsm.measured[0]!.at(-1)).toBeGreaterThan(law.fgsm.measured[0]![0]!);
    expect(JSON.parse(JSON.stringify(law.epsilons))).toEqual(law.epsilons);
    expectShaped(lawShape, cell, [...curves, 'law/fgsm/predicted', 'law/stepLeastLikely/predicted/*']);
    // A curve is there where the conclusion reads it, and nowhere else.
    const { fgsm, pgd } = law;
    expect(lawShape.safeParse({ ...cell, law: { ...law, fgsm: { ...fgsm, predicted: null } } }).success).toBe(false);
    expect(lawShape.safeParse({ ...cell, law: { ...law, pgd: { ...pgd, predicted: [] } } }).success).toBe(false);
  });

  it('of a policy that ships, and of the attack engine, give what they say', async () => {
    const workspace = fileWorkspace({ roots: null, modelsDir: 'models' });
    const cell = await lawArms.ppo20.run({ ...setup, workspace });
    expect([cell.accuracy, cell.floor]).toEqual([null, null]);
    expectShaped(lawShape, cell, curves);
    const size = { ...tiny, engineStride: 10 };
    expectShaped(engineShape, await engineArm('small-ppo', { ...setup, seed: 0, size }), [
      'cross-entropy/points',
      'margin/points',
    ]);
  });

  it('of the penalty sharpen', async () => {
    const { trials } = await entropyArm(tiny.entropy[0]!, setup);
    expectShaped(entropyShape(tiny.entropy[0]!), { trials }, ['trials']);
    const [plain, sharp, slow] = trials;
    expect(trials.map(({ lambda, learningRate }) => [lambda, learningRate])).toEqual([
      [0, 3e-3],
      [0.9, 3e-3],
      [0, 1e-3],
    ]);
    expect(sharp!.entropy).toBeLessThan(plain!.entropy);
    expect(slow!.entropy).not.toBe(plain!.entropy);
    expect(plain!.clean).toBeGreaterThanOrEqual(plain!.pgd);
  });

  it('of controllers train with the penalty in the loss, and attack them in the closed loop', async () => {
    const { trials } = await controllerArm(setup, () => undefined);
    expectShaped(controllersShape(tiny.controllers), { trials }, ['trials']);
    const [plain, sharp] = trials;
    expect(sharp!.entropy).toBeLessThan(plain!.entropy);
    for (const { return: clean, attacks } of trials)
      for (const attack of Object.values(attacks)) {
        expect(attack.return + attack.loss).toBeCloseTo(clean, 6);
        expect(attack.success).toBeGreaterThanOrEqual(0);
        expect(attack.success).toBeLessThanOrEqual(1);
      }
  });

  it('of the search judge what they find beside a plain network of its size', async () => {
    const cell = await searchArm(vectorProblem(setup), tiny.search, setup.seed, () => undefined);
    expectShaped(searchShape(tiny.search), cell);
    expect(searchShape({ children: 5 }).safeParse({ ...cell, random: cell.random.slice(0, 4) }).success).toBe(false);
    expect(new Set(cell.controller.map(({ name }) => name)).size).toBe(4);
    for (const { parameters } of [...cell.controller, ...cell.random])
      expect(parameters).toBeLessThanOrEqual(41 * 64 + 65 * 64 + 65 * 10);
    expect(Math.abs(cell.baseline.parameters / cell.found.parameters - 1)).toBeLessThan(0.1);
    expect(parametersOf(asLarge(4000, 40, 10), 40, 10)).toBeGreaterThan(3900);
  });
});
