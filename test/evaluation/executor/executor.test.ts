import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { ConfigError, DataError, StateError } from '../../../core/errors.ts';
import type { RunResult } from '../../../core/run.ts';
import { checkResult } from '../../../evaluation/executor/check-result.ts';
import { carryOut } from '../../../evaluation/executor/executor.ts';
import type { Executor, JobOutcome, ResultStore } from '../../../evaluation/executor/executor.ts';
import { workFrom } from '../../../evaluation/executor/job.ts';
import type { Evaluated, EvaluationWork, Job, Work } from '../../../evaluation/executor/job.ts';
import { sweepResult } from '../../../evaluation/sweep/sweep-result.ts';
import { smallJobs, testCode, valueOf } from '../../support/sweep.ts';

const jobs = smallJobs([0, 1, 2, 3, 4], [0.05, 0.2]);
const values = new Map<string, Evaluated>();
beforeAll(async () => {
  for (const job of jobs) values.set(job.key, await valueOf(job));
});

/** Tells the given outcomes, whatever it was asked for. */
function executorOf(outcomes: readonly JobOutcome<Evaluated>[]): Executor {
  return {
    kind: 'local',
    async *run() {
      yield* outcomes as JobOutcome<never>[];
    },
    async [Symbol.asyncDispose]() {},
  };
}

function memoryStore(kept = new Map<string, Evaluated>()): ResultStore<Evaluated> & { kept: Map<string, Evaluated> } {
  return { kept, get: (key) => kept.get(key), put: (key, value) => void kept.set(key, value) };
}

const done = (key: string): JobOutcome<Evaluated> => ({ key, state: 'done', value: values.get(key)! });
const { signal } = new AbortController();

/** The sweep as whoever has these values puts it together. */
function reduced(found: ReadonlyMap<string, Evaluated>): string {
  const cells = [jobs.slice(0, 5), jobs.slice(5)].map((own, at) => ({
    values: { epsilon: at },
    runs: own.map(({ key, work }) => ({ seed: work.scenario.seed, outcome: found.get(key)!.result })),
  }));
  return JSON.stringify(sweepResult({ name: 's', hashes: { spec: '', code: '' } }, cells));
}

describe('carrying jobs out', () => {
  it('gives the same means to the last bit in whatever order outcomes come, and however often', async () => {
    const expected = reduced(values);
    await fc.assert(
      fc.asyncProperty(
        fc.shuffledSubarray(
          jobs.map(({ key }) => key),
          { minLength: jobs.length },
        ),
        fc.array(fc.constantFrom(...jobs.map(({ key }) => key)), { maxLength: 6 }),
        fc.subarray(jobs.map(({ key }) => key)),
        async (order, twice, known) => {
          const results = memoryStore(new Map(known.map((key) => [key, values.get(key)!])));
          const told = [...order.slice(0, 5), ...twice, ...order.slice(5)].map(done);
          const over = await carryOut(executorOf(told), jobs, { signal, results });
          expect(over.failures.size).toBe(0);
          expect(results.kept.size).toBe(jobs.length);
          expect(reduced(over.values)).toBe(expected);
        },
      ),
      { numRuns: 20 },
    );
  });

  it('the order would matter: put together as they come, some mean is another', () => {
    const inOrder = (order: readonly Job<EvaluationWork>[]): string => {
      const runs = order.map(({ key, work }) => ({ seed: work.scenario.seed, outcome: values.get(key)!.result }));
      const { cells } = sweepResult({ name: 's', hashes: { spec: '', code: '' } }, [{ values: {}, runs }]);
      return JSON.stringify(cells[0]!.groups);
    };
    const own = jobs.slice(5);
    const orders = own.map((_job, at) => inOrder([...own.slice(at), ...own.slice(0, at)]));
    expect(new Set(orders).size).toBeGreaterThan(1);
  });

  it('a job that fails is told with its error, and the others are kept', async () => {
    const error = { reason: 'no such district', fault: 'stack', name: 'ConfigError', code: 'config' };
    const [first, ...others] = jobs;
    const outcomes = [
      { key: first!.key, state: 'failed', error, attempts: 3 } as const,
      ...others.map((j) => done(j.key)),
    ];
    const over = await carryOut(executorOf(outcomes), jobs, { signal, results: memoryStore() });
    expect([...over.failures]).toEqual([[first!.key, { ...error, attempts: 3 }]]);
    expect(over.values.size).toBe(9);
  });

  it('asks for nothing that is known, and for nothing twice; an executor that forgets a job is found out', async () => {
    const asked: string[] = [];
    const executor: Executor = {
      ...executorOf([]),
      async *run<W extends Work>(wanted: readonly Job<W>[]) {
        asked.push(...wanted.map(({ key }) => key));
        yield* [] as JobOutcome<never>[];
      },
    };
    await carryOut(executor, jobs, { signal, results: memoryStore(values) });
    expect(asked).toEqual([]);
    const forgetful = carryOut(executor, [jobs[0]!, jobs[0]!], { signal, results: memoryStore() });
    await expect(forgetful).rejects.toThrow(StateError);
    expect(asked).toEqual([jobs[0]!.key]);
  });
});

describe('work from elsewhere', () => {
  const { work } = jobs[0]!;
  it('is what it was', () => {
    expect(workFrom(JSON.parse(JSON.stringify(work)))).toEqual(work);
    const part = { ...work, part: { attacks: [0], buildings: [0] } };
    expect(workFrom(part)).toEqual(part);
    const cell = { kind: 'study-cell', study: 'amu', options: { quick: true, dataset: 'builtin', seeds: 1 }, id: 'a' };
    expect(workFrom(cell)).toEqual(cell);
  });

  it.each([
    ['nothing', null],
    ['no kind', {}],
    ['another kind', { kind: 'shell', command: 'rm' }],
    ['a scenario that is none', { ...work, scenario: { attacks: [{ name: 'bifurcaton' }] } }],
    ['a key more', { ...work, path: '/etc/passwd' }],
    ['a building that is not there', { ...work, part: { attacks: [0], buildings: [1] } }],
    ['an attack twice', { ...work, part: { attacks: [0, 0], buildings: [0] } }],
    ['a part of nothing', { ...work, part: { attacks: [], buildings: [0] } }],
    ['a study that is a path', { kind: 'study-cell', study: '../../x', options: {}, id: 'a' }],
  ])('%s is refused by name', (_what, value) => {
    expect(() => workFrom(value)).toThrow(ConfigError);
  });
});

describe('a result from elsewhere', () => {
  const { work, key } = jobs[3]!;
  const result = (): RunResult => values.get(key)!.result;
  const check = (value: unknown, of: EvaluationWork = work): RunResult => checkResult(value, of, testCode);

  it('is what it was', () => expect(check(result())).toEqual(result()));

  it.each<[string, (good: RunResult) => unknown]>([
    ['no object', () => 'done'],
    ['another format', (good) => ({ ...good, format: 'x' })],
    ['a figure that is text', (good) => ({ ...good, lanes: good.lanes.map((lane) => ({ ...lane, return: '1' })) })],
    [
      'a figure that is no number',
      (good) => ({ ...good, lanes: good.lanes.map((lane) => ({ ...lane, return: null })) }),
    ],
    ['a lane less', (good) => ({ ...good, lanes: good.lanes.slice(1) })],
    ['a lane twice', (good) => ({ ...good, lanes: [...good.lanes, good.lanes[0]] })],
    ['another order', (good) => ({ ...good, lanes: good.lanes.toReversed() })],
    ['a key more', (good) => ({ ...good, lanes: good.lanes.map((lane) => ({ ...lane, html: '<script>' })) })],
    ['another seed', (good) => ({ ...good, seed: 99 })],
    ['another scenario', (good) => ({ ...good, scenario: { ...(good.scenario as object), seed: 99 } })],
    ['another scenario by its hash', (good) => ({ ...good, hashes: { ...good.hashes, scenario: 'x' } })],
    ['other code', (good) => ({ ...good, hashes: { ...good.hashes, code: 'x' } })],
    ['a prototype', (good) => JSON.parse(`{"__proto__": {"polluted": 1}, "format": ${JSON.stringify(good.format)}}`)],
  ])('with %s is refused by name', (_what, harm) => {
    expect(() => check(harm(structuredClone(result())))).toThrow(DataError);
    expect(({} as { polluted?: number }).polluted).toBeUndefined();
  });

  it('of another job is refused', () => {
    expect(() => check(result(), jobs[0]!.work)).toThrow('of another scenario');
  });
});
