import { once } from 'node:events';
import { request as httpRequest } from 'node:http';
import { io } from 'socket.io-client';
import * as parser from 'socket.io-msgpack-parser';
import { WebSocket } from 'ws';
import { rng } from '../../core/rng.ts';
import type { Rng } from '../../core/rng.ts';

/** What became of hostile inputs: how many of each status, and those that a server must never give. */
export interface Verdict {
  readonly statuses: Readonly<Record<string, number>>;
  readonly faults: readonly string[];
}

const paths = [
  '/runs',
  '/runs/ID',
  '/runs/ID/pause',
  '/runs/ID/speed',
  '/runs/ID/clone',
  '/runs/ID/frames',
  '/runs/ID/telemetry',
  '/runs/ID/telemetry.parquet',
  '/runs/ID/statistics',
  '/runs/ID/result',
  '/runs/ID/report.html',
  '/runs/ID/report.json',
  '/runs/ID/junit.xml',
  '/runs/ID/notes',
  '/runs/ID/notes/ID',
  '/runs/ID/figures/ID.svg',
  '/runs/ID/figures/ID.png',
  '/compare',
  '/sweeps',
  '/sweeps/ID/cells',
  '/tokens',
  '/tokens/ID',
  '/tags',
  '/policies/ID',
  '/query',
  '/scenarios/validate',
  '/schemas/ID',
  '/metrics',
  '/ID',
] as const;

const strings = [
  '',
  '..',
  '../../../../etc/passwd',
  '..%2f..%2f..%2fetc%2fpasswd',
  '%00',
  '%E0%A4%A',
  'done',
  'done\0',
  "'; drop table run; --",
  "\" from read_text('/etc/passwd') --",
  '__proto__',
  'constructor',
  'toString',
  '\u202e\u0007',
  '-1',
  '1e999',
  'NaN',
  '9007199254740993',
  '😀'.repeat(50),
  'x'.repeat(5000),
] as const;

const bombs = [
  '('.repeat(1000) + '1' + ')'.repeat(999),
  `${'-'.repeat(1999)}1`,
  '9^9^9^9^9^9',
  `max(${'net,'.repeat(490)}1)`,
  'import({a: 1})',
  'f(x) = f(x)',
  'constructor.constructor("return process")()',
  'net["__proto__"]',
  'ones(1e9, 1e9)',
  'x'.repeat(5000),
  '1 ? '.repeat(400),
] as const;

const pick = <T>(random: Rng, values: readonly T[]): T => values[random.int(values.length)]!;

/** Any value that JSON has, most of them wrong wherever they stand. */
function value(random: Rng, depth = 3): unknown {
  const kind = random.int(depth > 0 ? 9 : 6);
  if (kind === 0) return null;
  if (kind === 1) return random.int(2) === 1;
  if (kind === 2) return pick(random, [0, -1, 1e308, 1.5, 2 ** 53, -0]);
  if (kind <= 5) return pick(random, [...strings, ...bombs]);
  if (kind === 6) return Array.from({ length: random.int(5) }, () => value(random, depth - 1));
  const keys = [
    'name',
    'seed',
    'attacks',
    'district',
    'reward',
    'victim',
    'policy',
    'tags',
    'scopes',
    'vary',
    'scenario',
    'step',
    'text',
    '__proto__',
    'constructor',
    'x',
  ];
  return Object.fromEntries(
    Array.from({ length: random.int(6) }, () => [pick(random, keys), value(random, depth - 1)]),
  );
}

function body(random: Rng): string {
  const kind = random.int(8);
  if (kind === 0) return '{"name": ';
  if (kind === 1) return '['.repeat(5000);
  if (kind === 2) return `{"name": "${'x'.repeat(300_000)}"}`;
  if (kind === 3) return '{"__proto__": {"polluted": 1}, "constructor": {"prototype": {"polluted": 1}}}';
  if (kind === 4) return 'a: &a [*a]\nb: !!js/function "x"';
  return JSON.stringify(value(random));
}

/** Sends one request as bytes say: `fetch` would mend what is wrong with it. */
async function overHttp(url: string, random: Rng): Promise<string> {
  const { hostname, port, host } = new URL(url);
  const path = pick(random, paths).replace('ID', () => encodeURI(pick(random, strings)).slice(0, 6000));
  const names = [
    'limit',
    'cursor',
    'from',
    'to',
    'points',
    'channels',
    'ids',
    'metric',
    'groupBy',
    'sort',
    'q',
    'failIf',
    'file',
    'like',
    '__proto__',
    'a[b][c]',
  ];
  const query = Array.from(
    { length: random.int(4) },
    () => `${pick(random, names)}=${encodeURIComponent(pick(random, [...strings, ...bombs]))}`,
  );
  const headers: Record<string, string> = {
    host: random.int(20) === 0 ? 'evil.example' : host,
    'content-type': pick(random, [
      'application/json',
      'application/yaml',
      'text/plain',
      'application/octet-stream',
      'x',
    ]),
    accept: pick(random, ['*/*', 'text/csv', 'application/vnd.apache.arrow.stream', ';;;', 'x'.repeat(1000)]),
  };
  if (random.int(8) === 0) headers['origin'] = pick(random, ['http://evil.example', 'null', 'file://', 'x']);
  if (random.int(8) === 0)
    headers['authorization'] = pick(random, ['Bearer', 'Bearer x', 'Basic e30=', `Bearer ${'x'.repeat(2000)}`]);
  if (random.int(8) === 0) headers['idempotency-key'] = 'x'.repeat(random.int(300));
  const oversized = random.int(40) === 0; // where it would be read
  if (oversized) headers['content-type'] = 'application/json';
  const drawn = pick(random, ['GET', 'GET', 'POST', 'POST', 'PATCH', 'DELETE', 'PUT', 'OPTIONS', 'TRACE']);
  const method = oversized ? 'POST' : drawn;
  const sent = oversized ? `"${'x'.repeat(300_000)}"` : method === 'GET' ? undefined : body(random);
  return new Promise((resolve) => {
    const request = httpRequest(
      {
        hostname,
        port,
        method,
        path: `/api/v1${oversized ? '/scenarios/validate' : path}?${query.join('&')}`,
        headers,
      },
      (response) => {
        response.resume();
        response.on('end', () => resolve(String(response.statusCode)));
        response.on('error', () => resolve('cut'));
      },
    );
    request.on('error', () => resolve('cut'));
    request.end(sent);
  });
}

/** Sends one message to an environment of its own. */
async function overEnvSocket(url: string, random: Rng): Promise<string> {
  const socket = new WebSocket(`${url.replace('http', 'ws')}/env/ws`);
  try {
    await once(socket, 'open');
  } catch {
    return 'env refused';
  }
  const gone = once(socket, 'close');
  const answered = once(socket, 'message').catch(() => gone) as Promise<[Buffer?]>;
  const scenario = { district: { steps: 4, reward: { expression: pick(random, bombs) } } };
  const sent = pick(random, [
    () => JSON.stringify({ type: 'reset', data: { scenario } }),
    () => JSON.stringify({ type: 'reset', data: { scenario: value(random), lanes: value(random) } }),
    () => JSON.stringify({ type: 'step', data: { action: value(random) } }),
    () => JSON.stringify(value(random)),
    () => body(random),
    () => 'x'.repeat(1_100_000),
  ])();
  socket.send(sent, () => {});
  const [data] = await Promise.race([answered, gone as Promise<[Buffer?]>]);
  socket.terminate();
  if (!Buffer.isBuffer(data)) return 'env cut';
  const answer = JSON.parse(data.toString()) as { type: string; data: { problem?: { status: number } } };
  return `env ${answer.type} ${answer.data.problem?.status ?? ''}`;
}

/** Sends one event to a namespace of its own choice, with a payload and an acknowledgement, or without. */
async function overSocket(url: string, random: Rng): Promise<string> {
  const namespace = pick(random, ['telemetry', 'control']);
  const auth = pick(random, [{}, {}, {}, { token: 'x' }, { token: { a: 1 } }]);
  const extraHeaders: Record<string, string> = random.int(10) === 0 ? { origin: 'http://evil.example' } : {};
  const socket = io(`${url}/${namespace}`, {
    transports: ['websocket'],
    parser,
    forceNew: true,
    reconnection: false,
    auth,
    extraHeaders,
  });
  try {
    const said = await new Promise<string>((resolve) => {
      socket.on('connect_error', () => resolve('refused'));
      socket.on('disconnect', () => resolve('cut'));
      socket.on('problem', ({ status }: { status: number }) => resolve(String(status)));
      socket.on('connect', () => {
        const event = pick(random, ['run:subscribe', 'run:unsubscribe', 'run:launch', 'run:command', 'nothing', '']);
        const reply = (answer: { ok?: boolean; problem?: { status: number } }): void =>
          resolve(answer.ok === true ? 'ok' : String(answer.problem?.status));
        const payload = pick(random, [
          () => value(random),
          () => ({ runId: pick(random, strings), from: value(random, 0), mode: pick(random, ['all', 'live', '']) }),
          () => ({ runId: pick(random, strings), command: value(random, 1) }),
          () => 'x'.repeat(1_100_000),
        ])();
        if (random.int(8) === 0) {
          // What is no acknowledgement has no answer where there is nothing wrong: the next one has.
          socket.emit(event, payload, payload);
          socket.emit('nothing', {}, reply);
        } else socket.emit(event, payload, reply);
        if (random.int(20) === 0) (socket.io.engine as unknown as { write(raw: string): void }).write('garbage');
      });
    });
    return `socket ${said}`;
  } finally {
    socket.disconnect();
  }
}

/** An input that has no answer after this has found a way to hang something. */
const patienceMs = 30_000;

async function inTime(answer: Promise<string>): Promise<string> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<string>((resolve) => {
    timer = setTimeout(() => resolve('none'), patienceMs);
  });
  try {
    return await Promise.race([answer, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Sends `count` inputs, a few at a time; the same seed sends the same. */
export async function attackServer(
  url: string,
  count: number,
  seed: number,
  progress: (done: number, faults: number) => void = () => {},
): Promise<Verdict> {
  const statuses: Record<string, number> = {};
  const faults: string[] = [];
  const root = rng(seed);
  let done = 0;
  const lane = async (from: number): Promise<void> => {
    for (let i = from; i < count; i += 4) {
      const random = root.split(String(i));
      const send = i % 10 === 9 ? overEnvSocket : i % 10 === 8 ? overSocket : overHttp;
      const status = await inTime(send(url, random));
      statuses[status] = (statuses[status] ?? 0) + 1;
      if (/\b5\d\d$/.test(status) || status === 'none')
        faults.push(`input ${i} of seed ${seed}, ${send.name}: ${status}`);
      progress(++done, faults.length);
    }
  };
  await Promise.all([0, 1, 2, 3].map(lane));
  return { statuses, faults };
}
