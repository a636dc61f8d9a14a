import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { io } from 'socket.io-client';
import type { Socket } from 'socket.io-client';
import * as parser from 'socket.io-msgpack-parser';
import type {
  ControlClientEvents,
  Reply,
  RunDetail,
  RunState,
  RunSummary,
  TelemetryClientEvents,
  TelemetryServerEvents,
} from '../../server/events.ts';
import { startServer } from '../../server/server.ts';
import type { RunningServer, ServerOptions } from '../../server/server.ts';
import { writeModels } from './model-folder.ts';

/** A folder that is gone when the test is over. */
export function tempFolder(): Disposable & { readonly path: string } {
  const path = mkdtempSync(join(tmpdir(), 'faultline-test-'));
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) };
}

export interface TestServer extends AsyncDisposable {
  readonly url: string;
  readonly server: RunningServer;
  /** Holds `store/` and `models/`. */
  readonly folder: string;
  readonly options: ServerOptions;
}

/** The real server on a free port, with a store and a models folder of its own and `small-ppo` in it. */
export async function openServer(overrides: Partial<ServerOptions> = {}): Promise<TestServer> {
  const folder = tempFolder();
  const options: ServerOptions = {
    host: '127.0.0.1',
    port: 0,
    store: join(folder.path, 'store'),
    modelsDir: await writeModels(join(folder.path, 'models')),
    dataRoots: [join(folder.path, 'data')],
    consoleDir: join(folder.path, 'console'),
    writesPerMinute: 10_000,
    requestsPerMinute: 1_000_000,
    logLevel: 'silent',
    ...overrides,
  };
  const server = await startServer(options);
  return {
    url: server.url,
    server,
    folder: folder.path,
    options,
    async [Symbol.asyncDispose]() {
      await server.close();
      folder[Symbol.dispose]();
    },
  };
}

export type TelemetryClient = Socket<TelemetryServerEvents, TelemetryClientEvents>;
export type ControlClient = Socket<TelemetryServerEvents, ControlClientEvents>;

type ClientOptions = NonNullable<Parameters<typeof io>[1]>;

/** A socket as the console opens it, but for its reconnections, which a test does by hand. */
export function telemetryClient(url: string, options: ClientOptions = {}): TelemetryClient {
  return io(`${url}/telemetry`, clientOptions(options)) as TelemetryClient;
}

export function controlClient(url: string, options: ClientOptions = {}): ControlClient {
  return io(`${url}/control`, clientOptions(options)) as ControlClient;
}

function clientOptions(options: ClientOptions): ClientOptions {
  return { transports: ['websocket'], parser, reconnection: false, forceNew: true, ...options };
}

export const connected = (socket: TelemetryClient | ControlClient): Promise<void> =>
  new Promise((resolve, reject) => {
    if (socket.connected) resolve();
    (socket as Socket).once('connect', resolve);
    (socket as Socket).once('connect_error', reject);
  });

interface Answer<T> {
  readonly status: number;
  readonly headers: Headers;
  readonly body: T;
}

/** JSON of `/api/v1`, with the status. */
// oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- the caller knows what its path answers
export async function api<T>(url: string, path: string, init: RequestInit = {}): Promise<Answer<T>> {
  const response = await fetch(`${url}/api/v1${path}`, init);
  const text = await response.text();
  const isJson = /json/.test(response.headers.get('content-type') ?? '');
  return { status: response.status, headers: response.headers, body: (isJson ? JSON.parse(text) : text) as T };
}

export const posted = (value: unknown, headers: Readonly<Record<string, string>> = {}): RequestInit => ({
  method: 'POST',
  body: JSON.stringify(value),
  headers: { 'content-type': 'application/json', ...headers },
});

export async function launch(url: string, scenario: object): Promise<RunSummary> {
  const { status, body } = await api<RunSummary>(url, '/runs', posted(scenario));
  if (status !== 201) throw new Error(`launch answered ${status}: ${JSON.stringify(body)}`);
  return body;
}

export async function runOf(url: string, id: string): Promise<RunDetail> {
  return (await api<RunDetail>(url, `/runs/${id}`)).body;
}

/** All frames of a run as HTTP gives them, page by page: each page says where the next begins. */
export async function framesOverHttp(url: string, id: string, limit = 7): Promise<readonly Uint8Array[]> {
  const frames: Uint8Array[] = [];
  for (;;) {
    const response = await fetch(`${url}/api/v1/runs/${id}/frames?from=${frames.length}&limit=${limit}`);
    const bytes = Buffer.from(await response.arrayBuffer());
    if (bytes.length === 0) return frames;
    for (let at = 0; at < bytes.length;) {
      const length = bytes.readUInt32LE(at);
      frames.push(bytes.subarray(at + 4, at + 4 + length));
      at += 4 + length;
    }
    const next = Number(response.headers.get('x-next-seq'));
    if (next !== frames.length) throw new Error(`X-Next-Seq is ${next} after ${frames.length} frames`);
  }
}

/** Waits until a condition holds. @throws when it does not within `ms` */
export async function until<T>(
  what: string,
  look: () => Promise<T | undefined | false> | T | undefined | false,
  ms = 45_000,
): Promise<T> {
  const end = performance.now() + ms;
  for (;;) {
    const seen = await look();
    if (seen !== undefined && seen !== false) return seen;
    if (performance.now() > end) throw new Error(`waited ${ms} ms for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

export function stateIs(url: string, id: string, ...states: RunState[]): Promise<RunDetail> {
  return until(`run to be ${states.join(' or ')}`, async () => {
    const run = await runOf(url, id);
    return states.includes(run.state) && run;
  });
}

/** Everything one subscription gets, in order, and what is wrong with it. */
export interface Recording {
  /** Frames by sequence number, as they came. */
  readonly frames: Map<number, Uint8Array>;
  readonly gaps: { readonly from: number; readonly to: number }[];
  readonly problems: unknown[];
  /** Sequence numbers that came out of order or twice. */
  readonly disorder: number[];
  /** First sequence number not yet seen. */
  next: number;
  end: { readonly lastSeq: number; readonly state: RunState } | undefined;
  /** Frames that came after `end`. */
  late: number;
}

export const recording = (next = 0): Recording => ({
  frames: new Map(),
  gaps: [],
  problems: [],
  disorder: [],
  next,
  end: undefined,
  late: 0,
});

/** Writes what a socket brings of one run into a recording. */
export function record(socket: TelemetryClient, runId: string, into: Recording): void {
  socket.on('frames', (message) => {
    if (message.runId !== runId) return;
    message.frames.forEach((frame, i) => {
      const seq = message.firstSeq + i;
      if (seq !== into.next || into.frames.has(seq)) into.disorder.push(seq);
      into.frames.set(seq, Uint8Array.from(frame));
      into.next = seq + 1;
      if (into.end !== undefined) into.late++;
    });
  });
  socket.on('gap', ({ from, to }) => {
    into.gaps.push({ from, to });
    into.next = to;
  });
  socket.on('problem', (problem) => into.problems.push(problem));
  socket.on('end', ({ lastSeq, state }) => {
    into.end = { lastSeq, state };
  });
}

export function subscribe(
  socket: TelemetryClient,
  runId: string,
  from = 0,
  mode: 'all' | 'live' = 'all',
): Promise<Reply<{ run: RunSummary }>> {
  return new Promise((resolve) => socket.emit('run:subscribe', { runId, from, mode }, resolve));
}
