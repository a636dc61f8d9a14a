import { once } from 'node:events';
import { connect } from 'node:net';
import { expect, it } from 'vitest';
import { openServer } from '../support/server.ts';

it('a request on a kept connection is answered though the server had no processor for seconds', async () => {
  await using server = await openServer({ maxConcurrent: 0 });
  const { hostname, port } = new URL(server.url);
  const socket = connect(Number(port), hostname);
  try {
    const ask = (): boolean => socket.write('GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n');
    ask();
    expect(String((await once(socket, 'data'))[0])).toMatch(/^HTTP\/1.1 200 /);
    await new Promise((resolve) => setTimeout(resolve, 50)); // its timer runs
    await new Promise((resolve) => setImmediate(resolve)); // timers are looked at next, before what lies in sockets
    const answered = once(socket, 'data');
    ask();
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 6500); // the server is this process
    expect(String((await answered)[0])).toMatch(/^HTTP\/1.1 200 /);
  } finally {
    socket.destroy();
  }
}, 60_000);
