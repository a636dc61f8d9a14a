import { parquetWriteBuffer } from 'hyparquet-writer';
import type { RunResult } from '../../core/run.ts';
import type { TelemetryFrame, TelemetrySchema } from '../../core/telemetry.ts';

/** Under which key of a telemetry file's metadata its schema stands, as JSON. */
export const schemaKey = 'faultline.schema';

/** A run's telemetry as one Parquet file: a `step` column and one float column per channel. */
export function telemetryParquet(schema: TelemetrySchema, frames: readonly TelemetryFrame[]): Uint8Array {
  const rows = frames.reduce((sum, frame) => sum + frame.rows, 0);
  const step = new Int32Array(rows);
  const columns = schema.channels.map(() => new Float32Array(rows));
  let at = 0;
  for (const frame of frames) {
    for (let r = 0; r < frame.rows; r++) step[at + r] = frame.step0 + r;
    columns.forEach((column, c) => column.set(frame.values.subarray(c * frame.rows, (c + 1) * frame.rows), at));
    at += frame.rows;
  }
  return new Uint8Array(
    parquetWriteBuffer({
      columnData: [
        { name: 'step', data: step, type: 'INT32' },
        ...schema.channels.map((channel, c) => ({ name: channel.name, data: columns[c]!, type: 'FLOAT' as const })),
      ],
      kvMetadata: [
        {
          key: 'units',
          value: JSON.stringify(Object.fromEntries(schema.channels.map((channel) => [channel.name, channel.unit]))),
        },
        { key: schemaKey, value: JSON.stringify(schema) },
      ],
    }),
  );
}

/** One row per lane of each result: KPIs, regrets, success, norms and cost. */
export function episodesParquet(...results: readonly RunResult[]): Uint8Array {
  const lanes = results.flatMap((result) => result.lanes);
  const seeds = new Map(results.flatMap((result) => result.lanes.map((lane) => [lane, result.seed] as const)));
  const kpiNames = Object.keys(lanes[0]?.kpis ?? {});
  const numbers = (name: string, read: (lane: RunResult['lanes'][number]) => number | null | undefined) => ({
    name,
    data: lanes.map((lane) => read(lane) ?? Number.NaN),
    type: 'DOUBLE' as const,
  });
  return new Uint8Array(
    parquetWriteBuffer({
      columnData: [
        { name: 'building', data: lanes.map((lane) => lane.building), type: 'STRING' },
        { name: 'attack', data: lanes.map((lane) => lane.attack), type: 'STRING' },
        numbers('seed', (lane) => seeds.get(lane)),
        numbers('steps', (lane) => lane.steps),
        numbers('return', (lane) => lane.return),
        ...kpiNames.map((kpi) => numbers(kpi, (lane) => lane.kpis[kpi])),
        ...kpiNames.map((kpi) => numbers(`regret.${kpi}`, (lane) => lane.regret?.[kpi])),
        numbers('success_rate', (lane) => lane.success?.rate),
        numbers('mean_absolute_action_change', (lane) => lane.success?.meanAbsoluteActionChange),
        numbers('side_change_rate', (lane) => lane.success?.sideChangeRate),
        numbers('linf_max', (lane) => lane.norms?.linfMax),
        numbers('linf_mean', (lane) => lane.norms?.linfMean),
        numbers('queries', (lane) => lane.cost?.queries),
        numbers('gradients', (lane) => lane.cost?.gradients),
      ],
    }),
  );
}
