import { z } from 'zod';
import type { Metrics } from '../metrics.ts';
import type { ServerStatus } from '../events.ts';
import { asyncApi } from './asyncapi.ts';
import { json, operation } from './operation.ts';
import type { Operation } from './operation.ts';

const count = z.int();
const statusShape = z.strictObject({
  version: z.string(),
  versions: z.record(z.string(), z.string()),
  node: z.string(),
  platform: z.string(),
  cpus: count,
  cpu: z.string(),
  memoryBytes: count,
  startedAt: count,
  residentBytes: count,
  loopDelay: z
    .strictObject({ p50: z.number(), p99: z.number() })
    .describe('Of the event loop since the last look, ms.'),
  workers: z.strictObject({
    active: z.array(z.strictObject({ id: z.string(), name: z.string(), step: count, totalSteps: count })),
    maxConcurrent: count,
    queued: count,
  }),
  streams: z.strictObject({
    sockets: z.record(z.string(), count),
    framesSent: count,
    frameBytesSent: count,
    requests: count,
  }),
  store: z.strictObject({
    bytes: count,
    files: count,
    runs: z.record(z.string(), count),
    retentionDays: z.number().nullable(),
    damage: z.array(z.string()),
  }),
  policies: count,
  tokenNeeded: z.boolean(),
}) satisfies z.ZodType<ServerStatus>;

/** What those who run the server ask. */
export function systemOperations(
  metrics: Metrics,
  status: () => Promise<ServerStatus>,
  version: string,
): readonly Operation[] {
  return [
    operation({
      method: 'get',
      path: '/system',
      scope: 'read',
      summary: 'What this server is, does and keeps.',
      answers: {
        200: { description: 'As of now; the size of the store at most ten seconds old.', content: json(statusShape) },
      },
      handle: status,
    }),
    operation({
      method: 'get',
      path: '/metrics',
      scope: 'read',
      summary: 'Figures for Prometheus.',
      answers: { 200: { description: 'Text format.', content: { 'text/plain': null } } },
      async handle({ response }) {
        const text = await metrics.text();
        response.setHeader('content-type', metrics.contentType);
        response.send(text);
      },
    }),
    operation({
      method: 'get',
      path: '/asyncapi.json',
      scope: 'read',
      summary: 'AsyncAPI 3.0 of the sockets.',
      answers: { 200: { description: 'The description.', content: json(z.looseObject({})) } },
      handle: () => asyncApi(version),
    }),
  ];
}
