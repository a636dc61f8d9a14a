// A server that commits frames at a pace, as a process of its own so that its CPU time and memory are its alone and it can be killed:
// server-child.ts STORE PORT HZ FRAMES WAIT_MS. It says its port, goes on from the frames that are there, and answers 'usage' on stdin.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createInterface } from 'node:readline';
import { encodeFrame } from '../core/frame-codec.ts';
import { scenarioFrom } from '../core/scenario.ts';
import { schema } from '../evaluation/vocabulary.ts';
import { access } from '../server/access.ts';
import { openMetrics } from '../server/metrics.ts';
import { RunManager } from '../server/run-manager.ts';
import { openSockets } from '../server/sockets.ts';
import { Store } from '../server/store.ts';

const [folder, port, hz, frames, waitMs] = process.argv.slice(2) as [string, string, string, string, string];
const [rows, cols] = [50, 40];
const run = 'bench';
const store = new Store(folder, Date.now());
const log = (): void => {};
const manager = new RunManager({
  store,
  maxConcurrent: 0,
  now: () => Date.now(),
  log,
  roots: [],
  modelsDir: '',
  controllers: 'none',
  versions: {},
  codeHash: '',
});
const channels = Array.from({ length: cols }, (_, c) => ({ name: `c${c}`, unit: '1' }));
if (store.list({ limit: 1 }).runs.length === 0) store.create(run, scenarioFrom({ name: run }, 'bench', schema), 1);
let seq = store.summary(run).headSeq;
store.started(run, { startedAt: 1, schema: { version: 1, dt: 1, channels }, totalSteps: rows * Number(frames) });
const http = createServer();
openSockets({
  http,
  access: access('127.0.0.1', undefined, () => undefined),
  store,
  manager,
  metrics: openMetrics(store, log),
  log,
});
http.listen(Number(port), '127.0.0.1', () => {
  process.stdout.write(`${(http.address() as AddressInfo).port}\n`);
  setTimeout(() => tick(performance.now()), Number(waitMs));
});
createInterface({ input: process.stdin }).on('line', () => {
  const { user, system } = process.cpuUsage();
  // Garbage of the frames that are made here is no memory that a viewer costs.
  if (globalThis.gc !== undefined) for (let i = 0; i < 2; i++) globalThis.gc();
  const { rss, heapUsed, external } = process.memoryUsage();
  process.stdout.write(
    `${JSON.stringify({ cpuMs: (user + system) / 1000, rss, held: heapUsed + external, head: seq })}\n`,
  );
});

/** Frames fall due by the clock: a busy machine delays them, and leaves none out. */
function tick(begun: number, from = seq): void {
  const due = Math.min(Number(frames), from + Math.floor(((performance.now() - begun) / 1000) * Number(hz)));
  while (seq < due) {
    const values = new Float32Array(rows * cols).fill(seq);
    const body = encodeFrame({ schema: 1, seq, step0: seq * rows, rows, cols, values, wallTime: Date.now() / 1000 });
    store.append(run, { seq, step0: seq * rows, rows, body });
    seq++;
    manager.notices.next({ type: 'committed', runId: run, head: seq });
  }
  if (seq < Number(frames)) setTimeout(() => tick(begun, from), 1000 / Number(hz));
  else {
    store.ended(run, { state: 'done', endedAt: Date.now() });
    manager.notices.next({ type: 'ended', runId: run, state: 'done' });
  }
}
