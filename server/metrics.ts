import type { RequestHandler } from 'express';
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { ServerStatus } from './events.ts';
import type { Log } from './socket-listener.ts';
import type { Store } from './store.ts';

/** Figures for Prometheus, and a line in the log for each request that changed something or failed. */
export interface Metrics {
  readonly request: RequestHandler;
  /** Frames handed to a socket. */
  readonly sent: (frames: number, bytes: number) => void;
  /** A socket came (1) or went (−1). */
  socket(namespace: string, change: 1 | -1): void;
  readonly registry: Registry;
  readonly contentType: string;
  text(): Promise<string>;
  /** Some of the same, for people. */
  figures(): Promise<ServerStatus['streams']>;
}

/** Opens the registry of one server: nothing is shared by two in a process. */
export function openMetrics(store: Store, log: Log): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry, prefix: 'faultline_' });
  const registers = [registry];
  const requests = new Histogram({
    name: 'faultline_http_request_seconds',
    help: 'Time to answer, by method, route and status.',
    labelNames: ['method', 'route', 'status'] as const,
    buckets: [0.005, 0.02, 0.1, 0.5, 2, 10],
    registers,
  });
  const frames = new Counter({ name: 'faultline_frames_sent_total', help: 'Frames handed to sockets.', registers });
  const bytes = new Counter({ name: 'faultline_frame_bytes_sent_total', help: 'Their bytes.', registers });
  const sockets = new Gauge({
    name: 'faultline_sockets',
    help: 'Open sockets.',
    labelNames: ['namespace'] as const,
    registers,
  });
  const runs: Gauge<'state'> = new Gauge({
    name: 'faultline_runs',
    help: 'Runs of the store.',
    labelNames: ['state'] as const,
    registers,
    collect() {
      runs.reset();
      for (const { state, count } of store.counts()) runs.set({ state }, count);
    },
  });
  return {
    request(request, response, next) {
      const begun = performance.now();
      response.on('finish', () => {
        const seconds = (performance.now() - begun) / 1000;
        const { method } = request;
        const { statusCode: status } = response;
        // A path that is no route would make a label of whatever was asked for.
        const route = (request.route as { readonly path?: unknown } | undefined)?.path;
        const known = typeof route === 'string' ? request.baseUrl + route : 'none';
        requests.observe({ method, route: known, status: String(status) }, seconds);
        if (method !== 'GET' || status >= 500)
          log('info', { method, route: known, status, ms: Math.round(seconds * 1000) }, 'request');
      });
      next();
    },
    sent: (count, size) => {
      frames.inc(count);
      bytes.inc(size);
    },
    socket: (namespace, change) => sockets.inc({ namespace }, change),
    registry,
    contentType: registry.contentType,
    text: () => registry.metrics(),
    async figures() {
      const total = async (metric: Counter): Promise<number> => (await metric.get()).values[0]?.value ?? 0;
      const counts = (await requests.get()).values.filter(({ metricName }) => metricName?.endsWith('_count') === true);
      return {
        sockets: Object.fromEntries(
          (await sockets.get()).values.map(({ labels, value }) => [labels.namespace ?? '', value]),
        ),
        framesSent: await total(frames),
        frameBytesSent: await total(bytes),
        requests: counts.reduce((sum, { value }) => sum + value, 0),
      };
    },
  };
}
