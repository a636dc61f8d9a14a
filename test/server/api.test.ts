import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import type { Problem, RunDetail, RunSummary } from '../../server/events.ts';
import { smallScenario } from '../support/model-folder.ts';
import { recordedSchema, recordedValue, writeRecordedRuns } from '../support/recorded-run.ts';
import {
  api,
  connected,
  controlClient,
  launch,
  openServer,
  posted,
  runOf,
  telemetryClient,
  tempFolder,
} from '../support/server.ts';
import type { TestServer } from '../support/server.ts';

interface Page {
  readonly runs: readonly RunSummary[];
  readonly cursor: string | null;
}

let folder: ReturnType<typeof tempFolder>;
let server: TestServer;
let url: string;
let done: RunDetail;
const queued: RunSummary[] = [];

beforeAll(async () => {
  folder = tempFolder();
  const store = join(folder.path, 'store');
  writeRecordedRuns(store, [{ id: 'done', name: 'first' }]);
  // No run starts: what is launched stays in the list and costs nothing.
  server = await openServer({ maxConcurrent: 0, store });
  url = server.url;
  done = await runOf(url, 'done');
  for (const [name, seed] of [
    ['charlie', 3],
    ['Alpha', 9],
    ['bravo', 9],
    ['delta', 1],
  ] as const)
    queued.push(await launch(url, { ...smallScenario({ name }), seed }));
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
  folder[Symbol.dispose]();
});

const patch = (body: object): RequestInit => ({ ...posted(body), method: 'PATCH' });
const list = async (query: string): Promise<Page> => (await api<Page>(url, `/runs?${query}`)).body;
const names = async (query: string): Promise<string[]> => (await list(query)).runs.map((run) => run.name);

describe('what people say of a run', () => {
  it('name, note, tags and archive are kept and looked for', async () => {
    const path = `/runs/${queued[0]!.id}`;
    const tagged = await api<RunSummary>(
      url,
      path,
      patch({ tags: ['baseline', 'zürich', 'baseline'], note: 'look here' }),
    );
    expect(tagged.body).toMatchObject({
      name: 'charlie',
      tags: ['baseline', 'zürich'],
      note: 'look here',
      archived: false,
    });
    expect(await names('tag=baseline')).toEqual(['charlie']);
    expect((await api<object>(url, '/tags')).body).toEqual({
      tags: [
        { tag: 'baseline', runs: 1 },
        { tag: 'zürich', runs: 1 },
      ],
    });
    await api(url, path, patch({ name: 'Renamed' }));
    expect(await names('q=rename')).toEqual(['Renamed']);
    expect(await names('q=charlie')).toEqual([]);
    await api(url, path, patch({ archived: true, tags: [] }));
    expect(await names('q=rename')).toEqual([]);
    expect(await names('q=rename&archived=true')).toEqual(['Renamed']);
    expect(await names('archived=all&tag=baseline')).toEqual([]);
    const restored = await api<RunSummary>(url, path, patch({ archived: false, name: 'charlie' }));
    expect(restored.body).toMatchObject({ tags: [], note: 'look here', archived: false });
  });

  it.each<[object, string]>([
    [{ tags: ['a,b'] }, '/tags/0'],
    [{ tags: [' '] }, '/tags/0'],
    [{ tags: 'a' }, '/tags'],
    [{ nmae: 'x' }, '/nmae'],
    [{ archived: 'yes' }, '/archived'],
    [{ name: '' }, '/name'],
    [JSON.parse('{"__proto__": {"archived": true}}') as object, '/__proto__'],
  ])('%j is refused at %s', async (body, pointer) => {
    const { status, body: problem } = await api<Problem>(url, `/runs/${done.id}`, patch(body));
    expect([status, problem.issues?.[0]?.pointer]).toEqual([422, pointer]);
    expect(Object.hasOwn(Object.prototype, 'archived')).toBe(false);
  });
});

describe('the list', () => {
  it('is sorted by what it is asked for, in either direction, in pages of any size', async () => {
    const orders: Record<string, (run: RunSummary) => string | number> = {
      name: (run) => run.name.toLowerCase(),
      seed: (run) => run.seed,
      created: (run) => run.createdAt,
      state: (run) => run.state,
    };
    for (const [sort, key] of Object.entries(orders))
      for (const sign of ['', '-']) {
        const whole = (await list(`sort=${sign}${sort}`)).runs;
        const wanted = [...whole].sort((a, b) => {
          const order = key(a) < key(b) ? -1 : key(a) > key(b) ? 1 : a.id < b.id ? -1 : 1;
          return sign === '' ? order : -order;
        });
        expect(whole.map((run) => run.id)).toEqual(wanted.map((run) => run.id));
        const paged: string[] = [];
        for (let cursor: string | null = ''; cursor !== null;) {
          const page: Page = await list(`sort=${sign}${sort}&limit=2${cursor && `&cursor=${cursor}`}`);
          paged.push(...page.runs.map((run) => run.id));
          ({ cursor } = page);
        }
        expect(paged).toEqual(whole.map((run) => run.id));
      }
  });

  it('is filtered by the attack’s name, not by what looks like it', async () => {
    expect(await names('attack=bifurcation&q=first')).toEqual(['first']);
    for (const other of ['bifurc', 'idle', 'first', 'Building_1']) expect(await names(`attack=${other}`)).toEqual([]);
  });

  it('refuses a cursor of another list, or of none', async () => {
    const { cursor } = await list('sort=name&limit=1');
    const forged = Buffer.from(JSON.stringify(['-created', {}, 'x'])).toString('base64url');
    for (const query of [`sort=-name&cursor=${cursor!}`, `cursor=${forged}`, 'cursor=!!', 'cursor=e30', 'page=2'])
      expect([query, (await api(url, `/runs?${query}`)).status]).toEqual([query, 422]);
  });
});

describe('a clone', () => {
  it('is the same scenario with another seed', async () => {
    const { status, body } = await api<RunSummary>(url, `/runs/${done.id}/clone`, posted({ seed: 7, name: 'again' }));
    expect(status).toBe(201);
    const clone = (await api<RunDetail>(url, `/runs/${body.id}`)).body;
    expect(clone.scenario).toEqual({ ...done.scenario, seed: 7, name: 'again' });
  });
});

interface Described {
  readonly summary: string;
  readonly 'x-scope': string;
  readonly parameters?: readonly { readonly in: string; readonly name: string }[];
  readonly responses: Readonly<Record<string, { readonly content?: Readonly<Record<string, { schema?: object }>> }>>;
}

describe('statistics', () => {
  interface Statistics {
    readonly statistics: readonly { readonly channel: string; readonly [figure: string]: number | string | null }[];
  }

  it('are those of the values there are, over the steps that were asked for', async () => {
    const name = recordedSchema.channels[1]!.name;
    const query = `channels=${encodeURIComponent(name)}&from=2&to=13`;
    const { statistics } = (await api<Statistics>(url, `/runs/done/statistics?${query}`)).body;
    const values = Array.from({ length: 12 }, (_, i) => recordedValue(1, 2 + i))
      .filter((value) => !Number.isNaN(value))
      .sort((a, b) => a - b);
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1);
    expect(values).toHaveLength(10);
    expect(statistics).toHaveLength(1);
    expect(statistics[0]).toMatchObject({ channel: name, count: 10, min: values[0], max: values[9] });
    expect(statistics[0]!['mean']).toBeCloseTo(mean, 12);
    expect(statistics[0]!['std']).toBeCloseTo(Math.sqrt(variance), 12);
    expect(statistics[0]!['p50']).toBeCloseTo((values[4]! + values[5]!) / 2, 12);
  });

  it('of what is not there are refused', async () => {
    for (const [path, status] of [
      ['/runs/done/statistics?channels=x', 422],
      [`/runs/done/statistics?channels=${encodeURIComponent(`a") from read_text('/etc/passwd') --`)}`, 422],
      [`/runs/${queued[0]!.id}/statistics`, 404],
      ['/runs/none/statistics', 404],
    ] as const)
      expect([path, (await api(url, path)).status]).toEqual([path, status]);
  });
});

describe('openapi.json', () => {
  it('describes every call, and every JSON answer is as it says', async () => {
    const document = (
      await api<{ openapi: string; paths: Record<string, Record<string, Described>> }>(url, '/openapi.json')
    ).body;
    expect(document.openapi).toBe('3.1.0');
    const sweep = await api<{ id: string }>(url, '/sweeps', posted({ name: 'described', scenario: {} }));
    const checked: string[] = [];
    const asked = (path: string): string => {
      if (path === '/compare') return `${path}?ids=${done.id}`;
      return path.replace('{id}', path.startsWith('/sweeps') ? sweep.body.id : done.id);
    };
    for (const [path, calls] of Object.entries(document.paths))
      for (const [method, call] of Object.entries(calls)) {
        expect([path, ['read', 'run', 'admin'].includes(call['x-scope']), call.summary.length > 5]).toEqual([
          path,
          true,
          true,
        ]);
        const inPath = (call.parameters ?? []).filter((one) => one.in === 'path').map((one) => `{${one.name}}`);
        expect(path.match(/\{\w+\}/g) ?? []).toEqual(inPath);
        const schema = call.responses['200']?.content?.['application/json']?.schema;
        if (method !== 'get' || schema === undefined) continue;
        const answer = await api(url, asked(path));
        const parsed = z.fromJSONSchema(schema as never).safeParse(answer.body);
        expect([path, answer.status, parsed.error?.issues]).toEqual([path, 200, undefined]);
        checked.push(path);
      }
    expect(checked).toEqual(
      expect.arrayContaining([
        '/runs',
        '/runs/{id}',
        '/runs/{id}/telemetry',
        '/compare',
        '/sweeps/{id}',
        '/tags',
        '/tokens',
      ]),
    );
    expect(Object.keys(document.paths['/runs']!)).toEqual(['post', 'get']);
    expect(document.paths['/runs']!['get']!.parameters!.map((one) => one.name)).toContain('cursor');
  });
});

describe('tokens', () => {
  const master = 'a-master-token-of-good-length';
  const bearer = (token: string): RequestInit => ({ headers: { authorization: `Bearer ${token}` } });

  it('allow what their scopes say, until they are over or revoked, over HTTP and at both sockets', async () => {
    await using guarded = await openServer({ token: master });
    const call = async (path: string, token: string, init: RequestInit = {}): Promise<number> => {
      const headers = { ...(init.headers as object), ...(bearer(token).headers as object) };
      return (await api(guarded.url, path, { ...init, headers })).status;
    };
    const issue = async (scopes: string[], expiresInSeconds?: number): Promise<{ id: string; token: string }> =>
      (
        await api<{ id: string; token: string }>(guarded.url, '/tokens', {
          ...posted({ name: 'test', scopes, expiresInSeconds: expiresInSeconds ?? null }),
          headers: { ...(bearer(master).headers as object), 'content-type': 'application/json' },
        })
      ).body;
    const reader = await issue(['read']);
    const runner = await issue(['run']);
    const admin = await issue(['admin']);
    const brief = await issue(['admin'], 1);
    const launching = posted({ name: 7 });
    const statuses = async (token: string): Promise<number[]> => [
      await call('/runs', token),
      await call('/runs', token, launching),
      await call('/tokens', token),
    ];
    expect(await statuses(reader.token)).toEqual([200, 403, 403]);
    expect(await statuses(runner.token)).toEqual([200, 422, 403]);
    expect(await statuses(admin.token)).toEqual([200, 422, 200]);
    expect(await statuses(master)).toEqual([200, 422, 200]);
    for (const forged of ['', 'x', `${reader.token}x`, reader.id, 'eyJhbGciOiJub25lIn0.e30.'])
      expect(await statuses(forged)).toEqual([401, 401, 401]);

    const control = controlClient(guarded.url, { auth: { token: reader.token } });
    await expect(connected(control)).rejects.toMatchObject({ data: { code: 403 } });
    const telemetry = telemetryClient(guarded.url, { auth: { token: reader.token } });
    await connected(telemetry);
    telemetry.close();
    control.close();

    const listed = (await api<{ tokens: object[] }>(guarded.url, '/tokens', bearer(master))).body;
    expect(JSON.stringify(listed)).not.toContain(reader.token);
    expect(listed.tokens).toHaveLength(4);
    expect(await call(`/tokens/${reader.id}`, master, { method: 'DELETE' })).toBe(204);
    expect(await statuses(reader.token)).toEqual([401, 401, 401]);
    await expect.poll(() => statuses(brief.token), { timeout: 5000 }).toEqual([401, 401, 401]);
  });
});
