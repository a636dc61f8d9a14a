import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { Redis } from 'ioredis';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { Subject } from 'rxjs';
import { DataError } from '../../core/errors.ts';
import { decodeFrame } from '../../core/frame-codec.ts';
import type { JobOutcome } from '../../evaluation/executor/executor.ts';
import type { Evaluated } from '../../evaluation/executor/job.ts';
import { mostTelemetryBytes, packTelemetry, unpackTelemetry } from '../../server/executor/packed-telemetry.ts';
import type { Telemetry } from '../../server/executor/packed-telemetry.ts';
import { RedisExecutor } from '../../server/executor/redis-executor.ts';
import { policiesKey, resultsKey, telemetryKey } from '../../server/executor/redis-link.ts';
import type { Delivered } from '../../server/executor/redis-messages.ts';
import { handInTelemetry } from '../../server/executor/telemetry-shelf.ts';
import { installation } from '../../server/installation.ts';
import { storeTelemetry } from '../../server/remote-telemetry.ts';
import type { RunNotice } from '../../server/run-notice.ts';
import { Store } from '../../server/store.ts';
import { killCommands, startCommand } from '../support/command-process.ts';
import { faultlineIn } from '../support/faultline.ts';
import { smallScenario } from '../support/model-folder.ts';
import { hasRedis, openRedis } from '../support/redis-server.ts';
import type { TestRedis } from '../support/redis-server.ts';
import { launchSweep, recordedOf, runsOf, sweepReaches } from '../support/served-sweep.ts';
import { api, openServer, runOf, tempFolder, until } from '../support/server.ts';
import { smallJobs, testCode, valueOf } from '../support/sweep.ts';

afterEach(killCommands);

/** Three frames of two channels, one value of which is none. */
function recorded(): Telemetry {
  const channels = ['a', 'b'].map((name) => ({ name, unit: '1', range: [0, 2] as const }));
  const frames = [0, 1, 2].map((seq) => {
    const [rows, cols] = [seq === 2 ? 1 : 4, 2];
    const values = Float32Array.from({ length: rows * cols }, (_, i) => (i === 3 ? Number.NaN : seq + i / 7));
    return { schema: 1, seq, step0: 4 * seq, rows, cols, values, wallTime: 5 + seq };
  });
  return { schema: { version: 1, dt: 3600, channels }, frames };
}

describe('packed telemetry', () => {
  it('comes back to the bit', async () => {
    expect(await unpackTelemetry(packTelemetry(recorded()))).toEqual(recorded());
  });

  it('that ends early, or has a bit that is another in it, is a named error', async () => {
    const packed = packTelemetry(recorded());
    for (let length = 0; length < packed.length; length++) {
      const short = unpackTelemetry(packed.subarray(0, length));
      // What ends between two frames is sound in itself: the hash tells that it is not all.
      if ([0, 1].some((last) => length === packed.length - sizeOf(recorded().frames.slice(last + 1))))
        expect((await short).frames.length).toBeLessThan(3); // prettier-ignore
      else await expect(short).rejects.toThrow(/^a worker's (telemetry|frame)/);
    }
    const schemaEnd = 4 + packed.readUInt32LE(0);
    for (let at = schemaEnd; at < packed.length; at++) {
      const other = Buffer.from(packed);
      other[at]! ^= 1 << (at % 8);
      const outcome = await unpackTelemetry(other).catch((error: unknown) => error);
      // The clock of who recorded it is not guarded, and is nobody's business.
      if (!(outcome instanceof DataError)) expect(timeless(outcome as Telemetry)).toEqual(timeless(recorded()));
    }
  });

  it('of other frames than its schema says, or not all from the first on, is a named error', async () => {
    const { schema, frames } = recorded();
    const [first, second, third] = frames as [Frame, Frame, Frame];
    for (const odd of [
      [second, third],
      [first, third],
      [first, first],
      [first, { ...second, step0: 5 }],
      [{ ...first, schema: 2 }],
      [{ ...first, cols: 1, rows: 8 }],
      [{ ...first, cols: 2, rows: 0, values: new Float32Array(0) }],
      [],
    ])
      await expect(unpackTelemetry(packTelemetry({ schema, frames: odd }))).rejects.toThrow(DataError);
    const unlike = { ...schema, channels: [{ name: 1 }] } as unknown as Telemetry['schema'];
    await expect(unpackTelemetry(packTelemetry({ schema: unlike, frames }))).rejects.toThrow(/channels/);
  });
});

type Frame = Telemetry['frames'][number];

function sizeOf(frames: readonly Frame[]): number {
  const { schema } = recorded();
  return packTelemetry({ schema, frames }).length - packTelemetry({ schema, frames: [] }).length;
}

function timeless({ schema, frames }: Telemetry): object {
  return { schema, frames: frames.map(({ wallTime: _wallTime, ...frame }) => frame) };
}

describe('telemetry that a worker handed in', () => {
  it('is in the store once, whatever ended an earlier try in its midst; a run that is over meanwhile gets no more', async () => {
    using folder = tempFolder();
    const [{ work }] = smallJobs([0]) as [ReturnType<typeof smallJobs>[number]];
    const { result } = await valueOf({ work });
    const put = (store: Store, id: string, frames: number): Promise<void> => {
      let left = frames;
      const place = { store, notices: new Subject<RunNotice>(), now: () => 9 };
      return storeTelemetry(place, id, recorded(), result, () => left-- > 0);
    };
    const steps = result.lanes[0]!.steps;
    {
      using store = new Store(folder.path, 1);
      for (const id of ['again', 'killed', 'cancelled']) store.create(id, work.scenario, 1);
      await put(store, 'again', 2);
      await put(store, 'again', 3);
      await put(store, 'killed', 1);
      await put(store, 'cancelled', 2);
      store.ended('again', { state: 'done', endedAt: 10, result });
      store.ended('cancelled', { state: 'cancelled', endedAt: 10 });
      expect(store.summary('cancelled')).toMatchObject({ state: 'cancelled', headSeq: 2, headStep: 8 });
    }
    using store = new Store(folder.path, 20);
    expect(store.summary('killed')).toMatchObject({ state: 'interrupted', headSeq: 1, headStep: 4 });
    await put(store, 'killed', 3);
    store.ended('killed', { state: 'done', endedAt: 30, result });
    for (const id of ['again', 'killed']) {
      expect(store.detail(id)).toMatchObject({
        state: 'done',
        startedAt: 9,
        totalSteps: steps,
        headSeq: 3,
        headStep: 9,
      });
      const frames = store.frames(id, 0, 10).map(({ body }) => decodeFrame(body));
      expect(frames).toEqual(recorded().frames);
    }
  });
});

/** Rows of a Parquet file, but for the clock of who recorded them. */
async function rowsOf(file: Uint8Array, copy: string): Promise<readonly unknown[]> {
  writeFileSync(copy, file);
  const duckDb = await DuckDBInstance.create(':memory:');
  const connection = await duckDb.connect();
  const answer = await connection.runAndReadAll(`select * exclude ("_wall_time") from '${copy}' order by "step"`);
  connection.closeSync();
  duckDb.closeSync();
  return answer.getRows();
}

describe.skipIf(!hasRedis)('telemetry of runs on workers', { timeout: 300_000 }, () => {
  const { modelsDir } = installation();
  const folder = tempFolder();
  let redis: TestRedis;
  let client: Redis;

  beforeAll(async () => {
    await faultlineIn(folder.path, ['worker', '--help']); // which compiles what is not: a worker then starts at once
    redis = await openRedis(folder.path);
    client = new Redis(redis.url);
  }, 300_000);
  afterAll(async () => {
    client.disconnect();
    await redis[Symbol.asyncDispose]();
    folder[Symbol.dispose]();
  });

  it('comes with the result that counts, once; what is not what its worker says is refused', async () => {
    const batch = 'telemetry';
    const policies = async (): Promise<undefined> => undefined;
    const options = { url: redis.url, batch, codeHash: testCode, policies, telemetry: true };
    const said: string[] = [];
    await using executor = await RedisExecutor.open({ ...options, log: (text) => void said.push(text) });
    const jobs = smallJobs([0, 1, 2, 3]);
    const outcomes: JobOutcome<Evaluated>[] = [];
    const [twice, large, none, other] = jobs.map(({ key }) => key) as [string, string, string, string];
    const values = await Promise.all(jobs.map((job) => valueOf(job)));
    const deliver = (at: number, telemetry: Delivered['telemetry']): Promise<number> => {
      const body = { worker: 'w', attempt: 1, ms: 5, value: values[at]!.result, telemetry };
      return client.hset(resultsKey(batch), jobs[at]!.key, JSON.stringify(body));
    };
    // Two workers did it, with clocks of their own; the result of the second counts.
    const late = { ...recorded(), frames: recorded().frames.map((frame) => ({ ...frame, wallTime: 77 })) };
    await handInTelemetry(client, batch, recorded());
    await deliver(0, await handInTelemetry(client, batch, late));
    const [frame] = recorded().frames;
    const huge = { ...recorded(), frames: [{ ...frame!, values: new Float32Array(mostTelemetryBytes / 4) }] };
    const withheld = await handInTelemetry(client, batch, huge);
    expect(withheld).toEqual({ bytes: mostTelemetryBytes + 36, hash: null });
    await deliver(1, withheld);
    await deliver(2, undefined);
    expect(await client.hlen(telemetryKey(batch))).toBe(2);
    const { signal } = new AbortController();
    const over = (async () => {
      for await (const one of executor.run(jobs, { signal })) outcomes.push(one);
    })();
    await until('the sound ones', () => outcomes.length === 3);
    // Only the first worker's is left, until nobody waits for any more.
    await until('what was taken to go', async () => (await client.hlen(telemetryKey(batch))) === 1);
    const wrong = 'f'.repeat(64);
    await client.hset(telemetryKey(batch), wrong, packTelemetry(recorded()));
    await until('the other to be given up', async () => {
      await deliver(3, { bytes: 5, hash: outcomes.length % 2 === 0 ? 'e'.repeat(64) : wrong });
      return outcomes.length === 4;
    });
    await over;
    const of = (key: string): JobOutcome<Evaluated> => outcomes.find((one) => one.key === key)!;
    expect(of(twice)).toEqual({ key: twice, state: 'done', value: { result: values[0]!.result, telemetry: late } });
    expect(of(large)).toMatchObject({
      state: 'done',
      value: { telemetry: null, withheld: `its telemetry has ${mostTelemetryBytes + 36} bytes, more than the ${mostTelemetryBytes} that a worker hands in` },
    }); // prettier-ignore
    expect(of(none)).toMatchObject({ state: 'done', value: { telemetry: null, withheld: expect.stringContaining('no telemetry') as string } }); // prettier-ignore
    expect(of(other)).toMatchObject({ state: 'failed', attempts: 3, error: { name: 'DataError', reason: expect.stringContaining('is another') as string } }); // prettier-ignore
    expect(said.join('\n')).toContain("a worker's telemetry is another");
    expect(await client.exists(telemetryKey(batch), policiesKey(batch))).toBe(0);
  });

  it('comes back to `faultline evaluate`, part by part: the same file, to the byte', async () => {
    startCommand(folder.path, ['worker', '--redis', redis.url]);
    const attacks = [{ name: 'random-noise' }, { name: 'bifurcation', config: { steps: 2 } }];
    const scenario = { ...smallScenario({ steps: 30 }), victim: { policy: 'ppo20-builtin' }, attacks };
    writeFileSync(join(folder.path, 'panel.json'), JSON.stringify(scenario));
    const evaluated = async (out: string, more: readonly string[]): Promise<Buffer> => {
      const args = ['evaluate', 'panel.json', '--workers', '2', '--out', out, ...more];
      const { code, stderr } = await faultlineIn(folder.path, args);
      expect([code, stderr]).toEqual([0, expect.not.stringContaining('without telemetry') as string]);
      return readFileSync(join(folder.path, out, 'telemetry.parquet'));
    };
    const here = await evaluated('here', []);
    expect(await evaluated('there', ['--executor', 'redis', '--redis', redis.url])).toEqual(here);
  });

  it('is as the server would have recorded it itself: frames, tables, file and figures', async () => {
    const spec = {
      name: 'small',
      scenario: { ...smallScenario({ steps: 50 }), victim: { policy: 'ppo20-builtin' } },
      seeds: [3],
    };
    await using local = await openServer({ modelsDir });
    await using server = await openServer({ modelsDir, redis: redis.url });
    startCommand(folder.path, ['worker', '--redis', redis.url]);
    const seen = [];
    for (const { url } of [local, server]) {
      const id = await launchSweep(url, spec);
      await sweepReaches(url, id, 'done', 1);
      const [run] = await runsOf(url, id);
      const path = `/runs/${run!.id}`;
      const file = await (await fetch(`${url}/api/v1${path}/telemetry.parquet`)).arrayBuffer();
      const rows = await rowsOf(Buffer.from(file), join(folder.path, 'copy.parquet'));
      const report = await fetch(`${url}/api/v1${path}/report.html`);
      expect(report.status).toBe(200);
      const { state, error, schema, headSeq, headStep, totalSteps } = await runOf(url, run!.id);
      seen.push({
        run: { state, error, schema, headSeq, headStep, totalSteps },
        recorded: await recordedOf(url, run!.id),
        table: (await api<object>(url, `${path}/telemetry?from=5&to=40`)).body,
        csv: (await api<string>(url, `${path}/telemetry.csv`)).body,
        statistics: (await api<object>(url, `${path}/statistics`)).body,
        rows,
        figures: ((await report.text()).match(/<svg/g) ?? []).length,
      });
    }
    expect(seen[0]!.run).toMatchObject({ state: 'done', error: null, headSeq: 7, headStep: 50, totalSteps: 50 });
    expect(seen[0]!.rows).toHaveLength(50);
    expect(seen[0]!.figures).toBeGreaterThan(1);
    expect(seen[1]).toEqual(seen[0]);
  });
});
