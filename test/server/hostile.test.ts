import { connect } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ConfigError } from '../../core/errors.ts';
import type { Problem, RunDetail } from '../../server/events.ts';
import { startServer } from '../../server/server.ts';
import { smallScenario } from '../support/model-folder.ts';
import {
  api,
  connected,
  controlClient,
  launch,
  openServer,
  record,
  recording,
  stateIs,
  subscribe,
  telemetryClient,
  tempFolder,
  until,
} from '../support/server.ts';
import type { ControlClient, TelemetryClient, TestServer } from '../support/server.ts';

let server: TestServer;
let done: RunDetail;

beforeAll(async () => {
  server = await openServer();
  const { id } = await launch(server.url, smallScenario({ steps: 16, frameSteps: 4 }));
  done = await stateIs(server.url, id, 'done', 'failed');
  expect(done.error).toBeNull();
});
afterAll(() => server[Symbol.asyncDispose]());

/** What lies under a client: packets that no client would make, bytes that are no packet. */
interface Under {
  emit(event: unknown, ...args: unknown[]): void;
  readonly io: {
    _packet(packet: { type: number; nsp: string; data?: unknown; id?: number }): void;
    readonly engine: { readonly transport: { readonly ws: { send(data: Uint8Array | string): void } } };
  };
}
const under = (socket: TelemetryClient | ControlClient): Under => socket as unknown as Under;

/** After whatever was sent: the server answers, and a new viewer sees a whole run. */
async function expectServing(): Promise<void> {
  expect((await fetch(`${server.url}/healthz`)).status).toBe(200);
  const client = telemetryClient(server.url);
  await connected(client);
  const seen = recording();
  record(client, done.id, seen);
  expect(await subscribe(client, done.id)).toMatchObject({ ok: true, run: { id: done.id } });
  await until('the end', () => seen.end);
  expect([seen.frames.size, seen.disorder, seen.problems, seen.end!.state]).toEqual([4, [], [], 'done']);
  client.close();
}

/** The refusal of a message: its acknowledgement, a `problem` event, or the end of the connection. */
function refusal(
  socket: TelemetryClient | ControlClient,
  send: (reply: (answer: unknown) => void) => void,
): Promise<Problem | 'closed'> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error('no answer, no problem, no disconnection')), 5000);
    const settle = (outcome: Problem | 'closed'): void => {
      clearTimeout(timer);
      resolve(outcome);
    };
    (socket as TelemetryClient).once('problem', settle);
    socket.once('disconnect', () => settle('closed'));
    send((answer) => {
      const { ok, problem } = answer as { ok: boolean; problem: Problem };
      if (ok) reject(new Error(`accepted: ${JSON.stringify(answer)}`));
      settle(problem);
    });
  });
}

const nested = (depth: number): unknown => {
  let value: unknown = 1;
  for (let i = 0; i < depth; i++) value = [value];
  return value;
};
const ownKey = (key: string, value: unknown): object => JSON.parse(`{"${key}": ${JSON.stringify(value)}}`) as object;

describe('a hostile message to /telemetry', () => {
  let client: TelemetryClient;
  beforeEach(async () => {
    client = telemetryClient(server.url);
    await connected(client);
    return () => client.close();
  });

  it.each<[string, unknown, number]>([
    ['null', null, 422],
    ['nothing', undefined, 422],
    ['a number', 7, 422],
    ['a string', 'runId', 422],
    ['an array', [{ runId: 'x' }], 422],
    ['bytes', new Uint8Array(1000), 422],
    ['a date', new Date(), 422],
    ['no run', {}, 422],
    ['a number for a run', { runId: 7 }, 422],
    ['an object for a run', { runId: { $gt: '' } }, 422],
    ['an unknown run', { runId: 'no-such-run' }, 404],
    ['a path for a run', { runId: '../../lab' }, 422],
    ['a path with a NUL', { runId: `x\0/../lab` }, 422],
    ['a huge string', { runId: 'x'.repeat(500_000) }, 422],
    ['a huge key', { ['x'.repeat(500_000)]: 1 }, 422],
    ['many keys', Object.fromEntries(Array.from({ length: 30_000 }, (_, i) => [`key${i}`, i])), 422],
    ['deep nesting', nested(1000), 422],
    ['deep nesting in a field', { runId: nested(1000) }, 422],
    ['__proto__', ownKey('__proto__', { runId: 'no-such-run' }), 404],
    ['constructor', ownKey('constructor', { prototype: { runId: 'x' } }), 422],
    ['toString', { runId: 'x', toString: 1 }, 422],
    ['a negative from', { runId: 'x', from: -1 }, 422],
    ['a fractional from', { runId: 'x', from: 0.5 }, 422],
    ['NaN', { runId: 'x', from: Number.NaN }, 422],
    ['Infinity', { runId: 'x', from: Number.POSITIVE_INFINITY }, 422],
    ['2^53', { runId: 'x', from: 2 ** 53 }, 422],
    ['another mode', { runId: 'x', mode: 'everything' }, 422],
    ['an unknown key', { runId: 'x', channels: ['a'] }, 422],
  ])('%s as a subscription: a problem', async (_what, request, status) => {
    const problem = await refusal(client, (reply) => under(client).emit('run:subscribe', request, reply));
    // notepack makes __proto__ the prototype: then the run is read from it, and there is none; or the key is refused.
    if (_what === '__proto__') expect([404, 422]).toContain((problem as Problem).status);
    else expect(problem).toMatchObject({ status });
    expect(JSON.stringify(problem).length).toBeLessThan(100_000);
    expect(({} as Record<string, unknown>)['runId']).toBeUndefined();
    await expectServing();
  });

  it.each<[string, (socket: Under) => void]>([
    ['no acknowledgement', (socket) => socket.emit('run:subscribe', { runId: 'no-such-run' })],
    [
      'an acknowledgement that is no function',
      (socket) => socket.emit('run:subscribe', { runId: 'no-such-run' }, 'ack'),
    ],
    ['an unknown event', (socket) => socket.emit('run:destroy', {})],
    ['an event of another namespace', (socket) => socket.emit('run:launch', {})],
    ['an event without a name', (socket) => socket.io._packet({ type: 2, nsp: '/telemetry', data: [] })],
    ['an event named by an object', (socket) => socket.io._packet({ type: 2, nsp: '/telemetry', data: [{}, 1] })],
    ['an event named by null', (socket) => socket.io._packet({ type: 2, nsp: '/telemetry', data: [null] })],
    ['the event error', (socket) => socket.io._packet({ type: 2, nsp: '/telemetry', data: ['error', 'boom'] })],
    ['the event disconnect', (socket) => socket.io._packet({ type: 2, nsp: '/telemetry', data: ['disconnect'] })],
    ['the event __proto__', (socket) => socket.io._packet({ type: 2, nsp: '/telemetry', data: ['__proto__', {}] })],
    ['the event newListener', (socket) => socket.io._packet({ type: 2, nsp: '/telemetry', data: ['newListener', 1] })],
    ['an event to a namespace nobody opened', (socket) => socket.io._packet({ type: 2, nsp: '/admin', data: ['x'] })],
    ['a packet of no type', (socket) => socket.io._packet({ type: 99, nsp: '/telemetry', data: [] })],
    ['a packet without data', (socket) => socket.io._packet({ type: 2, nsp: '/telemetry' })],
    [
      'an acknowledgement id that is no number',
      (socket) => socket.io._packet({ type: 2, nsp: '/telemetry', data: ['run:subscribe', {}], id: 'x' as never }),
    ],
    ['bytes that are no packet', (socket) => socket.io.engine.transport.ws.send(Uint8Array.of(0xc1, 0xff, 0, 1, 2))],
    [
      'random bytes',
      (socket) => socket.io.engine.transport.ws.send(Uint8Array.from({ length: 4000 }, (_, i) => (i * 7919) % 251)),
    ],
    ['half a packet', (socket) => socket.io.engine.transport.ws.send(Uint8Array.of(0x84, 0xa4, 0x74, 0x79))],
    [
      'a map that says it has 4 billion keys',
      (socket) => socket.io.engine.transport.ws.send(Uint8Array.of(0xdf, 0xff, 0xff, 0xff, 0xff)),
    ],
    ['text where a packet should be', (socket) => socket.io.engine.transport.ws.send('4hello')],
    ['a message over 1 MB', (socket) => socket.emit('run:subscribe', { runId: 'x'.repeat(1_100_000) })],
  ])('%s: a problem or the end of the connection', async (_what, send) => {
    const outcome = await refusal(client, () => send(under(client)));
    if (outcome !== 'closed') expect(outcome.detail.length).toBeLessThan(10_000);
    await expectServing();
  });

  it('an acknowledgement nobody asked for changes nothing', async () => {
    under(client).io._packet({ type: 3, nsp: '/telemetry', data: [1], id: 12345 });
    await expectServing();
    expect(await subscribe(client, done.id)).toMatchObject({ ok: true });
  });

  it('what a socket does to itself leaves the others alone', async () => {
    const other = telemetryClient(server.url);
    await connected(other);
    for (const name of ['disconnect', 'disconnecting', 'error'])
      under(client).io._packet({ type: 2, nsp: '/telemetry', data: [name] });
    expect(await subscribe(other, done.id)).toMatchObject({ ok: true });
    other.close();
  });

  it('flooding: refused beyond the bucket, then cut off; a calm client is heard meanwhile', async () => {
    const answers: unknown[] = [];
    let problems = 0;
    client.on('problem', () => problems++);
    for (let i = 0; i < 500; i++)
      under(client).emit('run:subscribe', { runId: 'x' }, (answer: unknown) => answers.push(answer));
    await expectServing();
    await until('the end of the flood', () => !client.connected || answers.length + problems >= 500);
    const codes = (answers as { problem: Problem }[]).map(({ problem }) => problem.code);
    expect(codes.filter((code) => code === 'not-found').length).toBeLessThan(120);
    expect(codes).toContain('too-many-requests');
  });

  it('flooding with events that are not known is no way around', async () => {
    let refused = 0;
    client.on('problem', (problem) => {
      if (problem.code === 'too-many-requests') refused++;
    });
    for (let i = 0; i < 200; i++) under(client).emit('nonsense');
    await until('a refusal', () => refused > 0 || !client.connected);
    await expectServing();
  });

  it('more runs than a socket may follow are refused; those that are over do not count', async () => {
    await using busy = await openServer({ maxConcurrent: 1 });
    const ids: string[] = [];
    for (let i = 0; i < 34; i++)
      ids.push((await launch(busy.url, smallScenario({ steps: 8759, stepsPerSecond: 1 }))).id);
    const follow = telemetryClient(busy.url);
    await connected(follow);
    for (const id of ids.slice(0, 32)) expect(await subscribe(follow, id)).toMatchObject({ ok: true });
    expect(await subscribe(follow, ids[32]!)).toMatchObject({ ok: false, problem: { status: 429 } });
    expect(await subscribe(follow, ids[0]!)).toMatchObject({ ok: true });
    const ended = recording();
    record(follow, ids[9]!, ended);
    await api(busy.url, `/runs/${ids[9]!}/cancel`, { method: 'POST' });
    await until('its end', () => ended.end);
    expect(await subscribe(follow, ids[32]!)).toMatchObject({ ok: true });
    expect(await subscribe(follow, ids[33]!)).toMatchObject({ ok: false, problem: { status: 429 } });
    follow.close();
  });
});

describe('a hostile message to /control', () => {
  let client: ControlClient;
  beforeEach(async () => {
    client = controlClient(server.url);
    await connected(client);
    return () => client.close();
  });

  it.each<[string, string, unknown]>([
    ['a scenario of null', 'run:launch', null],
    ['a scenario of text', 'run:launch', 'name: x'],
    ['a scenario of an array', 'run:launch', []],
    ['an unknown key', 'run:launch', { victims: {} }],
    ['an unknown attack', 'run:launch', { attacks: [{ name: 'constructor' }] }],
    ['an attack named by a long text', 'run:launch', { attacks: [{ name: 'x'.repeat(300_000) }] }],
    ['an epsilon of NaN', 'run:launch', { attacks: [{ name: 'pgd', threat: { epsilon: Number.NaN } }] }],
    ['a seed of Infinity', 'run:launch', { seed: Number.POSITIVE_INFINITY }],
    ['deep nesting', 'run:launch', { train: { config: { a: nested(1000) } } }],
    ['no attack', 'run:launch', { attacks: [] }],
    ['a thousand attacks', 'run:launch', { attacks: Array.from({ length: 1000 }, () => ({ name: 'pgd' })) }],
    ['a command to nobody', 'run:command', { runId: 'no-such-run', command: { type: 'pause' } }],
    ['no command', 'run:command', { runId: 'x' }],
    ['an unknown command', 'run:command', { runId: 'x', command: { type: 'explode' } }],
    ['a command of text', 'run:command', { runId: 'x', command: 'pause' }],
    ['steps of a billion', 'run:command', { runId: 'x', command: { type: 'step', steps: 1e9 } }],
    ['a speed of NaN', 'run:command', { runId: 'x', command: { type: 'speed', stepsPerSecond: Number.NaN } }],
  ])('%s: a problem, and no run', async (_what, event, payload) => {
    const before = (await api<{ runs: unknown[] }>(server.url, '/runs')).body.runs.length;
    const problem = await refusal(client, (reply) => under(client).emit(event, payload, reply));
    expect([404, 422]).toContain((problem as Problem).status);
    expect((await api<{ runs: unknown[] }>(server.url, '/runs')).body.runs).toHaveLength(before);
  });

  it('a run that is over takes no command', async () => {
    const request = { runId: done.id, command: { type: 'resume' } };
    const problem = await refusal(client, (reply) => under(client).emit('run:command', request, reply));
    expect(problem).toMatchObject({ status: 409, code: 'state' });
    await expectServing();
  });
});

describe('who may come in', () => {
  const refusedWith = (socket: TelemetryClient | ControlClient): Promise<Error & { data?: { code?: number } }> =>
    connected(socket).then(
      () => Promise.reject(new Error('was let in')),
      (error: Error) => {
        socket.close();
        return error;
      },
    );

  it('a page elsewhere may not open a socket; our own page and a command line may', async () => {
    const { host } = new URL(server.url);
    for (const origin of [
      'http://evil.example',
      'null',
      `http://${host}.evil.example`,
      'http://127.0.0.1:1',
      'garbage',
    ])
      for (const open of [telemetryClient, controlClient])
        await refusedWith(open(server.url, { extraHeaders: { origin } }));
    for (const options of [{ extraHeaders: { origin: `http://${host}` } }, {}]) {
      const client = telemetryClient(server.url, options);
      await connected(client);
      client.close();
    }
  });

  it('a name that only resolves to this machine is not this server', async () => {
    const { host, hostname, port } = new URL(server.url);
    const status = (path: string, name: string): Promise<string> =>
      new Promise((resolve, reject) => {
        const socket = connect(Number(port), hostname, () =>
          socket.write(`GET ${path} HTTP/1.1\r\nHost: ${name}\r\nConnection: close\r\n\r\n`),
        );
        let text = '';
        socket.on('data', (data) => (text += String(data)));
        socket.on('close', () => resolve(text.split('\r\n')[0]!));
        socket.on('error', reject);
      });
    expect(await status('/api/v1/runs', 'rebound.example:80')).toMatch(/ 403 /);
    expect(await status('/api/v1/runs', '127.0.0.1.rebound.example')).toMatch(/ 403 /);
    expect(await status('/api/v1/runs', host)).toMatch(/ 200 /);
    expect(await status('/api/v1/runs', `localhost:${port}`)).toMatch(/ 200 /);
    const handshake = '/socket.io/?EIO=4&transport=websocket';
    expect(await status(handshake, 'rebound.example')).not.toMatch(/ (101|200) /);
    await refusedWith(telemetryClient(server.url, { extraHeaders: { host: 'rebound.example' } }));
  });

  it('with a token: 401 without it, over HTTP and over both sockets', async () => {
    const token = 'a-token-of-some-length';
    await using guarded = await openServer({ token });
    for (const headers of [{}, { authorization: 'Bearer wrong-token-of-length' }, { authorization: token }]) {
      const { status, body } = await api<Problem>(guarded.url, '/runs', { headers });
      expect([status, body.code]).toEqual([401, 'unauthorized']);
    }
    expect((await api(guarded.url, '/runs', { headers: { authorization: `Bearer ${token}` } })).status).toBe(200);
    expect((await fetch(`${guarded.url}/healthz`)).status).toBe(200);
    for (const open of [telemetryClient, controlClient]) {
      for (const auth of [
        {},
        { token: 'wrong' },
        { token: 7 },
        { token: null },
        { token: { length: 22 } },
        { token: [token] },
      ])
        expect((await refusedWith(open(guarded.url, { auth }))).data).toEqual({ code: 401 });
      const client = open(guarded.url, { auth: { token } });
      await connected(client);
      client.close();
    }
  });

  it.each([
    ['0.0.0.0', undefined, /binding to 0\.0\.0\.0 needs a bearer token/],
    ['192.0.2.7', undefined, /needs a bearer token/],
    ['127.0.0.1.example.org', undefined, /needs a bearer token/],
    ['::', undefined, /needs a bearer token/],
    ['127.0.0.1', 'short', /the token has 5 characters, expected at least 16/],
    ['0.0.0.0', '', /token/],
  ])('host %s with token %s does not start', async (host, token, message) => {
    using folder = tempFolder();
    const options = {
      ...server.options,
      host,
      store: `${folder.path}/store`,
      ...(token === undefined ? {} : { token }),
    };
    const starting = startServer(options);
    await expect(starting).rejects.toThrow(ConfigError);
    await expect(starting).rejects.toThrow(message);
  });
});
