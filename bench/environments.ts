// Ten controllers elsewhere, each stepping 64 lanes over /env/ws as fast as it can: their steps, and what they cost those who watch runs: the delay of
// the server's event loop, as /system tells it, with and without them.
import { decode, encode } from '@msgpack/msgpack';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { WebSocket } from 'ws';
import type { ServerStatus } from '../server/events.ts';
import { spawnServer } from '../test/support/server-process.ts';

const sessions = 10;
const lanes = 64;
const seconds = 8;

export async function run(): Promise<readonly object[]> {
  const folder = mkdtempSync(join(tmpdir(), 'faultline-environments-'));
  const server = await spawnServer({
    host: '127.0.0.1',
    port: 0,
    store: join(folder, 'store'),
    modelsDir: join(folder, 'models'),
    dataRoots: [],
    consoleDir: join(folder, 'console'),
    maxConcurrent: 0,
    logLevel: 'silent',
  });
  /** Delays since the look before. */
  const look = async (): Promise<ServerStatus> =>
    (await (await fetch(`${server.url}/api/v1/system`)).json()) as ServerStatus;
  const wait = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
  try {
    await look();
    await wait(3000);
    const idle = await look();
    const open = await Promise.all(Array.from({ length: sessions }, () => controller(server.url)));
    await look();
    let steps = 0;
    const end = performance.now() + 1000 * seconds;
    await Promise.all(
      open.map(async (step) => {
        while (performance.now() < end) {
          await step();
          steps += lanes;
        }
      }),
    );
    const busy = await look();
    return [
      {
        what: `${sessions} sessions of ${lanes} lanes`,
        'steps of a lane a second': Math.round(steps / seconds),
        'delay of the event loop alone, p50 / p99 ms': `${idle.loopDelay.p50} / ${idle.loopDelay.p99}`,
        'with them': `${busy.loopDelay.p50} / ${busy.loopDelay.p99}`,
        'resident MB alone': Math.round(idle.residentBytes / 2 ** 20),
        'resident MB with them': Math.round(busy.residentBytes / 2 ** 20),
      },
    ];
  } finally {
    await server.kill();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** A session after its reset; gives what makes one step of all its lanes. */
async function controller(url: string): Promise<() => Promise<void>> {
  const socket = new WebSocket(`${url.replace('http', 'ws')}/env/ws`, 'faultline.v1.msgpack');
  await once(socket, 'open');
  const ask = async (message: object): Promise<{ type: string; data: { metadata: Record<string, unknown> } }> => {
    const answer = once(socket, 'message') as Promise<[Buffer]>;
    socket.send(encode(message));
    const said = decode((await answer)[0]) as { type: string; data: { metadata: Record<string, unknown> } };
    if (said.type !== 'observation') throw new Error(JSON.stringify(said));
    return said;
  };
  const first = await ask({ type: 'reset', data: { lanes } });
  const { features } = first.data.metadata['action_space'] as { readonly features: readonly unknown[] };
  const action = new Uint8Array(new Float32Array(lanes * features.length).fill(0.1).buffer);
  return async () => void (await ask({ type: 'step', data: { action } }));
}
