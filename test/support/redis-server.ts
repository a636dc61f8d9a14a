import { spawn, spawnSync } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { Redis } from 'ioredis';

/** Another build of it, such as Valkey, can be tried by its path. */
const program = process.env['FAULTLINE_REDIS_SERVER'] ?? 'redis-server';
/** Whether there is a Redis on this machine; where there is none, what needs one is skipped, and says so. */
export const hasRedis = spawnSync(program, ['--version']).status === 0;
if (!hasRedis)
  process.stderr.write('no redis-server on this machine: its tests are skipped (apt-get install redis-server)\n');

/** A real Redis with an append-only file in a folder of its own. */
export interface TestRedis extends AsyncDisposable {
  readonly url: string;
  /** As the machine's end would: nothing is closed or flushed. */
  kill(): Promise<void>;
  /** On the same port, with what its file has. */
  start(): Promise<void>;
}

export async function openRedis(folder: string): Promise<TestRedis> {
  const port = await freePort();
  const url = `redis://127.0.0.1:${port}`;
  let child: ChildProcess | undefined;
  const options = ['--port', String(port), '--bind', '127.0.0.1', '--dir', folder, '--save', '', '--appendonly', 'yes'];
  const redis: TestRedis = {
    url,
    async kill() {
      if (child === undefined) return;
      const gone = once(child, 'exit');
      child.kill('SIGKILL');
      await gone;
      child = undefined;
    },
    async start() {
      child = spawn(program, options, { stdio: 'ignore' });
      const client = new Redis(url, { maxRetriesPerRequest: null, retryStrategy: () => 50 });
      client.on('error', () => {});
      await client.ping();
      client.disconnect();
    },
    [Symbol.asyncDispose]: () => redis.kill(),
  };
  await redis.start();
  return redis;
}

/** One that nobody listened at just now. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
