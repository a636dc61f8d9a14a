import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import express, { Router } from 'express';
import type { Request, Response } from 'express';
import { rateLimit } from 'express-rate-limit';
import { z } from 'zod';
import { csvText } from '../core/csv.ts';
import { parseValueAs } from '../core/document.ts';
import type { Command } from '../core/run.ts';
import { parseScenario, scenarioFrom } from '../core/scenario.ts';
import type { Scenario } from '../core/scenario.ts';
import { catalogue, schema } from '../evaluation/vocabulary.ts';
import type { Access } from './access.ts';
import { bearer } from './access.ts';
import {
  ForbiddenError,
  MediaTypeError,
  NotFoundError,
  problemOf,
  TooManyError,
  UnauthorizedError,
} from './problem.ts';
import { readBareCommand } from './messages.ts';
import { assertShallow, shallow } from './nesting.ts';
import type { RunManager } from './run-manager.ts';
import type { Store } from './store.ts';
import { telemetryCsv, telemetryTable } from './telemetry-table.ts';
import { modelNames } from './workspace.ts';

export interface ApiOptions {
  readonly access: Access;
  readonly store: Store;
  readonly manager: RunManager;
  readonly modelsDir: string;
  /** Scenario texts that ship, by name. */
  readonly examples: () => readonly { readonly name: string; readonly text: string }[];
  /** Writes a minute from one address. */
  readonly writesPerMinute: number;
}

const listQuery = z.object({
  state: z.enum(['queued', 'preparing', 'running', 'paused', 'done', 'failed', 'cancelled', 'interrupted']).optional(),
  q: z.string().max(200).optional(),
  cursor: z
    .string()
    .regex(/^\d{1,16}\.[\w-]{1,64}$/, 'not a cursor of this list')
    .optional(),
  limit: z.coerce.number().int().min(1).max(500).default(100),
});
const framesQuery = z.object({
  from: z.coerce.number().int().min(0).default(0),
  limit: z.coerce.number().int().min(1).max(256).default(64),
});
const telemetryQuery = z.object({
  channels: z.string().optional(),
  from: z.coerce.number().int().min(0).default(0),
  to: z.coerce.number().int().min(0).default(Number.MAX_SAFE_INTEGER),
  points: z.coerce.number().int().min(2).max(100_000).optional(),
});

const launchHeaders = z.object({ 'idempotency-key': z.string().min(1).max(200).optional() });

/** Bytes of frames after which an answer ends: one frame may hold 65535 channels of 1000 rows. */
const maxAnswer = 16 << 20;

/** `/api/v1`: every answer is JSON unless it says otherwise, every error problem+json. */
export function apiRouter({ access, store, manager, modelsDir, examples, writesPerMinute }: ApiOptions): Router {
  const router = Router();
  router.use((request, _response, next) => {
    if (!access.permitsHost(request.headers.host))
      throw new ForbiddenError(`this server is not '${request.headers.host?.slice(0, 100)}'`);
    if (!access.permitsOrigin(request.headers.origin, request.headers.host))
      throw new ForbiddenError(`a page of '${request.headers.origin?.slice(0, 100)}' may not use this server`);
    if (!access.permits(bearer(request.headers.authorization)))
      throw new UnauthorizedError('this server needs its bearer token: Authorization: Bearer …');
    next();
  });
  const write = rateLimit({
    windowMs: 60_000,
    limit: writesPerMinute,
    standardHeaders: 'draft-8',
    legacyHeaders: false,
    handler: (_request, response) =>
      sendProblem(response, problemOf(new TooManyError(`more than ${writesPerMinute} writes a minute`))),
  });
  const body = [
    express.json({ limit: '256kb' }),
    express.text({ limit: '256kb', type: ['application/yaml', 'application/x-yaml', 'text/yaml', 'text/plain'] }),
  ];

  router.post('/runs', write, ...body, (request, response) => {
    const { 'idempotency-key': key } = parseValueAs(request.headers, 'headers', launchHeaders);
    const run = manager.launch(scenarioOf(request), key);
    response.status(201).location(`/api/v1/runs/${run.id}`).json(run);
  });
  router.get('/runs', (request, response) => {
    const { state, q, cursor, limit } = parseValueAs(request.query, 'query', listQuery);
    response.json(store.list({ state, text: q, cursor, limit }));
  });
  router.get('/runs/:id', (request, response) => void response.json(store.detail(request.params.id)));
  router.delete('/runs/:id', write, (request, response) => {
    manager.remove(String(request.params['id']));
    response.status(204).end();
  });
  for (const type of ['pause', 'resume', 'step', 'speed', 'cancel'] as const) {
    router.post(`/runs/:id/${type}`, write, express.json({ limit: '4kb' }), (request, response) => {
      const sent = request.body as object | undefined;
      if (sent === undefined && Number(request.headers['content-length'] ?? 0) > 0)
        throw new MediaTypeError('the body was not read: send application/json');
      const command: Command = readBareCommand({ ...sent, type });
      response.json(manager.command(String(request.params['id']), command));
    });
  }
  router.get('/runs/:id/result', (request, response) => {
    const { result, state } = store.detail(request.params.id);
    if (result === null) throw new NotFoundError(`run '${request.params.id}' is ${state} and has no result`);
    response.json(result);
  });
  /** Concatenated `u32 length, frame` (little-endian), at most `limit`; the next `from` is in X-Next-Seq. */
  router.get('/runs/:id/frames', (request, response) => {
    const { from, limit } = parseValueAs(request.query, 'query', framesQuery);
    store.summary(request.params.id);
    const parts: Buffer[] = [];
    let next = from;
    for (let bytes = 0; next < from + limit && bytes < maxAnswer;) {
      const [frame] = store.frames(request.params.id, next, 1);
      if (frame === undefined) break;
      const length = Buffer.alloc(4);
      length.writeUInt32LE(frame.body.length);
      parts.push(length, Buffer.from(frame.body));
      bytes += frame.body.length;
      next = frame.seq + 1;
    }
    response.type('application/octet-stream').setHeader('X-Next-Seq', String(next)).send(Buffer.concat(parts));
  });
  const telemetry = async (request: Request<{ id: string }>, response: Response, csv: boolean): Promise<void> => {
    const { id } = request.params;
    const { channels, from, to, points } = parseValueAs(request.query, 'query', telemetryQuery);
    const known = store.detail(id).schema;
    if (known === null) throw new NotFoundError(`run '${id}' has no telemetry yet`);
    const query = { channels: channels?.split(',').filter(Boolean), from, to, points };
    if (!csv) response.json(telemetryTable(store, id, known, query));
    else if (points === undefined) await stream(response.type('text/csv'), telemetryCsv(store, id, known, query));
    else {
      const { channels, step, values } = telemetryTable(store, id, known, query);
      const head = ['step', ...channels.map((channel) => channel.name)];
      const cell = (row: number, column: number): number => (column === 0 ? step[row]! : values[column - 1]![row]!);
      response.type('text/csv').send(csvText(head, step.length, cell));
    }
  };
  router.get('/runs/:id/telemetry', (request, response) =>
    telemetry(request, response, request.accepts(['json', 'text/csv']) === 'text/csv'),
  );
  router.get('/runs/:id/telemetry.csv', (request, response) => telemetry(request, response, true));

  router.get(
    '/schemas/scenario.json',
    (_request, response) => void response.json(z.toJSONSchema(schema, { io: 'input' })),
  );
  router.get('/scenarios', (_request, response) => void response.json({ scenarios: examples() }));
  router.post(
    '/scenarios/validate',
    ...body,
    (request, response) => void response.json({ scenario: scenarioOf(request) }),
  );
  for (const kind of ['attacks', 'modules'])
    router.get(
      `/${kind}`,
      (_request, response) =>
        void response.json({ [kind]: catalogue[kind]!.map(({ name, title }) => ({ name, title })) }),
    );
  router.get('/policies', (_request, response) => {
    const rules = catalogue['controllers']!.map(({ name, title }) => ({ name, title }));
    response.json({ policies: [...modelNames(modelsDir), ...rules] });
  });
  router.use((request) => {
    throw new NotFoundError(`there is no ${request.method} ${request.originalUrl.slice(0, 200)}`);
  });
  return router;
}

/** A scenario from a JSON body, or from YAML text, whose errors then carry lines and columns. */
function scenarioOf(request: Request): Scenario {
  const sent: unknown = request.body;
  if (typeof sent === 'string') return shallow(() => parseScenario(sent, 'scenario', schema));
  if (sent === undefined)
    throw new MediaTypeError('no scenario was read: send application/json or application/yaml with a body');
  assertShallow(sent);
  return scenarioFrom(sent, 'scenario', schema);
}

export function sendProblem(response: Response, problem: ReturnType<typeof problemOf>): void {
  response.status(problem.status).type('application/problem+json').send(JSON.stringify(problem));
}

/** Sends pieces as fast as the client reads them; that it left is nothing to report. */
async function stream(response: Response, pieces: Iterable<string>): Promise<void> {
  try {
    await pipeline(Readable.from(pieces), response);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_STREAM_PREMATURE_CLOSE') throw error;
  }
}
