import { once } from 'node:events';
import { connect } from 'node:net';
import { describe, expect, it } from 'vitest';
import { decodeFrame } from '../../core/frame-codec.ts';
import { Store } from '../../server/store.ts';
import { smallScenario } from '../support/model-folder.ts';
import {
  connected,
  controlClient,
  launch,
  openServer,
  record,
  recording,
  stateIs,
  subscribe,
  telemetryClient,
  until,
} from '../support/server.ts';

/** Sockets, servers, threads and timers that keep this process alive. */
const handles = (): string[] =>
  process
    .getActiveResourcesInfo()
    .filter((name) => /TCP|Timeout|Worker|MessagePort|Pipe/.test(name))
    .sort();

describe('close', () => {
  it('tells clients, interrupts runs, keeps what they committed and leaves nothing open, within seconds', async () => {
    const before = handles();
    await using server = await openServer({ maxConcurrent: 1 });
    const running = await launch(server.url, smallScenario({ steps: 8759, frameSteps: 4, stepsPerSecond: 200 }));
    const waiting = await launch(server.url, smallScenario({}));
    const seen = recording();
    const viewer = telemetryClient(server.url);
    const list = telemetryClient(server.url);
    const control = controlClient(server.url);
    const stalled = telemetryClient(server.url);
    await Promise.all([viewer, list, control, stalled].map(connected));
    record(viewer, running.id, seen);
    await subscribe(viewer, running.id);
    await subscribe(stalled, running.id);
    const wire = (stalled.io.engine.transport as unknown as { ws: { _socket: { pause(): void; destroy(): void } } }).ws
      ._socket;
    wire.pause();
    // One that never asks for anything, and one in the middle of a request.
    const { hostname, port } = new URL(server.url);
    const idle = connect(Number(port), hostname);
    const half = connect(Number(port), hostname, () => half.write('POST /api/v1/runs HTTP/1.1\r\nHost: 127'));
    for (const socket of [idle, half]) socket.on('error', () => {});
    await until('frames', () => seen.frames.size >= 5);
    const draining = [viewer, list].map(
      (client) => new Promise<string>((resolve) => client.once('server:draining', () => resolve('told'))),
    );
    const gone = [viewer, list, control].map((client) => once(client as never, 'disconnect'));

    const started = performance.now();
    await server.server.close();
    expect(performance.now() - started).toBeLessThan(5000);
    expect(await Promise.all(draining)).toEqual(['told', 'told']);
    await Promise.all(gone);
    await expect(fetch(`${server.url}/healthz`)).rejects.toThrow('fetch failed');
    await server.server.close(); // again: nothing more to do

    using store = new Store(server.options.store, Date.now());
    const kept = store.detail(running.id);
    expect(kept).toMatchObject({ state: 'interrupted', error: null });
    expect(kept.headSeq).toBeGreaterThanOrEqual(seen.frames.size);
    using _readable = await store.open(running.id); // its frames may have become a file
    await store.warehouse[Symbol.asyncDispose]();
    const frames = store.frames(running.id, 0, seen.frames.size);
    expect(frames).toHaveLength(seen.frames.size);
    for (const { seq, body } of frames) {
      expect(decodeFrame(body).seq).toBe(seq);
      expect(Buffer.compare(body, seen.frames.get(seq)!)).toBe(0);
    }
    expect(store.summary(waiting.id)).toMatchObject({ state: 'interrupted', headSeq: 0 });

    wire.destroy();
    for (const client of [viewer, list, control, stalled]) client.close();
    for (const socket of [idle, half]) socket.destroy();
    await until('nothing to be open', () => handles().length <= before.length, 5000).catch(() =>
      expect(handles()).toEqual(before),
    );
  });

  it('does not wait for a thread that is busy, or for a run that is paused', async () => {
    await using server = await openServer({ maxConcurrent: 2 });
    const heavy = { name: 'pgd', config: { steps: 100, restarts: 20 } };
    const busy = await launch(server.url, smallScenario({ steps: 8759, attack: heavy }));
    const paused = await launch(server.url, smallScenario({ steps: 8759, stepsPerSecond: 20 }));
    await stateIs(server.url, busy.id, 'running');
    await stateIs(server.url, paused.id, 'running');
    await fetch(`${server.url}/api/v1/runs/${paused.id}/pause`, { method: 'POST' });
    await stateIs(server.url, paused.id, 'paused');
    const started = performance.now();
    await server.server.close();
    expect(performance.now() - started).toBeLessThan(5000);
    using store = new Store(server.options.store, Date.now());
    expect(store.list({ limit: 10 }).runs.map((run) => run.state)).toEqual(['interrupted', 'interrupted']);
  });
});
