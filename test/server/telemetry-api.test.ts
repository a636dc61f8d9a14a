import { DuckDBInstance } from '@duckdb/node-api';
import { tableFromIPC } from 'apache-arrow';
import { parquetReadObjects } from 'hyparquet';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { meanInterval } from '../../evaluation/interval.ts';
import type { Problem } from '../../server/events.ts';
import { recordedSchema, recordedValue, writeRecordedRuns } from '../support/recorded-run.ts';
import { api, openServer, tempFolder } from '../support/server.ts';
import type { TestServer } from '../support/server.ts';

let folder: ReturnType<typeof tempFolder>;
let server: TestServer;
let url: string;
const [a, b] = recordedSchema.channels.map((channel) => channel.name) as [string, string];
/** Value of the KPI of seed s under an attack. */
const kpi = (attack: string, seed: number): number => 1 + (attack === 'pgd' ? 0.5 : 0.1) + seed / 100;

beforeAll(async () => {
  folder = tempFolder();
  const store = join(folder.path, 'store');
  writeRecordedRuns(store, [
    { id: 'done', frames: 6 },
    ...['pgd', 'fgsm'].flatMap((attack) =>
      [0, 1, 2, 3, 4].map((seed) => ({
        id: `${attack}-${seed}`,
        attack,
        seed,
        frames: 1,
        kpis: { cost: kpi(attack, seed) },
      })),
    ),
  ]);
  server = await openServer({ maxConcurrent: 0, store });
  url = server.url;
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
  folder[Symbol.dispose]();
});

const bytes = async (path: string, accept = '*/*'): Promise<[string, Uint8Array<ArrayBuffer>]> => {
  const response = await fetch(`${url}/api/v1${path}`, { headers: { accept } });
  expect([path, response.status]).toEqual([path, 200]);
  return [response.headers.get('content-type')!, new Uint8Array(await response.arrayBuffer())];
};

describe('telemetry by Accept', () => {
  it('is the same table as Parquet, as Arrow and as JSON', async () => {
    const query = `/runs/done/telemetry?from=3&to=20&channels=${encodeURIComponent(`${b},${a}`)}`;
    const steps = Array.from({ length: 18 }, (_, i) => 3 + i);
    const wanted = {
      step: steps,
      [b]: steps.map((s) => recordedValue(1, s)),
      [a]: steps.map((s) => recordedValue(0, s)),
    };

    const [parquetType, parquet] = await bytes(query, 'application/vnd.apache.parquet');
    expect(parquetType).toBe('application/vnd.apache.parquet');
    const rows = await parquetReadObjects({ file: parquet.buffer });
    expect({
      step: rows.map((row) => row['step'] as number),
      [b]: rows.map((row) => row[b] as number),
      [a]: rows.map((row) => row[a] as number),
    }).toEqual(wanted);

    const [arrowType, arrow] = await bytes(query, 'application/vnd.apache.arrow.stream');
    expect(arrowType).toBe('application/vnd.apache.arrow.stream');
    const table = tableFromIPC(arrow);
    expect(table.schema.fields.map((field) => field.name)).toEqual(['step', b, a]);
    for (const [name, values] of Object.entries(wanted)) expect([...table.getChild(name)!]).toEqual(values);

    const [jsonType, json] = await bytes(query);
    expect(jsonType).toMatch(/^application\/json/);
    const { values } = JSON.parse(new TextDecoder().decode(json)) as { values: (number | null)[][] };
    expect(values[0]!.map((value) => value ?? Number.NaN)).toEqual(wanted[b]);
  });

  it('is the whole file of a run that is over, readable by others', async () => {
    const [type, file] = await bytes('/runs/done/telemetry.parquet');
    expect(type).toBe('application/vnd.apache.parquet');
    const copy = join(folder.path, 'copy.parquet');
    writeFileSync(copy, file);
    const duckDb = await DuckDBInstance.create(':memory:');
    const connection = await duckDb.connect();
    const answer = await connection.runAndReadAll(
      `select "step", "_frame", "_wall_time", "${b}" from '${copy}' order by 1`,
    );
    connection.closeSync();
    duckDb.closeSync();
    expect(answer.getRows()).toEqual(
      Array.from({ length: 24 }, (_, s) => [s, Math.floor(s / 4), Math.floor(s / 4) / 4, recordedValue(1, s)]),
    );
  });
});

/** Server-sent events until the stream ends, or until `enough` of them came. */
async function events(path: string, headers: Record<string, string> = {}, enough = Infinity): Promise<Event[]> {
  const stop = new AbortController();
  const response = await fetch(`${url}/api/v1${path}`, { headers, signal: stop.signal });
  expect(response.headers.get('content-type')).toMatch(/^text\/event-stream/);
  const seen: Event[] = [];
  let text = '';
  for await (const piece of response.body!.pipeThrough(new TextDecoderStream())) {
    text += piece;
    for (let at = text.indexOf('\n\n'); at >= 0; at = text.indexOf('\n\n')) {
      const fields = Object.fromEntries(
        text
          .slice(0, at)
          .split('\n')
          .map((line) => [line.split(': ')[0]!, line.slice(line.indexOf(': ') + 2)]),
      );
      text = text.slice(at + 2);
      seen.push({ event: fields['event']!, id: fields['id'], data: JSON.parse(fields['data']!) as Event['data'] });
    }
    if (seen.length >= enough) break;
  }
  stop.abort();
  return seen;
}
interface Event {
  readonly event: string;
  readonly id: string | undefined;
  readonly data: {
    readonly seq?: number;
    readonly step0?: number;
    readonly values?: Record<string, (number | null)[]>;
  };
}

describe('server-sent events', () => {
  it('bring every frame once, and go on after the last one that was seen', async () => {
    const path = `/runs/done/stream?channels=${encodeURIComponent(a)}`;
    const first = await events(path, {}, 4);
    const frames = first.filter((one) => one.event === 'frame').slice(0, 3);
    const rest = await events(path, { 'last-event-id': frames.at(-1)!.id! });
    const all = [...frames, ...rest.filter((one) => one.event === 'frame')];
    expect(all.map((one) => one.data.seq)).toEqual([0, 1, 2, 3, 4, 5]);
    expect(all.flatMap((one) => one.data.values![a])).toEqual(Array.from({ length: 24 }, (_, s) => s));
    expect(rest.at(0)).toMatchObject({ event: 'state', data: { id: 'done', state: 'done' } });
    expect(rest.at(-1)).toEqual({ event: 'end', id: undefined, data: { lastSeq: 5, state: 'done' } });
  });

  it('of what is not there are refused before they begin', async () => {
    expect((await api(url, '/runs/none/stream')).status).toBe(404);
  });
});

describe('compare', () => {
  interface Compared {
    readonly groups: readonly { readonly key: Record<string, string>; readonly [figure: string]: unknown }[];
    readonly missing: readonly string[];
  }
  const ids = ['pgd', 'fgsm'].flatMap((attack) => [4, 2, 0, 1, 3].map((seed) => `${attack}-${seed}`)).join(',');
  const compare = async (query: string): Promise<Compared> => (await api<Compared>(url, `/compare?${query}`)).body;

  it('groups by all but the seed, with figures of all values', async () => {
    const { groups } = await compare(`ids=${ids}&metric=cost`);
    const pgd = groups.find((group) => group.key['attack'] === 'pgd')!;
    const values = [0, 1, 2, 3, 4].map((seed) => kpi('pgd', seed));
    const { mean, std, ci95 } = pgd as unknown as { mean: number; std: number; ci95: { low: number; high: number } };
    expect(pgd).toMatchObject({ count: 5, min: values[0], max: values[4] });
    expect(mean).toBeCloseTo(values.reduce((sum, value) => sum + value, 0) / 5, 12);
    expect(std).toBeCloseTo(Math.sqrt(0.01 ** 2 * 2.5), 12);
    expect(ci95.low).toBeCloseTo(meanInterval(values)!.low, 12);
    expect((pgd['points'] as { runId: string }[]).map((point) => point.runId)).toEqual(
      [0, 1, 2, 3, 4].map((s) => `pgd-${s}`),
    );
    // The attacks differ in their configuration; what no attack touches is one group, and the same twin of both is there once.
    expect(groups.map(({ key, count }) => [key['attack'], count])).toEqual(
      expect.arrayContaining([
        ['clean', 5],
        ['fgsm', 5],
        ['pgd', 5],
      ]),
    );
    expect(groups).toHaveLength(3);
  });

  it('does not depend on the order of the list, and groups by what is asked', async () => {
    const forward = await compare(`ids=${ids}&metric=regret.cost&groupBy=attack`);
    const backward = await compare(`ids=${ids.split(',').toReversed().join(',')}&metric=regret.cost&groupBy=attack`);
    expect(backward).toEqual(forward);
    expect(forward.groups.map((group) => [group.key, group['count']])).toEqual([
      [{ attack: 'fgsm' }, 5],
      [{ attack: 'pgd' }, 5],
    ]);
  });

  it.each([
    ['', '/ids'],
    ['ids=pgd-0&groupBy=colour', '/groupBy'],
    ['sweep=none', '/ids'],
  ])('%s is refused at %s', async (query, pointer) => {
    const { status, body } = await api<Problem>(url, `/compare?${query}`);
    expect([status, body.issues?.[0]?.pointer]).toEqual([422, pointer]);
  });

  it('a KPI that no lane has, even by inheritance, gives no group', async () => {
    for (const metric of ['nothing', 'constructor', '__proto__', 'regret.toString'])
      expect((await compare(`ids=${ids}&metric=${metric}`)).groups).toEqual([]);
  });
});

describe('what the server says of itself', () => {
  it('figures for Prometheus', async () => {
    const [type, text] = await bytes('/metrics');
    expect(type).toMatch(/^text\/plain/);
    const lines = new TextDecoder().decode(text);
    expect(lines).toMatch(/^faultline_runs\{state="done"\} 11$/m);
    expect(lines).toMatch(
      /^faultline_http_request_seconds_count\{method="GET",route="\/api\/v1\/compare",status="200"\} \d+$/m,
    );
  });

  it('the sockets’ events', async () => {
    const { body } = await api<{ asyncapi: string; channels: Record<string, unknown> }>(url, '/asyncapi.json');
    expect(body.asyncapi).toBe('3.0.0');
    expect(Object.keys(body.channels)).toEqual(
      expect.arrayContaining(['telemetry.run.subscribe', 'telemetry.frames', 'telemetry.gap', 'control.run.command']),
    );
  });
});
