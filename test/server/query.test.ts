import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { encodeFrame } from '../../core/frame-codec.ts';
import { scenarioFrom } from '../../core/scenario.ts';
import { schema } from '../../evaluation/vocabulary.ts';
import { examples } from '../../server/console/sql/examples.ts';
import type { Problem } from '../../server/events.ts';
import { QueryBox } from '../../server/query.ts';
import { Store } from '../../server/store.ts';
import { smallScenario } from '../support/model-folder.ts';
import { recordedSchema, recordedValue, writeRecordedRuns } from '../support/recorded-run.ts';
import { api, openServer, posted, tempFolder } from '../support/server.ts';
import type { TestServer } from '../support/server.ts';

interface Answer extends Partial<Problem> {
  readonly columns: readonly { readonly name: string; readonly type: string }[];
  readonly rows: readonly (readonly unknown[])[];
  readonly truncated: boolean;
  readonly seconds: number;
}

let folder: ReturnType<typeof tempFolder>;
let server: TestServer;
let url: string;
let store: string;

beforeAll(async () => {
  folder = tempFolder();
  store = join(folder.path, 'store');
  writeRecordedRuns(store, [
    { id: 'a', seed: 7, attack: 'pgd', frames: 3, kpis: { cost: 1.5, electricity_consumption_total: 1.5 } },
    { id: 'b', seed: 8, attack: 'fgsm', frames: 1, kpis: { cost: 1.25 } },
  ]);
  const opened = new Store(store, 0);
  for (const id of ['a', 'b']) await opened.compact(id);
  await opened.warehouse[Symbol.asyncDispose]();
  opened[Symbol.dispose]();
  server = await openServer({ maxConcurrent: 0, store });
  url = server.url;
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
  folder[Symbol.dispose]();
});

const ask = async (sql: string, more: object = {}): Promise<{ status: number; body: Answer }> =>
  api<Answer>(url, '/query', posted({ sql, ...more }));

describe('a question', () => {
  it('reads the catalogue, the KPIs and the telemetry of a run', async () => {
    const runs = await ask(`select id, seed, attacks, created from runs order by id`);
    expect(runs.body.rows).toEqual([
      ['a', 7, ['pgd'], '1970-01-01 00:00:00.001'],
      ['b', 8, ['fgsm'], '1970-01-01 00:00:00.001'],
    ]);
    expect(runs.body.columns[1]).toEqual({ name: 'seed', type: 'BIGINT' });
    const worst = await ask(`select run, max(regret) as worst from kpis where kpi = 'cost' group by run order by run`);
    expect(worst.body.rows).toEqual([
      ['a', 0.5],
      ['b', 0.25],
    ]);
    const telemetry = await ask(`select count(*), sum("Building_1/clean/a") from telemetry('a')`);
    expect(telemetry.body.rows).toEqual([[12, 66]]);
  });

  it.each(examples)('of the console’s examples is answered: $title', async ({ sql }) => {
    // The recorded runs have no channel of net consumption.
    const { status, body } = await ask(sql.replaceAll('{run}', 'a').replaceAll('/net', '/a'));
    expect([body.detail, status]).toEqual([undefined, 200]);
    expect(body.rows.length).toBeGreaterThan(0);
  });

  it('has at most so many rows, and says that there are more', async () => {
    const { body } = await ask('select * from range(100000)', { limit: 3 });
    expect([body.rows, body.truncated]).toEqual([[[0], [1], [2]], true]);
    expect((await ask('select * from range(3)', { limit: 3 })).body.truncated).toBe(false);
    // The limit on bytes holds where that on rows does not.
    const wide = await ask("select repeat('x', 100000) from range(1000)", { limit: 10_000 });
    expect(wide.body.rows.length).toBeLessThan(100);
    expect(wide.body.truncated).toBe(true);
  });

  it('that is wrong is told where', async () => {
    const { status, body } = await ask('select id,\n  nosuch\nfrom runs');
    expect([status, body.code]).toEqual([422, 'query']);
    expect(body.issues).toEqual([expect.objectContaining({ pointer: '/sql', line: 2, column: 3 })]);
    expect(body.detail).toMatch(/Referenced column "nosuch" not found/);
    expect((await ask('select 1 frm x')).body.issues).toEqual([expect.objectContaining({ line: 1, column: 14 })]);
  });

  it('that takes too long is ended by its limit, and the next is answered', async () => {
    const begun = performance.now();
    const { status, body } = await ask(
      'with recursive t(n) as (select 1 union all select n + 1 from t) select count(*) from t',
      { seconds: 1 },
    );
    expect([status, body.detail]).toEqual([422, 'took longer than 1 s']);
    expect(performance.now() - begun).toBeLessThan(20_000);
    expect((await ask('select 1')).body.rows).toEqual([[1]]);
  });

  it('is cancelled with its request, even in the middle of a function that cannot be interrupted', async () => {
    const stop = new AbortController();
    const sent = fetch(`${url}/api/v1/query`, {
      ...posted({ sql: `select levenshtein(repeat('a', 1000000), repeat('b', 1000000))`, seconds: 30 }),
      signal: stop.signal,
    });
    await new Promise((resolve) => setTimeout(resolve, 1500));
    stop.abort();
    await expect(sent).rejects.toThrow();
    const begun = performance.now();
    expect((await ask('select 1')).body.rows).toEqual([[1]]);
    expect(performance.now() - begun).toBeLessThan(15_000); // alone it would take hours
  });

  it('needs the scope admin', async () => {
    const token = 'a-token-of-some-length';
    await using guarded = await openServer({ token });
    const send = (path: string, body: object, bearer: string) =>
      api<{ token: string }>(guarded.url, path, posted(body, { authorization: `Bearer ${bearer}` }));
    const { body } = await send('/tokens', { name: 'x', scopes: ['run'] }, token);
    expect((await send('/query', { sql: 'select 1' }, body.token)).status).toBe(403);
    expect((await send('/query', { sql: 'select 1' }, token)).status).toBe(200);
  });
});

describe('a run that goes on', () => {
  const append = (log: Store, id: string, seq: number): void => {
    const values = Float32Array.from({ length: 8 }, (_, i) => recordedValue(Math.floor(i / 4), 4 * seq + (i % 4)));
    const body = encodeFrame({ schema: 1, seq, step0: 4 * seq, rows: 4, cols: 2, values, wallTime: seq / 4 });
    log.append(id, { seq, step0: 4 * seq, rows: 4, body });
  };
  const count = `select count(*), max(step), max("_frame"), sum("Building_1/clean/a") from telemetry('live')`;
  const upTo = (frames: number): number[] => {
    const steps = 4 * frames;
    return [steps, steps - 1, frames - 1, (steps * (steps - 1)) / 2];
  };

  it('is asked as far as it was committed, again and again, and is the same once it is a file', async () => {
    using own = tempFolder();
    const live = new Store(own.path, 0);
    await using box = new QueryBox(live, own.path);
    const asked = (sql: string) => box.ask(sql, 1000, 30, new AbortController().signal);
    live.create('live', scenarioFrom(smallScenario({}), 'test', schema), 1);
    await expect(asked(count)).rejects.toThrow(`run 'live' has no telemetry: it is queued`);
    live.started('live', { startedAt: 2, schema: recordedSchema, totalSteps: 4000 });
    append(live, 'live', 0);
    let frames = 1;
    for (let round = 0; round < 5; round++) {
      expect((await asked(count)).rows).toEqual([upTo(frames)]);
      // Frames that come while it is answered are of the next answer, or of none: never a part of them.
      const answer = asked(count);
      for (let k = 0; k < 40; k++) {
        append(live, 'live', frames++);
        await new Promise((resolve) => setImmediate(resolve));
      }
      const [rows, ...rest] = (await answer).rows[0] as number[];
      expect([rows, ...rest]).toEqual(upTo(rows! / 4));
      expect(Number.isInteger(rows! / 4)).toBe(true);
    }
    const whole = `select * from telemetry('live') order by step`;
    const before = await asked(whole);
    expect(before.rows).toHaveLength(Math.min(1000, 4 * frames));
    const dynamic = asked(`select count(*) from telemetry('li' || 've')`);
    await expect(dynamic).rejects.toThrow(`run 'live' is running and has no file yet: name it as a plain text`);
    await expect(asked(`select * from telemetry('nobody')`)).rejects.toThrow(`there is no run 'nobody'`);
    live.ended('live', { state: 'cancelled', endedAt: 3 });
    expect((await asked(whole)).rows).toEqual(before.rows); // over, and not compacted yet
    await live.compact('live');
    const after = await asked(whole);
    expect([after.columns, after.rows]).toEqual([before.columns, before.rows]);
    expect((await asked(`select count(*) from telemetry('li' || 've')`)).rows).toEqual([[4 * frames]]);
    await live.warehouse[Symbol.asyncDispose]();
    live[Symbol.dispose]();
  });

  it('is joined with one that is over, and several go on', async () => {
    using own = tempFolder();
    const live = new Store(own.path, 0);
    await using box = new QueryBox(live, own.path);
    const asked = (sql: string) => box.ask(sql, 1000, 30, new AbortController().signal);
    for (const [id, frames] of [
      ['a', 2],
      ['b-1', 3],
      ['c', 4],
    ] as const) {
      live.create(id, scenarioFrom(smallScenario({}), 'test', schema), 1);
      live.started(id, { startedAt: 2, schema: recordedSchema, totalSteps: 4000 });
      for (let seq = 0; seq < frames; seq++) append(live, id, seq);
    }
    live.ended('a', { state: 'cancelled', endedAt: 3 });
    await live.compact('a');
    const sql = `select (select count(*) from telemetry('a')), (select count(*) from telemetry('b-1')), count(*) from telemetry('c')`;
    expect((await asked(sql)).rows).toEqual([[8, 12, 16]]);
    // What was kept for one question is nothing to another.
    expect((await asked('select table_name from duckdb_tables() order by 1')).rows).toEqual([['runs']]);
    expect((await asked(sql)).rows).toEqual([[8, 12, 16]]);
    await live.warehouse[Symbol.asyncDispose]();
    live[Symbol.dispose]();
  });
});

describe('hostile SQL', () => {
  it.each([
    ["select * from read_text('/etc/passwd')", /disabled by configuration/],
    ["select * from read_csv('/proc/self/environ')", /disabled by configuration/],
    ["select * from '/etc/passwd'", /does not exist/],
    ["select * from glob('/etc/*')", /disabled by configuration/],
    ["select * from telemetry('../../lab')", /disabled by configuration/],
    ["select * from telemetry('../../../../../../etc')", /disabled by configuration/],
    ["copy (select 1) to 'STORE/runs/x.csv'", /COPY … where one SELECT/],
    ["copy (select 1) to '/tmp/faultline-x.csv'", /COPY …/],
    ["attach '/tmp/faultline-x.db'", /ATTACH …/],
    ["attach 'STORE/lab.db' (type sqlite)", /ATTACH …/],
    ['install httpfs', /INSTALL …/],
    ['load httpfs', /LOAD …/],
    ["set memory_limit = '64GB'", /SET …/],
    ["pragma memory_limit = '64GB'", /PRAGMA …/],
    ['set enable_external_access = true', /SET …/],
    ["select getenv('HOME')", /getenv does not exist/],
    ['create table t as select 1', /CREATE …/],
    ['drop table runs', /DROP …/],
    ["insert into runs(id) values ('x')", /INSERT …/],
    ["export database 'STORE/runs'", /EXPORT …/],
    ["export database 'STORE/runs/new'", /EXPORT …/],
    ["/* select */ -- select\n export database 'STORE/runs/new'", /EXPORT …/],
    ['call pragma_version()', /CALL …/],
    ['select 1; drop table runs', /something other where one SELECT/],
    ['select 1; select 2', /2 statements/],
    ["select * from query('drop table runs')", /single SELECT/],
    ['select * from duckdb_secrets()', /disabled by configuration/],
    ['', /Too small/],
    ['-- nothing', /no statement/],
    ['select \0', /./],
  ])('%s is refused', async (sql, expected) => {
    const { status, body } = await ask(sql.replaceAll('STORE', store));
    expect([status, body.detail]).toEqual([422, expect.stringMatching(expected)]);
    expect(JSON.stringify(body)).not.toContain(`${store}/runs`);
  });

  it('that is long or deep is refused', async () => {
    expect((await ask(`select ${'1+'.repeat(9000)}1`)).body.detail).toMatch(/expression depth/);
    expect((await ask('x'.repeat(20_001))).body.detail).toMatch(/Too big/);
    expect([200, 422]).toContain((await ask(`select ${'('.repeat(9000)}1${')'.repeat(9000)}`)).status);
  });

  it('left nothing behind, and the tables are as they were', async () => {
    expect(readdirSync(store).toSorted()).toEqual(expect.arrayContaining(['lab.db', 'live', 'runs']));
    expect(readdirSync(join(store, 'runs')).toSorted()).toEqual(['a', 'b']);
    for (const file of ['/tmp/faultline-x.csv', '/tmp/faultline-x.db']) expect(existsSync(file)).toBe(false);
    expect((await ask('select count(*) from runs')).body.rows).toEqual([[2]]);
  });

  it('that came to nothing holds no memory', async () => {
    const bomb = 'with recursive t(n) as (select 1 union all select n from t, range(1000)) select count(*) from t';
    expect((await ask(bomb, { seconds: 1 })).body.detail).toBe('took longer than 1 s');
    const { body } = await ask('select coalesce(sum(memory_usage_bytes), 0)::int from duckdb_memory()');
    expect(body.rows[0]![0]).toBeLessThan(2 ** 20);
  });

  it('that would fill the memory fails alone', async () => {
    const { status } = await ask('select list(a.range) from range(100000000) a, range(100) b', { seconds: 5 });
    expect(status).toBe(422);
    expect((await ask('select 1')).body.rows).toEqual([[1]]);
  });
});
