import type { RunResult } from '../core/run.ts';
import { lanesInQuestion, metricsOf } from './metric.ts';
import { spreadOf } from '../evaluation/spread.ts';
import type { Spread } from '../evaluation/spread.ts';
import type { Sqlite } from './sqlite.ts';

/** What a list shows of a run's metric: its spread over the lanes in question, and how it, or the signal of its name, went. */
export interface RunFigure extends Omit<Spread, 'ci95'> {
  /** Means of {@link sketchPoints} equal parts of the run; null where nothing was recorded. Absent: no such signal. */
  readonly sketch?: readonly (number | null)[];
}

/** Points of a sketch. */
export const sketchPoints = 24;

/** Figures of ended runs, kept so that lists need neither their results nor their telemetry. */
export class RunFigures {
  readonly #database: Sqlite;

  constructor(database: Sqlite) {
    this.#database = database;
    const without = database
      .prepare('select id from run where result is not null and not exists(select 1 from figure where run_id = run.id)')
      .all();
    const result = database.prepare('select result from run where id = ?');
    database.transaction(() => {
      for (const { id } of without)
        this.keep(String(id), JSON.parse(String(result.get(String(id))!['result'])) as RunResult);
    });
  }

  /** Keeps the spread of every metric of a result. */
  keep(id: string, result: RunResult | null): void {
    if (!Array.isArray(result?.lanes)) return;
    const values = new Map<string, (number | null)[]>();
    for (const lane of lanesInQuestion(result))
      for (const [metric, value] of Object.entries(metricsOf(lane)))
        values.set(metric, [...(values.get(metric) ?? []), value]);
    const insert = this.#database.prepare(
      'insert or replace into figure(metric, run_id, count, mean, std, min, max) values (?, ?, ?, ?, ?, ?, ?)',
    );
    for (const [metric, all] of values) {
      const { count, mean, std, min, max } = spreadOf(all);
      insert.run(metric, id, count, mean, std, min, max);
    }
  }

  /** Keeps how signals of a run went, by the metric that each goes to. */
  keepSketches(id: string, sketches: Readonly<Record<string, readonly (number | null)[]>>): void {
    const insert = this.#database.prepare('insert or replace into sketch(metric, run_id, points) values (?, ?, ?)');
    this.#database.transaction(() => {
      for (const [metric, points] of Object.entries(sketches))
        insert.run(metric, id, JSON.stringify(points.map(short)));
    });
  }

  /** Figures of a metric for those of the runs that have it. */
  of(metric: string, ids: readonly string[]): Readonly<Record<string, RunFigure>> {
    const wanted = JSON.stringify(ids);
    const sketches = new Map(
      this.#database
        .prepare('select run_id, points from sketch where metric = ? and run_id in (select value from json_each(?))')
        .all(metric, wanted)
        .map((row) => [String(row['run_id']), JSON.parse(String(row['points'])) as (number | null)[]]),
    );
    const figures = this.#database
      .prepare('select * from figure where metric = ? and run_id in (select value from json_each(?))')
      .all(metric, wanted);
    return Object.fromEntries(
      figures.map(({ run_id, count, mean, std, min, max }) => {
        const sketch = sketches.get(String(run_id));
        const figure = { count, mean, std, min, max, ...(sketch === undefined ? {} : { sketch }) };
        return [String(run_id), figure as RunFigure];
      }),
    );
  }

  /** Metrics that runs have, with how many do. */
  metrics(): readonly { readonly metric: string; readonly runs: number }[] {
    return this.#database
      .prepare('select metric, count(*) as runs from figure group by metric order by metric')
      .all()
      .map((row) => ({ metric: String(row['metric']), runs: Number(row['runs']) }));
  }

  remove(id: string): void {
    for (const table of ['figure', 'sketch']) this.#database.prepare(`delete from ${table} where run_id = ?`).run(id);
  }
}

/** Six digits are more than a line of a few pixels shows. */
function short(value: number | null): number | null {
  return value === null ? null : Number(value.toPrecision(6));
}
