import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { scenarioFrom } from '../../core/scenario.ts';
import { schema } from '../../evaluation/vocabulary.ts';
import type { CompareSeries } from '../../server/compare-series.ts';
import type { CompareTable } from '../../server/compare-table.ts';
import { differencesOf } from '../../server/differences.ts';
import { smallScenario } from '../support/model-folder.ts';
import { recordedValue, writeRecordedRuns } from '../support/recorded-run.ts';
import { api, openServer, tempFolder } from '../support/server.ts';
import type { TestServer } from '../support/server.ts';

let folder: ReturnType<typeof tempFolder>;
let server: TestServer;
const costs = [1.1, 1.4, 1.2, 1.9, 1.6];

beforeAll(async () => {
  folder = tempFolder();
  const store = join(folder.path, 'store');
  writeRecordedRuns(
    store,
    costs.map((cost, seed) => ({
      id: `s${seed}`,
      name: 'same',
      seed,
      frames: 2 + seed,
      kpis: { cost },
      sweepId: 'all',
    })),
  );
  server = await openServer({ maxConcurrent: 0, store });
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
  folder[Symbol.dispose]();
});

it('a table has every metric of every lane, and figures of all of them by group', async () => {
  for (const which of ['sweep=all', 'q=same', `ids=${costs.map((_cost, seed) => `s${seed}`).join(',')}`]) {
    const { body } = await api<CompareTable>(server.url, `/compare/table?${which}`);
    expect(body.lanes).toHaveLength(10);
    expect(body.groups.map(({ key, lanes }) => [key['attack'], lanes])).toEqual([
      ['bifurcation', 5],
      ['clean', 5],
    ]);
    const spread = body.groups[0]!.spreads[body.metrics.indexOf('regret.cost')]!;
    const mean = costs.reduce((sum, cost) => sum + cost - 1, 0) / 5;
    const std = Math.sqrt(costs.reduce((sum, cost) => sum + (cost - 1 - mean) ** 2, 0) / 4);
    expect(spread.mean).toBeCloseTo(mean, 12);
    expect(spread.std).toBeCloseTo(std, 12);
    // Student's t of 4 degrees of freedom at 97.5 %: 2.776445.
    expect(spread.ci95!.high - spread.mean!).toBeCloseTo((2.776445105 * std) / Math.sqrt(5), 8);
    expect(body.groups[1]!.spreads[body.metrics.indexOf('regret.cost')]!.count).toBe(0);
  }
});

it('series have the mean of all steps of a bucket, over the lanes that are so long', async () => {
  const { body } = await api<CompareSeries>(server.url, '/compare/series?sweep=all&signal=a&points=6');
  // The longest has 24 steps; buckets of 4.
  expect(body.step).toEqual([0, 4, 8, 12, 16, 20]);
  expect(body.groups).toHaveLength(1);
  const [group] = body.groups;
  expect(group!.lines.map(({ values }) => values.length)).toEqual([2, 3, 4, 5, 6]);
  const bucket = [20, 21, 22, 23].reduce((sum, step) => sum + recordedValue(0, step), 0) / 4;
  expect([group!.mean[5], group!.std[5]]).toEqual([bucket, null]);
  expect(group!.mean[0]).toBe(1.5);
  expect(group!.std[0]).toBe(0);
});

it.each(['table?ids=none', 'table?sweep=all&groupBy=colour', 'series?sweep=all&signal=z', 'series?points=1'])(
  '%s is refused',
  async (path) => {
    expect((await api(server.url, `/compare/${path}`)).status).toBeGreaterThanOrEqual(404);
  },
);

it('settings that differ are named by their pointer, seeds and names are not', () => {
  const scenario = (seed: number, epsilon: number) =>
    scenarioFrom(
      { ...smallScenario({ name: `n${seed}`, attack: { name: 'pgd', threat: { epsilon } } }), seed },
      'test',
      schema,
    );
  expect(differencesOf([scenario(0, 0.1), scenario(1, 0.2)])).toEqual([
    { '/attacks/0/threat/epsilon': 0.1 },
    { '/attacks/0/threat/epsilon': 0.2 },
  ]);
  expect(differencesOf([scenario(0, 0.1), scenario(1, 0.1)])).toEqual([{}, {}]);
});
