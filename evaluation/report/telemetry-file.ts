import { parquetMetadataAsync, parquetReadObjects } from 'hyparquet';
import type { TelemetryFrame, TelemetrySchema } from '../../core/telemetry.ts';
import { DataError } from '../../core/errors.ts';
import { schemaKey } from './parquet.ts';

/** A run's telemetry as it was recorded. */
export interface RecordedTelemetry {
  readonly schema: TelemetrySchema;
  /** One frame, of all steps. */
  readonly frames: readonly TelemetryFrame[];
}

/**
 * Reads what `telemetryParquet` wrote.
 * @throws {DataError} for a file that is damaged, or that is older than the schema in it
 */
export async function readTelemetry(bytes: Uint8Array, file: string): Promise<RecordedTelemetry> {
  const fail = (message: string, cause?: unknown): DataError => new DataError(message, { place: { file }, cause });
  // A Buffer may be a part of a larger pool; what is read begins at 0.
  const buffer = bytes.slice().buffer;
  let rows: Record<string, unknown>[];
  let text: string | undefined;
  try {
    const metadata = await parquetMetadataAsync(buffer);
    text = metadata.key_value_metadata?.find(({ key }) => key === schemaKey)?.value;
    rows = await parquetReadObjects({ file: buffer });
  } catch (cause) {
    throw fail(`is no Parquet file: ${cause instanceof Error ? cause.message : String(cause)}`, cause);
  }
  if (text === undefined) throw fail('has no schema of channels: it was written by an older version');
  const schema = JSON.parse(text) as TelemetrySchema;
  const cols = schema.channels.length;
  const values = new Float32Array(cols * rows.length);
  schema.channels.forEach(({ name }, c) =>
    rows.forEach((row, r) => {
      const value = row[name];
      if (typeof value !== 'number') throw fail(`column '${name}' has no number in row ${r}`);
      values[c * rows.length + r] = value;
    }),
  );
  const step0 = Number(rows[0]?.['step'] ?? 0);
  return { schema, frames: [{ schema: schema.version, seq: 0, step0, rows: rows.length, cols, values, wallTime: 0 }] };
}
