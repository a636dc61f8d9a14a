import { z } from 'zod';
import { ConfigError } from '../../core/errors.ts';
import { compareSeries } from '../compare-series.ts';
import { compareTable } from '../compare-table.ts';
import type { RunDetail } from '../events.ts';
import type { Store } from '../store.ts';
import { groupByQuery, keysOf } from './compare.ts';
import { json, operation } from './operation.ts';
import type { Operation } from './operation.ts';
import { runState } from './shapes.ts';

const word = z.string().min(1).max(200).optional();
const which = {
  ids: z.string().max(50_000).optional().describe('Runs, with commas between them; else those of the filters.'),
  sweep: word,
  q: word,
  state: runState.optional(),
  policy: word,
  attack: word,
  tag: word,
  groupBy: groupByQuery,
};
const tableQuery = z.strictObject(which);
const seriesQuery = z.strictObject({
  ...which,
  signal: word.describe('As in telemetry, without its lane; `net` unless told.'),
  points: z.coerce.number().int().min(2).max(2000).default(240),
});

const figure = z.number().nullable();
const column = z.array(figure);
const key = z.record(z.string(), z.string());
const spread = z.strictObject({
  count: z.int(),
  mean: figure,
  std: figure,
  min: figure,
  max: figure,
  ci95: z.strictObject({ level: z.number(), low: z.number(), high: z.number() }).nullable(),
});
const tableShape = z.strictObject({
  metrics: z.array(z.string()),
  groups: z.array(
    z.strictObject({
      key,
      settings: z.record(z.string(), z.unknown()).describe('Settings in which the runs differ, by JSON pointer.'),
      lanes: z.int(),
      spreads: z.array(spread).describe('In the order of `metrics`.'),
    }),
  ),
  lanes: z.array(
    z.strictObject({
      runId: z.string(),
      name: z.string(),
      seed: z.int(),
      attack: z.string(),
      building: z.string(),
      group: z.int(),
      values: column.describe('In the order of `metrics`.'),
    }),
  ),
  missing: z.array(z.string()).describe('Runs without a result.'),
});
const seriesShape = z.strictObject({
  signal: z.string(),
  unit: z.string(),
  signals: z.array(z.string()),
  step: z.array(z.int()).describe('First step of each bucket.'),
  groups: z.array(
    z.strictObject({
      key,
      lanes: z.int(),
      mean: column,
      std: column,
      min: column,
      max: column,
      lines: z.array(z.strictObject({ runId: z.string(), seed: z.int(), values: column })),
    }),
  ),
});

/** Most runs of a table, and of series, which are read from a file each. */
const maxRuns = 1000;
const maxSeriesRuns = 200;

/** What the compare screen draws: all metrics of all lanes, and signals over time, by group. */
export function compareScreenOperations(store: Store): readonly Operation[] {
  const runsOf = (
    { ids, q, ...filter }: Omit<z.output<typeof tableQuery>, 'groupBy'>,
    most: number,
  ): readonly RunDetail[] => {
    const { runs, total } =
      ids === undefined
        ? store.list({ ...filter, text: q, archived: filter.sweep === undefined ? false : 'all', limit: most })
        : { runs: [...new Set(ids.split(',').filter(Boolean))].map((id) => ({ id })), total: 0 };
    const count = Math.max(total, runs.length);
    if (count === 0 || count > most)
      throw new ConfigError(
        `${count} runs to compare, expected 1 to ${most}: name them with ids=, or narrow the filter`,
        {
          place: { path: '/ids' },
        },
      );
    return runs.map(({ id }) => store.detail(id));
  };
  return [
    operation({
      method: 'get',
      path: '/compare/table',
      scope: 'read',
      summary: 'All metrics of the lanes of several runs, and their spread and 95 % interval by group; from all rows.',
      query: tableQuery,
      answers: { 200: { description: 'Groups and lanes.', content: json(tableShape) } },
      handle: ({ query: { groupBy, ...query } }) => compareTable(runsOf(query, maxRuns), keysOf(groupBy)),
    }),
    operation({
      method: 'get',
      path: '/compare/series',
      scope: 'read',
      summary: 'A signal over the steps of several runs, by group: means of equal buckets of steps, from every step.',
      query: seriesQuery,
      answers: { 200: { description: 'Groups.', content: json(seriesShape) } },
      handle: ({ query: { groupBy, signal, points, ...query } }) =>
        compareSeries(store, runsOf(query, maxSeriesRuns), keysOf(groupBy), signal, points),
    }),
  ];
}
