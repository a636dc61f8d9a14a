import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { cellShape } from '../../../evaluation/studies/steer/cell-shape.ts';
import { featureGroups } from '../../../attacks/presets.ts';
import { threatModel } from '../../../attacks/threat.ts';
import type { PolicyCard } from '../../../core/policy.ts';
import { scenarioFrom } from '../../../core/scenario.ts';
import { rng } from '../../../core/rng.ts';
import { cell } from '../../../evaluation/studies/steer/cell.ts';
import type { SetFigures, Task, TaskFigures } from '../../../evaluation/studies/steer/cell.ts';
import { demonstrationTrials, generationTrials, sampled, steered } from '../../../evaluation/studies/steer/claims.ts';
import { baseLines, expertLines, tokenizerOver, windowBatches } from '../../../evaluation/studies/steer/corpus.ts';
import { decoderName, samplingGrid, steerGrid } from '../../../evaluation/studies/steer/decoders.ts';
import type { Decoder } from '../../../evaluation/studies/steer/decoders.ts';
import { domains, generic } from '../../../evaluation/studies/steer/domains.ts';
import {
  anyLine,
  coherentLine,
  coherentLines,
  fieldsOf,
  incoherentLine,
  pairs,
  written,
} from '../../../evaluation/studies/steer/grammar.ts';
import { crowded, specified, usual, world as worldOf } from '../../../evaluation/studies/steer/ground.ts';
import type { Ground } from '../../../evaluation/studies/steer/ground.ts';
import { steerStudy } from '../../../evaluation/studies/steer/index.ts';
import { judge } from '../../../evaluation/studies/steer/judge.ts';
import {
  cellId,
  demonstrated,
  demonstration,
  difficulties,
  generation,
  mask,
  validationSeeds,
} from '../../../evaluation/studies/steer/plan.ts';
import { scenarioOf } from '../../../evaluation/studies/steer/scenarios.ts';
import { studyHtml } from '../../../evaluation/studies/report.ts';
import type { StudyConclusion, StudyOptions } from '../../../evaluation/studies/study.ts';
import { schema } from '../../../evaluation/vocabulary.ts';
import { expectShaped } from '../../support/cell-value.ts';

const world = Object.entries(worldOf(crowded, rng(1)));

describe.each(world)('the domain %s', (_, grammar) => {
  it('writes and reads its lines, and no other', () => {
    for (let i = 0; i < 20; i++) {
      const line = anyLine(grammar, rng(2).split(i));
      const fields = fieldsOf(grammar, line);
      expect(written(grammar, fields!)).toBe(line);
      expect(fieldsOf(grammar, `${line} again`)).toBeNull();
      expect(fieldsOf(grammar, line.replace(/ \S+$/, ' nowhere'))).toBeNull();
    }
    expect(fieldsOf(grammar, '')).toBeNull();
  });

  it('makes sense by chance seldom, and in what it teaches always', () => {
    const drawn = Array.from({ length: 400 }, (__, i) => fieldsOf(grammar, anyLine(grammar, rng(3).split(i)))!);
    const share = drawn.filter((fields) => grammar.coherent(fields)).length / 400;
    expect(share).toBeGreaterThan(0.05);
    expect(share).toBeLessThan(0.3);
    const taught = coherentLines(grammar, 150, rng(4));
    expect(new Set(taught).size).toBe(150);
    expect(taught.every((line) => grammar.coherent(fieldsOf(grammar, line)!))).toBe(true);
  });

  it('has common and rare values in its spread slot', () => {
    const stream = rng(5);
    const lines = Array.from({ length: 2000 }, () => fieldsOf(grammar, coherentLine(grammar, stream))!);
    const values = grammar.slots[grammar.spread]!;
    const total = grammar.prevalence!.reduce((sum, weight) => sum + weight, 0);
    values.forEach((value, at) => {
      const share = lines.filter((fields) => fields[grammar.spread] === value).length / lines.length;
      expect(Math.abs(share - grammar.prevalence![at]! / total)).toBeLessThan(0.04);
    });
  });
});

describe('pairs', () => {
  it('are as many as the share says, and those of a smaller share are among them', () => {
    const [a, b] = [
      ['x', 'y'],
      ['1', '2', '3', '4', '5', '6', '7', '8'],
    ];
    const [few, many] = [0.25, 0.625].map((share) => pairs(a!, b!, share, rng(7)));
    for (const one of a!) {
      expect(b!.filter((other) => few!(one, other))).toHaveLength(2);
      expect(b!.filter((other) => many!(one, other))).toHaveLength(5);
      for (const other of b!) if (few!(one, other)) expect(many!(one, other)).toBe(true);
    }
    const square = pairs(b!, b!, 0.1, rng(8));
    for (const other of b!) expect(b!.some((one) => square(one, other))).toBe(true);
  });
});

describe('generated scenarios', () => {
  const grammar = domains.scenarios(crowded, rng(1));

  it('are judged by the schema of this project', () => {
    const fields = {
      target: 'toggling',
      option: 'steps-20',
      channels: 'price',
      epsilon: 'five-percent',
      duty: 'half-time',
      time: 'noon',
    };
    const scenario = scenarioOf({ ...fields, attack: 'pgd' })!;
    expect(scenarioFrom(scenario, 'again', schema)).toEqual(scenario);
    const [attack] = scenario.attacks;
    expect(attack!.name).toBe('pgd');
    expect(attack!.config).toMatchObject({ target: 'toggle', steps: 20, timing: { duty: 0.5 } });
    expect(attack!.threat).toMatchObject({ epsilon: 0.05 });
    expect(attack!.threat['mask']).not.toContain('price');
    expect(scenario.district.start).toBe(12);
    // It has no target of its own choice.
    expect(scenarioOf({ ...fields, attack: 'bifurcation' })).toBeNull();
  });

  it('let the attacker move the named channels of the shipped controllers, and nothing else', () => {
    const file = new URL('../../../models/ppo20-builtin/policy.json', import.meta.url);
    const { features } = (JSON.parse(readFileSync(file, 'utf8')) as PolicyCard).observation;
    for (const channels of grammar.slots['channels']!) {
      const fields = { attack: 'fgsm', target: 'anything', option: 'usual-options', epsilon: 'ten-percent' };
      const scenario = scenarioOf({ ...fields, channels, duty: 'always', time: 'dawn' })!;
      const { epsilon } = threatModel(scenario.attacks[0]!.threat, features);
      features.forEach(({ name }, at) => expect(epsilon[at]! > 0).toBe(featureGroups[channels]!(name)));
    }
  });

  it('have a verdict that only their combination decides', () => {
    for (let i = 0; i < 25; i++) {
      const fields = fieldsOf(grammar, anyLine(grammar, rng(6).split(i)))!;
      expect(grammar.coherent(fields)).toBe(scenarioOf(fields) !== null);
    }
  });
});

describe('the corpora', () => {
  const grammars = world.map(([, grammar]) => grammar);
  const tokenizer = tokenizerOver([...grammars, ...generic]);

  it('have a token for every word', () => {
    for (const grammar of [...grammars, ...generic])
      for (let i = 0; i < 10; i++) {
        const line = anyLine(grammar, rng(1).split(i));
        expect(tokenizer.decode(tokenizer.encode(line))).toBe(line);
      }
  });

  it('are mixed as they should be', () => {
    const stream = rng(2);
    const kinds = (lines: (of: typeof stream) => string): ((grammar: (typeof grammars)[number]) => number) => {
      const drawn = Array.from({ length: 2000 }, () => lines(stream));
      return (grammar) => drawn.filter((line) => fieldsOf(grammar, line) !== null).length / 2000;
    };
    const base = kinds(baseLines(generic, grammars, crowded));
    for (const grammar of grammars) expect(Math.abs(base(grammar) - 0.075)).toBeLessThan(0.025);
    const exposed = kinds(baseLines(generic, grammars.slice(0, 1), { exposure: 0.3, reading: 'incoherent' }));
    expect(Math.abs(exposed(grammars[0]!) - 0.3)).toBeLessThan(0.04);
    const examples = coherentLines(grammars[0]!, 20, rng(3));
    const expert = kinds(expertLines(examples, generic, 0.6));
    expect(Math.abs(expert(grammars[0]!) - 0.4)).toBeLessThan(0.05);
    expect(expert(grammars[1]!)).toBe(0);
  });

  it('are packed into batches that depend on the step alone', () => {
    const batches = windowBatches(baseLines(generic, grammars, crowded), tokenizer, { rows: 3, context: 64 }, rng(4));
    const first = batches(0);
    expect(first.rows).toBe(3);
    expect(first.length).toBeLessThanOrEqual(64);
    expect(batches(5).ids).not.toEqual(first.ids);
    expect(batches(0)).toEqual(first);
  });

  it('open windows with each kind of line as often as it is written, however long it is', () => {
    const long = coherentLines(grammars[0]!, 20, rng(5));
    const lines = expertLines(long, generic, 0.6);
    const { ids, rows, length } = windowBatches(lines, tokenizer, { rows: 3000, context: 64 }, rng(6))(0);
    const attacker = tokenizer.encode('attacker')[0];
    const opened = Array.from({ length: rows }, (_, row) => ids[row * length + 1]).filter((id) => id === attacker);
    expect(Math.abs(opened.length / rows - 0.4)).toBeLessThan(0.03);
  });

  it('can be senseless without exception', () => {
    const stream = rng(7);
    const share = (reading: 'incoherent' | 'by word'): number => {
      const lines = baseLines(generic, grammars.slice(0, 1), { exposure: 1, reading });
      const drawn = Array.from({ length: 300 }, () => fieldsOf(grammars[0]!, lines(stream))!);
      return drawn.filter((fields) => grammars[0]!.coherent(fields)).length / 300;
    };
    expect(share('incoherent')).toBe(0);
    expect(share('by word')).toBeGreaterThan(0.05);
    expect(grammars[0]!.coherent(fieldsOf(grammars[0]!, incoherentLine(grammars[0]!, stream))!)).toBe(false);
  });
});

describe('the specified ground', () => {
  it('has the tokens, pairs and steps of the specification', () => {
    const grammar = worldOf(specified, rng(1)).attacks!;
    expect(tokenizerOver([grammar, ...generic]).vocabulary).toBe(55);
    const { vector, asset, effect } = grammar.slots;
    const combinations = vector!.flatMap((one) => asset!.flatMap((two) => effect!.map((three) => [one, two, three])));
    const sound = combinations.filter((words) =>
      grammar.coherent({ vector: words[0]!, asset: words[1]!, effect: words[2]! }),
    );
    expect([combinations.length, sound.length]).toEqual([216, 54]);
    expect([specified.steps, usual]).toEqual([
      { base: 1500, expert: 250 },
      { leak: 0.6, examples: 150 },
    ]);
  });
});

describe('the judge', () => {
  const [, grammar] = world[0]!;
  const good = coherentLines(grammar, 3, rng(1));

  it('counts as by hand', () => {
    const stream = rng(2);
    let bad = anyLine(grammar, stream);
    while (grammar.coherent(fieldsOf(grammar, bad)!)) bad = anyLine(grammar, stream);
    const found = judge(grammar, [good[0]!, good[1]!, good[1]!, bad, 'meter bus-1'], new Set([good[0]!]));
    expect(found.format).toBeCloseTo(4 / 5, 12);
    expect(found.coherent).toBeCloseTo(3 / 5, 12);
    expect(found.novel).toBeCloseTo(1 / 5, 12);
    const combination = (line: string): string =>
      grammar.combination.map((slot) => fieldsOf(grammar, line)![slot]).join();
    expect(found.distinct).toBe(new Set(good.slice(0, 2).map(combination)).size);
    const counts = new Map<string, number>();
    for (const line of [good[0]!, good[1]!, good[1]!, bad]) {
      const value = fieldsOf(grammar, line)![grammar.spread]!;
      counts.set(value, (counts.get(value) ?? 0) + 0.25);
    }
    const entropy = [...counts.values()].reduce((sum, p) => sum - p * Math.log(p), 0);
    expect(found.entropy).toBeCloseTo(entropy / Math.log(8), 12);
  });

  it('knows no entropy where no text is of the form', () => {
    expect(judge(grammar, ['x'], new Set())).toEqual({ format: 0, coherent: 0, novel: 0, distinct: 0, entropy: null });
  });
});

const quick: StudyOptions = { quick: true, dataset: 'builtin', seeds: 5 };
type Made = Pick<SetFigures, 'coherent' | 'format' | 'entropy'>;

/** Cells in which every decoder has the figures of its name, give or take a thousandth by the seed. */
function madeUp(figures: (decoder: string) => Made, seeds = 5): Map<string, unknown> {
  const set = (decoder: string, seed: number): SetFigures => {
    const { coherent, format, entropy } = figures(decoder);
    const noise = 0.001 * (seed % 5);
    return {
      decoder,
      format: format + noise,
      coherent: coherent + noise,
      novel: coherent / 2 + (decoder.includes('no examples') ? -0.1 : 0) + noise,
      distinct: 20,
      entropy,
      normalisedNgrams: decoder.startsWith('γ 1.5, η 0,') ? 0.4 : 0.6 + noise,
      diversity: 0.3,
      duplicates: 0.1,
      likeness: { mauve: coherent, similarity: 0.9, precision: 0.5, recall: 0.5, authenticity: coherent, auroc: 0.7 },
      sample: ['a text'],
    };
  };
  const task = (id: string, decoders: readonly Decoder[], seed: number): TaskFigures[] => [
    { id, sets: decoders.map((decoder) => set(decoderName(decoder), seed)) },
  ];
  return new Map(
    [...Array.from({ length: seeds }, (_, seed) => seed), ...validationSeeds].flatMap((seed): [string, unknown][] => [
      [cellId('demonstration', seed), task(demonstrated, demonstration(quick), seed)],
      [cellId('generation', seed), ['scenarios', 'alarms'].flatMap((id) => task(id, generation(quick), seed))],
    ]),
  );
}

/** As the method's specification measured it, roughly. */
function asSpecified(decoder: string): Made {
  const steer = /^γ (\S+), η (\S+), ρ (\S+?)(,|$)/.exec(decoder);
  if (steer === null) {
    const temperature = Number(/^T (\S+),/.exec(decoder)?.[1] ?? 1);
    return { format: 0.35 + 0.1 / temperature, coherent: 0.15 + 0.03 / temperature, entropy: 1 - 0.2 / temperature };
  }
  const [gamma, eta, rho] = steer.slice(1, 4).map(Number);
  if (rho === 0 && eta! >= 0.6) return { format: eta! < 1 ? 0.1 : 0.01, coherent: 0, entropy: 0.3 };
  return {
    format: 0.35 + 0.35 * gamma! - 0.1 * eta!,
    coherent: 0.15 + 0.3 * gamma! - 0.1 * eta!,
    entropy: 0.8 - 0.15 * gamma! + 0.2 * eta!,
  };
}

const conclusion = (cells: Map<string, unknown>, seeds = 5): StudyConclusion =>
  steerStudy.conclude({ ...quick, seeds }, new Map(), cells);

describe('what is concluded', () => {
  it('holds where the figures are as specified', () => {
    const { claims } = conclusion(madeUp(asSpecified));
    expect(claims.filter(({ holds }) => holds !== true)).toEqual([]);
    expect(claims.find(({ claim }) => claim.includes('doubles'))!.holds).toBe(true);
  });

  it('does not hold where every decoder does the same', () => {
    const same = madeUp(() => ({ format: 0.5, coherent: 0.3, entropy: 0.7 }));
    for (const { claim, holds } of conclusion(same).claims)
      if (!claim.startsWith('…') && !claim.includes('3-grams') && !claim.includes('examples'))
        expect([claim, holds === true]).toEqual([claim, false]);
  });

  it('is open where nothing was measured, or one seed', () => {
    expect(conclusion(new Map()).claims.every(({ holds }) => holds === null)).toBe(true);
    expect(conclusion(madeUp(asSpecified, 1), 1).claims.every(({ holds }) => holds === null)).toBe(true);
  });

  it('lets the best temperature be chosen on the seed itself, among those as diverse', () => {
    const made = (rival: Partial<Made>): boolean | null => {
      const cells = madeUp((decoder) => ({ ...asSpecified(decoder), ...(decoder === 'T 0.2, top-10' && rival) }));
      return conclusion(cells).claims.find(({ claim }) => claim.includes('is more valid than the best temperature'))!
        .holds;
    };
    const { coherent, entropy } = asSpecified(steered(1.5, 0.3, mask));
    expect(made({ coherent: coherent + 0.1, entropy: entropy! - 0.06 })).toBe(true);
    expect(made({ coherent: coherent + 0.1, entropy: entropy! - 0.04 })).toBe(false);
  });

  it('chooses on the validation seeds only', () => {
    const cells = madeUp(asSpecified);
    const shifted = new Map(cells);
    // On every test seed a setting that validation does not choose is the best of all.
    for (const part of ['demonstration', 'generation'])
      for (let seed = 0; seed < 5; seed++)
        shifted.set(
          cellId(part, seed),
          (cells.get(cellId(part, seed)) as TaskFigures[]).map((task) => ({
            ...task,
            sets: task.sets.map((set) => (set.decoder === steered(0.5, 0, 0) ? { ...set, coherent: 1 } : set)),
          })),
        );
    const named = (from: Map<string, unknown>): string[] => conclusion(from).claims.map(({ claim }) => claim);
    expect(named(shifted)).toEqual(named(cells));
  });

  it('goes into a report with tables and curves', () => {
    const { tables, figures, claims } = conclusion(madeUp(asSpecified));
    const demo = tables[0]!.rows.find(([decoder]) => decoder === steered(1.5, 0.3, mask));
    expect(demo![1]).toMatch(/^\+0\.8/);
    expect(new Set(figures[0]!.points.map(({ series }) => series)).size).toBe(10);
    const html = studyHtml({
      format: 'faultline-study',
      version: 1,
      study: 'steer',
      title: steerStudy.title,
      source: steerStudy.source,
      ...quick,
      versions: {},
      hashes: { code: '', runs: {} },
      claims,
      tables,
      figures,
    });
    expect(html).toContain('STEER doubles domain validity');
  });
});

describe('the plan', () => {
  it('has a cell for every seed, and validation seeds of their own', () => {
    expect(steerStudy.plan(quick).cells!.map(({ id }) => id)).toEqual([
      'demonstration-validation-seed1000',
      ...[0, 1, 2, 3, 4].map((seed) => `demonstration-seed${seed}`),
      'generation-validation-seed1000',
      'generation-seed0',
      'generation-seed1',
    ]);
    const full = { ...quick, quick: false };
    expect(steerStudy.plan(full).cells).toHaveLength(7 + 7 + 6 * 5);
    expect(steerStudy.plan({ ...full, only: ['difficulty'] }).cells).toHaveLength(30);
    const { claims, tables } = steerStudy.conclude({ ...full, only: ['difficulty'] }, new Map(), new Map());
    expect([claims.length, tables.length]).toEqual([2 * difficulties.length, 1]);
    expect([...new Set(tables[0]!.rows.map(([difficulty]) => difficulty))]).toEqual(difficulties);
  });

  it.each([true, false])('gives sampling as many trials as STEER (quick: %s)', (isQuick) => {
    const options = { ...quick, quick: isQuick };
    for (const { steer, sampling } of [demonstrationTrials(options), generationTrials(options)])
      expect(sampling).toHaveLength(steer.length);
    for (const all of [demonstration(options), generation(options)]) {
      const names = all.map(decoderName);
      expect(new Set(names).size).toBe(names.length);
    }
    const { steer, sampling } = demonstrationTrials(options);
    expect(steer).toContain(steered(1.5, 0.3, mask));
    expect(steer).not.toContain(steered(1.5, 1, 0));
    expect(sampling).toContain(sampled(0.5));
  });
});

describe('a cell', () => {
  it('decodes in every way, and is the same again', async () => {
    const tasks: Task[] = [
      {
        id: 'tiny',
        domain: 'alarms',
        lesson: { ...usual, examples: 12 },
        decoders: [
          ...steerGrid([1.5], [0.3], [mask]),
          ...samplingGrid([0.5]),
          { kind: 'beam search' },
          { kind: 'contrastive search' },
        ],
        count: 12,
        compared: true,
      },
    ];
    const ground: Ground = { ...crowded, domains: ['alarms'], words: 4, steps: { base: 2, expert: 1 } };
    const run = (): Promise<TaskFigures[]> => cell(3, ground, tasks, () => undefined);
    const [first, again] = [await run(), await run()];
    expect(JSON.stringify(again)).toBe(JSON.stringify(first));
    expectShaped(cellShape, first);
    const [{ sets }] = first as [TaskFigures];
    expect(sets.map(({ decoder }) => decoder)).toEqual(['real', ...tasks[0]!.decoders.map(decoderName)]);
    expect(sets[0]!).toMatchObject({ format: 1, coherent: 1 });
    expect(sets.every(({ likeness }) => likeness !== null && likeness.mauve >= 0 && likeness.mauve <= 1)).toBe(true);
  }, 60_000);
});
