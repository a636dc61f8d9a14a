import { z } from 'zod';
import { episodesParquet } from '../../evaluation/report/parquet.ts';
import { NotFoundError } from '../problem.ts';
import type { Store } from '../store.ts';
import type { SweepRunner } from '../sweep-runner.ts';
import { maxSweepRuns } from '../sweep.ts';
import { json, operation } from './operation.ts';
import type { Operation } from './operation.ts';
import { executorKind, runState, runSummary } from './shapes.ts';

const spec = z.strictObject({
  name: z.string().trim().min(1).max(100),
  scenario: z.looseObject({}).describe('What all runs have in common: /schemas/scenario.json.'),
  vary: z
    .record(z.string().max(200), z.array(z.unknown()).min(1).max(maxSweepRuns))
    .default({})
    .describe('Values by JSON pointer into the scenario; every combination is a cell.'),
  seeds: z
    .array(z.int().min(0))
    .min(1)
    .max(maxSweepRuns)
    .refine((seeds) => new Set(seeds).size === seeds.length, 'a seed is there twice')
    .default([0]),
});
const counts = z.partialRecord(runState, z.int());
const entry = {
  id: z.string(),
  name: z.string(),
  createdAt: z.int(),
  executor: executorKind.describe('Who does its runs.'),
  states: counts,
  retried: z.int().describe('How often one of its runs was begun again.'),
};
const cell = z.strictObject({ values: z.record(z.string(), z.unknown()), runs: z.array(runSummary) });

/** Sweeps: a scenario varied over values and seeds, each combination a run. */
export function sweepOperations(store: Store, runner: SweepRunner): readonly Operation[] {
  const summary = (id: string): object => {
    const { name, createdAt, executor } = store.sweeps.get(id);
    const states: Record<string, number> = {};
    let retried = 0;
    for (const { state, attempts } of store.sweepRuns(id)) {
      states[state] = (states[state] ?? 0) + 1;
      retried += Math.max(0, attempts - 1);
    }
    return { id, name, createdAt, executor, states, retried };
  };
  return [
    operation({
      method: 'post',
      path: '/sweeps',
      scope: 'run',
      summary: `Queues every combination of values and seeds, at most ${maxSweepRuns}; all or none.`,
      body: { kind: 'json', schema: spec },
      answers: { 201: { description: 'The sweep.', content: json(z.strictObject(entry)) } },
      handle({ body, response }) {
        const id = runner.launch(body);
        response.location(`/api/v1/sweeps/${id}`);
        return summary(id);
      },
    }),
    operation({
      method: 'get',
      path: '/sweeps',
      scope: 'read',
      summary: 'Sweeps, the newest first (at most 200).',
      answers: {
        200: { description: 'Sweeps.', content: json(z.strictObject({ sweeps: z.array(z.strictObject(entry)) })) },
      },
      handle: () => ({ sweeps: store.sweeps.list(200).map(({ id }) => summary(id)) }),
    }),
    operation({
      method: 'get',
      path: '/sweeps/:id',
      scope: 'read',
      summary: 'A sweep with how many of its runs are in which state.',
      answers: { 200: { description: 'The sweep.', content: json(z.strictObject(entry)) } },
      handle: ({ param }) => summary(param('id')),
    }),
    operation({
      method: 'get',
      path: '/sweeps/:id/cells',
      scope: 'read',
      summary: 'Its combinations of values, each with its runs.',
      answers: { 200: { description: 'Cells.', content: json(z.strictObject({ cells: z.array(cell) })) } },
      handle({ param }) {
        const { cells } = store.sweeps.get(param('id'));
        const there = new Map(store.sweepRuns(param('id')).map((run) => [run.id, run]));
        return {
          cells: cells.map(({ values, runs }) => ({ values, runs: runs.flatMap((id) => there.get(id) ?? []) })),
        };
      },
    }),
    operation({
      method: 'get',
      path: '/sweeps/:id/episodes.parquet',
      scope: 'read',
      summary: 'A row for each lane of each run that is done: KPIs, regrets, success, norms, cost.',
      answers: { 200: { description: 'The file.', content: { 'application/vnd.apache.parquet': null } } },
      handle({ param, response }) {
        store.sweeps.get(param('id'));
        const results = store.sweepRuns(param('id')).flatMap((run) => store.detail(run.id).result ?? []);
        if (results.length === 0) throw new NotFoundError('no run of this sweep is done');
        response.type('application/vnd.apache.parquet').send(Buffer.from(episodesParquet(...results)));
      },
    }),
    operation({
      method: 'post',
      path: '/sweeps/:id/cancel',
      scope: 'run',
      summary: 'Cancels those of its runs that are not over.',
      answers: { 200: { description: 'The sweep.', content: json(z.strictObject(entry)) } },
      handle({ param }) {
        runner.cancel(param('id'));
        return summary(param('id'));
      },
    }),
  ];
}
