import { Agent, request } from 'node:http';
import type { IncomingMessage } from 'node:http';
import type { LookupFunction } from 'node:net';
import { Agent as SecureAgent, request as secureRequest } from 'node:https';
import { ControllerError } from '../core/errors.ts';
import type { ControllerQuestion, ControllerTask } from './controller-messages.ts';
import type { AskController } from './controller-worker.ts';

/** Longest answer that is read: a hundred thousand actions, printed long. */
const longest = 2 ** 24;

/** Both addresses of `localhost`, so that no resolver can send it elsewhere. Source: RFC 6761, 6.3. */
const loopback: LookupFunction = (_host, { all }, found) => {
  if (all)
    found(null, [
      { address: '127.0.0.1', family: 4 },
      { address: '::1', family: 6 },
    ]);
  else found(null, '127.0.0.1', 4);
};

/**
 * Asks a controller over HTTP: `POST {"observations": [[…]…], "units": "normalised"|"physical"}` is answered by
 * `{"actions": [[…]…]}`, one row for each. Nothing is asked twice, and no redirect is followed.
 */
export function httpController(
  { name, url, units }: Extract<ControllerTask, { readonly kind: 'http' }>,
  timeoutMs: number,
): AskController {
  const secure = url.startsWith('https:');
  const lookup = new URL(url).hostname === 'localhost' ? loopback : undefined;
  const agent = secure ? new SecureAgent({ keepAlive: true }) : new Agent({ keepAlive: true });
  return async (question) => {
    const text = await post(question);
    let answer: unknown;
    try {
      answer = JSON.parse(text);
    } catch (cause) {
      throw new ControllerError(`${name}: the answer is not JSON: ${quote(text)}`, { cause });
    }
    return actionsOf(answer, question, name);
  };

  function post({ observations, rows }: ControllerQuestion): Promise<string> {
    const size = observations.length / rows;
    const body = JSON.stringify({
      observations: Array.from({ length: rows }, (_, row) => [...observations.subarray(row * size, (row + 1) * size)]),
      units,
    });
    return new Promise((resolve, reject) => {
      const fail = (message: string, cause?: unknown): void =>
        reject(new ControllerError(`${name}: ${message}`, { cause }));
      const call = (secure ? secureRequest : request)(
        url,
        {
          method: 'POST',
          agent,
          lookup,
          signal: AbortSignal.timeout(timeoutMs),
          headers: {
            'content-type': 'application/json',
            accept: 'application/json',
            'content-length': Buffer.byteLength(body),
          },
        },
        (response) => void readText(response).then(resolve, (error: Error) => fail(reasonOf(error, timeoutMs), error)),
      );
      call.on('error', (error) => fail(reasonOf(error, timeoutMs), error));
      call.end(body);
    });
  }
}

async function readText(response: IncomingMessage): Promise<string> {
  const { statusCode } = response;
  if (statusCode !== 200) {
    response.destroy();
    throw new Error(`HTTP status ${statusCode}, expected 200`);
  }
  const parts: Buffer[] = [];
  let length = 0;
  for await (const part of response as AsyncIterable<Buffer>) {
    length += part.length;
    if (length > longest) {
      response.destroy();
      throw new Error(`the answer has more than ${longest} bytes`);
    }
    parts.push(part);
  }
  return Buffer.concat(parts).toString('utf8');
}

function reasonOf(error: Error & { readonly code?: string }, timeoutMs: number): string {
  if (error.name === 'TimeoutError' || error.name === 'AbortError') return `no answer within ${timeoutMs} ms`;
  if (error.code === 'ECONNREFUSED') return 'the connection was refused: does the controller run there?';
  return error.message;
}

/** The actions of an answer. @throws {ControllerError} saying which part is not what was asked for */
function actionsOf(answer: unknown, { rows, actionSize }: ControllerQuestion, name: string): Float64Array {
  const fail = (message: string): never => {
    throw new ControllerError(`${name}: ${message}`);
  };
  const actions: unknown =
    typeof answer === 'object' && answer !== null && 'actions' in answer
      ? answer.actions
      : fail('the answer has no actions');
  if (!Array.isArray(actions) || actions.length !== rows)
    return fail(`actions are ${quote(JSON.stringify(actions))}, expected ${rows} rows`);
  const values = new Float64Array(rows * actionSize);
  for (const [r, row] of (actions as unknown[]).entries()) {
    if (!Array.isArray(row) || row.length !== actionSize)
      return fail(`row ${r} of actions is ${quote(JSON.stringify(row))}, expected ${actionSize} numbers`);
    for (const [a, value] of (row as unknown[]).entries()) {
      if (typeof value !== 'number' || !Number.isFinite(value))
        return fail(`action ${a} of row ${r} is ${quote(JSON.stringify(value))}, expected a finite number`);
      values[r * actionSize + a] = value;
    }
  }
  return values;
}

function quote(text: string | undefined): string {
  const known = text ?? 'nothing';
  return known.length > 60 ? `${known.slice(0, 57)}...` : known;
}
