import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RunSummary } from '../../server/events.ts';
import { Store } from '../../server/store.ts';
import { smallScenario } from '../support/model-folder.ts';
import { recordedSchema, recordedValue, writeRecordedRuns } from '../support/recorded-run.ts';
import { api, launch, openServer, posted, tempFolder } from '../support/server.ts';
import type { TestServer } from '../support/server.ts';

interface Page {
  readonly runs: readonly RunSummary[];
  readonly cursor: string | null;
  readonly total: number;
  readonly figures?: Readonly<Record<string, { readonly count: number; readonly mean: number }>>;
}

let folder: ReturnType<typeof tempFolder>;
let server: TestServer;
let url: string;
let waiting: RunSummary;

beforeAll(async () => {
  folder = tempFolder();
  const store = join(folder.path, 'store');
  writeRecordedRuns(store, [
    { id: 'low', kpis: { cost: 1.1 } },
    { id: 'high', kpis: { cost: 1.9 }, attack: 'pgd' },
    { id: 'middle', kpis: { cost: 1.5 } },
    { id: 'without' },
  ]);
  server = await openServer({ maxConcurrent: 0, store });
  url = server.url;
  waiting = await launch(url, smallScenario({ name: 'waiting' }));
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
  folder[Symbol.dispose]();
});

const list = async (query: string): Promise<Page> => (await api<Page>(url, `/runs?${query}`)).body;
const ids = async (query: string): Promise<string[]> => (await list(query)).runs.map((run) => run.id).sort();

describe('the list of runs', () => {
  it('is filtered by words, policy and age, and says how many there are on all pages', async () => {
    expect(await ids('q=done%20pgd')).toEqual(['high']);
    expect(await ids(`q=${waiting.id.slice(0, 8)}`)).toEqual([waiting.id]);
    expect(await ids('q=queued&policy=small-ppo')).toEqual([waiting.id]);
    expect(await ids('policy=small')).toEqual([]);
    expect(await ids(`since=${waiting.createdAt}`)).toEqual([waiting.id]);
    const first = await list('limit=2&sort=name');
    expect([first.runs.length, first.total]).toEqual([2, 5]);
    expect((await list(`limit=2&sort=name&cursor=${first.cursor!}`)).total).toBe(5);
    expect((await list('q=nothing-like-it')).total).toBe(0);
  });

  it.each([
    ['metric', ['low', 'middle', 'high', 'without']],
    ['-metric', ['high', 'middle', 'low', 'without']],
  ])('sorted by %s has the runs without it last, in pages of any size', async (sort, wanted) => {
    const seen: string[] = [];
    for (let cursor = ''; ;) {
      const page = await list(`state=done&metric=regret.cost&sort=${sort}&limit=1${cursor}`);
      seen.push(...page.runs.map((run) => run.id));
      for (const { id } of page.runs) expect(page.figures?.[id]?.count).toBe(id === 'without' ? undefined : 1);
      if (page.cursor === null) break;
      cursor = `&cursor=${page.cursor}`;
    }
    expect(seen).toEqual(wanted);
    expect((await list('metric=cost&q=high')).figures?.['high']?.mean).toBe(1.9);
    expect((await api(url, `/runs?sort=${sort}`)).status).toBe(422);
  });

  it('knows the metrics there are', async () => {
    const { figures } = (await api<{ figures: { metric: string; runs: number }[] }>(url, '/figures')).body;
    expect(figures).toContainEqual({ metric: 'regret.cost', runs: 3 });
    expect(figures).toContainEqual({ metric: 'return', runs: 4 });
  });
});

describe('what is done to many runs', () => {
  const bulk = (body: object): ReturnType<typeof api<{ done: number; refused: { id: string; reason: string }[] }>> =>
    api(url, '/runs/bulk', posted(body));

  it('is done to those that it can be done to, and says why not to the others', async () => {
    const tagged = await bulk({ ids: ['low', 'high', 'low', 'none'], action: 'tag', tag: 'kept' });
    expect([tagged.status, tagged.body.done, tagged.body.refused.map(({ id }) => id)]).toEqual([200, 2, ['none']]);
    expect(await ids('tag=kept')).toEqual(['high', 'low']);
    expect((await bulk({ ids: ['high'], action: 'untag', tag: 'kept' })).body.done).toBe(1);
    expect(await ids('q=kept')).toEqual(['low']);
    expect((await bulk({ ids: ['low', 'high'], action: 'archive' })).body.done).toBe(2);
    expect(await ids('state=done')).toEqual(['middle', 'without']);
    expect((await bulk({ ids: ['low', 'high'], action: 'unarchive' })).body.done).toBe(2);
    const ended = await bulk({ ids: ['without', waiting.id], action: 'cancel' });
    expect([ended.body.done, ended.body.refused[0]?.reason]).toEqual([1, expect.stringContaining('is done')]);
    expect((await bulk({ ids: ['without', waiting.id], action: 'delete' })).body.done).toBe(2);
    expect(await ids('archived=all')).toEqual(['high', 'low', 'middle']);
  });

  it.each([
    [{ ids: [], action: 'archive' }],
    [{ ids: ['low'], action: 'burn' }],
    [{ ids: ['low'], action: 'tag' }],
    [{ ids: ['low'], action: 'archive', tag: 'x' }],
    [{ ids: ['low'], action: 'tag', tag: 'a,b' }],
  ])('%j is refused', async (body) => {
    expect((await bulk(body)).status).toBe(422);
  });
});

it('parts of a run have the means of the steps in them', async () => {
  using own = tempFolder();
  writeRecordedRuns(own.path, [{ id: 'a', frames: 3, rows: 5 }]);
  using store = new Store(own.path, 0);
  await store.compact('a');
  const means = await store.warehouse.buckets(
    'a',
    recordedSchema.channels.map(({ name }) => name),
    15,
    4,
  );
  for (const channel of [0, 1])
    for (let part = 0; part < 4; part++) {
      const values = Array.from({ length: 15 }, (_, step) => step)
        .filter((step) => Math.floor((step * 4) / 15) === part)
        .map((step) => recordedValue(channel, step))
        .filter((value) => !Number.isNaN(value));
      expect(means[channel]![part]).toBeCloseTo(values.reduce((sum, value) => sum + value, 0) / values.length, 10);
    }
  await store.warehouse[Symbol.asyncDispose]();
});
