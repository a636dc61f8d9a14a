import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { controllerShape, languageShape } from '../../../evaluation/studies/irepo/cell-shape.ts';
import { ConfigError } from '../../../core/errors.ts';
import { rng } from '../../../core/rng.ts';
import { chosenOf } from '../../../evaluation/studies/irepo/contest.ts';
import type { ContestFigures } from '../../../evaluation/studies/irepo/contest.ts';
import { controllerCell } from '../../../evaluation/studies/irepo/controller-cell.ts';
import type { ScheduleWorth } from '../../../evaluation/studies/irepo/controller.ts';
import { irepoStudy } from '../../../evaluation/studies/irepo/index.ts';
import { languageCell } from '../../../evaluation/studies/irepo/language-cell.ts';
import { operators, spreadOf } from '../../../evaluation/studies/irepo/operators.ts';
import { concerns, daysOf, ground } from '../../../evaluation/studies/irepo/schedule.ts';
import type { Ground, Schedule } from '../../../evaluation/studies/irepo/schedule.ts';
import { parseOrder, prompts, taste, writtenOrder } from '../../../evaluation/studies/irepo/sentences.ts';
import type { Claim, StudyOptions } from '../../../evaluation/studies/study.ts';
import { selectBackend } from '../../../nn/backend.ts';
import type { SelectedBackend } from '../../../nn/backend.ts';
import { expectShaped } from '../../support/cell-value.ts';
import { memoryWorkspace } from '../../support/memory-workspace.ts';

let backend: SelectedBackend;
beforeAll(async () => {
  backend = await selectBackend({ force: 'wasm' });
});
afterAll(() => backend[Symbol.dispose]());

describe('a day’s schedule', () => {
  const workspace = memoryWorkspace();
  const place = async (): Promise<Ground> => ground(await workspace.victim('small-ppo'), workspace);
  const always =
    (action: number) =>
    (_x: Float32Array, streams: readonly unknown[]): Int32Array =>
      new Int32Array(streams.length).fill(action);

  it('begins in one state for all schedules of the day, and is its decisions', async () => {
    const { rollout, observationSize, days, values } = await place();
    expect(days).toBe(364);
    let turn = 0;
    const varied = (_x: Float32Array, streams: readonly unknown[]): Int32Array =>
      Int32Array.from(streams, () => turn++ % values.length);
    const [[a, b], [c]] = rollout([1, 200], 2, varied, rng(1)) as [[Schedule, Schedule], [Schedule, Schedule]];
    expect(a.actions).toHaveLength(24);
    expect(a.observations).toHaveLength(24 * observationSize);
    const first = ({ observations }: Schedule): Float32Array => observations.subarray(0, observationSize);
    expect(first(a)).toEqual(first(b));
    expect(first(a)).not.toEqual(first(c));
    expect(a.observations).not.toEqual(b.observations);
    expect([...a.burden].every((value) => value > 0)).toBe(true);
  });

  it('costs wear to charge, and serves a power cut with what is charged', async () => {
    const { rollout, values } = await place();
    const of = (action: number): Float64Array => rollout([30], 1, always(action), rng(1))[0]![0]!.burden;
    const [empty, full] = [of(0), of(values.length - 1)];
    expect(values[0]).toBeLessThan(0);
    expect(full[concerns.indexOf('unserved')]).toBeLessThan(empty[concerns.indexOf('unserved')]!);
    expect(full[concerns.indexOf('wear')]).toBeGreaterThan(1);
  });

  it('is of a controller with bins', async () => {
    await expect(ground(await workspace.victim('small-sac'), workspace)).rejects.toThrow(ConfigError);
  });

  it('is for one purpose only', () => {
    const { train, validation, test } = daysOf(364);
    expect(new Set([...train, ...validation, ...test]).size).toBe(363);
    expect(train.length + validation.length + test.length).toBe(363);
    expect(test.every((day) => Math.floor(day / 7) % 4 === 3)).toBe(true);
  });
});

describe('the operators', () => {
  const schedule = (...burden: readonly number[]): Schedule => ({
    observations: new Float32Array(0),
    actions: new Int32Array(0),
    burden: Float64Array.from(burden),
  });

  it('mind what they mind in units of the spread, and the panel all of it', () => {
    const { panel, disutility } = operators(Float64Array.of(2, 1, 1, 1, 4), 3, 1);
    const nothing = schedule(0, 0, 0, 0, 0);
    expect(disutility(nothing)).toBeCloseTo(0, 12);
    for (const [f, one] of [
      [0, schedule(2, 0, 0, 0, 0)],
      [4, schedule(0, 0, 0, 0, 4)],
    ] as const) {
      const utilities = panel.map((operator) => operator.utilities(1, [one, nothing])[0]!);
      expect(-utilities.reduce((sum, u) => sum + u, 0) / panel.length).toBeCloseTo(disutility(one), 12);
      expect(disutility(one)).toBeGreaterThan(0.3);
      expect(Math.min(...utilities)).toBeCloseTo(f === 0 ? -1.8 : -2.1, 12);
    }
    // One σ of everything is `scale` to everyone.
    expect(disutility(schedule(2, 1, 1, 1, 4))).toBeCloseTo(3, 12);
  });

  it('measure by what schedules of a day differ in, not by what days do', () => {
    const spread = spreadOf([
      [schedule(1, 0, 0, 0, 0), schedule(3, 0, 0, 0, 0)],
      [schedule(101, 0, 0, 0, 0), schedule(103, 0, 0, 0, 0)],
    ]);
    expect(spread[0]).toBeCloseTo(Math.SQRT2, 12);
  });
});

describe('orders', () => {
  it('are read as they are written', () => {
    for (let n = 0; n < 200; n++) expect(parseOrder(writtenOrder(rng(n)))).not.toBeNull();
    expect(parseOrder('open now and close twice for cost')).toEqual({
      clauses: [
        { verb: 'open', manner: 'now' },
        { verb: 'close', manner: 'twice' },
      ],
      cause: 'cost',
    });
    for (const nonsense of ['', 'now open for cost', 'open now for', 'open now and for cost', 'open now for cost cost'])
      expect(parseOrder(nonsense)).toBeNull();
  });

  it('are liked by their words, the prompt’s too, and anything that is none least', () => {
    const like = taste(rng(3));
    expect(like('bus hot do', 'open now for cost')).toBe(taste(rng(3))('bus hot do', 'open now for cost'));
    expect(like('bus hot do', 'open now for cost')).not.toBe(like('line hot do', 'open now for cost'));
    expect(like('bus hot do', 'open now for cost')).not.toBe(taste(rng(4))('bus hot do', 'open now for cost'));
    expect(like('bus hot do', 'cost for open')).toBe(-3);
  });

  it('are asked for by prompts of one purpose each, in which every word occurs', () => {
    const { train, validation, test } = prompts();
    expect(new Set([...train, ...validation, ...test]).size).toBe(64);
    expect([train.length, validation.length, test.length]).toEqual([32, 16, 16]);
    expect(new Set(train.flatMap((text) => text.split(' '))).size).toBe(17);
  });
});

const options = { beta: 0.5, iterations: 2, steps: 2, batch: 8, responses: 3 } as const;

describe('a contest', () => {
  it('of schedules gives everyone every rate, measures each iteration, and is the same again', async () => {
    const size = {
      policy: 'small-ppo',
      difficulty: { temperature: 2, hidden: [6], scale: 3, noise: 1, imitation: 3 },
      names: ['irepo', 'dpo-vote'],
      rates: [1e-3, 2e-3],
      options,
      repeats: 1,
      schedules: 1,
    } as const;
    const run = (): Promise<ContestFigures<ScheduleWorth>> =>
      controllerCell(backend.tf, memoryWorkspace(), 1, size, () => undefined);
    const { reference, trials } = await run();
    expect(reference.kl).toBe(0);
    expect(reference.j).toBe(-reference.disutility);
    expect(trials.map(({ name, rate }) => `${name} ${rate}`)).toEqual([
      'irepo 0.001',
      'irepo 0.002',
      'dpo-vote 0.001',
      'dpo-vote 0.002',
    ]);
    for (const { iterations } of trials) {
      expect(iterations).toHaveLength(2);
      expect(iterations[1]!.test.kl).toBeGreaterThan(0);
    }
    expect(await run()).toEqual({ reference, trials });
    expectShaped(controllerShape(size), { reference, trials }, [
      'reference/burden',
      'trials',
      'trials/*/iterations',
      'trials/*/iterations/*/test/burden',
    ]);
  });

  it('of sentences measures them', async () => {
    const difficulty = { width: 8, layers: 1, pretraining: 4, noise: 1 };
    const size = { difficulty, names: ['irepo', 'sft'], rates: [1e-3], options, repeats: 1, sentences: 2 } as const;
    const { reference, trials } = await languageCell(backend.tf, 1, size, () => undefined);
    expectShaped(languageShape(size), { reference, trials }, ['trials', 'trials/*/iterations']);
    expect(reference.kl).toBeCloseTo(0, 9);
    expect(reference.j).toBeCloseTo(reference.utility, 9);
    expect(trials.flatMap(({ iterations }) => iterations.map(({ test }) => Number.isFinite(test.j)))).toEqual([
      true,
      true,
      true,
      true,
    ]);
  });

  it('chooses by validation, whatever the test prompts say', () => {
    const iteration = (validation: number, j: number) => ({ validation, test: { j, kl: 1 } });
    const figures: ContestFigures<{ j: number; kl: number }> = {
      reference: { j: 0, kl: 0 },
      trials: [
        { name: 'irepo', rate: 1, iterations: [iteration(3, 1), iteration(1, 9)] },
        { name: 'irepo', rate: 2, iterations: [iteration(2, 8), iteration(2.5, 7)] },
      ],
    };
    expect(chosenOf(figures, 'irepo')).toMatchObject({ rate: 1, iteration: 1, test: { j: 1 } });
    expect(chosenOf(figures, 'ipo')).toBeNull();
  });
});

describe('claims of a contest', () => {
  const full: StudyOptions = { quick: false, dataset: 'builtin', seeds: 5, only: ['controller', 'language'] };
  const worth = (j: number, kl: number) => ({ j, kl, disutility: -j, utility: j, orders: 1, burden: [1, 1, 1, 1, 1] });
  const cell = (seed: number, gain: number): ContestFigures<ReturnType<typeof worth>> => ({
    reference: worth(-10, 0),
    trials: (['irepo', 'soft-dpo', 'dpo', 'dpo-vote', 'ipo', 'sft'] as const).map((name) => {
      const hard = name.startsWith('dpo');
      const soft = name === 'irepo' || name === 'soft-dpo';
      const j = (soft ? -9 + gain : -9.5) + 0.01 * seed * (name === 'soft-dpo' ? 2 * (seed % 2) : 1);
      return {
        name,
        rate: 1e-3,
        iterations: [1, 2, 3].map((i) => ({ validation: i, test: worth(hard ? j - 0.2 * i : j, hard ? 1.5 * i : 1) })),
      };
    }),
  });
  const claims = (gain: number): readonly Claim[] => {
    const ids = irepoStudy.plan(full).cells!.map(({ id }) => id);
    const cells = new Map(ids.map((id) => [id, cell(Number(/seed(\d+)$/.exec(id)![1]), gain)] as const));
    return irepoStudy.conclude(full, new Map(), cells).claims;
  };
  const of = (found: readonly Claim[], part: string): boolean | null =>
    found.find(({ claim }) => claim.includes(part))!.holds;

  it('hold where iREPO is ahead, fail where it is behind', () => {
    const ahead = claims(0);
    expect(of(ahead, 'disutility is lower')).toBe(true);
    expect(of(ahead, 'within a budget')).toBe(true);
    expect(of(ahead, 'Language: iREPO has more regularised utility than IPO')).toBe(true);
    expect(of(ahead, 'Controller: hard labels are over-optimised: DPO, one hard vote')).toBe(true);
    expect(of(ahead, 'Controller: from iteration to iteration')).toBe(true);
    const behind = claims(-2);
    expect(of(behind, 'disutility is lower')).toBe(false);
    expect(of(behind, 'Language: iREPO has more regularised utility than IPO')).toBe(false);
  });
});
