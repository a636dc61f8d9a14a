import { parseValueAs } from '../../core/document.ts';
import { CodecError, DataError } from '../../core/errors.ts';
import { decodeFrame, encodeFrame, frameHeaderBytes } from '../../core/frame-codec.ts';
import type { TelemetryFrame } from '../../core/telemetry.ts';
import type { Evaluated } from '../../evaluation/executor/job.ts';
import { telemetrySchema } from '../api/shapes.ts';

/** What a run recorded. */
export type Telemetry = NonNullable<Evaluated['telemetry']>;

/** Bytes of a run's telemetry, packed, that is handed in: a year of 3800 channels. */
export const mostTelemetryBytes = 128 << 20;
const lengthBytes = 4;
/** Values that are read before others get the event loop: about ten milliseconds. */
const slice = 1 << 18;

/** Bytes that {@link packTelemetry} makes of it, but for its schema. */
export function telemetryBytes({ frames }: Telemetry): number {
  return frames.reduce((sum, { values }) => sum + lengthBytes + frameHeaderBytes + values.byteLength, 0);
}

/** A run's telemetry as one value: the schema as JSON, then the frames (core/frame-codec), a `u32` length (little-endian) before each. */
export function packTelemetry({ schema, frames }: Telemetry): Buffer {
  const parts = [Buffer.from(JSON.stringify(schema)), ...frames.map(encodeFrame)];
  return Buffer.concat(
    parts.flatMap((part) => {
      const length = Buffer.alloc(lengthBytes);
      length.writeUInt32LE(part.length);
      return [length, part];
    }),
  );
}

/**
 * What {@link packTelemetry} packed, read in slices between which others have the event loop.
 * @throws {DataError} for anything else: a schema that is none, frames that are damaged, of other channels, or not all the steps from the first on
 */
export async function unpackTelemetry(packed: Uint8Array): Promise<Telemetry> {
  const parts = partsOf(packed);
  const schema = parseValueAs(jsonOf(parts.next().value), "a worker's telemetry", telemetrySchema);
  const frames: TelemetryFrame[] = [];
  let [step, values] = [0, 0];
  for (const part of parts) {
    const frame = soundFrame(part);
    const { seq, step0, rows, cols } = frame;
    const expected = [schema.version, frames.length, step, schema.channels.length].join(', ');
    const got = [frame.schema, seq, step0, cols].join(', ');
    if (got !== expected || rows === 0)
      throw new DataError(`a worker's frame is of schema, number, step and channels ${got}, expected ${expected}`);
    frames.push(frame);
    step += rows;
    values += rows * cols;
    if (values > slice) {
      values = 0;
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
  if (frames.length === 0) throw new DataError("a worker's telemetry has no frames");
  return { schema: schema as Telemetry['schema'], frames };
}

function* partsOf(packed: Uint8Array): Generator<Uint8Array, undefined, void> {
  const view = new DataView(packed.buffer, packed.byteOffset, packed.byteLength);
  for (let at = 0; at < packed.length;) {
    const start = at + lengthBytes;
    const end = start > packed.length ? Number.POSITIVE_INFINITY : start + view.getUint32(at, true);
    if (end > packed.length) throw new DataError(`a worker's telemetry of ${packed.length} bytes ends within a part`);
    yield packed.subarray(start, end);
    at = end;
  }
}

function jsonOf(part: Uint8Array | undefined): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(part));
  } catch (cause) {
    throw new DataError("a worker's telemetry has no schema", { cause });
  }
}

function soundFrame(part: Uint8Array): TelemetryFrame {
  try {
    return decodeFrame(part);
  } catch (error) {
    if (error instanceof CodecError) throw new DataError(`a worker's ${error.message}`, { cause: error });
    throw error;
  }
}
