import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import express from 'express';
import type { Express, NextFunction, Request, Response } from 'express';
import helmet from 'helmet';
import { apiRouter, sendProblem } from './api.ts';
import type { ApiOptions } from './api.ts';
import { NotFoundError, problemOf } from './problem.ts';
import type { Log } from './socket-listener.ts';

export interface AppOptions extends ApiOptions {
  /** The built console, or where it would be. */
  readonly consoleDir: string;
  readonly health: () => {
    readonly ready: boolean;
    /** What of the store was found damaged on starting. */ readonly damage: readonly string[];
  };
  readonly log: Log;
}

/** The HTTP side: health, API, and the console with a fresh nonce in every page. */
export function openApp(options: AppOptions): Express {
  const { consoleDir, health, log } = options;
  const app = express();
  app.disable('x-powered-by');
  app.use((_request, response, next) => {
    response.locals['nonce'] = randomBytes(16).toString('base64');
    next();
  });
  app.use(
    helmet({
      contentSecurityPolicy: {
        directives: {
          defaultSrc: ["'self'"],
          scriptSrc: ["'self'", (_request, response) => `'nonce-${(response as Response).locals['nonce'] as string}'`],
          styleSrc: ["'self'", (_request, response) => `'nonce-${(response as Response).locals['nonce'] as string}'`],
          styleSrcAttr: ["'unsafe-inline'"],
          connectSrc: ["'self'", 'ws:', 'wss:'],
          imgSrc: ["'self'", 'data:', 'blob:'],
          upgradeInsecureRequests: null, // plain http on loopback is the normal case
        },
      },
      strictTransportSecurity: false,
    }),
  );
  app.get(['/healthz', '/api/v1/healthz'], (_request, response) => void response.json({ status: 'ok' }));
  app.get(['/readyz', '/api/v1/readyz'], async (_request, response) => {
    const { ready, damage } = health();
    // Without its workers the server is ready still: sweeps wait, everything else goes on.
    const { kind, connected, workers } = await options.sweeps.look();
    const executor = { kind, connected, workers: connected ? workers.length : 0 };
    response.status(ready ? 200 : 503).json({ status: ready ? 'ready' : 'draining', damage, executor });
  });
  app.use('/api/v1', options.metrics.request, apiRouter(options));
  const sendPage = (_request: Request, response: Response): void => {
    response.setHeader('Cache-Control', 'no-store');
    response.type('html').send(page(consoleDir, response.locals['nonce'] as string));
  };
  app.get(['/', '/index.html'], sendPage); // never as a plain file: it would lack its nonce
  app.use(express.static(consoleDir, { index: false, immutable: true, maxAge: '1d' }));
  app.use((request, response) => {
    const asksForPage = request.method === 'GET' && request.accepts('html') && !/\.\w+$/.test(request.path);
    if (!asksForPage) throw new NotFoundError(`there is no ${request.path.slice(0, 200)}`);
    sendPage(request, response);
  });
  // Express knows an error handler by its four parameters.
  app.use((error: unknown, _request: Request, response: Response, _next: NextFunction) => {
    const problem = problemOf(error);
    if (problem.status >= 500)
      log('error', { fault: error instanceof Error ? error.stack : String(error) }, 'request failed');
    if (response.headersSent) response.destroy();
    else sendProblem(response, problem);
  });
  return app;
}

function page(consoleDir: string, nonce: string): string {
  const index = join(consoleDir, 'index.html');
  if (!existsSync(index))
    return '<!doctype html><title>Faultline</title><p>The console is not built. Run <code>npm run build:console</code>; the API is at <a href="/api/v1/runs">/api/v1/runs</a>.';
  return readFileSync(index, 'utf8').replaceAll('__CSP_NONCE__', nonce);
}
