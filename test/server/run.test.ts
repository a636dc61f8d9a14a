import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseNumbers } from '../../core/csv.ts';
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
  posted,
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
const command = (id: string, name: string, body: object = {}): ReturnType<typeof api<RunSummary>> =>
  api(url, `/runs/${id}/${name}`, posted(body));
const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

async function follow(id: string): Promise<{ readonly seen: Recording; readonly client: TelemetryClient }> {
  const client = telemetryClient(url);
  const seen = recording();
  record(client, id, seen);
  await connected(client);
  await subscribe(client, id);
  return { seen, client };
}

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

  it('answers telemetry as JSON and CSV, whole, in part, decimated', async () => {
    const { id } = await start({ steps: 50, frameSteps: 8 });
    const { schema } = await stateIs(url, id, 'done', 'failed');
    interface Table {
      readonly step: number[];
      readonly values: (number | null)[][];
      readonly of: number;
    }
    const names = 'Building_1/clean/net,Building_1/bifurcation/soc';
    const get = async (query: string): Promise<Table> =>
      (await api<Table>(url, `/runs/${id}/telemetry?channels=${names}&${query}`)).body;
    const whole = await get('');
    expect(whole.step).toEqual(Array.from({ length: 50 }, (_, step) => step));
    const part = await get('from=13&to=29');
    expect(part.step).toEqual(whole.step.slice(13, 30));
    expect(part.values).toEqual(whole.values.map((column) => column.slice(13, 30)));
    const few = await get('points=10');
    expect(few.step).toHaveLength(10);
    expect(few.of).toBe(50);
    few.values.forEach((column, c) => {
      expect(Math.max(...column.map(Number))).toBe(Math.max(...whole.values[c]!.map(Number)));
      expect(Math.min(...column.map(Number))).toBe(Math.min(...whole.values[c]!.map(Number)));
    });
    expect(await get('from=50&to=60')).toMatchObject({ step: [], of: 0 });

    const byHeader = await api<string>(url, `/runs/${id}/telemetry?channels=${names}`, {
      headers: { accept: 'text/csv' },
    });
    expect(byHeader.headers.get('content-type')).toContain('text/csv');
    const csv = parseNumbers(byHeader.body, 'telemetry.csv');
    expect(csv.head).toEqual(['step', ...names.split(',')]);
    expect(csv.columns.map((column) => [...column])).toEqual([whole.step, ...whole.values]);
    const all = parseNumbers((await api<string>(url, `/runs/${id}/telemetry.csv`)).body, 'telemetry.csv');
    expect(all.rows).toBe(50);
    expect(all.head).toEqual(['step', ...schema!.channels.map((channel) => channel.name)]);
    const thinned = parseNumbers((await api<string>(url, `/runs/${id}/telemetry.csv?points=4`)).body, 'telemetry.csv');
    expect(thinned.rows).toBe(4);
    expect(await api(url, `/runs/${id}/telemetry?channels=nothing`)).toMatchObject({
      status: 422,
      body: { code: 'unknown-name' },
    });
  });

  it('pauses, steps, changes its pace, resumes and is cancelled, keeping its frames', async () => {
    const { id } = await start({ steps: 8000, frameSteps: 100, stepsPerSecond: 20 });
    await stateIs(url, id, 'running');
    expect((await command(id, 'pause')).status).toBe(200);
    const paused = await stateIs(url, id, 'paused');
    // What is under way is shown at once, though the frame is not full.
    const shown = await until('the steps so far', async () => {
      const { headStep } = await runOf(url, id);
      return headStep > 0 && headStep;
    });
    await pause(200);
    expect((await runOf(url, id)).headStep).toBe(shown);
    expect(paused.endedAt).toBeNull();
    const { seen, client } = await follow(id);
    await command(id, 'step', { steps: 7 });
    await until('seven steps more', async () => (await runOf(url, id)).headStep === shown + 7);
    await pause(200);
    expect((await runOf(url, id)).headStep).toBe(shown + 7);
    await command(id, 'speed', { stepsPerSecond: null });
    await command(id, 'resume');
    await until('full pace', () => seen.frames.size > 5);
    expect((await command(id, 'cancel')).status).toBe(200);
    const cancelled = await stateIs(url, id, 'cancelled', 'done');
    expect(cancelled).toMatchObject({ state: 'cancelled', result: null });
    expect(cancelled.endedAt).toBeGreaterThanOrEqual(cancelled.startedAt!);
    await until('the end', () => seen.end);
    client.close();
    expect(seen.end).toEqual({ lastSeq: cancelled.headSeq - 1, state: 'cancelled' });
    expect([...seen.frames.keys()]).toEqual(Array.from({ length: cancelled.headSeq }, (_, seq) => seq));
    expect(await command(id, 'pause')).toMatchObject({ status: 409, body: { code: 'state' } });
  });

  it('lets the others wait in order; what is cancelled while it waits never starts', async () => {
    const first = await start({ name: 'first', steps: 8000, stepsPerSecond: 50 });
    const second = await start({ name: 'second', steps: 8 });
    const third = await start({ name: 'third', steps: 8 });
    await stateIs(url, first.id, 'running');
    expect((await runOf(url, second.id)).state).toBe('queued');
    expect((await api(url, `/runs/${second.id}`, { method: 'DELETE' })).status).toBe(409);
    await command(second.id, 'cancel');
    expect((await runOf(url, second.id)).state).toBe('cancelled');
    expect((await runOf(url, third.id)).state).toBe('queued');
    await command(first.id, 'cancel');
    await stateIs(url, first.id, 'cancelled');
    expect((await stateIs(url, third.id, 'done', 'failed')).headStep).toBe(8);
    expect((await runOf(url, second.id)).startedAt).toBeNull();
    expect((await api(url, `/runs/${third.id}`, { method: 'DELETE' })).status).toBe(204);
    expect((await api(url, `/runs/${third.id}`)).status).toBe(404);
  });

  it('says why a run failed', async () => {
    const { id } = await launch(url, { ...smallScenario({}), victim: { policy: 'no-such-policy' } });
    expect((await stateIs(url, id, 'failed', 'done')).error).toMatch(/unknown policy 'no-such-policy'/);
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
