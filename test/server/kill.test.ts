import { once } from 'node:events';
import { afterEach, describe, expect, it } from 'vitest';
import { decodeFrame } from '../../core/frame-codec.ts';
import { smallScenario } from '../support/model-folder.ts';
import {
  connected,
  framesOverHttp,
  launch,
  openServer,
  record,
  recording,
  runOf,
  stateIs,
  subscribe,
  telemetryClient,
  tempFolder,
  until,
} from '../support/server.ts';
import type { Recording } from '../support/server.ts';
import { childOptions, killServers, spawnServer } from '../support/server-process.ts';

afterEach(killServers);

function expectWhole(seen: Recording, frames: number): void {
  expect([...seen.frames.keys()]).toEqual(Array.from({ length: frames }, (_, seq) => seq));
  expect(seen.disorder).toEqual([]);
  expect(seen.gaps).toEqual([]);
  expect(seen.problems).toEqual([]);
  let step = 0;
  for (const [seq, body] of seen.frames) {
    const frame = decodeFrame(body);
    expect([frame.seq, frame.step0]).toEqual([seq, step]);
    step += frame.rows;
  }
}

// Starting a server from source takes seconds where the machine is busy.
describe('kill -9', { timeout: 90_000 }, () => {
  it('of the server in a live run loses no frame that anyone saw, and the viewer goes on where it was', async () => {
    using folder = tempFolder();
    const options = { ...(await childOptions(folder.path)), maxConcurrent: 1 };
    const first = await spawnServer(options);
    const run = await launch(first.url, smallScenario({ steps: 8759, frameSteps: 4, stepsPerSecond: 200 }));
    const waiting = await launch(first.url, smallScenario({}));
    const seen = recording();
    const client = telemetryClient(first.url);
    record(client, run.id, seen);
    await connected(client);
    expect(await subscribe(client, run.id)).toMatchObject({ ok: true });
    await until('thirty frames', () => seen.frames.size >= 30);
    const cut = once(client as never, 'disconnect');
    await first.kill();
    await cut;
    const before = new Map(seen.frames);

    const second = await spawnServer({ ...options, port: Number(new URL(first.url).port) });
    expect(second.url).toBe(first.url);
    const after = await runOf(second.url, run.id);
    expect(after).toMatchObject({ state: 'interrupted', error: null, result: null, totalSteps: 8759 });
    expect(after.endedAt).toBeGreaterThanOrEqual(after.startedAt!);
    expect(after.headSeq).toBeGreaterThanOrEqual(before.size);
    expect(after.headStep).toBeGreaterThan(0);

    expect(await runOf(second.url, waiting.id)).toMatchObject({ state: 'interrupted', headSeq: 0, startedAt: null });

    const kept = await framesOverHttp(second.url, run.id);
    expect(kept).toHaveLength(after.headSeq);
    for (const [seq, body] of before) expect(Buffer.compare(kept[seq]!, body)).toBe(0);

    client.connect();
    await connected(client);
    expect(await subscribe(client, run.id, seen.next)).toMatchObject({ ok: true, run: { state: 'interrupted' } });
    await until('the end', () => seen.end);
    client.close();
    const next = await launch(second.url, smallScenario({}));
    expect((await stateIs(second.url, next.id, 'done', 'failed')).error).toBeNull();
    expect(seen.end).toEqual({ lastSeq: after.headSeq - 1, state: 'interrupted' });
    expectWhole(seen, after.headSeq);
    const last = decodeFrame(seen.frames.get(after.headSeq - 1)!);
    expect(last.step0 + last.rows).toBe(after.headStep);
  });
});

describe('transport cut', () => {
  it('three times in a run: nothing lost, nothing twice', async () => {
    await using server = await openServer();
    const run = await launch(server.url, smallScenario({ steps: 300, frameSteps: 2, stepsPerSecond: 150 }));
    const seen = recording();
    const client = telemetryClient(server.url);
    record(client, run.id, seen);
    for (let cuts = 0; cuts <= 3; cuts++) {
      client.connect();
      await connected(client);
      await subscribe(client, run.id, seen.next);
      if (cuts < 3) {
        await until('some frames', () => seen.next >= 20 * (cuts + 1));
        expect(seen.end).toBeUndefined();
        const cut = once(client as never, 'disconnect');
        (client.io.engine.transport as unknown as { ws: { terminate(): void } }).ws.terminate();
        await cut;
      }
    }
    await until('the end', () => seen.end);
    client.close();
    expect(seen.end).toEqual({ lastSeq: seen.frames.size - 1, state: 'done' });
    expectWhole(seen, (await runOf(server.url, run.id)).headSeq);
    const last = decodeFrame(seen.frames.get(seen.end!.lastSeq)!);
    expect(last.step0 + last.rows).toBe(300);
  });
});
