import { DocumentError } from '../core/document.ts';
import { FaultlineError, StateError } from '../core/errors.ts';
import type { Problem } from './events.ts';

/** The caller asked for something that is not there. */
export class NotFoundError extends FaultlineError {
  readonly code = 'not-found';
}

/** The caller may not do this. */
export class ForbiddenError extends FaultlineError {
  readonly code = 'unauthorized';
}

/** The caller asks too often. */
export class TooManyError extends FaultlineError {
  readonly code = 'too-many-requests';
}

/** An error as RFC 9457 problem details. What we did not foresee is a 500 whose details stay in the log. */
export function problemOf(error: unknown): Problem {
  const status = statusOf(error);
  const code = error instanceof FaultlineError ? error.code : status === 500 ? 'internal' : 'bad-request';
  const detail =
    status === 500
      ? 'an unexpected fault; the server’s log has the details'
      : error instanceof Error
        ? error.message
        : String(error);
  return {
    type: `urn:faultline:problem:${code}`,
    title: titles[status] ?? 'Error',
    status,
    code,
    detail,
    ...(error instanceof DocumentError
      ? {
          issues: error.issues.map(({ place, message }) => ({
            pointer: place.path ?? '/',
            message,
            ...(place.line === undefined ? {} : { line: place.line }),
            ...(place.column === undefined ? {} : { column: place.column }),
          })),
        }
      : {}),
  };
}

const titles: Readonly<Record<number, string>> = {
  400: 'Bad request',
  401: 'Unauthorized',
  404: 'Not found',
  409: 'Conflict',
  413: 'Payload too large',
  422: 'Unprocessable content',
  429: 'Too many requests',
  500: 'Internal error',
};

function statusOf(error: unknown): number {
  if (error instanceof NotFoundError) return 404;
  if (error instanceof ForbiddenError) return 401;
  if (error instanceof TooManyError) return 429;
  if (error instanceof StateError) return 409;
  if (error instanceof FaultlineError) return 422;
  // body-parser and express carry a status for what the client did wrong
  const status = typeof error === 'object' && error !== null && 'status' in error ? Number(error.status) : Number.NaN;
  return status >= 400 && status < 500 ? status : 500;
}
