import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { decodeFrame, encodeFrame } from '../../core/frame-codec.ts';
import type { TelemetryFrame } from '../../core/telemetry.ts';
import type { Problem, RunSummary } from '../../server/events.ts';
import { openSqlite } from '../../server/sqlite.ts';
import { smallScenario } from '../support/model-folder.ts';
import {
  api,
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
import { childOptions, killServers, spawnServer } from '../support/server-process.ts';

afterEach(killServers);

async function framesOf(url: string, id: string): Promise<TelemetryFrame[]> {
  return (await framesOverHttp(url, id)).map((bytes) => decodeFrame(Buffer.from(bytes)));
}

/** Values by channel over all steps, as bits. */
function bitsOf(frames: readonly TelemetryFrame[]): string[] {
  const cols = frames[0]!.cols;
  return Array.from({ length: cols }, (_, c) =>
    Buffer.concat(
      frames.map(({ rows, values }) =>
        Buffer.from(Float32Array.from(values.subarray(c * rows, (c + 1) * rows)).buffer),
      ),
    ).toString('base64'),
  );
}

const resume = (url: string, id: string) => api<RunSummary & Problem>(url, `/runs/${id}/resume`, { method: 'POST' });

// Starting a server from source takes seconds where the machine is busy.
describe('a run whose server was killed', { timeout: 120_000 }, () => {
  it('is taken up where it was, to the same bits as one that was never disturbed', async () => {
    using folder = tempFolder();
    const options = await childOptions(folder.path);
    const first = await spawnServer(options);
    const run = await launch(first.url, smallScenario({ steps: 400, frameSteps: 4, stepsPerSecond: 120 }));
    await until('thirty frames', async () => (await runOf(first.url, run.id)).headSeq >= 30);
    // A pause cuts a frame where it is: what comes again is cut elsewhere.
    await api(first.url, `/runs/${run.id}/pause`, { method: 'POST' });
    const paused = await stateIs(first.url, run.id, 'paused');
    await api(first.url, `/runs/${run.id}/step`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{"steps": 3}',
    });
    await until('the steps', async () => (await runOf(first.url, run.id)).headStep === paused.headStep + 3);
    await first.kill();

    const second = await spawnServer(options);
    const interrupted = await stateIs(second.url, run.id, 'interrupted');
    const { headStep } = interrupted;
    const kept = await framesOf(second.url, run.id);
    // The second finds a run that goes on, or waits: it is no second run.
    const asked = await Promise.all([resume(second.url, run.id), resume(second.url, run.id)]);
    expect(asked[0]!.status).toBe(200);
    expect([200, 409]).toContain(asked[1]!.status);
    const seen = recording();
    const client = telemetryClient(second.url);
    record(client, run.id, seen);
    await connected(client);
    expect(await subscribe(client, run.id)).toMatchObject({ ok: true });
    const done = await stateIs(second.url, run.id, 'done', 'failed', 'interrupted');
    expect([done.state, done.error, done.headStep]).toEqual(['done', null, 400]);
    await until('the end', () => seen.end);
    client.close();
    expect(seen).toMatchObject({ disorder: [], gaps: [], problems: [] });
    expect([...seen.frames.keys()]).toEqual(Array.from({ length: done.headSeq }, (_, seq) => seq));

    const undisturbed = await launch(second.url, smallScenario({ steps: 400, frameSteps: 4 }));
    const twin = await stateIs(second.url, undisturbed.id, 'done', 'failed');
    const frames = await framesOf(second.url, run.id);
    expect(frames.slice(0, kept.length)).toEqual(kept); // what was seen stays what it was
    expect(bitsOf(frames)).toEqual(bitsOf(await framesOf(second.url, undisturbed.id)));
    expect(frames.map(({ step0 }) => step0)).toEqual(
      frames.map((_, seq) => frames.slice(0, seq).reduce((sum, { rows }) => sum + rows, 0)),
    );
    const figures = ({ result }: typeof twin) =>
      result!.lanes.map(({ kpis, regret, success, norms }) => ({ kpis, regret, success, norms }));
    expect(figures(done)).toEqual(figures(twin));
    expect(headStep).toBeGreaterThan(100);
    expect((await resume(second.url, run.id)).status).toBe(409);
  });

  it('that does not repeat itself is told where, and keeps what it had', async () => {
    using folder = tempFolder();
    const options = await childOptions(folder.path);
    const first = await spawnServer(options);
    const { id } = await launch(first.url, smallScenario({ steps: 400, frameSteps: 4, stepsPerSecond: 120 }));
    await until('ten frames', async () => (await runOf(first.url, id)).headSeq >= 10);
    await first.kill(); // stopped in peace, it would have made a file of the frames
    let changed = -1;
    {
      using log = openSqlite(join(options.store, 'live', `${id}.db`));
      const [{ body }] = log.prepare('select body from frame where seq = ?').all(5) as [{ body: ArrayBuffer }];
      const frame = decodeFrame(new Uint8Array(body));
      changed = frame.step0;
      const values = Float32Array.from(frame.values, (value, i) => (i === 0 ? value + 1 : value));
      log.prepare('update frame set body = ? where seq = ?').run(encodeFrame({ ...frame, values }), 5);
    }
    await using second = await openServer({ store: options.store, modelsDir: options.modelsDir });
    const { headSeq } = await stateIs(second.url, id, 'interrupted');
    expect((await resume(second.url, id)).status).toBe(200);
    const ended = await until('its end', async () => {
      const now = await runOf(second.url, id);
      return now.endedAt !== null && now.error !== null && now;
    });
    expect(ended.state).toBe('interrupted');
    expect(ended.error).toMatch(/could not be taken up again: in step \d+ 'Building_1\/.*' is .*, and was/);
    expect(ended.error).toContain(`in step ${changed} `);
    expect(ended.headSeq).toBe(headSeq);
    expect(await framesOf(second.url, id)).toHaveLength(headSeq);
  });
});
