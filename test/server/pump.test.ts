import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { Subject } from 'rxjs';
import { Server } from 'socket.io';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { encodeFrame } from '../../core/frame-codec.ts';
import { scenarioFrom } from '../../core/scenario.ts';
import { schema } from '../../evaluation/vocabulary.ts';
import { FramesMessages, parser } from '../../server/packets.ts';
import { Pump } from '../../server/pump.ts';
import type { TelemetrySocket } from '../../server/pump.ts';
import type { RunNotice } from '../../server/run-notice.ts';
import { openSqlite } from '../../server/sqlite.ts';
import { Store } from '../../server/store.ts';
import { smallScenario } from '../support/model-folder.ts';
import { connected, record, recording, telemetryClient, tempFolder, until } from '../support/server.ts';
import type { Recording, TelemetryClient } from '../support/server.ts';

const run = 'the-run';
/** 40 channels of 50 steps: 8 kB, as in the measurements of the stack study. */
const rows = 50;
const cols = 40;

/** A store, a notice stream and sockets, without the rest of the server: the test decides when a frame is committed. */
class Bench implements AsyncDisposable {
  readonly folder = tempFolder();
  readonly store = new Store(join(this.folder.path, 'store'), 0);
  readonly notices = new Subject<RunNotice>();
  readonly http = createServer();
  readonly io = new Server(this.http, { parser: parser as never, transports: ['websocket'], perMessageDeflate: false });
  readonly clients: TelemetryClient[] = [];
  readonly messages = new FramesMessages();
  #seq = 0;

  async open(): Promise<this> {
    this.store.create(run, scenarioFrom(smallScenario({}), 'test', schema), 1);
    this.store.started(run, { startedAt: 2, schema: { version: 1, channels: [], dt: 3600 }, totalSteps: 1e6 });
    await new Promise<void>((resolve) => this.http.listen(0, '127.0.0.1', resolve));
    return this;
  }

  /** Commits frames as a run's thread would have them committed. */
  commit(count: number, channels = cols): void {
    for (let i = 0; i < count; i++) {
      const seq = this.#seq++;
      const values = new Float32Array(rows * channels).fill(seq);
      const body = encodeFrame({ schema: 1, seq, step0: seq * rows, rows, cols: channels, values, wallTime: 0 });
      this.store.append(run, { seq, step0: seq * rows, rows, body });
      this.notices.next({ type: 'committed', runId: run, head: seq + 1 });
    }
  }

  end(): void {
    this.store.ended(run, { state: 'done', endedAt: 3 });
    this.notices.next({ type: 'ended', runId: run, state: 'done' });
  }

  /** A viewer, and the server's end of its socket. */
  async view(
    mode: 'all' | 'live',
    from = 0,
    maxHz?: number,
  ): Promise<{
    client: TelemetryClient;
    seen: Recording;
    waiting: () => { packets: number; bytes: number };
    pause(): void;
    resume(): void;
  }> {
    const accepted = new Promise<TelemetrySocket>((resolve) =>
      this.io.of('/telemetry').once('connection', (socket) => resolve(socket as never)),
    );
    const { port } = this.http.address() as AddressInfo;
    const client = telemetryClient(`http://127.0.0.1:${port}`);
    this.clients.push(client);
    const seen = recording(from);
    record(client, run, seen);
    await connected(client);
    const socket = await accepted;
    const pump = new Pump(socket, { store: this.store, notices: this.notices, messages: this.messages }, run, {
      from,
      mode,
      maxHz,
    });
    socket.on('disconnect', () => pump.close());
    pump.start();
    const wire = (client.io.engine.transport as unknown as { ws: { _socket: { pause(): void; resume(): void } } }).ws
      ._socket;
    return {
      client,
      seen,
      waiting: () => {
        const { writeBuffer, transport } = socket.conn as unknown as {
          writeBuffer: { data: Uint8Array }[];
          transport: { socket: { _socket: { writableLength: number } } };
        };
        // Those that were handed to the TCP socket and are not written are in memory too.
        const handed = transport.socket._socket.writableLength;
        return {
          packets: writeBuffer.length,
          bytes: writeBuffer.reduce((sum, { data }) => sum + data.length, handed),
        };
      },
      pause: () => wire.pause(),
      resume: () => wire.resume(),
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const client of this.clients) client.close();
    this.io.disconnectSockets(true);
    await this.io.close();
    this.store[Symbol.dispose]();
    this.folder[Symbol.dispose]();
  }
}

/** What is in use after full collections: buffers are let go of a while after the objects that held them. */
async function held(): Promise<number> {
  setFlagsFromString('--expose-gc');
  let least = Infinity;
  for (let i = 0; i < 5; i++) {
    (runInNewContext('gc') as () => void)();
    const { heapUsed, external } = process.memoryUsage();
    least = Math.min(least, heapUsed + external);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return least;
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('pump', () => {
  let bench: Bench;
  beforeEach(async () => {
    bench = await new Bench().open();
  });
  afterEach(() => bench[Symbol.asyncDispose]());

  it('a client that stops reading: what waits is bounded, and all of it comes when it reads again', async () => {
    const viewer = await bench.view('all');
    bench.commit(3);
    await until('the first frames', () => viewer.seen.frames.size === 3);
    viewer.pause();
    bench.commit(1000); // the systems' own buffers fill up, and the store has all that it keeps
    await turn();
    let worst = 0;
    const before = await held();
    for (let i = 0; i < 150; i++) {
      bench.commit(20);
      worst = Math.max(worst, viewer.waiting().packets);
      await turn();
    }
    // 3000 frames are 24 MB: far more than the buffers of the two systems hold between them.
    expect(viewer.seen.frames.size).toBeLessThan(1000);
    expect(worst).toBeGreaterThan(1);
    expect(worst).toBeLessThanOrEqual(16);
    // 4 MB may wait, and the packet that went over it.
    expect((await held()) - before).toBeLessThan(6e6);
    bench.end();
    await turn();
    expect(viewer.seen.end).toBeUndefined();
    viewer.resume();
    await until('the end', () => viewer.seen.end);
    expect(viewer.seen).toMatchObject({ disorder: [], gaps: [], problems: [], late: 0 });
    expect(viewer.seen.frames.size).toBe(4003);
    expect(viewer.seen.end).toEqual({ lastSeq: 4002, state: 'done' });
    expect([...viewer.seen.frames.keys()].every((seq, i) => seq === i)).toBe(true);
  });

  it('large frames: it is their bytes that are bounded', async () => {
    const viewer = await bench.view('all');
    viewer.pause();
    let worst = 0;
    for (let i = 0; i < 60; i++) {
      bench.commit(1, 5000); // 1 MB each
      worst = Math.max(worst, viewer.waiting().bytes);
      await turn();
    }
    expect(viewer.seen.frames.size).toBeLessThan(60);
    expect(worst).toBeGreaterThan(1e6);
    expect(worst).toBeLessThan(5.5e6);
    viewer.resume();
    await until('all of them', () => viewer.seen.next === 60);
    expect(viewer.seen).toMatchObject({ disorder: [], gaps: [], problems: [] });
  });

  it('mode live: the same client gets one gap, announced, and then the newest', async () => {
    const viewer = await bench.view('live');
    bench.commit(3);
    await until('the first frames', () => viewer.seen.frames.size === 3);
    viewer.pause();
    let worst = 0;
    for (let i = 0; i < 150; i++) {
      bench.commit(20);
      worst = Math.max(worst, viewer.waiting().packets);
      await turn();
    }
    expect(worst).toBeLessThanOrEqual(16);
    viewer.resume();
    await until('the newest', () => viewer.seen.next === 3003);
    bench.commit(5);
    bench.end();
    await until('the end', () => viewer.seen.end);
    expect(viewer.seen.gaps).toHaveLength(1);
    const [gap] = viewer.seen.gaps;
    expect(gap!.to - gap!.from).toBeGreaterThan(50);
    expect(viewer.seen.disorder).toEqual([]);
    // What came and what was announced as skipped make up the whole run.
    expect(viewer.seen.frames.size + gap!.to - gap!.from).toBe(3008);
    for (let seq = gap!.from; seq < gap!.to; seq++) expect(viewer.seen.frames.has(seq)).toBe(false);
  });

  it('mode live at maxHz: so many packets a second at most, and every frame in one of them or in a gap that is told', async () => {
    const maxHz = 10;
    const viewer = await bench.view('live', 0, maxHz);
    const at: number[] = [];
    viewer.client.on('frames', () => at.push(performance.now()));
    // 40 frames in every 100 ms fit one packet of 64; a burst of 500 does not.
    for (let i = 0; i < 60; i++) {
      bench.commit(4);
      if (i === 30) bench.commit(500);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    bench.end();
    await until('the end', () => viewer.seen.end);
    const spans = at.slice(1).map((time, i) => time - at[i]!);
    expect(at.length).toBeGreaterThan(3);
    // The clocks of two ends: a packet may be late and the next on time, on the whole the pace is kept.
    expect((at.at(-1)! - at[0]!) / spans.length).toBeGreaterThan(0.8 * (1000 / maxHz));
    expect(viewer.seen.disorder).toEqual([]);
    expect(viewer.seen.gaps.length).toBeGreaterThan(0);
    const skipped = viewer.seen.gaps.flatMap(({ from, to }) => Array.from({ length: to - from }, (_, i) => from + i));
    expect([...viewer.seen.frames.keys(), ...skipped].toSorted((a, b) => a - b)).toEqual(
      Array.from({ length: 740 }, (_, seq) => seq),
    );
    expect(viewer.seen.frames.has(739)).toBe(true); // it ends with the newest
  });

  it('a fast reader in mode live misses nothing', async () => {
    const viewer = await bench.view('live');
    for (let i = 0; i < 40; i++) {
      bench.commit(3);
      await until('them', () => viewer.seen.next === 3 * (i + 1));
    }
    bench.end();
    await until('the end', () => viewer.seen.end);
    expect(viewer.seen).toMatchObject({ gaps: [], disorder: [], end: { lastSeq: 119 } });
    expect(viewer.seen.frames.size).toBe(120);
  });

  it('who comes late to a finished run gets it whole, and the end last', async () => {
    bench.commit(500);
    bench.end();
    const viewer = await bench.view('all');
    await until('the end', () => viewer.seen.end);
    await turn();
    expect(viewer.seen).toMatchObject({ disorder: [], gaps: [], late: 0, end: { lastSeq: 499, state: 'done' } });
    expect(viewer.seen.frames.size).toBe(500);
  });

  it('starts where it is asked to: in the middle, at the head, beyond it', async () => {
    bench.commit(20);
    const middle = await bench.view('all', 13);
    const head = await bench.view('all', 20);
    const beyond = await bench.view('all', 25);
    bench.commit(10);
    bench.end();
    for (const [viewer, from] of [
      [middle, 13],
      [head, 20],
      [beyond, 25],
    ] as const) {
      await until('the end', () => viewer.seen.end);
      expect([...viewer.seen.frames.keys()]).toEqual(Array.from({ length: 30 - from }, (_, i) => from + i));
      expect(viewer.seen).toMatchObject({ disorder: [], late: 0, end: { lastSeq: 29 } });
    }
  });

  it('a run without frames ends with −1', async () => {
    bench.end();
    const viewer = await bench.view('all');
    await until('the end', () => viewer.seen.end);
    expect(viewer.seen.end).toEqual({ lastSeq: -1, state: 'done' });
  });

  it('a log that loses a frame is a problem to who comes to it, not to who reads behind it', async () => {
    bench.commit(200); // the newest 64 are remembered
    const file = join(bench.folder.path, 'store', 'live', `${run}.db`);
    using database = openSqlite(file);
    database.exec('delete from frame where seq = 10');
    const viewer = await bench.view('all');
    await until('the problem', () => viewer.seen.problems.length > 0);
    expect(viewer.seen.problems).toEqual([expect.objectContaining({ status: 500, code: 'store' })]);
    expect(viewer.seen).toMatchObject({ disorder: [], end: undefined });
    const behind = await bench.view('all', 11);
    await until('the rest', () => behind.seen.next === 200);
  });

  it('a run that is removed while someone watches is a problem to the viewer, not to the server', async () => {
    bench.commit(10);
    const viewer = await bench.view('all');
    await until('the frames', () => viewer.seen.frames.size === 10);
    viewer.pause();
    for (let i = 0; i < 100; i++) bench.commit(20);
    bench.end();
    bench.store.remove(run);
    viewer.resume();
    await until('a problem', () => viewer.seen.problems.length > 0);
    expect(viewer.seen.problems).toHaveLength(1);
    expect(viewer.seen.disorder).toEqual([]);
    expect(viewer.seen.end).toBeUndefined();
  });

  it('a viewer that leaves in the middle takes its pump along', async () => {
    bench.commit(200);
    const viewer = await bench.view('all');
    viewer.client.close();
    await until('the pump to be gone', () => !bench.notices.observed);
    bench.commit(10);
    expect(bench.notices.observed).toBe(false);
  });
});
