import { decode, encode } from '@msgpack/msgpack';
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { WebSocket } from 'ws';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openServer } from '../support/server.ts';
import type { TestServer } from '../support/server.ts';

let server: TestServer;
const token = 'a-token-for-the-environment';
beforeAll(async () => {
  server = await openServer({ maxConcurrent: 0, token });
});
afterAll(() => server[Symbol.asyncDispose]());

interface Observed {
  readonly type: string;
  readonly data: {
    readonly observation: number[] & Uint8Array;
    readonly reward: number & Uint8Array;
    readonly done: boolean;
    readonly message?: string;
    readonly step_count?: number;
    readonly metadata: {
      readonly lanes: number;
      readonly episode_steps: number;
      readonly truncated: boolean;
      readonly final_observation?: number[];
      readonly action_space: { readonly features: readonly { readonly low: number; readonly high: number }[] };
    };
  };
}

const authorized = { headers: { authorization: `Bearer ${token}` } };

async function session(
  protocol?: string,
): Promise<{ readonly ask: (message: unknown) => Promise<Observed>; readonly socket: WebSocket }> {
  const socket = new WebSocket(`${server.url.replace('http', 'ws')}/env/ws`, protocol ?? [], authorized);
  await once(socket, 'open');
  return {
    socket,
    async ask(message) {
      const packed = socket.protocol !== '';
      const answer = once(socket, 'message') as Promise<[Buffer]>;
      socket.send(
        typeof message === 'string' || Buffer.isBuffer(message)
          ? message
          : packed
            ? encode(message)
            : JSON.stringify(message),
      );
      const [data] = await answer;
      return (packed ? decode(data) : JSON.parse(data.toString())) as Observed;
    },
  };
}

const floats = (bytes: Uint8Array): number[] => {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Array.from({ length: bytes.byteLength / 4 }, (_, i) => view.getFloat32(4 * i, true));
};

describe('/env/ws', () => {
  it('steps a building to the end of its episode; the same seed and actions give the same numbers', async () => {
    const { ask, socket } = await session();
    const play = async (): Promise<number[]> => {
      const first = await ask({ type: 'reset', data: { seed: 3, scenario: { district: { steps: 12 } } } });
      const numbers = [...first.data.observation];
      const { features } = first.data.metadata.action_space;
      for (let step = 1; step <= first.data.metadata.episode_steps; step++) {
        const answer = await ask({ type: 'step', data: { action: features.map(({ high }) => high / 2) } });
        numbers.push(answer.data.reward, ...answer.data.observation);
        expect([step, answer.data.done, answer.data.metadata.truncated]).toEqual([step, step === 12, step === 12]);
        expect(answer.data.metadata.final_observation !== undefined).toBe(step === 12);
      }
      expect((await ask({ type: 'state' })).data.step_count).toBe(12);
      return numbers;
    };
    const numbers = await play();
    expect(new Set(numbers).size).toBeGreaterThan(50);
    expect(await play()).toEqual(numbers);
    socket.close();
  });

  it('steps many lanes in msgpack, the first of them like one in JSON', async () => {
    const one = await session();
    const many = await session('faultline.v1.msgpack');
    const first = await one.ask({ type: 'reset' });
    const all = await many.ask({ type: 'reset', data: { lanes: 8 } });
    const width = first.data.observation.length;
    expect(floats(all.data.observation)).toHaveLength(8 * width);
    expect(floats(all.data.observation).slice(0, width)).toEqual(first.data.observation);
    const actions = first.data.metadata.action_space.features.length;
    const action = new Uint8Array(new Float32Array(8 * actions).fill(0.25).buffer);
    const stepped = await many.ask({ type: 'step', data: { action } });
    const alone = await one.ask({ type: 'step', data: { action: Array.from({ length: actions }, () => 0.25) } });
    expect(floats(stepped.data.observation).slice(0, width)).toEqual(alone.data.observation);
    expect(stepped.data.reward.byteLength).toBe(8 * 8);
    one.socket.close();
    many.socket.close();
  });

  it.each([
    ['no JSON', '{', /no JSON/],
    ['an unknown type', { type: 'render' }, /type/],
    ['a step before a reset', { type: 'step', data: { action: [0] } }, /reset first/],
    ['too many lanes', { type: 'reset', data: { lanes: 1e9 } }, /lanes/],
    ['a scenario that is none', { type: 'reset', data: { scenario: { district: { steps: 0 } } } }, /steps/],
    [
      'a dataset elsewhere',
      { type: 'reset', data: { scenario: { district: { dataset: '/etc' } } } },
      /outside the folders/,
    ],
    ['a binary message', Buffer.from([0x80]), /JSON in text/],
  ])('%s is an error, and the session goes on', async (_what, message, expected) => {
    const { ask, socket } = await session();
    const answer = await ask(message);
    expect([answer.type, answer.data.message]).toEqual(['error', expect.stringMatching(expected)]);
    expect((await ask({ type: 'reset' })).type).toBe('observation');
    const short = await ask({ type: 'step', data: { action: [] } });
    expect(short.data.message).toMatch(/0 values, expected/);
    socket.close();
  });

  it('leaves the server to others while it computes', async () => {
    const { ask, socket } = await session('faultline.v1.msgpack');
    await ask({ type: 'reset' }); // the thread is there
    const seen = { answered: false };
    const large = ask({ type: 'reset', data: { lanes: 256 } }).then(() => (seen.answered = true));
    let served = 0;
    for (; !seen.answered; served++) expect((await fetch(`${server.url}/healthz`)).status).toBe(200);
    await large;
    // On the server's own thread the first of these would wait for all of the reset.
    expect(served).toBeGreaterThan(4);
    socket.close();
  });

  it('has 16 at once, and room again when one goes', async () => {
    const sessions = [];
    for (let i = 0; i < 16; i++) sessions.push(await session());
    await expect(session()).rejects.toThrow(/429/);
    const [first] = sessions;
    expect((await first!.ask({ type: 'reset' })).type).toBe('observation');
    first!.socket.close();
    await once(first!.socket, 'close');
    await expect
      .poll(
        () =>
          session().then(
            (one) => sessions.push(one),
            () => 0,
          ),
        { timeout: 10_000 },
      )
      .toBe(17);
    // It may get the thread of the one that went, but nothing of its environment.
    expect((await sessions.at(-1)!.ask({ type: 'step', data: { action: [0] } })).data.message).toMatch(/reset first/);
    expect((await sessions.at(-1)!.ask({ type: 'reset' })).type).toBe('observation');
    for (const { socket } of sessions) socket.close();
  });

  it('lets in who may run, from no page elsewhere', async () => {
    const refused = async (path: string, headers: Record<string, string>): Promise<string> => {
      const socket = new WebSocket(server.url.replace('http', 'ws') + path, { headers });
      const [error] = (await once(socket, 'error')) as [Error];
      return error.message;
    };
    expect(await refused('/env/ws', {})).toMatch(/401/);
    expect(await refused('/env/ws', { ...authorized.headers, origin: 'http://evil.example' })).toMatch(/403/);
    expect(await refused('/elsewhere', authorized.headers)).toMatch(/404/);
  });

  it('answers the example in Python', async () => {
    const file = join(import.meta.dirname, '..', '..', 'examples', 'python', 'district_env.py');
    const { port } = new URL(server.url);
    const env = { ...process.env, FAULTLINE_TOKEN: token };
    const { stdout } = await promisify(execFile)('python3', [file, '127.0.0.1', port], { env });
    const { observations, actions, return: total } = JSON.parse(stdout) as Record<string, number>;
    expect(observations).toBeGreaterThan(5);
    expect(actions).toBeGreaterThan(0);
    expect(total).toBeLessThan(0);
  });

  it.each(['//', '/env/ws/../..', '/%', '/\\', 'http://[', '*'])(
    'an upgrade of %j ends nothing but itself',
    async (target) => {
      const { hostname, port } = new URL(server.url);
      const socket = connect(Number(port), hostname);
      let said = '';
      socket.on('data', (data: Buffer) => (said += data.toString('latin1')));
      socket.on('error', () => {});
      socket.write(
        `GET ${target} HTTP/1.1\r\nHost: ${hostname}:${port}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n`,
      );
      await once(socket, 'close');
      expect(said).toMatch(/^HTTP\/1\.1 4\d\d /);
      expect((await fetch(`${server.url}/healthz`)).status).toBe(200);
    },
  );
});
