import { z } from 'zod';
import { ConfigError } from '../../core/errors.ts';
import type { LaneResult } from '../../core/run.ts';
import { compareRuns, groupKeys } from '../comparison.ts';
import type { GroupKey, MetricOf } from '../comparison.ts';
import type { Store } from '../store.ts';
import { json, operation } from './operation.ts';
import type { Operation } from './operation.ts';

export const groupByQuery = z
  .string()
  .max(200)
  .default('!seed')
  .describe(`\`!seed\`: all but the seed and the name; or some of ${groupKeys.join(', ')}, with commas.`);

const query = z.strictObject({
  ids: z.string().max(50_000).optional().describe('Runs, with commas between them.'),
  sweep: z.string().max(64).optional().describe('All finished runs of a sweep, in place of `ids`.'),
  metric: z
    .string()
    .max(120)
    .default('electricity_consumption_total')
    .describe('A KPI; `regret.<kpi>`: its distance to the clean twin; `return`; `success.rate`.'),
  groupBy: groupByQuery,
});

const figure = z.number().nullable();
const shape = z.strictObject({
  metric: z.string(),
  groups: z.array(
    z.strictObject({
      key: z.record(z.string(), z.string()),
      count: z.int(),
      mean: figure,
      std: figure,
      min: figure,
      max: figure,
      ci95: z.strictObject({ level: z.number(), low: z.number(), high: z.number() }).nullable(),
      points: z.array(z.strictObject({ runId: z.string(), seed: z.int(), value: figure })),
    }),
  ),
  missing: z.array(z.string()).describe('Runs without a result.'),
});

/** Most runs of one comparison. */
const maxRuns = 1000;

/** Runs side by side, grouped by everything but the seed. */
export function compareOperation(store: Store): Operation {
  return operation({
    method: 'get',
    path: '/compare',
    scope: 'read',
    summary: 'A metric of several runs by group, with its spread and 95 % interval over seeds; from all rows.',
    query,
    answers: { 200: { description: 'Groups.', content: json(shape) } },
    handle({ query: { ids, sweep, metric, groupBy } }) {
      const wanted =
        ids?.split(',').filter(Boolean) ??
        (sweep === undefined ? [] : store.list({ sweep, archived: 'all', limit: maxRuns }).runs.map((run) => run.id));
      if (wanted.length === 0 || wanted.length > maxRuns)
        throw new ConfigError(`${wanted.length} runs to compare, expected 1 to ${maxRuns}: give ids= or sweep=`, {
          place: { path: '/ids' },
        });
      const runs = [...new Set(wanted)].map((id) => store.detail(id));
      return { metric, ...compareRuns(runs, metricOf(metric), keysOf(groupBy)) };
    },
  });
}

function metricOf(name: string): MetricOf {
  const read = (values: Readonly<Record<string, number | null>> | undefined, key: string): number | null | undefined =>
    values !== undefined && Object.hasOwn(values, key) ? values[key] : undefined;
  if (name === 'return') return (lane) => lane.return;
  if (name === 'success.rate') return (lane: LaneResult) => lane.success?.rate;
  if (name.startsWith('regret.')) return (lane) => read(lane.regret, name.slice('regret.'.length));
  return (lane) => read(lane.kpis, name);
}

/** @throws {ConfigError} for a name that nothing can be grouped by */
export function keysOf(groupBy: string): readonly GroupKey[] {
  if (groupBy === '!seed') return groupKeys.filter((key) => key !== 'seed' && key !== 'name');
  return groupBy
    .split(',')
    .filter(Boolean)
    .map((name) => {
      const key = groupKeys.find((known) => known === name);
      if (key === undefined)
        throw new ConfigError(
          `cannot group by '${name.slice(0, 60)}', expected !seed or some of ${groupKeys.join(', ')}`,
          {
            place: { path: '/groupBy' },
          },
        );
      return key;
    });
}
