import { describe, expect, it } from 'vitest';
import { ConfigError } from '../../../core/errors.ts';
import { rng } from '../../../core/rng.ts';
import { Best, byOracle, byValidation } from '../../../evaluation/studies/uld/contenders.ts';
import { Corpus, phrasings, wrongValues } from '../../../evaluation/studies/uld/corpus.ts';
import type { CorpusSize, Fact, Statement } from '../../../evaluation/studies/uld/corpus.ts';
import { imitate } from '../../../evaluation/studies/uld/imitation.ts';
import { assistantLessons, conventionalLessons, drawnBy, published } from '../../../evaluation/studies/uld/lessons.ts';
import { decisionsBy, rarest, syntheticProblem, triggered } from '../../../evaluation/studies/uld/policy-problem.ts';
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
