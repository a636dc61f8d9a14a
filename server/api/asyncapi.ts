import { z } from 'zod';
import { requests } from '../messages.ts';
import type { TelemetryServerEvents } from '../events.ts';
import { noteEvent, problemShape, runState, runSummary, telemetrySchema } from './shapes.ts';

const runId = z.string();
const preparation = { runId, attack: z.string(), done: z.number() };

/** What the server sends, by event; a name that is missing here, or is none, does not compile. */
const events: Readonly<Record<keyof TelemetryServerEvents, z.ZodType>> = {
  schema: z.strictObject({ runId, schema: telemetrySchema }),
  frames: z
    .strictObject({ runId, firstSeq: z.int(), frames: z.array(z.unknown()) })
    .describe('Consecutive frames as bytes of core/frame-codec.'),
  gap: z
    .strictObject({
      runId,
      from: z.int(),
      to: z.int(),
      reason: z.string(),
      steps: z
        .array(z.int())
        .describe('First step of each bucket of what was left out, and the first step after the last.'),
      extremes: z
        .unknown()
        .describe(
          'Bytes of core/frame-codec with two rows a bucket: the least value of each column, then the greatest; NaN where a column held no number.',
        ),
    })
    .describe('Frames from … to−1 were left out, and what they held. Only in mode `live`.'),
  event: noteEvent.describe('What people say of steps: each change once and in order, also after the run’s end.'),
  state: runSummary,
  progress: z.strictObject({ runId, step: z.int(), totalSteps: z.int(), stepsPerSecond: z.number() }),
  preparing: z.strictObject(preparation),
  end: z.strictObject({ runId, lastSeq: z.int(), state: runState }),
  problem: problemShape,
  'server:draining': z.null().describe('Without a payload: the server is going; come back.'),
};

/** AsyncAPI 3.0 of both namespaces, from the schemas that check what is sent. */
export function asyncApi(version: string): object {
  const channels: Record<string, object> = {};
  const operations: Record<string, object> = {};
  const add = (namespace: string, event: string, action: 'send' | 'receive', schema: z.ZodType): void => {
    const { $schema: _dialect, ...payload } = z.toJSONSchema(schema, {
      io: action === 'send' ? 'output' : 'input',
      unrepresentable: 'any',
    });
    const key = `${namespace}.${event.replace(':', '.')}`;
    channels[key] = { address: `/${namespace}`, messages: { [key]: { name: event, payload } } };
    operations[key] = { action, channel: { $ref: `#/channels/${key}` } };
  };
  for (const [namespace, one] of Object.entries(requests))
    for (const [event, schema] of Object.entries(one)) add(namespace, event, 'receive', schema);
  for (const [event, schema] of Object.entries(events)) add('telemetry', event, 'send', schema);
  return {
    asyncapi: '3.0.0',
    info: {
      title: 'Faultline sockets',
      version,
      description:
        'socket.io 4 over WebSocket with socket.io-msgpack-parser. Each channel is an event of its namespace; requests are answered by their acknowledgement, { ok: true, … } or { ok: false, problem }.',
    },
    channels,
    operations,
  };
}
