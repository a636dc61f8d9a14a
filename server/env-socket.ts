import type { IncomingMessage, Server as HttpServer } from 'node:http';
import type { Duplex } from 'node:stream';
import { decode, encode } from '@msgpack/msgpack';
import { WebSocketServer } from 'ws';
import type { WebSocket } from 'ws';
import { CodecError } from '../core/errors.ts';
import type { Access } from './access.ts';
import { bearer } from './access.ts';
import { assertShallow } from './nesting.ts';
import { problemOf } from './problem.ts';
import { EnvRefusal, EnvSession, EnvThreads } from './env-session.ts';
import type { EnvAnswer } from './remote-env.ts';
import type { Log } from './socket-listener.ts';
import type { FileWorkspace } from './workspace.ts';

/** The subprotocol of training: msgpack, arrays as the bytes of float32, float64 and uint8. */
const packed = 'faultline.v1.msgpack';
const path = '/env/ws';
const maxSessions = 16;
const maxMessageBytes = 1_000_000;

interface EnvSockets {
  /** Ends the sessions whose token does not allow them any more. */
  recheck(): void;
  close(): Promise<void>;
}

/** `/env/ws`: an environment for each connection, in a thread of its own. JSON, or msgpack where the client asks for its subprotocol. */
export function openEnvSockets(http: HttpServer, access: Access, workspace: FileWorkspace, log: Log): EnvSockets {
  const threads = new EnvThreads(workspace);
  const server = new WebSocketServer({
    noServer: true,
    maxPayload: maxMessageBytes,
    perMessageDeflate: false,
    handleProtocols: (offered) => (offered.has(packed) ? packed : false),
  });
  /** What each client asked to be let in by. */
  const requests = new WeakMap<WebSocket, IncomingMessage>();
  http.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    // No URL: some targets that HTTP allows, such as `//`, are none, and an error here would end the server.
    const [pathname = ''] = (request.url ?? '').split('?', 1);
    if (pathname.startsWith('/socket.io')) return; // engine.io answers
    const status = pathname === path ? refusal(access, request) : '404 Not Found';
    if (status === undefined && server.clients.size < maxSessions)
      server.handleUpgrade(request, socket, head, (client) => {
        requests.set(client, request);
        serve(client, new EnvSession(threads), log);
      });
    else {
      socket.on('error', () => {});
      socket.end(`HTTP/1.1 ${status ?? '429 Too Many Requests'}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
    }
  });
  return {
    recheck() {
      for (const client of server.clients) {
        const request = requests.get(client);
        if (request !== undefined && refusal(access, request) !== undefined) client.close(1008);
      }
    },
    async close() {
      for (const client of server.clients) client.terminate();
      server.close();
      await threads[Symbol.asyncDispose]();
    },
  };
}

function refusal(access: Access, { headers }: IncomingMessage): string | undefined {
  if (!access.permitsOrigin(headers.origin, headers.host)) return '403 Forbidden';
  const scopes = access.scopes(bearer(headers.authorization));
  if (scopes === undefined) return '401 Unauthorized';
  return scopes.has('run') ? undefined : '403 Forbidden';
}

/** One message at a time: the next is not read before this one is answered, and others have had the event loop. */
function serve(client: WebSocket, env: EnvSession, log: Log): void {
  const binary = client.protocol === packed;
  client.on('error', () => client.terminate());
  client.on('close', () => env[Symbol.dispose]());
  let turn: Promise<void> = Promise.resolve();
  client.on('message', (data: Buffer, isBinary: boolean) => {
    client.pause();
    turn = turn
      .then(async () => {
        const answer = await answered(env, data, binary, isBinary, log);
        client.send(binary ? encode(bytesIn(answer)) : JSON.stringify(answer, listsIn));
        if (answer.type === 'closed') client.close();
        await new Promise((resolve) => setImmediate(resolve));
        if (client.readyState === client.OPEN) client.resume();
      })
      .catch((error: unknown) => {
        log('error', { fault: error instanceof Error ? error.stack : error }, 'env failed');
        client.terminate();
      });
  });
}

async function answered(
  env: EnvSession,
  data: Buffer,
  binary: boolean,
  isBinary: boolean,
  log: Log,
): Promise<EnvAnswer | { readonly type: 'error'; readonly data: object }> {
  try {
    if (binary !== isBinary) throw new CodecError(`expected ${binary ? 'msgpack in binary' : 'JSON in text'} messages`);
    const sent = binary ? unpacked(data) : parsed(data);
    assertShallow(sent);
    return await env.answer(sent);
  } catch (error) {
    const refused = error instanceof EnvRefusal ? error : undefined;
    const problem = refused?.problem ?? problemOf(error);
    if (problem.status >= 500)
      log('error', { fault: refused?.fault ?? (error instanceof Error ? error.stack : error) }, 'env failed');
    return { type: 'error', data: { message: problem.detail, code: problem.code, problem } };
  }
}

function parsed(data: Buffer): unknown {
  try {
    return JSON.parse(data.toString('utf8'));
  } catch (cause) {
    throw new CodecError('the message is no JSON', { cause });
  }
}

function unpacked(data: Buffer): unknown {
  try {
    return decode(data, { maxMapLength: 100, maxArrayLength: 10_000, maxDepth: 32 } as object);
  } catch (cause) {
    throw new CodecError('the message is no msgpack', { cause });
  }
}

/** Typed arrays as lists. */
function listsIn(_key: string, value: unknown): unknown {
  return ArrayBuffer.isView(value) ? [...(value as unknown as Iterable<number>)] : value;
}

/** Typed arrays as their bytes, little-endian. */
function bytesIn(value: unknown): unknown {
  if (ArrayBuffer.isView(value)) return new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, bytesIn(inner)]));
}
