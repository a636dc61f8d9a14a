import type { Problem } from '../../events.ts';
import { readToken } from './token.ts';

/** The server answered with problem details. */
export class ProblemError extends Error {
  readonly problem: Problem;

  constructor(problem: Problem) {
    super(problem.detail === '' ? problem.title : problem.detail);
    this.name = 'ProblemError';
    this.problem = problem;
  }
}

/** The server did not answer at all, or something that is not ours answered. */
export class UnreachableError extends Error {
  constructor(cause: unknown) {
    super('The server does not answer.', { cause });
    this.name = 'UnreachableError';
  }
}

/** An answer of `/api/v1`, with the token if there is one. @throws as {@link getJson} */
export async function request(path: string, init: RequestInit = {}): Promise<Response> {
  const headers = new Headers(init.headers);
  const token = readToken();
  if (token !== undefined) headers.set('authorization', `Bearer ${token}`);
  let response: Response;
  try {
    response = await fetch(`/api/v1${path}`, { ...init, headers });
  } catch (error) {
    throw new UnreachableError(error);
  }
  if (response.ok) return response;
  if (response.headers.get('content-type')?.includes('json') === true)
    throw new ProblemError((await response.json()) as Problem);
  throw new UnreachableError(new Error(`${response.status} ${response.statusText}`));
}

/**
 * GET of a JSON answer of `/api/v1`.
 * @throws {ProblemError} when the server refuses  @throws {UnreachableError} when it is not there
 */
export async function getJson<T>(path: string, signal?: AbortSignal): Promise<T> {
  const response = await request(path, signal === undefined ? {} : { signal });
  return (await response.json()) as T;
}

/** POST of a scenario's text; errors as {@link getJson}, with issues that point into the text. */
export async function postText<T>(path: string, body: string): Promise<T> {
  const init = { method: 'POST', headers: { 'content-type': 'application/yaml' }, body };
  return (await (await request(path, init)).json()) as T;
}

/** POST of a JSON body; errors as {@link getJson}. */
export function postJson<T>(path: string, body: unknown): Promise<T> {
  return sendJson('POST', path, body);
}

/** PATCH with a JSON body; errors as {@link getJson}. */
export function patchJson<T>(path: string, body: unknown): Promise<T> {
  return sendJson('PATCH', path, body);
}

async function sendJson<T>(method: string, path: string, body: unknown): Promise<T> {
  const init = { method, headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
  return (await (await request(path, init)).json()) as T;
}

/** Saves an answer as a file. A plain link would not carry the bearer token. @param type of several that the path answers */
export async function download(path: string, name: string, type?: string): Promise<void> {
  saveBlob(await (await request(path, type === undefined ? {} : { headers: { accept: type } })).blob(), name);
}

/** Hands a blob to the browser's download list. */
export function saveBlob(blob: Blob, name: string): void {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}
