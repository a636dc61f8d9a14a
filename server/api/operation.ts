import express from 'express';
import type { Request, RequestHandler, Response, Router } from 'express';
import { z } from 'zod';
import { parseValueAs } from '../../core/document.ts';
import type { Scenario } from '../../core/scenario.ts';
import type { Scope } from '../access.ts';
import { assertShallow } from '../nesting.ts';
import { ForbiddenError, MediaTypeError } from '../problem.ts';
import { scenarioOf } from './scenario-body.ts';

/** What an answer's body is: JSON of a schema, or bytes and text of another media type. */
export interface Answer {
  readonly description: string;
  /** By media type; a schema for JSON, null for what no JSON schema describes. Absent: no body. */
  readonly content?: Readonly<Record<string, z.ZodType | null>>;
}

/** What a body may be. */
type Body<B> =
  | {
      readonly kind: 'json';
      readonly schema: z.ZodType<B>;
      /** May be left out; what is there is small. */ readonly optional?: boolean;
    }
  | { readonly kind: 'scenario' }
  | { readonly kind: 'bytes'; readonly limit: number; readonly types: readonly string[] };

/** A request that was found sound. */
export interface Call<Q, B> {
  readonly request: Request;
  readonly response: Response;
  readonly query: Q;
  readonly body: B;
  /** A parameter of the path. */
  readonly param: (name: string) => string;
}

/**
 * One call of the API: the route, what it reads and answers, and who may make it. Express' routes, the checks and OpenAPI all come
 * from this one value.
 */
export interface Operation<Q = unknown, B = unknown> {
  readonly method: 'get' | 'post' | 'patch' | 'delete';
  /** As express has it: `/runs/:id`. */
  readonly path: string;
  readonly scope: Scope;
  readonly summary: string;
  readonly query?: z.ZodType<Q>;
  readonly headers?: z.ZodObject;
  readonly body?: Body<B>;
  readonly answers: Readonly<Record<number, Answer>>;
  handle(call: Call<Q, B>): unknown;
}

/** An operation whose handler knows the types of its query and body. */
export function operation<Q, B>(made: Operation<Q, B>): Operation {
  return made as unknown as Operation;
}

export const json = (schema: z.ZodType): NonNullable<Answer['content']> => ({ 'application/json': schema });

/** An operation on a scenario, sent as JSON or YAML. */
export const scenarioBody: Body<Scenario> = { kind: 'scenario' };

const readers = {
  json: [express.json({ limit: '64kb' })],
  small: [express.json({ limit: '4kb' })],
  scenario: [
    express.json({ limit: '256kb' }),
    express.text({ limit: '256kb', type: ['application/yaml', 'application/x-yaml', 'text/yaml', 'text/plain'] }),
  ],
} as const;

/** Adds the routes; `write` guards all but reads. A handler's value is its answer, unless it answered itself. */
export function mount(router: Router, operations: readonly Operation[], write: RequestHandler): void {
  for (const one of operations) {
    const guards: RequestHandler[] = [
      (_request, response, next) => {
        if (!(response.locals['scopes'] as ReadonlySet<Scope>).has(one.scope))
          throw new ForbiddenError(`this needs a token of scope '${one.scope}'`);
        next();
      },
    ];
    if (one.method !== 'get') guards.push(write);
    if (one.body?.kind === 'bytes') guards.push(express.raw({ limit: one.body.limit, type: [...one.body.types] }));
    else if (one.body?.kind === 'json') guards.push(...readers[one.body.optional === true ? 'small' : 'json']);
    else if (one.body !== undefined) guards.push(...readers.scenario);
    const status = Math.min(...Object.keys(one.answers).map(Number));
    router[one.method](one.path, ...guards, async (request, response) => {
      const answer = await one.handle({
        request,
        response,
        query: one.query === undefined ? undefined : parseValueAs(request.query, 'query', one.query),
        body: bodyOf(one, request),
        param: (name) => String(request.params[name]),
      });
      if (response.headersSent || response.writableEnded) return;
      response.status(status);
      if (answer === undefined) response.end();
      else response.json(answer);
    });
  }
}

function bodyOf({ body }: Operation, request: Request): unknown {
  if (body === undefined) return undefined;
  if (body.kind === 'scenario') return scenarioOf(request);
  const sent: unknown = request.body;
  if (body.kind === 'bytes') {
    if (!Buffer.isBuffer(sent))
      throw new MediaTypeError(`nothing was read: send ${body.types.join(' or ')} with a body`);
    return sent;
  }
  if (sent === undefined) {
    if (body.optional !== true || Number(request.headers['content-length'] ?? 0) > 0)
      throw new MediaTypeError('the body was not read: send application/json');
    return parseValueAs({}, 'body', body.schema);
  }
  assertShallow(sent);
  return parseValueAs(sent, 'body', body.schema);
}
