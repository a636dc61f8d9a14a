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

it('clean lanes are one group whatever the attacks were, and each twin counts once', async () => {
  using own = tempFolder();
  const store = join(own.path, 'store');
  const attacks = ['pgd', 'fgsm', 'bifurcation'];
  writeRecordedRuns(
    store,
    attacks.flatMap((attack, a) =>
      [0, 1].map((seed) => ({ id: `${attack}-${seed}`, attack, seed, kpis: { cost: 1 + a + seed }, sweepId: 'all' })),
    ),
  );
  await using other = await openServer({ maxConcurrent: 0, store });
  const { body } = await api<CompareTable>(other.url, '/compare/table?sweep=all');
  expect(body.groups.map(({ key, lanes }) => [key['attack'], lanes])).toEqual(
    expect.arrayContaining([
      ['clean', 2],
      ['pgd', 2],
      ['fgsm', 2],
      ['bifurcation', 2],
    ]),
  );
  expect(body.groups).toHaveLength(4);
  const clean = body.groups.find(({ key }) => key['attack'] === 'clean')!;
  expect(Object.keys(clean.settings)).toEqual([]);
  expect(clean.spreads[body.metrics.indexOf('cost')]).toMatchObject({ count: 2, mean: 1 });
  const series = await api<CompareSeries>(other.url, '/compare/series?sweep=all&signal=a&points=4');
  expect(series.body.groups.map(({ key, lanes }) => [key['attack'], lanes])).toEqual([['clean', 2]]);
  const one = await api<{ groups: { key: Record<string, string>; count: number }[] }>(
    other.url,
    '/compare?sweep=all&metric=cost&groupBy=attack',
  );
  expect(Object.fromEntries(one.body.groups.map(({ key, count }) => [key['attack'], count]))).toEqual({
    clean: 2,
    pgd: 2,
    fgsm: 2,
    bifurcation: 2,
  });
});

it('as many runs as may be compared can be named in an address, and one more is told so', async () => {
  const ids = Array.from({ length: 1001 }, (_, k) => `${String(k).padStart(8, '0')}-0000-4000-8000-000000000000`);
  for (const separator of [',', '%2C']) {
    const ask = (count: number) =>
      api<{ detail: string }>(server.url, `/compare/table?ids=${ids.slice(0, count).join(separator)}`);
    const most = await ask(1000);
    expect([most.status, most.body.detail]).toEqual([404, expect.stringContaining(ids[0]!)]);
    const more = await ask(1001);
    expect([more.status, more.body.detail]).toEqual([
      422,
      expect.stringContaining('1001 runs to compare, expected 1 to 1000'),
    ]);
  }
});
