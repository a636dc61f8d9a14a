import { once } from 'node:events';
import { Worker } from 'node:worker_threads';

/** What a controller may answer that is no answer. */
export const nonsense = [
  '/text',
  '/deep',
  '/array',
  '/fewer',
  '/flat',
  '/wide',
  '/null',
  '/infinite',
  '/string',
  '/error',
  '/elsewhere',
  '/endless',
  '/hangs-up',
  '/half',
] as const;

/**
 * A controller on loopback, in a thread of its own: whoever asks it blocks. `/act` answers by a rule, `/nonsense` with the kind of
 * nonsense whose number is the first value that it is asked about; `/asked` says what it was asked.
 */
const code = `
const { createServer } = require('node:http');
const { parentPort } = require('node:worker_threads');
let rows = 0, requests = 0, units = '';
const rule = (row) => [0.4 * Math.sin(3 * row[0] + row[row.length - 1])];
const kinds = ${JSON.stringify(nonsense)};
const bodies = {
  '/text': () => 'certainly!',
  '/array': () => '[1, 2]',
  '/fewer': () => JSON.stringify({ actions: [] }),
  '/flat': (o) => JSON.stringify({ actions: o.map(() => 0.5) }),
  '/wide': (o) => JSON.stringify({ actions: o.map(() => [0, 0, 0]) }),
  '/null': (o) => JSON.stringify({ actions: o.map(() => [NaN]) }),
  '/infinite': (o) => JSON.stringify({ actions: o.map(() => [0]) }).replace('[0]', '[1e999]'),
  '/string': (o) => JSON.stringify({ actions: o.map(() => ['0.1']) }),
  '/deep': () => '['.repeat(100000),
};
createServer((request, response) => {
  if (request.url === '/asked') return response.setHeader('connection', 'close').end(JSON.stringify({ rows, requests, units }));
  let body = '';
  request.on('data', (part) => (body += part));
  request.on('end', () => {
    const question = JSON.parse(body);
    rows += question.observations.length;
    requests++;
    units = question.units;
    const path = request.url === '/nonsense' ? kinds[question.observations[0][0]] : request.url;
    if (path === '/silent') return;
    if (path === '/hangs-up') return request.socket.destroy();
    if (path === '/half') { response.write('{"actions": [['); return void setTimeout(() => request.socket.destroy(), 20); }
    if (path === '/error') { response.statusCode = 503; return response.end('busy'); }
    if (path === '/elsewhere') { response.statusCode = 302; response.setHeader('location', '/act'); return response.end(); }
    if (path === '/endless') {
      const more = () => { while (response.write('0'.repeat(1 << 16))); response.once('drain', more); };
      response.on('error', () => {});
      return more();
    }
    const make = bodies[path] ?? ((o) => JSON.stringify({ actions: o.map(rule) }));
    response.end(make(question.observations));
  });
}).listen(0, '127.0.0.1', function () { parentPort.postMessage(this.address().port); });
`;

/** The rule of `/act`. */
export function controllerRule(first: number, last: number): number {
  return 0.4 * Math.sin(3 * first + last);
}

export async function openController(): Promise<{
  readonly url: string;
  asked(): Promise<{ readonly rows: number; readonly requests: number; readonly units: string }>;
  close(): Promise<number>;
}> {
  const worker = new Worker(code, { eval: true });
  const [port] = (await once(worker, 'message')) as [number];
  const url = `http://127.0.0.1:${port}`;
  return {
    url,
    asked: async () =>
      (await (await fetch(`${url}/asked`)).json()) as { rows: number; requests: number; units: string },
    close: () => worker.terminate(),
  };
}
