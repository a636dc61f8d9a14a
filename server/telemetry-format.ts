import { parquetWriteBuffer } from 'hyparquet-writer';
import { csvText } from '../core/csv.ts';
import type { TelemetryTable } from './telemetry-table.ts';

/** A table as CSV with a column `step`. */
export function tableCsv({ channels, step, values }: TelemetryTable): string {
  const head = ['step', ...channels.map((channel) => channel.name)];
  return csvText(head, step.length, (row, column) => (column === 0 ? step[row]! : values[column - 1]![row]!));
}

/** A table as a Parquet file: `step` and one float a channel, units beside. */
export function tableParquet({ channels, step, values }: TelemetryTable): Buffer {
  const units = Object.fromEntries(channels.map((channel) => [channel.name, channel.unit]));
  const file = parquetWriteBuffer({
    columnData: [
      { name: 'step', data: Int32Array.from(step), type: 'INT32' },
      ...channels.map(({ name }, c) => ({ name, data: Float32Array.from(values[c]!), type: 'FLOAT' as const })),
    ],
    kvMetadata: [{ key: 'units', value: JSON.stringify(units) }],
  });
  return Buffer.from(file);
}

/** A table as an Arrow IPC stream of the same columns. */
export async function tableArrow({ channels, step, values }: TelemetryTable): Promise<Buffer> {
  const { tableToIPC, vectorFromArray, Table } = await import('apache-arrow');
  const columns = Object.fromEntries([
    ['step', vectorFromArray(Int32Array.from(step))],
    ...channels.map(({ name }, c) => [name, vectorFromArray(Float32Array.from(values[c]!))] as const),
  ]);
  return Buffer.from(tableToIPC(new Table(columns), 'stream'));
}
