import { describe, expect, it } from 'vitest';
import { languageShape, policyShape } from '../../../evaluation/studies/uld/cell-shape.ts';
import { ConfigError, UnknownNameError } from '../../../core/errors.ts';
import { rng } from '../../../core/rng.ts';
import type { Rng } from '../../../core/rng.ts';
import type { StudyConclusion, StudyOptions } from '../../../evaluation/studies/study.ts';
import { alphas } from '../../../evaluation/studies/uld/assistants.ts';
import { chosenByOracle, chosenSetting } from '../../../evaluation/studies/uld/choice.ts';
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
import { cellId, claimed, validationSeeds } from '../../../evaluation/studies/uld/plan.ts';
import type { PolicyEffort } from '../../../evaluation/studies/uld/policy-arms.ts';
import { policyBaselines, policyCell } from '../../../evaluation/studies/uld/policy-cell.ts';
import type { PolicyFigures } from '../../../evaluation/studies/uld/policy-cell.ts';
import type { PolicyMarks } from '../../../evaluation/studies/uld/policy-ground.ts';
import type { PolicyProblem } from '../../../evaluation/studies/uld/policy-problem.ts';
import { remembered } from '../../../evaluation/studies/uld/remembered.ts';
import type { LanguageArm, Setting } from '../../../evaluation/studies/uld/setting.ts';
import { selectBackend } from '../../../nn/backend.ts';
import { tokenBatch } from '../../../nn/language/token-batch.ts';
import type { TokenBatch } from '../../../nn/language/token-batch.ts';
import type { LogitModel } from '../../../logits/contract.ts';
import { mlp } from '../../../nn/layers.ts';
import { expectShaped } from '../../support/cell-value.ts';

const size: CorpusSize = {
  assets: { forget: 4, retain: 3, 'held-out': 5 },
  relations: 2,
  names: 5,
  devices: 2,
};

describe('the corpus', () => {
  const corpus = new Corpus(size, rng(1));
  const { forget, retain, world } = corpus.facts;
  const heldOut = corpus.facts['held-out'];
  const text = ({ tokens }: Statement): string => tokens.join(' ');
  const told = (facts: readonly Fact[]): Set<string> => new Set(corpus.lessons(facts).map(text));

  it('has the sizes that were asked for, and no asset twice', () => {
    expect([forget, retain, heldOut, world].map(({ length }) => length)).toEqual([8, 6, 10, 4]);
    const subjects = [forget, retain, heldOut].flatMap((facts) => facts.map(({ subject }) => subject));
    expect(new Set(subjects).size).toBe(4 + 3 + 5);
  });

  it('is the same from the same stream, another from another', () => {
    expect(new Corpus(size, rng(1)).facts).toEqual(corpus.facts);
    expect(new Corpus(size, rng(2)).facts).not.toEqual(corpus.facts);
  });

  it('shows the unlearner no held-out or world fact, and no phrasing of the test', () => {
    const hidden = new Set([...told(heldOut), ...told(world)]);
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

const usual: LanguageMarks = {
  forgetQuality: 0.1,
  forgetAccuracy: 0,
  forgetProbability: 0.01,
  modelUtility: 0.9,
  retainAccuracy: 1,
  heldOutAccuracy: 0.95,
  worldAccuracy: 1,
};

describe('the choice', () => {
  const trial = (training: string, forgetQuality: number, heldOutAccuracy: number): LanguageArm => ({
    arm: 'ULD',
    training,
    alpha: 1,
    cost: null,
    ...usual,
    forgetQuality,
    heldOutAccuracy,
  });
  const chosen = (...seeds: readonly (readonly LanguageArm[])[]): string | undefined => chosenSetting(seeds)?.training;

  it('is, of the settings that forget on the validation seeds, the one that keeps most there', () => {
    const first = [trial('a', 0.9, 0.8), trial('b', 0.2, 0.9), trial('c', 1e-4, 1)];
    expect(chosen(first)).toBe('b');
    // b forgets on one seed and not in the mean.
    expect(chosen(first, [trial('a', 0.9, 0.5), trial('b', 1e-3, 0.9), trial('c', 1e-4, 1)])).toBe('a');
    expect(chosen([trial('a', 1e-6, 1), trial('b', 1e-3, 0.1)])).toBe('b');
    expect(chosen([trial('a', 0.1, 0.9), trial('b', 0.5, 0.9)])).toBe('b');
  });

  it('is of what was tried on every validation seed, the first of equals, and nothing where there is nothing', () => {
    expect(chosen([trial('a', 0.9, 1), trial('b', 0.2, 0.9)], [trial('b', 0.2, 0.9)])).toBe('b');
    expect(chosen([trial('a', 0.2, 0.9), trial('b', 0.2, 0.9)])).toBe('a');
    expect([chosen(), chosen([])]).toEqual([undefined, undefined]);
  });

  it('of the oracle is the highest FQ of the seed itself', () => {
    expect(chosenByOracle([trial('a', 0.5, 1), trial('b', 0.9, 0), trial('c', 0.9, 0.1)])?.training).toBe('c');
    expect(chosenByOracle([])).toBeUndefined();
  });
});

describe('a remembered model', () => {
  it('reads every batch once, gives what the model gives, and keeps nothing when it is disposed of', async () => {
    using backend = await selectBackend({ force: 'cpu' });
    const { tf } = backend;
    let read = 0;
    const model: LogitModel<TokenBatch> = {
      k: 2,
      logits: ({ ids, rows, length }) => {
        read++;
        return tf.tidy(() =>
          tf.stack([tf.tensor2d(ids, [rows, length], 'int32').toFloat(), tf.zeros([rows, length])], 2),
        );
      },
    };
    const before = tf.memory().numTensors;
    {
      using known = remembered(tf, model);
      const batches = [[[1, 2]], [[3, 4]], [[1, 2]], [[1], [2]]].map((tokens) =>
        tokenBatch(tokens.map((sequence) => ({ tokens: sequence }))),
      );
      for (const batch of batches) {
        const [z, expected] = [tf.tidy(() => known.logits(batch)), model.logits(batch)];
        expect(z.arraySync()).toEqual(expected.arraySync());
        tf.dispose([z, expected]);
      }
      expect(read).toBe(3 + batches.length);
    }
    expect(tf.memory().numTensors).toBe(before);
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

/** What everyone is tried at, and what the validation seeds are to choose: the second. */
const trainings = ['t, epoch 1', 't, epoch 2'];

/** Cells in which every arm has the figures that the specification found, give or take a little by the seed. */
function madeUp(
  language: (arm: string, setting: Setting) => Partial<LanguageMarks>,
  policy: (arm: string) => Partial<PolicyMarks>,
): Map<string, unknown> {
  const plain = ['target', 'retrained'].map((arm) => ({ arm, training: '', alpha: null }));
  const ofUld = ['ULD', 'ULD, filter off', 'ULD, filter 0.01', 'ULD, no augmentation'].flatMap((arm) =>
    trainings.flatMap((training) => [...alphas, 'margin rule' as const].map((alpha) => ({ arm, training, alpha }))),
  );
  const others = everyBaseline.flatMap((arm) => trainings.map((training) => ({ arm, training, alpha: null })));
  const policyArms = [
    'poisoned',
    'retrained',
    'ULD',
    'NPO+KL',
    'GA+KL, rate 0.001, 100 steps',
    'ULD at α 0.75',
    'ULD, no regular clean states, at α 1.5',
  ];
  return new Map<string, unknown>([
    ...[0, 1, 2, ...validationSeeds].map((seed): [string, unknown] => [
      cellId(claimed.language, seed, 'uld'),
      {
        kind: 'language',
        seed,
        margins: trainings.map((training, at) => ({
          training,
          target: 2 + seed + 10 * at,
          assistant: 4,
          alpha: seed === 0 ? null : 0.5 * seed,
        })),
        arms: [...plain, ...ofUld, ...others].map(({ arm, training, alpha }): LanguageArm => ({
          arm,
          training,
          alpha,
          cost: training === '' ? null : { steps: 10, parameters: 5, seconds: arm.startsWith('ULD') ? 1 : 4 + seed },
          ...usual,
          // What is trained for longer keeps more; of the weights all but one let something be recognised, or lose more.
          ...(training === trainings[0] ? { heldOutAccuracy: 0.2 } : {}),
          ...(typeof alpha === 'number' && alpha !== 1 ? { heldOutAccuracy: 0.93 } : {}),
          ...language(arm, { training, alpha }),
        })),
      },
    ]),
    ...[0, 1, 2].flatMap((seed) =>
      ([claimed.synthetic, claimed.controller] as const).map((problem): [string, unknown] => [
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
    ),
  ]);
}

function asSpecified(arm: string, { alpha }: Setting): Partial<LanguageMarks> {
  if (arm === 'target') return { forgetQuality: 1e-14, forgetProbability: 0.9, modelUtility: 0.95 };
  if (arm === 'ULD, no augmentation') return { forgetQuality: 1e-5 };
  if (arm === 'ULD, filter off') return { modelUtility: 0.4 };
  if (arm === 'ULD' && alpha === 0.5) return { forgetProbability: 0.3 };
  if (arm === 'ULD' && alpha === 0.75) return { forgetProbability: 0.1 };
  if (arm === 'GA' || arm === 'DPO') return { forgetQuality: 1e-9, heldOutAccuracy: 0.9 };
  return arm.startsWith('ULD') ? {} : { heldOutAccuracy: 0.3 };
}

function policiesAsSpecified(arm: string): Partial<PolicyMarks> {
  if (arm === 'GA+KL, rate 0.001, 100 steps') return { clean: 0.45 };
  if (arm === 'ULD at α 0.75' || arm === 'ULD, no regular clean states, at α 1.5') return { success: 0.6 };
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
        (arm, setting) => ({
          ...asSpecified(arm, setting),
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
    // Without its validation seeds no unlearner has a setting: none of them may pass for one that forgets nowhere.
    const judged = [...madeUp(asSpecified, policiesAsSpecified)].filter(([id]) => !id.includes('validation'));
    for (const { claim, holds } of conclusion(new Map(judged)).claims)
      if (claim.includes('validation seeds')) expect([claim, holds]).toEqual([claim, null]);
  });

  it('has tables with every arm, curves over α, and cells for every problem and seed', () => {
    const { tables, figures } = conclusion(madeUp(asSpecified, policiesAsSpecified));
    const rows = new Map(tables[0]!.rows.map((row) => [`${row[0]} ${row[1]}`, row.at(-1)]));
    expect(rows.get('NPO+KL oracle')).toBe(trainings[0]);
    // Validation seeds choose the assistant that was trained for longer, and the weight that keeps most.
    expect(rows.get('ULD validation')).toBe(`${trainings[1]}, α 1`);
    expect(rows.get('ULD, α by the margin rule validation')).toBe(`${trainings[1]}, α by the margin rule`);
    expect(rows.get('ULD at α 0.5 ')).toBe(`${trainings[1]}, α 0.5`);
    expect(tables[1]!.rows).toEqual([
      ['+13.00 (+12.00, +13.00, +14.00)', '+4.00 (+4.00, +4.00, +4.00)', '+0.75 (+0.50, +1.00)'],
    ]);
    expect(figures[0]!.points.filter(({ series }) => series === 'model utility')).toHaveLength(alphas.length);
    const ids = uldStudy.plan({ ...options, quick: false, seeds: 5 }).cells!.map(({ id }) => id);
    // Two cells of language a seed and difficulty, of four validation seeds too.
    expect(new Set(ids).size).toBe(2 * 3 * (5 + 4) + 4 * 5);
    expect(uldStudy.plan(options).cells).toHaveLength(2 * (3 + 2) + 2 * 3);
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
    expectShaped(policyShape(7), first);
    expect(policyShape(8).safeParse(first).success).toBe(false);
    const arms = first.arms.map(({ arm }) => arm);
    expect(new Set(arms).size).toBe(arms.length);
    for (const arm of [
      'poisoned',
      'retrained',
      'malicious action forbidden',
      'ULD, no regular clean states, at α 1.5',
      ...policyBaselines,
    ])
      expect(arms).toContain(arm);
    for (const { clean, success, triggered: right } of first.arms)
      for (const share of [clean, success, right]) expect(share >= 0 && share <= 1).toBe(true);
  });

  it('on facts meets every arm, and is the same again but for the time', async () => {
    const model = { layers: 2, width: 8, hidden: 8, heads: 1, steps: 2, batch: 4, learningRate: 1e-2 };
    const effort: LanguageEffort = {
      trainings: [{ beta: 1, uniformOn: 'divergent' }],
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
    expectShaped(languageShape(3), first);
    expect(languageShape(4).safeParse(first).success).toBe(false);
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
