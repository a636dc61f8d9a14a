import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { decodeFrame } from '../../core/frame-codec.ts';
import type { RunResult } from '../../core/run.ts';
import type { RunDetail, RunSummary } from '../../server/events.ts';
import { smallScenario } from '../support/model-folder.ts';
import {
  api,
  connected,
  controlClient,
  launch,
  openServer,
  record,
  recording,
  runOf,
  stateIs,
  subscribe,
  telemetryClient,
  until,
} from '../support/server.ts';
import type { Recording, TelemetryClient, TestServer } from '../support/server.ts';

let server: TestServer;
let url: string;
beforeAll(async () => {
  server = await openServer({ maxConcurrent: 1 });
  ({ url } = server);
});
afterAll(() => server[Symbol.asyncDispose]());

const start = (scenario: Parameters<typeof smallScenario>[0]): Promise<RunSummary> =>
  launch(url, smallScenario(scenario));
async function follow(id: string): Promise<{ readonly seen: Recording; readonly client: TelemetryClient }> {
  const client = telemetryClient(url);
  const seen = recording();
  record(client, id, seen);
  await connected(client);
  await subscribe(client, id);
  return { seen, client };
}

/** Learns a critic for as long as nobody cancels it. */
const endless = { name: 'critic', label: 'slow critic', config: { watch: 48, epochs: 10_000, width: 256 } };

describe('a run that prepares', () => {
  it('says whose turn it is and how far it is, in its state, in lists and over sockets, and can be cancelled', async () => {
    const list = telemetryClient(url);
    await connected(list);
    const states: RunSummary[] = [];
    const shares: number[] = [];
    list.on('state', (run) => states.push(run));
    list.on('preparing', ({ attack, done }) => {
      expect(attack).toBe('slow critic');
      shares.push(done);
    });
    await list.emitWithAck('runs:subscribe');
    const { id } = await start({ steps: 48, attack: endless });
    await until('two shares', () => shares.length > 1);
    expect(states.find((run) => run.state === 'preparing')).toMatchObject({
      id,
      startedAt: null,
      preparing: { attack: 'slow critic', done: 0 },
    });
    expect(shares).toEqual([...new Set(shares)].sort((a, b) => a - b));
    const { preparing, state } = await runOf(url, id);
    expect(state).toBe('preparing');
    expect(preparing!.done).toBeGreaterThanOrEqual(shares[1]!);
    const { runs } = (await api<{ runs: RunSummary[] }>(url, '/runs?state=preparing')).body;
    expect(runs).toMatchObject([{ id, preparing: { attack: 'slow critic' } }]);

    await api(url, `/runs/${id}/cancel`, { method: 'POST' });
    await until('the end', () => states.find((run) => run.state === 'cancelled'));
    list.close();
    expect(await runOf(url, id)).toMatchObject({ state: 'cancelled', preparing: null, startedAt: null, schema: null });
  });

  it('starts when all is prepared', async () => {
    const { id } = await start({ steps: 24, attack: { ...endless, config: { ...endless.config, epochs: 2 } } });
    expect(await stateIs(url, id, 'done')).toMatchObject({ headStep: 24, preparing: null });
  });
});

describe('runs, from launch to end', () => {
  it('runs a bifurcation attack in a thread, streams it, keeps it', async () => {
    const launched = await start({ name: 'the real path', steps: 48, frameSteps: 8 });
    expect(launched).toMatchObject({
      name: 'the real path',
      policy: 'small-ppo',
      attacks: ['bifurcation'],
      headSeq: 0,
    });
    const { seen, client } = await follow(launched.id);
    await until('the end', () => seen.end);
    client.close();
    expect(seen.end).toEqual({ lastSeq: 5, state: 'done' });
    expect([...seen.frames.keys()]).toEqual([0, 1, 2, 3, 4, 5]);

    const detail = await runOf(url, launched.id);
    expect(detail).toMatchObject({ state: 'done', headSeq: 6, headStep: 48, totalSteps: 48, error: null });
    expect(detail.schema?.channels.map((channel) => channel.name)).toContain('Building_1/bifurcation/net');
    expect(decodeFrame(seen.frames.get(0)!)).toMatchObject({ cols: detail.schema?.channels.length, rows: 8 });
    expect(detail.result?.lanes.map((lane) => lane.lane)).toEqual(['Building_1/clean', 'Building_1/bifurcation']);
    expect(detail.result?.checks.filter((check) => !check.passed)).toEqual([]);
    expect((await api<RunResult>(url, `/runs/${launched.id}/result`)).body).toEqual(detail.result);
  });

  it('launches and steers by socket, and the list hears of it', async () => {
    const control = controlClient(url);
    await connected(control);
    const launched = await control.emitWithAck('run:launch', smallScenario({ steps: 8000, stepsPerSecond: 30 }));
    if (!launched.ok) throw new Error('refused');
    const { id } = launched.run;
    const list = telemetryClient(url);
    await connected(list);
    const states: string[] = [];
    list.on('state', (run) => states.push(`${run.id} ${run.state}`));
    const progress: number[] = [];
    list.on('progress', ({ step }) => progress.push(step));
    const answer = await list.emitWithAck('runs:subscribe');
    expect(answer.ok && answer.runs[0]?.id).toBe(id);
    await stateIs(url, id, 'running');
    await until('progress', () => progress.length > 1);
    const request = { runId: id, command: { type: 'cancel' as const } };
    expect(await control.emitWithAck('run:command', request)).toMatchObject({ ok: true, run: { id } });
    await until('the state', () => states.includes(`${id} cancelled`));
    list.close();
    control.close();
    const { runs } = (await api<{ runs: RunDetail[] }>(url, '/runs?state=cancelled&limit=1')).body;
    expect(runs.map((run) => run.id)).toEqual([id]);
  });
});
