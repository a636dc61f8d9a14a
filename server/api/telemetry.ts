import { createReadStream } from 'node:fs';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Response } from 'express';
import { z } from 'zod';
import { StateError, UnknownNameError } from '../../core/errors.ts';
import { NotFoundError } from '../problem.ts';
import type { Store } from '../store.ts';
import { tableArrow, tableCsv, tableParquet } from '../telemetry-format.ts';
import { telemetryCsv, telemetryTable } from '../telemetry-table.ts';
import { json, operation } from './operation.ts';
import type { Call, Operation } from './operation.ts';

const framesQuery = z.strictObject({
  from: z.coerce.number().int().min(0).default(0),
  limit: z.coerce.number().int().min(1).max(256).default(64),
});
const telemetryQuery = z.strictObject({
  channels: z.string().optional().describe('Names, with commas between them; all when absent.'),
  from: z.coerce.number().int().min(0).default(0).describe('First step.'),
  to: z.coerce.number().int().min(0).default(Number.MAX_SAFE_INTEGER).describe('Last step.'),
  points: z.coerce
    .number()
    .int()
    .min(2)
    .max(100_000)
    .optional()
    .describe('At most so many rows: least and greatest value of each bucket of steps, so that no peak is lost.'),
});
const statisticsQuery = telemetryQuery.omit({ points: true });
type TelemetryQuery = z.output<typeof telemetryQuery>;

const tableShape = z.strictObject({
  channels: z.array(z.strictObject({ name: z.string(), unit: z.string() })),
  step: z.array(z.int()),
  values: z.array(z.array(z.number().nullable())).describe('A column for each channel; null where there is no value.'),
  of: z.int().describe('Rows there are, before decimation.'),
});

const figure = z.number().nullable();
const statisticsShape = z.strictObject({
  statistics: z.array(
    z.strictObject({
      channel: z.string(),
      count: z.int().describe('Steps with a value.'),
      mean: figure,
      std: figure,
      min: figure,
      max: figure,
      p05: figure,
      p50: figure,
      p95: figure,
    }),
  ),
});

const parquetType = 'application/vnd.apache.parquet';
const arrowType = 'application/vnd.apache.arrow.stream';

/** Bytes of frames after which an answer ends: one frame may hold 65535 channels of 1000 rows. */
const maxAnswer = 16 << 20;

/** What a run recorded: as frames, and as tables. */
export function telemetryOperations(store: Store): readonly Operation[] {
  const telemetry = async (call: Call<TelemetryQuery, unknown>, type: string): Promise<void> => {
    const { response, param } = call;
    const id = param('id');
    const { channels, from, to, points } = call.query;
    const known = store.detail(id).schema;
    if (known === null) throw new NotFoundError(`run '${id}' has no telemetry yet`);
    using _frames = await store.open(id);
    const query = { channels: channels?.split(',').filter(Boolean), from, to, points };
    if (type === 'text/csv' && points === undefined)
      return await stream(response.type('text/csv'), Readable.from(telemetryCsv(store, id, known, query)));
    const table = telemetryTable(store, id, known, query);
    if (type === 'text/csv') response.type(type).send(tableCsv(table));
    else if (type === parquetType) response.type(type).send(tableParquet(table));
    else if (type === arrowType) response.type(type).send(await tableArrow(table));
    else response.json(table);
  };
  return [
    operation({
      method: 'get',
      path: '/runs/:id/frames',
      scope: 'read',
      summary:
        'Frames by sequence number: u32 length, frame, again and again (little-endian). X-Next-Seq is the next `from`.',
      query: framesQuery,
      answers: { 200: { description: 'The bytes of the codec.', content: { 'application/octet-stream': null } } },
      async handle({ param, query: { from, limit }, response }) {
        const id = param('id');
        using _frames = await store.open(id);
        const parts: Buffer[] = [];
        let next = from;
        for (let bytes = 0; next < from + limit && bytes < maxAnswer;) {
          const [frame] = store.frames(id, next, 1);
          if (frame === undefined) break;
          const length = Buffer.alloc(4);
          length.writeUInt32LE(frame.body.length);
          parts.push(length, Buffer.from(frame.body));
          bytes += frame.body.length;
          next = frame.seq + 1;
        }
        response.type('application/octet-stream').setHeader('X-Next-Seq', String(next)).send(Buffer.concat(parts));
      },
    }),
    operation({
      method: 'get',
      path: '/runs/:id/telemetry',
      scope: 'read',
      summary: 'Telemetry in columns, in the form that Accept asks for.',
      query: telemetryQuery,
      answers: {
        200: {
          description: 'The table.',
          content: { 'application/json': tableShape, 'text/csv': null, [parquetType]: null, [arrowType]: null },
        },
      },
      handle: (call) =>
        telemetry(
          call,
          call.request.accepts(['application/json', 'text/csv', parquetType, arrowType]) || 'application/json',
        ),
    }),
    operation({
      method: 'get',
      path: '/runs/:id/statistics',
      scope: 'read',
      summary: 'Count, mean, spread and quantiles of channels of a run that is over.',
      query: statisticsQuery,
      answers: { 200: { description: 'One entry a channel.', content: json(statisticsShape) } },
      async handle({ param, query: { channels, from, to } }) {
        const id = param('id');
        const { schema, state, endedAt } = store.detail(id);
        if (schema === null) throw new NotFoundError(`run '${id}' has no telemetry`);
        if (endedAt === null) throw new StateError(`run '${id}' is ${state}: its statistics come when it is over`);
        const names = schema.channels.map((channel) => channel.name);
        const asked = channels?.split(',').filter(Boolean) ?? names;
        const unknown = asked.find((name) => !names.includes(name));
        if (unknown !== undefined) throw new UnknownNameError('channel', unknown.slice(0, 100), names.slice(0, 40));
        await store.compact(id);
        return { statistics: await store.warehouse.statistics(id, asked, from, to) };
      },
    }),
    operation({
      method: 'get',
      path: '/runs/:id/telemetry.csv',
      scope: 'read',
      summary: 'Telemetry as CSV, streamed.',
      query: telemetryQuery,
      answers: { 200: { description: 'The table.', content: { 'text/csv': null } } },
      handle: (call) => telemetry(call, 'text/csv'),
    }),
    operation({
      method: 'get',
      path: '/runs/:id/telemetry.parquet',
      scope: 'read',
      summary: 'The file of a run that is over, whole, of any size; with `_frame` and `_wall_time`.',
      answers: { 200: { description: 'The file.', content: { [parquetType]: null } } },
      async handle({ param, response }) {
        const id = param('id');
        const { state, endedAt, headSeq } = store.summary(id);
        if (endedAt === null) throw new StateError(`run '${id}' is ${state}: its file comes when it is over`);
        if (headSeq === 0) throw new NotFoundError(`run '${id}' has no telemetry`);
        await store.compact(id);
        await stream(response.type(parquetType), createReadStream(store.warehouse.fileOf(id)));
      },
    }),
  ];
}

/** Sends pieces as fast as the client reads them; that it left is nothing to report. */
async function stream(response: Response, source: Readable): Promise<void> {
  try {
    await pipeline(source, response);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_STREAM_PREMATURE_CLOSE') throw error;
  }
}
