import type { DuckDBConnection } from '@duckdb/node-api';
import type { TelemetryFrame } from '../core/telemetry.ts';
import { sqlName } from './duckdb.ts';

/** Values handed to DuckDB before others get the event loop: about ten milliseconds. */
const slice = 40_000;
/** Most rows of a DuckDB data chunk. */
const maxRows = 2048;

/** Columns of a table of telemetry, as `create table` names them: step, frame, the sender's clock, then a run's channels. */
export function frameColumns(channels: readonly string[]): string {
  const columns = ['"step" integer', '"_frame" integer', '"_wall_time" double'];
  for (const name of channels) columns.push(`${sqlName(name)} float`);
  return columns.join(', ');
}

/** Appends frames of so many channels to a table with {@link frameColumns}, giving way to others as it goes. */
export async function appendFrames(
  connection: DuckDBConnection,
  table: string,
  channels: number,
  frames: Iterable<TelemetryFrame>,
): Promise<void> {
  const { DOUBLE, DuckDBDataChunk, FLOAT, INTEGER } = await import('@duckdb/node-api');
  const types = [INTEGER, INTEGER, DOUBLE, ...Array.from({ length: channels }, () => FLOAT)];
  const appender = await connection.createAppender(table);
  const perChunk = Math.max(1, Math.min(maxRows, Math.floor(slice / types.length)));
  for (const { seq, step0, rows, values, wallTime } of frames) {
    for (let from = 0; from < rows; from += perChunk) {
      const count = Math.min(perChunk, rows - from);
      const chunk = DuckDBDataChunk.create(types, count);
      const each = (value: (row: number) => number): number[] => Array.from({ length: count }, (_, row) => value(row));
      chunk.setColumnValues(
        0,
        each((row) => step0 + from + row),
      );
      chunk.setColumnValues(
        1,
        each(() => seq),
      );
      chunk.setColumnValues(
        2,
        each(() => wallTime),
      );
      for (let c = 0; c < channels; c++) {
        const at = c * rows + from;
        chunk.setColumnValues(3 + c, [...values.subarray(at, at + count)]);
      }
      appender.appendDataChunk(chunk);
      await breath();
    }
  }
  appender.closeSync();
}

/** Others have the event loop. */
export const breath = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
