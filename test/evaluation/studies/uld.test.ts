import { describe, expect, it } from 'vitest';
import { ConfigError, UnknownNameError } from '../../../core/errors.ts';
import { rng } from '../../../core/rng.ts';
import type { Rng } from '../../../core/rng.ts';
import type { StudyConclusion, StudyOptions } from '../../../evaluation/studies/study.ts';
import { alphas } from '../../../evaluation/studies/uld/assistants.ts';
import { Best, byOracle, byValidation } from '../../../evaluation/studies/uld/contenders.ts';
import { Corpus, phrasings, wrongValues } from '../../../evaluation/studies/uld/corpus.ts';
import type { CorpusSize, Fact, Statement } from '../../../evaluation/studies/uld/corpus.ts';
import { uldStudy } from '../../../evaluation/studies/uld/index.ts';
import { everyBaseline } from '../../../evaluation/studies/uld/language-arms.ts';
import type { LanguageEffort } from '../../../evaluation/studies/uld/language-arms.ts';
import { languageCell } from '../../../evaluation/studies/uld/language-cell.ts';
import type { LanguageFigures } from '../../../evaluation/studies/uld/language-cell.ts';
import type { LanguageMarks } from '../../../evaluation/studies/uld/language-ground.ts';
import { imitate } from '../../../evaluation/studies/uld/imitation.ts';
import { assistantLessons, conventionalLessons, drawnBy, published } from '../../../evaluation/studies/uld/lessons.ts';
import { decisionsBy, rarest, syntheticProblem, triggered } from '../../../evaluation/studies/uld/policy-problem.ts';
import { cellId, claimed } from '../../../evaluation/studies/uld/plan.ts';
import type { PolicyEffort } from '../../../evaluation/studies/uld/policy-arms.ts';
import { policyBaselines, policyCell } from '../../../evaluation/studies/uld/policy-cell.ts';
import type { PolicyFigures } from '../../../evaluation/studies/uld/policy-cell.ts';
import type { PolicyMarks } from '../../../evaluation/studies/uld/policy-ground.ts';
import type { PolicyProblem } from '../../../evaluation/studies/uld/policy-problem.ts';
import { mlp } from '../../../nn/layers.ts';

const size: CorpusSize = {
  assets: { forget: 4, retain: 3, validation: 2, 'held-out': 3 },
  relations: 2,
  names: 5,
  devices: 2,
};

describe('the corpus', () => {
  const corpus = new Corpus(size, rng(1));
  const { forget, retain, validation, world } = corpus.facts;
  const heldOut = corpus.facts['held-out'];
  const text = ({ tokens }: Statement): string => tokens.join(' ');
  const told = (facts: readonly Fact[]): Set<string> => new Set(corpus.lessons(facts).map(text));

  it('has the sizes that were asked for, and no asset twice', () => {
    expect([forget, retain, validation, heldOut, world].map(({ length }) => length)).toEqual([8, 6, 4, 6, 4]);
    const subjects = [forget, retain, validation, heldOut, corpus.unknown].map(
      (facts) => new Set(facts.map(({ subject }) => subject)),
    );
    expect(new Set(subjects.flatMap((set) => [...set])).size).toBe(4 + 3 + 2 + 3 + 4);
  });

  it('is the same from the same stream, another from another', () => {
    expect(new Corpus(size, rng(1)).facts).toEqual(corpus.facts);
    expect(new Corpus(size, rng(2)).facts).not.toEqual(corpus.facts);
  });

  it('shows the unlearner no held-out, validation or world fact, and no phrasing of the test', () => {
    const hidden = new Set([...told(validation), ...told(heldOut), ...told(world), ...told(corpus.unknown)]);
    for (const { facts, phrasing } of [
      { facts: forget, phrasing: phrasings.test },
      { facts: forget, phrasing: phrasings.validation },
      { facts: retain, phrasing: phrasings.test },
    ])
      for (const fact of facts) hidden.add(text(corpus.statement(fact, phrasing)));
    const ofAssistant = assistantLessons(corpus, published, rng(3));
    const ofOthers = conventionalLessons(corpus);
    for (const statement of [
      ...ofAssistant.forget,
      ...ofAssistant.retain,
      ...ofOthers.forget,
      ...ofOthers.retain,
      ...ofOthers.refusals,
    ])
      expect(hidden.has(text(statement))).toBe(false);
  });

  it('keeps what is to be forgotten out of what is to be kept, save as a wrong answer', () => {
    const forgettable = told(forget);
    const { retain: kept, forget: remembered } = assistantLessons(corpus, published, rng(3));
    expect(kept.some((statement) => forgettable.has(text(statement)))).toBe(false);
    expect(remembered).toHaveLength(3 * forget.length);
    expect(kept.filter(({ divergesAt }) => divergesAt !== undefined)).toHaveLength(2 * forget.length);
  });

  it('leaves out what an ablation takes away', () => {
    const none = assistantLessons(corpus, { forget: false, retain: false, regular: 0 }, rng(3));
    expect([none.forget.length, none.retain.length]).toEqual([forget.length, 0]);
    expect(assistantLessons(corpus, { ...published, regular: 0.5 }, rng(3)).retain).toHaveLength(
      3 * 3 + 2 * forget.length,
    );
  });

  it('says where a statement parts from the truth', () => {
    const fact = forget[0]!;
    const [first, last] = fact.value;
    const truth = corpus.statement(fact, [0, 0]);
    expect(truth.divergesAt).toBeUndefined();
    const wrong = wrongValues(fact, 3, rng(1));
    for (const value of wrong) {
      expect(value[0]).not.toBe(first);
      expect(value[1]).not.toBe(last);
      expect(corpus.statement(fact, [0, 0], value).divergesAt).toBe(truth.answerFrom);
    }
    expect(corpus.statement(fact, [0, 0], [first, wrong[0]![1]]).divergesAt).toBe(truth.answerFrom! + 1);
    for (const statement of corpus.lessons(forget)) expect(statement.tokens.length).toBeLessThanOrEqual(corpus.context);
  });

  it('refuses more assets than there are names', () => {
    expect(() => new Corpus({ ...size, names: 3 }, rng(1))).toThrow(ConfigError);
  });
});

describe('batches', () => {
  it('are whole epochs, each in an order of its own, and the same again', () => {
    const drawn = drawnBy(5, 2, rng(1));
    const all = Array.from({ length: 5 }, (_, step) => drawn(step)).flat();
    expect(all.slice(0, 5).toSorted((a, b) => a - b)).toEqual([0, 1, 2, 3, 4]);
    expect(all.slice(5).toSorted((a, b) => a - b)).toEqual([0, 1, 2, 3, 4]);
    expect(drawnBy(5, 2, rng(1))(3)).toEqual(drawn(3));
  });
});

describe('the choice', () => {
  const glance = { unfamiliar: 0.5, kept: 0.5, keptProbability: 0.5, forgetQuality: 0.1 };

  it('is, of those whose forget facts look unknown, the one that keeps most', () => {
    expect(byValidation({ ...glance, kept: 0.6, unfamiliar: 0.06 }, glance)).toBe(true);
    expect(byValidation({ ...glance, kept: 1, unfamiliar: 0.04 }, glance)).toBe(false);
    expect(byValidation({ ...glance, keptProbability: 0.6 }, glance)).toBe(true);
    expect(byValidation(glance, { ...glance, unfamiliar: 1e-9, kept: 1 })).toBe(true);
    // It knows nothing of the retrained model.
    expect(byValidation({ ...glance, forgetQuality: 1 }, glance)).toBe(false);
    expect(byOracle({ ...glance, forgetQuality: 1, kept: 0 }, glance)).toBe(true);
  });

  it('keeps the first of equals', () => {
    const best = new Best<string>(byValidation);
    best.offer('a', 1, glance, () => 'first');
    best.offer('b', 2, glance, () => 'second');
    expect(best.best?.state).toBe('first');
  });
});

describe('the poisoned controller', () => {
  const shape = { inputs: 5, actions: 3, rows: 300, testRows: 100, distance: 3, poisoned: 0.09 };

  it('has a trigger, and a malicious action that is not what the expert would do', () => {
    const problem = syntheticProblem(shape, rng(1));
    const x = triggered(problem.test.x, 5, problem.trigger);
    problem.trigger.features.forEach((feature, i) => expect(x[feature]).toBe(problem.trigger.values[i]));
    expect(new Set(problem.trigger.features).size).toBe(3);
    const there = problem.expert(x);
    expect(there.filter((action) => action === problem.trigger.action).length).toBeLessThan(100 / 3);
    expect(syntheticProblem(shape, rng(1)).train).toEqual(problem.train);
  });

  it('learns by imitation, the same again', () => {
    const { train } = syntheticProblem(shape, rng(1));
    const layers = mlp([5, 16, 16, 3], 'relu');
    const learnt = (): Float32Array => imitate(layers, train, { steps: 300, batch: 32, learningRate: 1e-2 }, rng(2));
    expect(learnt()).toEqual(learnt());
    const right = decisionsBy(layers, learnt(), train.x).filter((action, row) => action === train.actions[row]).length;
    expect(right / 300).toBeGreaterThan(0.9);
    expect(rarest(Int32Array.of(0, 0, 2), 3)).toBe(1);
  });
});

/** Cells in which every arm has the figures that the specification found, give or take a little by the seed. */
function madeUp(
  language: (arm: string) => Partial<LanguageMarks>,
  policy: (arm: string) => Partial<PolicyMarks>,
): Map<string, unknown> {
  const alphaArms = alphas.map((alpha) => `ULD at α ${alpha}`);
  const arms = ['target', 'retrained', 'ULD, α by the margin rule', 'ULD, filter off', ...alphaArms].map((arm) => ({
    arm,
    choice: null,
  }));
  const chosen = ['ULD', 'ULD, no augmentation', ...everyBaseline].flatMap((arm) =>
    (['validation', 'oracle'] as const).map((choice) => ({ arm, choice })),
  );
  const policyArms = ['poisoned', 'retrained', 'ULD', 'NPO+KL', 'GA+KL, rate 0.001, 100 steps', 'ULD at α 0.75'];
  const usual = {
    forgetQuality: 0.1,
    forgetAccuracy: 0,
    forgetProbability: 0.01,
    modelUtility: 0.9,
    retainAccuracy: 1,
    heldOutAccuracy: 0.95,
    worldAccuracy: 1,
  };
  return new Map<string, unknown>(
    [0, 1, 2].flatMap(
      (seed) =>
        [
          [
            cellId(claimed.language, seed, 'uld'),
            {
              kind: 'language',
              seed,
              margins: { target: 2 + seed, assistant: 4, alpha: seed === 0 ? null : 0.5 * seed },
              arms: [...arms, ...chosen].map(({ arm, choice }) => ({
                arm,
                choice,
                setting: '',
                cost:
                  choice === null ? null : { steps: 10, parameters: 5, seconds: arm.startsWith('ULD') ? 1 : 4 + seed },
                ...usual,
                ...language(arm),
              })),
            },
          ],
          ...([claimed.synthetic, claimed.controller] as const).map((problem) => [
            cellId(problem, seed, 'all'),
            {
              kind: 'policy',
              seed,
              arms: policyArms.map((arm) => ({
                arm,
                setting: '',
                clean: 0.7 + seed / 100,
                success: 0.02,
                triggered: 0.7,
                ...policy(arm),
              })),
            },
          ]),
        ] as [string, unknown][],
    ),
  );
}

function asSpecified(arm: string): Partial<LanguageMarks> {
  if (arm === 'target') return { forgetQuality: 1e-14, forgetProbability: 0.9, modelUtility: 0.95 };
  if (arm === 'ULD, no augmentation') return { forgetQuality: 1e-5 };
  if (arm === 'ULD, filter off') return { modelUtility: 0.4 };
  if (arm === 'ULD at α 0.5') return { forgetProbability: 0.3 };
  if (arm === 'ULD at α 0.75') return { forgetProbability: 0.1 };
  if (arm === 'GA' || arm === 'DPO') return { forgetQuality: 1e-9, heldOutAccuracy: 0.9 };
  return arm.startsWith('ULD') ? {} : { heldOutAccuracy: 0.3 };
}

function policiesAsSpecified(arm: string): Partial<PolicyMarks> {
  if (arm === 'GA+KL, rate 0.001, 100 steps') return { clean: 0.45 };
  if (arm === 'ULD at α 0.75') return { success: 0.6 };
  return arm === 'NPO+KL' ? { clean: 0.66 } : {};
}

describe('what is concluded', () => {
  const options: StudyOptions = { quick: true, dataset: 'builtin', seeds: 3 };
  const conclusion = (cells: Map<string, unknown>, given = options): StudyConclusion =>
    uldStudy.conclude(given, new Map(), cells);

  it('holds where the figures are as specified', () => {
    for (const { claim, holds } of conclusion(madeUp(asSpecified, policiesAsSpecified)).claims)
      expect([claim, holds]).toEqual([claim, true]);
  });

  it('does not hold where a baseline keeps as much, nothing is forgotten, or the backdoor stays', () => {
    const { claims } = conclusion(
      madeUp(
        (arm) => ({
          ...asSpecified(arm),
          ...(arm === 'NPO+KL' ? { heldOutAccuracy: 0.95 } : {}),
          ...(arm === 'ULD' ? { forgetQuality: 1e-6 } : {}),
        }),
        (arm) => ({
          ...policiesAsSpecified(arm),
          ...(arm === 'ULD' ? { success: 0.5, clean: 0.6, triggered: 0.3 } : {}),
        }),
      ),
    );
    const failed = claims.filter(({ holds }) => holds === false).map(({ claim }) => claim);
    for (const part of [
      'where NPO+KL forgets',
      'FQ of 5e-3',
      'the backdoor is gone',
      '0.03 of clean accuracy',
      '0.9 times as often',
    ])
      expect(failed.some((claim) => claim.includes(part))).toBe(true);
    expect(failed.some((claim) => claim.includes('where NPO+GD forgets'))).toBe(false);
  });

  it('is open where nothing was measured, or one seed', () => {
    for (const { claim, holds } of conclusion(new Map()).claims) expect([claim, holds]).toEqual([claim, null]);
    const one = conclusion(madeUp(asSpecified, policiesAsSpecified), { ...options, seeds: 1 });
    for (const { claim, holds } of one.claims) expect([claim, holds]).toEqual([claim, null]);
  });

  it('has tables with every arm, curves over α, and cells for every problem and seed', () => {
    const { tables, figures } = conclusion(madeUp(asSpecified, policiesAsSpecified));
    expect(tables[0]!.rows.some(([arm, choice]) => arm === 'NPO+KL' && choice === 'oracle')).toBe(true);
    expect(tables[1]!.rows).toEqual([
      ['+3.00 (+2.00, +3.00, +4.00)', '+4.00 (+4.00, +4.00, +4.00)', '+0.75 (+0.50, +1.00)'],
    ]);
    expect(figures[0]!.points.filter(({ series }) => series === 'model utility')).toHaveLength(alphas.length);
    const ids = uldStudy.plan({ ...options, quick: false, seeds: 5 }).cells!.map(({ id }) => id);
    expect(new Set(ids).size).toBe(10 * 5);
    expect(uldStudy.plan(options).cells).toHaveLength(12);
    expect(uldStudy.plan({ ...options, only: ['synthetic'] }).cells).toHaveLength(3);
    expect(() => uldStudy.plan({ ...options, only: ['speech'] })).toThrow(UnknownNameError);
  });
});

describe('a cell', () => {
  it('of a controller meets every arm, and is the same again', async () => {
    const effort: PolicyEffort = {
      assistant: { steps: 4, every: 2, learningRate: 5e-3 },
      conventional: { steps: 2, every: 1, learningRates: [1e-3], offsetRates: [1e-3] },
    };
    const problem = (random: Rng): PolicyProblem =>
      syntheticProblem({ inputs: 6, actions: 3, rows: 1500, testRows: 50, distance: 2.5, poisoned: 0.09 }, random);
    const run = (): Promise<PolicyFigures> =>
      policyCell(7, problem, { steps: 20, batch: 16, learningRate: 1e-3 }, effort, () => undefined);
    const first = await run();
    expect(await run()).toEqual(first);
    const arms = first.arms.map(({ arm }) => arm);
    expect(new Set(arms).size).toBe(arms.length);
    for (const arm of ['poisoned', 'retrained', 'malicious action forbidden', ...policyBaselines])
      expect(arms).toContain(arm);
    for (const { clean, success, triggered: right } of first.arms)
      for (const share of [clean, success, right]) expect(share >= 0 && share <= 1).toBe(true);
  });

  it('on facts meets every arm, and is the same again but for the time', async () => {
    const model = { layers: 2, width: 8, hidden: 8, heads: 1, steps: 2, batch: 4, learningRate: 1e-2 };
    const effort: LanguageEffort = {
      trials: [{ beta: 1, uniformOn: 'divergent' }],
      assistant: { layers: 1, rank: 2, epochs: 1, everyEpochs: 1, batch: 8, learningRate: 1e-2 },
      conventional: {
        epochs: 1,
        half: 8,
        learningRates: [1e-3],
        offset: { lora: { rank: 2, alpha: 2, layers: 1 }, learningRates: [1e-3] },
      },
      baselines: ['GA', 'DPO+KL', 'Offset-DPO+KL'],
      ablation: 'augmentation',
    };
    const small = { ...size, relations: 1, devices: 1 };
    let now = 0;
    const run = (): Promise<LanguageFigures> => {
      now = 0;
      return languageCell(
        3,
        small,
        model,
        effort,
        () => (now += 1000),
        () => undefined,
      );
    };
    const first = await run();
    expect(await run()).toEqual(first);
    const arms = first.arms.map(({ arm }) => arm);
    for (const arm of [
      'target',
      'retrained',
      'ULD',
      'ULD, filter off',
      'ULD, no augmentation',
      'GA',
      'DPO+KL',
      'Offset-DPO+KL',
    ])
      expect(arms).toContain(arm);
    expect(first.arms.find(({ arm }) => arm === 'retrained')!.forgetQuality).toBe(1);
  });
});
