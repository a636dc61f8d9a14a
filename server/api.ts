import { Router } from 'express';
import type { Response } from 'express';
import { rateLimit } from 'express-rate-limit';
import { z } from 'zod';
import type { Access } from './access.ts';
import { bearer } from './access.ts';
import { compareScreenOperations } from './api/compare-screen.ts';
import { compareOperation } from './api/compare.ts';
import { noteOperations } from './api/notes.ts';
import { openApi } from './api/openapi.ts';
import { executorOperation } from './api/executor.ts';
import { json, mount, operation } from './api/operation.ts';
import { queryOperation } from './api/query.ts';
import { reportOperations } from './api/reports.ts';
import { runListOperations } from './api/run-list.ts';
import { policyOperations } from './api/policies.ts';
import { runEventsOperation } from './api/run-events.ts';
import { runStreamOperation } from './api/run-stream.ts';
import { runOperations } from './api/runs.ts';
import { telemetryOperations } from './api/telemetry.ts';
import { sweepOperations } from './api/sweeps.ts';
import { systemOperations } from './api/system.ts';
import { tokenOperations } from './api/tokens.ts';
import { vocabularyOperations } from './api/vocabulary.ts';
import { version } from './installation.ts';
import type { Metrics } from './metrics.ts';
import type { Policies } from './policies.ts';
import { ForbiddenError, NotFoundError, problemOf, TooManyError, UnauthorizedError } from './problem.ts';
import type { QueryBox } from './query.ts';
import type { Reporter } from './reporter.ts';
import type { RunManager } from './run-manager.ts';
import type { ServerStatus } from './events.ts';
import type { Store } from './store.ts';
import type { SweepRunner } from './sweep-runner.ts';

export interface ApiOptions {
  readonly access: Access;
  readonly store: Store;
  readonly manager: RunManager;
  readonly sweeps: SweepRunner;
  readonly metrics: Metrics;
  readonly reporter: Reporter;
  readonly query: QueryBox;
  readonly policies: Policies;
  readonly status: () => Promise<ServerStatus>;
  /** Scenario texts that ship, by name. */
  readonly examples: () => readonly { readonly name: string; readonly text: string }[];
  /** Writes, and requests in all, a minute from one address. */
  readonly writesPerMinute: number;
  readonly requestsPerMinute: number;
}

/** `/api/v1`: every answer is JSON unless it says otherwise, every error problem+json. */
export function apiRouter(options: ApiOptions): Router {
  const { access, store, manager, sweeps, metrics, reporter, query, policies, status, examples } = options;
  const { writesPerMinute, requestsPerMinute } = options;
  const router = Router();
  router.use(limit(requestsPerMinute, 'requests'), (request, response, next) => {
    if (!access.permitsHost(request.headers.host))
      throw new ForbiddenError(`this server is not '${request.headers.host?.slice(0, 100)}'`);
    if (!access.permitsOrigin(request.headers.origin, request.headers.host))
      throw new ForbiddenError(`a page of '${request.headers.origin?.slice(0, 100)}' may not use this server`);
    const token = bearer(request.headers.authorization);
    const scopes = access.scopes(token);
    if (scopes === undefined)
      throw new UnauthorizedError('this server needs its bearer token: Authorization: Bearer …');
    response.locals['scopes'] = scopes;
    response.locals['allowed'] = () => access.scopes(token) !== undefined; // still, for answers that go on
    next();
  });
  const operations = [
    ...runOperations(store, manager),
    ...runListOperations(store, manager),
    ...telemetryOperations(store),
    runEventsOperation(store),
    ...noteOperations(store, manager.notices, () => Date.now()),
    ...reportOperations(store, reporter),
    queryOperation(query),
    runStreamOperation(store, manager),
    compareOperation(store),
    ...compareScreenOperations(store),
    ...policyOperations(policies),
    ...vocabularyOperations(() => policies.list(), examples),
    ...sweepOperations(store, sweeps),
    executorOperation(() => sweeps.look()),
    ...systemOperations(metrics, status, version()),
    ...tokenOperations(store.tokens, () => Date.now()),
  ];
  const document = operation({
    method: 'get',
    path: '/openapi.json',
    scope: 'read',
    summary: 'This description.',
    answers: { 200: { description: 'OpenAPI 3.1.', content: json(z.looseObject({})) } },
    handle: () => described,
  });
  const described = openApi([...operations, document], version());
  mount(router, [...operations, document], limit(writesPerMinute, 'writes'));
  router.use((request) => {
    throw new NotFoundError(`there is no ${request.method} ${request.originalUrl.slice(0, 200)}`);
  });
  return router;
}

function limit(most: number, what: string): ReturnType<typeof rateLimit> {
  return rateLimit({
    windowMs: 60_000,
    limit: most,
    standardHeaders: 'draft-8',
    legacyHeaders: false,
    identifier: what,
    handler: (_request, response) =>
      sendProblem(response, problemOf(new TooManyError(`more than ${most} ${what} a minute`))),
  });
}

export function sendProblem(response: Response, problem: ReturnType<typeof problemOf>): void {
  response.status(problem.status).type('application/problem+json').send(JSON.stringify(problem));
}
