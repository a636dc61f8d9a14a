import { DocumentError } from '../core/document.ts';
import { FaultlineError } from '../core/errors.ts';
import type { Problem } from './events.ts';

/** The caller asked for something that is not there. */
export class NotFoundError extends FaultlineError {
  readonly code = 'not-found';
}

/** The caller did not show the server's token. */
export class UnauthorizedError extends FaultlineError {
  readonly code = 'unauthorized';
}

/** The caller came by a name that is not this server's. */
export class ForbiddenError extends FaultlineError {
  readonly code = 'forbidden';
}

/** The caller asks too often, or for too much at once. */
export class TooManyError extends FaultlineError {
  readonly code = 'too-many-requests';
}

/** The caller sent something of a kind that is not read here. */
export class MediaTypeError extends FaultlineError {
  readonly code = 'media-type';
}

/** The server is on its way down. */
export class UnavailableError extends FaultlineError {
  readonly code = 'unavailable';
}

/** HTTP statuses of our codes; any other code of ours is a 422. */
const statuses: Readonly<Record<string, number>> = {
  'not-found': 404,
  unauthorized: 401,
  forbidden: 403,
  'too-many-requests': 429,
  'media-type': 415,
  unavailable: 503,
  state: 409,
  store: 500,
  renderer: 501,
};

/** What body-parser and express say by a status alone. */
const codes: Readonly<Record<number, string>> = { 400: 'bad-request', 413: 'too-large', 415: 'media-type' };

const titles: Readonly<Record<number, string>> = {
  400: 'Bad request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not found',
  409: 'Conflict',
  413: 'Payload too large',
  415: 'Unsupported media type',
  422: 'Unprocessable content',
  429: 'Too many requests',
  500: 'Internal error',
  501: 'Not implemented',
  503: 'Unavailable',
};

/** Longest texts and most issues that an answer repeats: what was sent may be long and wrong in every line. */
const maxDetail = 4000;
const maxIssue = 500;
const maxIssues = 50;

/** An error as RFC 9457 problem details. What we did not foresee is a 500 whose details stay in the log. */
export function problemOf(error: unknown): Problem {
  if (error instanceof FaultlineError)
    return { ...problem(statuses[error.code] ?? 422, error.code, cut(error.message, maxDetail)), ...issuesOf(error) };
  // body-parser and express carry a status for what the client did wrong
  const status = typeof error === 'object' && error !== null && 'status' in error ? Number(error.status) : 500;
  if (status >= 400 && status < 500)
    return problem(status, codes[status] ?? 'bad-request', cut(messageOf(error), maxDetail));
  return problem(500, 'internal', 'an unexpected fault; the server’s log has the details');
}

function problem(status: number, code: string, detail: string): Problem {
  return { type: `urn:faultline:problem:${code}`, title: titles[status] ?? 'Error', status, code, detail };
}

function issuesOf(error: FaultlineError): Pick<Problem, 'issues'> {
  if (error instanceof DocumentError)
    return { issues: error.issues.slice(0, maxIssues).map(({ place, message }) => issue(place, message)) };
  return error.place?.path === undefined ? {} : { issues: [issue(error.place, error.message)] };
}

type Issue = NonNullable<Problem['issues']>[number];

function issue(place: NonNullable<FaultlineError['place']>, message: string): Issue {
  return {
    pointer: cut(place.path ?? '/', maxIssue),
    message: cut(message, maxIssue),
    ...(place.line === undefined ? {} : { line: place.line }),
    ...(place.column === undefined ? {} : { column: place.column }),
  };
}

function cut(text: string, length: number): string {
  return text.length <= length ? text : `${text.slice(0, length)} …`;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
