import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { encodeFrame } from '../../core/frame-codec.ts';
import { scenarioFrom } from '../../core/scenario.ts';
import { schema } from '../../evaluation/vocabulary.ts';
import { access } from '../../server/access.ts';
import type { Problem } from '../../server/events.ts';
import { RunManager } from '../../server/run-manager.ts';
import { openSockets } from '../../server/sockets.ts';
import { openSqlite } from '../../server/sqlite.ts';
import { Store } from '../../server/store.ts';
import { connected, record, recording, subscribe, telemetryClient, tempFolder, until } from '../support/server.ts';
import type { Recording, TelemetryClient } from '../support/server.ts';

/** 64 kB a frame. */
const rows = 100;
const cols = 160;

/** The socket half of a server over a real store, fed by hand where a run's thread would. */
class Feed implements AsyncDisposable {
  readonly folder = tempFolder();
  readonly store = new Store(join(this.folder.path, 'store'), 0);
  readonly manager = new RunManager({
    store: this.store,
    maxConcurrent: 0,
    now: () => 1,
    log: () => {},
    roots: [],
    modelsDir: '',
    versions: {},
    codeHash: '',
  });
  /** Frames that any pump has taken out of the store. */
  read = 0;
  readonly #http = createServer();
  #sockets: ReturnType<typeof openSockets> | undefined;
  url = '';

  async open(): Promise<void> {
    const frames = this.store.frames.bind(this.store);
    this.store.frames = (...query) => {
      const answer = frames(...query);
      this.read += answer.length;
      return answer;
    };
    const gate = access('127.0.0.1', undefined);
    this.#sockets = openSockets({
      http: this.#http,
      access: gate,
      store: this.store,
      manager: this.manager,
      log: () => {},
    });
    await new Promise<void>((resolve) => this.#http.listen(0, '127.0.0.1', resolve));
    this.url = `http://127.0.0.1:${(this.#http.address() as AddressInfo).port}`;
    this.store.create('run', scenarioFrom({}, 'test', schema), 1);
    this.store.started('run', { startedAt: 1, totalSteps: 1e6, schema: { version: 1, dt: 1, channels: [] } });
  }

  commit(from: number, to: number): void {
    const values = new Float32Array(rows * cols).fill(0.5);
    for (let seq = from; seq < to; seq++) {
      const frame = { schema: 1, seq, step0: seq * rows, rows, cols, values, wallTime: 0 };
      this.store.append('run', { seq, step0: frame.step0, rows, body: encodeFrame(frame) });
      this.manager.notices.next({ type: 'committed', runId: 'run', head: seq + 1 });
    }
  }

  end(): void {
    this.store.ended('run', { state: 'done', endedAt: 2 });
    this.manager.notices.next({ type: 'ended', runId: 'run', state: 'done' });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.manager.close();
    await this.#sockets?.close();
    this.store[Symbol.dispose]();
    this.folder[Symbol.dispose]();
  }
}

/** Stops reading from the network, as a stopped process does. */
function stopped(client: TelemetryClient): { go(): void } {
  const { ws } = client.io.engine.transport as unknown as { ws: { pause(): void; resume(): void } };
  ws.pause();
  return { go: () => ws.resume() };
}

let feed: Feed;
const clients: TelemetryClient[] = [];
beforeEach(async () => {
  feed = new Feed();
  await feed.open();
});
afterEach(async () => {
  for (const client of clients.splice(0)) client.close();
  await feed[Symbol.asyncDispose]();
});

async function view(from = 0, mode: 'all' | 'live' = 'all'): Promise<{ client: TelemetryClient; seen: Recording }> {
  const client = telemetryClient(feed.url);
  clients.push(client);
  const seen = recording(from);
  record(client, 'run', seen);
  await connected(client);
  expect((await subscribe(client, 'run', from, mode)).ok).toBe(true);
  return { client, seen };
}

const numbers = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, i) => from + i);

describe('the pump', () => {
  it('sends what there is, then what comes, then the end', async () => {
    feed.commit(0, 150);
    const { seen } = await view();
    feed.commit(150, 155);
    await until('the head', () => seen.next === 155);
    feed.commit(155, 170);
    feed.end();
    await until('the end', () => seen.end);
    expect(seen.end).toEqual({ lastSeq: 169, state: 'done' });
    expect([...seen.frames.keys()]).toEqual(numbers(0, 170));
    expect(seen).toMatchObject({ disorder: [], gaps: [], problems: [], late: 0 });
  });

  it('starts where it is asked to, even ahead of the head; a second subscription takes the place of the first', async () => {
    feed.commit(0, 20);
    const { client, seen } = await view(18);
    await until('the head', () => seen.next === 20);
    await subscribe(client, 'run', 23);
    feed.commit(20, 26);
    await until('what it asked for', () => seen.frames.has(25));
    expect([...seen.frames.keys()]).toEqual([18, 19, 23, 24, 25]);
    await client.emitWithAck('run:unsubscribe', { runId: 'run' });
    feed.commit(26, 30);
    const other = await view(26);
    await until('the other', () => other.seen.next === 30);
    expect(seen.frames.has(26)).toBe(false);
  });

  it('holds a bounded queue for a client that does not read, and loses nothing', async () => {
    const { client, seen } = await view();
    const stop = stopped(client);
    const begun = process.memoryUsage().rss;
    const total = 1500; // 96 MB
    for (let seq = 0; seq < total; seq += 50) {
      feed.commit(seq, seq + 50);
      await new Promise((resolve) => setImmediate(resolve));
    }
    const waiting = (feed.read * rows * cols * 4) / 2 ** 20;
    // Sixteen packets or 4 MB in the queue, as much under way, and what the kernel takes.
    expect(waiting).toBeLessThan(24);
    expect(waiting).toBeGreaterThan(0);
    const quiet = await view();
    await until('a client that reads meanwhile', () => quiet.seen.next === total);
    expect((process.memoryUsage().rss - begun) / 2 ** 20).toBeLessThan(400);
    quiet.client.close();
    stop.go();
    feed.end();
    await until('the end', () => seen.end);
    expect([...seen.frames.keys()]).toEqual(numbers(0, total));
    expect(seen).toMatchObject({ disorder: [], gaps: [], problems: [] });
  });

  it('in mode live jumps once when it is far behind, and says over what', async () => {
    const { client, seen } = await view(0, 'live');
    const stop = stopped(client);
    for (let seq = 0; seq < 900; seq += 30) {
      feed.commit(seq, seq + 30);
      await new Promise((resolve) => setImmediate(resolve));
    }
    stop.go();
    await until('the head', () => seen.next === 900);
    feed.commit(900, 903);
    await until('the head again', () => seen.next === 903);
    expect(seen.gaps).toHaveLength(1);
    const [{ from, to }] = seen.gaps as [{ from: number; to: number }];
    expect(to - from).toBeGreaterThan(50);
    expect([...seen.frames.keys(), ...numbers(from, to)].sort((a, b) => a - b)).toEqual(numbers(0, 903));
    expect(seen.disorder).toEqual([]);
  });

  it('in mode all never jumps, however far behind', async () => {
    feed.commit(0, 300);
    const { seen } = await view();
    await until('all', () => seen.next === 300);
    expect(seen.gaps).toEqual([]);
  });

  it('a log that breaks under it is a problem of that subscription; the server goes on', async () => {
    feed.commit(0, 40);
    const { client, seen } = await view();
    await until('the head', () => seen.next === 40);
    {
      using database = openSqlite(join(feed.folder.path, 'store', 'live', 'run.db'));
      database.exec('delete from frame where seq = 10');
    }
    await subscribe(client, 'run', 0);
    await until('the problem', () => seen.problems.length > 0);
    expect(seen.problems[0] as Problem).toMatchObject({ status: 500, code: 'store' });
    const after = await view(11);
    await until('the rest', () => after.seen.next === 40);
  });
});
