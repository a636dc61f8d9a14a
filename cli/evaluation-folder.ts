import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DataError } from '../core/errors.ts';
import type { GridResult, LaneResult, RunResult } from '../core/run.ts';
import type { TelemetryFrame, TelemetrySchema } from '../core/telemetry.ts';
import { reportHtml } from '../evaluation/report/html.ts';
import { episodesParquet } from '../evaluation/report/parquet.ts';
import { writeFile } from './files.ts';
import { table } from './output.ts';

/** Writes episodes.parquet, report.html and, last, result.json: its presence says that the folder is whole. */
export function writeEvaluation(
  out: string,
  result: RunResult,
  schema: TelemetrySchema | null,
  frames: readonly TelemetryFrame[],
): void {
  writeFile(join(out, 'episodes.parquet'), episodesParquet(result));
  writeFile(join(out, 'report.html'), reportHtml(result, schema, frames));
  writeFile(join(out, 'result.json'), `${JSON.stringify(result, null, 2)}\n`);
}

/** A result.json, and its bytes. @throws {DataError} for what is not one of this version */
export function readResult(file: string): { readonly result: RunResult; readonly bytes: Uint8Array } {
  let bytes: Uint8Array;
  let parsed: unknown;
  try {
    bytes = readFileSync(file);
    parsed = JSON.parse(new TextDecoder().decode(bytes));
  } catch (cause) {
    throw new DataError(`cannot be read: ${cause instanceof Error ? cause.message : String(cause)}`, {
      place: { file },
      cause,
    });
  }
  const result = parsed as Partial<RunResult> | null;
  if (result?.format !== 'faultline-result' || result.version !== 1)
    throw new DataError('is not a result of this version', { place: { file } });
  const { shard } = result;
  if (shard !== undefined && !(Number.isInteger(shard.index) && shard.index >= 0 && shard.index < shard.count))
    throw new DataError(`must be a part of so many, its index below their count, got ${JSON.stringify(shard)}`, {
      place: { file, path: '/shard' },
    });
  return { result: result as RunResult, bytes };
}

/** The result as a table for a terminal. */
export function summary(result: RunResult): string {
  const kpi = (lane: LaneResult, name: string): string => lane.kpis[name]?.toFixed(4) ?? '-';
  const regret = (lane: LaneResult, name: string): string => {
    const value = lane.regret?.[name];
    return value === undefined || value === null ? '-' : `${value >= 0 ? '+' : ''}${value.toFixed(4)}`;
  };
  const { task } = result.scenario as { readonly task?: unknown };
  const columns = task === undefined ? districtColumns : taskColumns(result);
  const rows = result.lanes.map((lane) => [
    lane.lane,
    ...columns.map(({ name, delta }) => (delta ? regret(lane, name) : kpi(lane, name))),
    lane.success?.rate?.toFixed(3) ?? '-',
    lane.success?.meanAbsoluteActionChange.toFixed(3) ?? '-',
    lane.success?.sideChangeRate.toFixed(3) ?? '-',
    lane.norms?.linfMax.toFixed(4) ?? '-',
    lane.cost === undefined ? '-' : lane.cost.seconds.toFixed(1),
  ]);
  const modules = (result.modules ?? []).map(
    ({ label, strength, applied, figures: { decisionsChanged = 0 } }) =>
      `module ${label}, strength ${strength}: ${applied ? `${(100 * decisionsChanged).toFixed(1)} % of clean decisions changed` : 'not applied'}\n`,
  );
  const lanes = table([
    ['LANE', ...columns.map(({ title }) => title), 'ASR', 'MAE', 'SIDE', 'L-INF', 'ATTACK S'],
    ...rows,
  ]);
  return `${modules.join('')}${lanes}${result.grid === undefined ? '' : `\n${networks(result.grid)}`}`;
}

/** KPIs of the network in a few columns; all of them are in result.json. */
function networks(grid: GridResult): string {
  const columns = [
    ['V MIN', 'vmin', 4],
    ['V MAX', 'vmax', 4],
    ['OUTSIDE min', 'voltage_violation_minutes', 0],
    ['OUTSIDE pu h', 'voltage_violation_energy', 4],
    ['LOADING', 'max_loading', 3],
    ['LOSSES MWh', 'losses', 4],
    ['PEAK MW', 'peak_import', 4],
    ['RAMPING MW', 'ramping', 3],
    ['NOSE', 'nose_margin', 3],
  ] as const;
  const cell = ({ kpis, regret }: GridResult['networks'][number], name: string, places: number): string => {
    const delta = regret?.[name]?.delta;
    const own = kpis[name]?.toFixed(places) ?? '-';
    return delta === null || delta === undefined ? own : `${own} (${delta >= 0 ? '+' : ''}${delta.toFixed(places)})`;
  };
  return `network ${grid.case}, ${grid.homes} homes\n${table([
    ['NETWORK', ...columns.map(([title]) => title)],
    ...grid.networks.map((network) => [
      network.lane,
      ...columns.map(([, name, places]) => cell(network, name, places)),
    ]),
  ])}`;
}

interface Column {
  readonly title: string;
  readonly name: string;
  /** The regret and not the KPI. */
  readonly delta: boolean;
}

const districtColumns: readonly Column[] = [
  { title: 'CONSUMPTION', name: 'electricity_consumption_total', delta: false },
  { title: 'Δ', name: 'electricity_consumption_total', delta: true },
  { title: 'RAMPING', name: 'ramping_average', delta: false },
  { title: 'Δ', name: 'ramping_average', delta: true },
  { title: 'Δ DAILY PEAK', name: 'daily_peak_average', delta: true },
];

/** A task's first KPIs: how many fit a line. */
function taskColumns({ lanes }: RunResult): readonly Column[] {
  return Object.keys(lanes[0]?.kpis ?? {})
    .slice(0, 3)
    .flatMap((name) => [
      { title: name.toUpperCase().replaceAll('_', ' '), name, delta: false },
      { title: 'Δ', name, delta: true },
    ]);
}
