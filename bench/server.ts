// Fan-out, a viewer that stops reading, cut connections and kills, over loopback with frames of 40 channels x 50 steps (8 kB).
import { spawn } from 'node:child_process';
import type { ChildProcessWithoutNullStreams } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { io } from 'socket.io-client';
import type { Socket } from 'socket.io-client';
import * as parser from 'socket.io-msgpack-parser';
import { connect } from '../server/client/index.ts';

interface Usage {
  readonly cpuMs: number;
  /** Resident memory; and what is in use after a full collection, where the child was started with one. */
  readonly rss: number;
  readonly held: number;
  readonly head: number;
}

/** Subscribers and seconds of the fan-out; smaller ones for a machine that is shared. */
const subscribers = Number(process.env['FAULTLINE_BENCH_SUBSCRIBERS'] ?? 500);
const hz = 20;
const seconds = 15;

export async function run(): Promise<readonly object[]> {
  const results: object[] = [];
  const only = process.env['FAULTLINE_BENCH_PART'];
  for (const part of [disturbed, stalled, fanOut]) {
    if (only !== undefined && part.name !== only) continue;
    console.error(`  ${part.name} …`);
    results.push(await part());
    console.error(`  ${JSON.stringify(results.at(-1))}`);
  }
  return results;
}

async function fanOut(): Promise<object> {
  using place = folder();
  const frames = hz * seconds;
  const server = await start(place.path, 0, hz, frames, 60_000 * (subscribers / 500));
  const url = `http://127.0.0.1:${server.port}/telemetry`;
  const delays: number[] = [];
  let delivered = 0;
  let ended = 0;
  const sockets: Socket[] = [];
  for (let i = 0; i < subscribers; i++) {
    const socket = io(url, { transports: ['websocket'], parser, forceNew: true });
    sockets.push(socket);
    let next = 0;
    socket.on('frames', ({ firstSeq, frames }: { firstSeq: number; frames: Uint8Array[] }) => {
      if (firstSeq === next) delivered += frames.length; // what is out of order does not count
      next = firstSeq + frames.length;
      const last = frames.at(-1)!;
      if (i % 25 === 0)
        delays.push(Date.now() - 1000 * new DataView(last.buffer, last.byteOffset).getFloat64(24, true));
    });
    socket.on('end', () => ended++);
    await once(socket as never, 'connect');
    await socket.emitWithAck('run:subscribe', { runId: 'bench', from: 0, mode: 'all' });
  }
  const wait = async (until: () => Promise<boolean> | boolean): Promise<void> => {
    while (!(await until())) await new Promise((resolve) => setTimeout(resolve, 20));
  };
  await wait(async () => (await server.usage()).head > 0);
  const before = await server.usage();
  const begun = performance.now();
  await wait(() => ended === subscribers);
  const wallMs = performance.now() - begun;
  const after = await server.usage();
  for (const socket of sockets) socket.close();
  server.kill();
  delays.sort((a, b) => a - b);
  const cpuMs = after.cpuMs - before.cpuMs;
  return {
    what: `fan-out: ${subscribers} subscribers, ${hz} Hz x 8 kB, ${frames} frames`,
    delivered: `${delivered} of ${subscribers * frames}`,
    'server CPU, % of a core over the pace': round((100 * cpuMs) / (1000 * seconds)),
    'us of server CPU a delivery': round((1000 * cpuMs) / delivered),
    'wall s': round(wallMs / 1000),
    'latency p50 / p95 ms': `${round(delays[Math.floor(delays.length / 2)]!)} / ${round(delays[Math.floor(delays.length * 0.95)]!)}`,
  };
}

/**
 * One that stops reading while 48 MB come, and then reads all of it. It has read 8 MB before, so that what the server needs once is there; its memory is
 * that after a full collection, because the frames are made in the same process.
 */
async function stalled(): Promise<object> {
  using place = folder();
  const [warm, frames] = [1000, 7000];
  const server = await start(place.path, 0, 600, frames, 1500, ['--expose-gc']);
  const socket = io(`http://127.0.0.1:${server.port}/telemetry`, { transports: ['websocket'], parser, forceNew: true });
  await once(socket as never, 'connect');
  const seen: number[] = [];
  socket.on('frames', ({ firstSeq, frames }: { firstSeq: number; frames: unknown[] }) =>
    frames.forEach((_, i) => seen.push(firstSeq + i)),
  );
  const end = new Promise((resolve) => socket.once('end', resolve));
  await socket.emitWithAck('run:subscribe', { runId: 'bench', from: 0, mode: 'all' });
  const pause = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 200));
  while (seen.length < warm) await pause();
  const base = await server.usage();
  const tcp = (socket.io.engine.transport as unknown as { ws: { _socket: { pause(): void; resume(): void } } }).ws
    ._socket;
  tcp.pause();
  let [resident, held] = [0, 0];
  for (let head = 0; head < frames;) {
    await pause();
    const usage = await server.usage();
    ({ head } = usage);
    resident = Math.max(resident, usage.rss - base.rss);
    held = Math.max(held, usage.held - base.held);
  }
  const missed = frames - seen.length;
  tcp.resume();
  await end;
  socket.close();
  server.kill();
  return {
    what: `a viewer that stops reading for ${missed} frames of 8 kB`,
    delivered: `${seen.length} of ${frames}`,
    'in order': seen.every((seq, i) => seq === i),
    'server memory in use grew by MB': round(held / 2 ** 20),
    'resident memory grew by MB': round(resident / 2 ** 20),
  };
}

/** One run whose viewer is cut off 20 times while its server is killed (SIGKILL) five times, to go on with the run on its port and store. */
export async function disturbed(): Promise<object> {
  using place = folder();
  const frames = 2000;
  let server = await start(place.path, 0, 200, frames, 300);
  const proxy = await cuttable(server.port);
  const seen: number[] = [];
  let [cuts, kills] = [0, 0];
  let starting: Promise<void> | undefined;
  for await (const { seq } of connect(`http://127.0.0.1:${proxy.port}`).tail('bench')) {
    seen.push(seq);
    if (cuts < 20 && seq >= (cuts + 1) * 90) {
      cuts++;
      proxy.cut();
    }
    if (kills < 5 && starting === undefined && seq >= (kills + 1) * 330) {
      kills++;
      server.kill();
      starting = start(place.path, server.port, 200, frames, 300).then((again) => {
        server = again;
        starting = undefined;
      });
    }
  }
  proxy.close();
  server.kill();
  const distinct = new Set(seen).size;
  return {
    what: `${cuts} cuts of the transport and ${kills} kills (SIGKILL) of the server in one run`,
    delivered: `${seen.length} of ${frames}`,
    'in order': seen.every((seq, i) => seq === i),
    lost: frames - distinct,
    twice: seen.length - distinct,
  };
}

interface Child {
  readonly port: number;
  usage(): Promise<Usage>;
  kill(): void;
}

async function start(
  store: string,
  port: number,
  hz: number,
  frames: number,
  waitMs: number,
  flags: readonly string[] = [],
): Promise<Child> {
  const args = [join(import.meta.dirname, 'server-child.ts'), store, port, hz, frames, waitMs].map(String);
  const child: ChildProcessWithoutNullStreams = spawn(process.execPath, [...flags, '--import', 'tsx', ...args]);
  child.stderr.pipe(process.stderr);
  let text = '';
  const waiting: ((line: string) => void)[] = [];
  child.stdout.on('data', (piece: Buffer) => {
    text += piece.toString();
    for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n')) {
      waiting.shift()?.(text.slice(0, at));
      text = text.slice(at + 1);
    }
  });
  const line = (): Promise<string> => new Promise((resolve) => waiting.push(resolve));
  const bound = Number(await line());
  return {
    port: bound,
    usage: async () => {
      const answer = line();
      child.stdin.write('usage\n');
      return JSON.parse(await answer) as Usage;
    },
    kill: () => child.kill('SIGKILL'),
  };
}

/** A relay whose connections can all be cut. */
async function cuttable(to: number): Promise<{ port: number; cut(): void; close(): void }> {
  const { connect: dial } = await import('node:net');
  const ends = new Set<{ destroy(): void }>();
  const relay = createServer((near) => {
    const far = dial(to, '127.0.0.1');
    for (const end of [near, far]) {
      ends.add(end);
      end.on('error', () => {});
      end.on('close', () => {
        ends.delete(end);
        near.destroy();
        far.destroy();
      });
    }
    near.pipe(far).pipe(near);
  });
  relay.listen(0, '127.0.0.1');
  await once(relay, 'listening');
  const cut = (): void => ends.forEach((end) => end.destroy());
  return {
    port: (relay.address() as AddressInfo).port,
    cut,
    close() {
      cut();
      relay.close();
    },
  };
}

function folder(): Disposable & { readonly path: string } {
  const path = mkdtempSync(join(tmpdir(), 'faultline-bench-'));
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) };
}

const round = (value: number): number => Math.round(value * 10) / 10;
