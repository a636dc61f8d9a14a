import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ConfigError } from '../../core/errors.ts';
import { decodeFrame } from '../../core/frame-codec.ts';
import type { Problem, RunDetail, RunSummary } from '../../server/events.ts';
import { startServer } from '../../server/server.ts';
import { smallScenario } from '../support/model-folder.ts';
import { api, launch, openServer, posted, runOf, stateIs, tempFolder } from '../support/server.ts';
import type { TestServer } from '../support/server.ts';

interface Page {
  readonly runs: readonly RunSummary[];
  readonly cursor: string | null;
}

interface Table {
  readonly channels: readonly { readonly name: string; readonly unit: string }[];
  readonly step: readonly number[];
  readonly values: readonly (readonly number[])[];
  readonly of: number;
}

let server: TestServer;
let url: string;
/** A finished run of 96 steps in frames of 8. */
let done: RunDetail;

beforeAll(async () => {
  server = await openServer({ maxConcurrent: 1 });
  url = server.url;
  const { id } = await launch(url, smallScenario({ name: 'the finished one', steps: 96, frameSteps: 8 }));
  done = await stateIs(url, id, 'done', 'failed');
  expect(done.error).toBeNull();
});
afterAll(() => server[Symbol.asyncDispose]());

/** The problem of a request that has to be refused. */
async function problem(path: string, init: RequestInit = {}): Promise<Problem> {
  const { status, headers, body } = await api<Problem>(url, path, init);
  expect(headers.get('content-type')).toMatch(/^application\/problem\+json/);
  expect(body.status).toBe(status);
  expect(body.type).toBe(`urn:faultline:problem:${body.code}`);
  expect(body.detail.length).toBeGreaterThan(0);
  return body;
}

const yaml = (text: string): RequestInit => ({
  method: 'POST',
  body: text,
  headers: { 'content-type': 'application/yaml' },
});

async function cancelled(id: string): Promise<void> {
  await api(url, `/runs/${id}/cancel`, { method: 'POST' });
  await stateIs(url, id, 'cancelled');
}

describe('what is refused', () => {
  it.each<[number, string, RequestInit]>([
    [400, '/runs', { method: 'POST', body: '{"name": ', headers: { 'content-type': 'application/json' } }],
    [400, '/runs', { method: 'POST', body: '"text"', headers: { 'content-type': 'application/json' } }],
    [400, '/runs/%E0%A4%A', {}],
    [404, '/runs/no-such-run', {}],
    [404, '/runs/..%2f..%2flab', {}],
    [404, `/runs/no-such-run%00`, {}],
    [404, '/runs/no-such-run/frames', {}],
    [404, '/runs/no-such-run/telemetry', {}],
    [404, '/runs/no-such-run/result', {}],
    [404, '/runs/no-such-run', { method: 'DELETE' }],
    [404, '/runs/no-such-run/pause', { method: 'POST' }],
    [404, '/no-such-path', {}],
    [413, '/runs', posted({ name: 'x'.repeat(300_000) })],
    [413, '/runs', yaml(`name: ${'x'.repeat(300_000)}`)],
    [415, '/runs', { method: 'POST' }],
    [415, '/runs', { method: 'POST', body: '<run/>', headers: { 'content-type': 'application/xml' } }],
    [413, '/runs/any/step', posted({ steps: 1, note: 'x'.repeat(5000) })],
    [415, '/runs/any/step', { method: 'POST', body: 'steps=5' }],
    [422, '/runs', posted([])],
    [422, '/runs', posted({}, { 'idempotency-key': 'x'.repeat(201) })],
    [422, '/runs', posted(Object.fromEntries(Array.from({ length: 12_000 }, (_, i) => [`k${i}`, i])))],
    [422, '/runs', posted({ name: 7 })],
    [422, '/runs', yaml('name: [')],
    [422, '/runs', yaml(`a: &a [x]\nb: [${'*a,'.repeat(200)}]`)],
    [422, '/runs?state=asleep', {}],
    [422, '/runs?limit=501', {}],
    [422, '/runs?limit=many', {}],
    [422, '/runs?cursor=nonsense', {}],
    [422, '/runs?q=a&q=b', {}],
  ])('%i: %s %#', async (status, path, init) => {
    expect(await problem(path, init)).toMatchObject({ status });
  });

  it('a NUL byte does not end a run id', async () => {
    expect(await problem(`/runs/${done.id}%00x`)).toMatchObject({ status: 404 });
  });

  it('a JSON scenario: every fault with its pointer, and the nearest name', async () => {
    const { issues } = await problem(
      '/runs',
      posted({ victim: { polcy: 'x' }, attacks: [{ name: 'pgdd' }], live: { frameSteps: 0 } }),
    );
    expect(issues!.map((issue) => issue.pointer).sort()).toEqual([
      '/attacks/0/name',
      '/live/frameSteps',
      '/victim/polcy',
    ]);
    expect(issues!.find((issue) => issue.pointer === '/victim/polcy')!.message).toContain("did you mean 'policy'");
    expect(issues!.find((issue) => issue.pointer === '/attacks/0/name')!.message).toContain("did you mean 'pgd'");
  });

  it('a YAML scenario: with line and column', async () => {
    const { issues } = await problem('/runs', yaml('name: x\nlive:\n  frameSteps: 24\n  pace: 3\nseed: -1\n'));
    expect(issues).toHaveLength(2);
    expect(issues).toContainEqual(expect.objectContaining({ pointer: '/seed', line: 5, column: 7 }));
    expect(issues).toContainEqual(expect.objectContaining({ pointer: '/live/pace', line: 4, column: 3 }));
  });

  it('what is nested too deep, long, or wrong in ten thousand places is answered shortly and soon', async () => {
    const started = performance.now();
    const deep = `${'['.repeat(60_000)}${']'.repeat(60_000)}`;
    const many = Object.fromEntries(Array.from({ length: 5000 }, (_, i) => [`key${i}`, i]));
    const long = 'x'.repeat(200_000);
    for (const init of [
      posted(JSON.parse(`{"train": {"config": {"a": ${'['.repeat(2000)}${']'.repeat(2000)}}}}`)),
      { method: 'POST', body: `{"name": ${deep}}`, headers: { 'content-type': 'application/json' } },
      yaml(`name: ${deep}`),
      yaml(`train: {config: {a: ${'['.repeat(1000)}${']'.repeat(1000)}}}`),
      posted(many),
      posted({ attacks: [{ name: long }] }),
      yaml(`attacks: [{name: ${long}}]`),
      posted({ [long]: 1 }),
    ]) {
      const refused = await problem('/runs', init);
      expect([400, 422]).toContain(refused.status);
      expect(JSON.stringify(refused).length).toBeLessThan(100_000);
    }
    expect(performance.now() - started).toBeLessThan(15_000);
  });

  it('a POST path that is not there is problem+json outside of the API, too', async () => {
    const response = await fetch(`${url}/nowhere`, { method: 'POST' });
    expect(response.status).toBe(404);
    expect(response.headers.get('content-type')).toMatch(/problem\+json/);
  });

  it('writes beyond the limit: 429', async () => {
    await using limited = await openServer({ writesPerMinute: 3 });
    const statuses: number[] = [];
    for (let i = 0; i < 5; i++) statuses.push((await api(limited.url, '/runs', posted({ name: 7 }))).status);
    expect(statuses).toEqual([422, 422, 422, 429, 429]);
    const { status, body } = await api<Problem>(limited.url, '/runs', posted({}));
    expect([status, body.code]).toEqual([429, 'too-many-requests']);
    expect((await api(limited.url, '/runs')).status).toBe(200);
  });

  it('a page elsewhere may not write here, whatever it can send without asking', async () => {
    const foreign = { origin: 'http://evil.example', 'content-type': 'text/plain' };
    for (const path of ['/runs', `/runs/${done.id}/cancel`])
      expect(await problem(path, { method: 'POST', body: 'name: x', headers: foreign })).toMatchObject({ status: 403 });
    const own = await api(url, '/scenarios/validate', posted({}, { origin: url }));
    expect(own.status).toBe(200);
  });
});

describe('launching', () => {
  it('an Idempotency-Key makes one run, and is refused with another scenario', async () => {
    const headers = { 'idempotency-key': 'once' };
    const first = await api<RunSummary>(url, '/runs', posted(smallScenario({ name: 'keyed', steps: 8 }), headers));
    const again = await api<RunSummary>(url, '/runs', posted(smallScenario({ name: 'keyed', steps: 8 }), headers));
    expect(again.body.id).toBe(first.body.id);
    expect(first.headers.get('location')).toBe(`/api/v1/runs/${first.body.id}`);
    expect((await api<Page>(url, '/runs?q=keyed')).body.runs).toHaveLength(1);
    const other = await problem('/runs', posted(smallScenario({ name: 'other' }), headers));
    expect([409, 422]).toContain(other.status);
    await stateIs(url, first.body.id, 'done');
    expect((await api(url, `/runs/${first.body.id}`, { method: 'DELETE' })).status).toBe(204);
    const fresh = await api<RunSummary>(url, '/runs', posted(smallScenario({ name: 'other', steps: 8 }), headers));
    expect(fresh.body.id).not.toBe(first.body.id);
    await stateIs(url, fresh.body.id, 'done');
  });

  it('a run that cannot be is failed with its reason, and the server stays up', async () => {
    const outside = join(server.folder, 'outside');
    mkdirSync(outside, { recursive: true });
    const small = smallScenario({}) as { district: object };
    for (const [scenario, reason] of [
      [{ ...small, victim: { policy: 'smal-ppo' } }, /unknown policy 'smal-ppo'.*small-ppo/],
      [{ ...small, district: { ...small.district, dataset: outside } }, /outside the folders this server may read/],
    ] as const) {
      const { id } = await launch(url, scenario);
      const failed = await stateIs(url, id, 'failed', 'done');
      expect(failed.error).toMatch(reason);
      expect(failed).toMatchObject({ state: 'failed', headSeq: 0, result: null });
      expect(await problem(`/runs/${id}/result`)).toMatchObject({ status: 404 });
      expect(await problem(`/runs/${id}/telemetry`)).toMatchObject({ status: 404 });
    }
    expect((await fetch(`${url}/healthz`)).status).toBe(200);
  });

  it('runs wait in order behind the one that runs; one that waits can be cancelled', async () => {
    const slow = await launch(url, smallScenario({ name: 'slow', steps: 8759, stepsPerSecond: 20 }));
    await stateIs(url, slow.id, 'running');
    const waiting: RunSummary[] = [];
    for (const name of ['a', 'b', 'c']) waiting.push(await launch(url, smallScenario({ name, steps: 8 })));
    expect(waiting.map((run) => run.state)).toEqual(['queued', 'queued', 'queued']);
    expect(await problem(`/runs/${waiting[0]!.id}/pause`, { method: 'POST' })).toMatchObject({ status: 409 });
    expect(await problem(`/runs/${waiting[1]!.id}`, { method: 'DELETE' })).toMatchObject({ status: 409 });
    const dropped = await api<RunSummary>(url, `/runs/${waiting[1]!.id}/cancel`, { method: 'POST' });
    expect(dropped.body).toMatchObject({ state: 'cancelled', startedAt: null });
    await cancelled(slow.id);
    const [a, b, c] = await Promise.all(waiting.map((run) => stateIs(url, run.id, 'done', 'cancelled')));
    expect([a!.state, b!.state, c!.state]).toEqual(['done', 'cancelled', 'done']);
    expect(a!.startedAt!).toBeGreaterThanOrEqual((await runOf(url, slow.id)).endedAt!);
    expect(c!.startedAt!).toBeGreaterThanOrEqual(a!.endedAt!);
  });
});

describe('steering', () => {
  it('pause, step, speed, resume, cancel; and what a run in that state does not take', async () => {
    const { id } = await launch(url, smallScenario({ steps: 8759, frameSteps: 4, stepsPerSecond: 50 }));
    await stateIs(url, id, 'running');
    expect(await problem(`/runs/${id}`, { method: 'DELETE' })).toMatchObject({ status: 409 });
    const command = (type: string, body?: object) =>
      api<RunSummary>(url, `/runs/${id}/${type}`, body === undefined ? { method: 'POST' } : posted(body));

    expect((await command('pause')).status).toBe(200);
    const paused = await stateIs(url, id, 'paused');
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect((await runOf(url, id)).headStep).toBe(paused.headStep);

    expect((await command('step', { steps: 3 })).status).toBe(200);
    await expect.poll(async () => (await runOf(url, id)).headStep).toBe(paused.headStep + 3);
    await stateIs(url, id, 'paused');

    expect(await problem(`/runs/${id}/speed`, posted({ stepsPerSecond: 0 }))).toMatchObject({ status: 422 });
    expect(await problem(`/runs/${id}/speed`, posted({ stepsPerSecond: 'fast' }))).toMatchObject({ status: 422 });
    expect(await problem(`/runs/${id}/step`, posted({ steps: 0 }))).toMatchObject({ status: 422 });
    expect(await problem(`/runs/${id}/pause`, posted({ type: 'cancel', extra: 1 }))).toMatchObject({ status: 422 });
    expect((await command('speed', { stepsPerSecond: 1000 })).status).toBe(200);
    expect((await command('resume')).status).toBe(200);
    await stateIs(url, id, 'running');
    // At the old pace these steps would take twelve seconds.
    await expect
      .poll(async () => (await runOf(url, id)).headStep, { timeout: 8000 })
      .toBeGreaterThan(paused.headStep + 600);

    expect((await command('cancel')).status).toBe(200);
    const ended = await stateIs(url, id, 'cancelled');
    expect(ended.headStep).toBeLessThan(8759);
    expect(ended).toMatchObject({ totalSteps: 8759, result: null, error: null });
    for (const type of ['pause', 'resume', 'step', 'cancel'])
      expect(await problem(`/runs/${id}/${type}`, { method: 'POST' })).toMatchObject({ status: 409, code: 'state' });
    expect((await api(url, `/runs/${id}`, { method: 'DELETE' })).status).toBe(204);
    expect(await problem(`/runs/${id}`)).toMatchObject({ status: 404 });
    expect(await problem(`/runs/${id}/frames`)).toMatchObject({ status: 404 });
  });
});

describe('reading', () => {
  it('the list: newest first, filtered, in pages', async () => {
    const all = (await api<Page>(url, '/runs')).body;
    expect(all.cursor).toBeNull();
    const times = all.runs.map((run) => run.createdAt);
    expect(times).toEqual([...times].sort((a, b) => b - a));
    const paged: string[] = [];
    for (let cursor: string | null = ''; cursor !== null;) {
      const page: Page = (await api<Page>(url, `/runs?limit=2${cursor && `&cursor=${encodeURIComponent(cursor)}`}`))
        .body;
      expect(page.runs.length).toBeLessThanOrEqual(2);
      paged.push(...page.runs.map((run) => run.id));
      cursor = page.cursor;
    }
    expect(paged).toEqual(all.runs.map((run) => run.id));
    for (const run of (await api<Page>(url, '/runs?state=done')).body.runs) expect(run.state).toBe('done');
    const found = (await api<Page>(url, '/runs?q=THE%20FINISHED')).body.runs;
    expect(found.map((run) => run.id)).toEqual([done.id]);
    expect((await api<Page>(url, '/runs?q=bifurcation')).body.runs.map((run) => run.id)).toContain(done.id);
    expect((await api<Page>(url, '/runs?q=frameSteps')).body.runs).toEqual([]);
  });

  it('frames: the bytes of the codec, in pages', async () => {
    const response = await fetch(`${url}/api/v1/runs/${done.id}/frames?from=3&limit=4`);
    expect(response.headers.get('x-next-seq')).toBe('7');
    const bytes = Buffer.from(await response.arrayBuffer());
    const seqs: number[] = [];
    for (let at = 0; at < bytes.length;) {
      const length = bytes.readUInt32LE(at);
      const frame = decodeFrame(bytes.subarray(at + 4, at + 4 + length));
      expect([frame.rows, frame.cols]).toEqual([8, done.schema!.channels.length]);
      seqs.push(frame.seq);
      at += 4 + length;
    }
    expect(seqs).toEqual([3, 4, 5, 6]);
    const beyond = await fetch(`${url}/api/v1/runs/${done.id}/frames?from=100`);
    expect([(await beyond.arrayBuffer()).byteLength, beyond.headers.get('x-next-seq')]).toEqual([0, '100']);
  });

  it('telemetry: JSON and CSV agree with the frames, decimation keeps the peaks of every channel', async () => {
    const all = (await api<Table>(url, `/runs/${done.id}/telemetry`)).body;
    expect([done.headSeq, done.headStep]).toEqual([12, 96]);
    expect(all.of).toBe(96);
    expect(all.step).toEqual(Array.from({ length: 96 }, (_, step) => step));
    expect(all.channels.map((channel) => channel.name)).toEqual(done.schema!.channels.map((channel) => channel.name));

    const lively = all.values
      .map((column, at) => ({ name: all.channels[at]!.name, distinct: new Set(column).size }))
      .filter(({ distinct }) => distinct > 30)
      .slice(0, 3)
      .map(({ name }) => name);
    expect(lively).toHaveLength(3);
    const few = (
      await api<Table>(url, `/runs/${done.id}/telemetry?points=20&channels=${encodeURIComponent(lively.join(','))}`)
    ).body;
    expect(few.of).toBe(96);
    expect(few.step.length).toBeLessThanOrEqual(20);
    expect(few.step.length).toBeGreaterThan(5);
    expect(few.channels.map((channel) => channel.name)).toEqual(lively);
    lively.forEach((name, at) => {
      const whole = all.values[all.channels.findIndex((channel) => channel.name === name)]!;
      expect(Math.max(...few.values[at]!), name).toBe(Math.max(...whole));
      expect(Math.min(...few.values[at]!), name).toBe(Math.min(...whole));
    });

    const csv = await fetch(`${url}/api/v1/runs/${done.id}/telemetry?from=10&to=19&channels=${lively[0]!}`, {
      headers: { accept: 'text/csv' },
    });
    expect(csv.headers.get('content-type')).toMatch(/^text\/csv/);
    const [head, ...lines] = (await csv.text()).trim().split(/\r?\n/);
    expect(head).toBe(`step,${lively[0]!}`);
    const column = all.values[all.channels.findIndex((channel) => channel.name === lively[0])]!;
    expect(lines.map((line) => line.split(',').map(Number))).toEqual(
      Array.from({ length: 10 }, (_, i) => [10 + i, column[10 + i]]),
    );
    const same = await fetch(`${url}/api/v1/runs/${done.id}/telemetry.csv?from=10&to=19&channels=${lively[0]!}`);
    expect((await same.text()).trim().split(/\r?\n/)).toEqual([head, ...lines]);
    expect(await problem(`/runs/${done.id}/telemetry?channels=nonsense`)).toMatchObject({ code: 'unknown-name' });
  });

  it('result, schema, vocabulary', async () => {
    const result = (await api<{ seed: number; lanes: unknown[] }>(url, `/runs/${done.id}/result`)).body;
    expect([result.seed, result.lanes.length]).toEqual([0, 2]);
    const schema = (await api<{ properties: object }>(url, '/schemas/scenario.json')).body;
    expect(Object.keys(schema.properties)).toEqual(expect.arrayContaining(['district', 'victim', 'attacks', 'live']));
    const { attacks } = (await api<{ attacks: { name: string }[] }>(url, '/attacks')).body;
    expect(attacks.map((attack) => attack.name)).toEqual(
      expect.arrayContaining(['bifurcation', 'pgd', 'random-noise']),
    );
    const { modules } = (await api<{ modules: { name: string }[] }>(url, '/modules')).body;
    expect(modules.map((module) => module.name)).toEqual(expect.arrayContaining(['dhkd', 'steer', 'uld']));
    const { policies } = (await api<{ policies: { name: string }[] }>(url, '/policies')).body;
    expect(policies.map((policy) => policy.name)).toEqual(expect.arrayContaining(['small-ppo', 'idle']));
    const { scenarios } = (await api<{ scenarios: { name: string; text: string }[] }>(url, '/scenarios')).body;
    for (const { name, text } of scenarios) {
      const validated = await api<{ scenario: object }>(url, '/scenarios/validate', yaml(text));
      expect([name, validated.status]).toEqual([name, 200]);
    }
  });
});

describe('the console’s page', () => {
  it('has a nonce of its own in every answer, in the header and in the page', async () => {
    mkdirSync(join(server.folder, 'console'), { recursive: true });
    writeFileSync(
      join(server.folder, 'console', 'index.html'),
      '<meta property="csp-nonce" nonce="__CSP_NONCE__"><script nonce="__CSP_NONCE__"></script>',
    );
    const nonces: string[] = [];
    for (const path of ['/', '/runs/abc', '/index.html']) {
      const response = await fetch(url + path, { headers: { accept: 'text/html' } });
      expect([path, response.status]).toEqual([path, 200]);
      const page = await response.text();
      const nonce = /script-src [^;]*'nonce-([^']+)'/.exec(response.headers.get('content-security-policy')!)![1]!;
      expect(page).not.toContain('__CSP_NONCE__');
      expect(page.split(nonce)).toHaveLength(3);
      nonces.push(nonce);
    }
    expect(new Set(nonces).size).toBe(3);
  });
});

describe('starting', () => {
  it('on a port that is taken is a ConfigError, and leaves the store free', async () => {
    using folder = tempFolder();
    const taken = createServer();
    await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve));
    const { port } = taken.address() as { port: number };
    const options = { ...server.options, port, store: join(folder.path, 'store') };
    await expect(startServer(options)).rejects.toThrow(ConfigError);
    await expect(startServer(options)).rejects.toThrow(/port \d+ of 127\.0\.0\.1 is taken/);
    await new Promise((resolve) => taken.close(resolve));
    await (await startServer(options)).close();
  });

  it('on a store that another server has is a ConfigError, and does that server’s runs no harm', async () => {
    const { id } = await launch(url, smallScenario({ steps: 8759, stepsPerSecond: 20 }));
    await stateIs(url, id, 'running');
    await expect(startServer({ ...server.options, port: 0 })).rejects.toThrow(ConfigError);
    expect((await runOf(url, id)).state).toBe('running');
    await cancelled(id);
  });
});
