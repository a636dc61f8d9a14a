import type { RunResult } from '../core/run.ts';
import type { Scenario } from '../core/scenario.ts';
import type { TelemetrySchema } from '../core/telemetry.ts';
import type { RunDetail, RunState, RunSummary } from './events.ts';
import type { Head } from './frame-log.ts';
import { migrate } from './migrations.ts';
import { NotFoundError } from './problem.ts';
import { listed, selectRuns } from './run-query.ts';
import type { RunQuery } from './run-query.ts';
import { RunFigures } from './run-figures.ts';
import { detailOf, searchText, summaryOf } from './run-row.ts';
import { openSqlite } from './sqlite.ts';
import type { Row, Sqlite } from './sqlite.ts';
import { StepNotes } from './step-notes.ts';
import { Sweeps } from './sweeps.ts';
import { Tokens } from './tokens.ts';

/** What a run's log, and its file, note of it. */
export interface Notes {
  readonly run?: { readonly scenario: Scenario; readonly createdAt: number };
  readonly start?: Start;
  readonly outcome?: Outcome;
}

/** What made a run: the Idempotency-Key that it was asked for with, the sweep that it is of. */
export interface Origin {
  readonly key?: string | undefined;
  readonly sweepId?: string | undefined;
}

/** How a run ended. */
export interface Outcome {
  readonly state: RunState;
  readonly endedAt: number;
  readonly result?: RunResult | undefined;
  readonly error?: string | undefined;
}

/** What is known once a run has begun. */
export interface Start {
  readonly startedAt: number;
  readonly schema: TelemetrySchema;
  readonly totalSteps: number;
}

/** What people say of a run; what is absent stays. */
export interface Annotation {
  readonly name?: string | undefined;
  readonly note?: string | undefined;
  readonly archived?: boolean | undefined;
  readonly tags?: readonly string[] | undefined;
}

/** `lab.db`: one row a run. */
export class Catalogue implements Disposable {
  readonly tokens: Tokens;
  readonly sweeps: Sweeps;
  readonly figures: RunFigures;
  readonly notes: StepNotes;
  readonly #database: Sqlite;

  /** Opens or creates the file and brings it to the newest version. */
  constructor(file: string) {
    const database = openSqlite(file);
    try {
      migrate(database, file);
      database.prepare('select id from run limit 1').get();
    } catch (error) {
      database[Symbol.dispose]();
      throw error;
    }
    this.#database = database;
    this.tokens = new Tokens(database);
    this.sweeps = new Sweeps(database);
    this.figures = new RunFigures(database);
    this.notes = new StepNotes(database);
  }

  insert(id: string, scenario: Scenario, createdAt: number, { key, sweepId }: Origin = {}): void {
    const insert = this.#database.prepare(
      `insert into run(id, name, state, scenario, seed, created_at, search, sweep_id) values (?, ?, 'queued', ?, ?, ?, ?, ?)`,
    );
    const keep = this.#database.prepare('insert or replace into idempotency(key, run_id) values (?, ?)');
    this.#database.transaction(() => {
      const { name, seed } = scenario;
      insert.run(id, name, JSON.stringify(scenario), seed, createdAt, searchText(scenario), sweepId ?? null);
      if (key !== undefined) keep.run(key, id);
    });
  }

  /** The run that an Idempotency-Key made before, if it is still there. */
  byKey(key: string): RunDetail | undefined {
    const row = this.#database
      .prepare('select run_id from idempotency join run on run.id = run_id where key = ?')
      .get(key);
    return row === undefined ? undefined : this.detail(String(row['run_id']));
  }

  start(id: string, { startedAt, schema, totalSteps }: Start): void {
    this.#database
      .prepare(
        `update run set state = 'running', ended_at = null, error = null, schema = ?, total_steps = ?, started_at = ? where id = ?`,
      )
      .run(JSON.stringify(schema), totalSteps, startedAt, id);
  }

  /** Makes a run that is over one that waits. */
  reopen(id: string): void {
    this.#database
      .prepare(`update run set state = 'queued', ended_at = null, error = null, compacted = 0 where id = ?`)
      .run(id);
  }

  /** What was recorded of a run is gone. */
  empty(id: string): void {
    this.#database
      .prepare(
        'update run set head_seq = 0, head_step = 0, total_steps = 0, started_at = null, schema = null where id = ?',
      )
      .run(id);
  }

  setState(id: string, state: RunState): void {
    this.#database.prepare('update run set state = ? where id = ?').run(state, id);
  }

  end(id: string, { state, endedAt, result, error }: Outcome, head: Head): void {
    const kept = result === undefined ? null : JSON.stringify(result);
    const update = this.#database.prepare(
      'update run set state = ?, ended_at = ?, head_seq = ?, head_step = ?, result = ?, error = ? where id = ?',
    );
    this.#database.transaction(() => {
      update.run(state, endedAt, head.seq, head.step, kept, error ?? null, id);
      this.figures.keep(id, result ?? null);
    });
  }

  /** @throws {NotFoundError} */
  summary(id: string): RunSummary {
    return summaryOf(this.#row(id));
  }

  /** @throws {NotFoundError} */
  detail(id: string): RunDetail {
    return detailOf(this.#row(id));
  }

  #row(id: string): Row {
    const row = this.#database.prepare(`select ${listed}, schema, result from run where id = ?`).get(id);
    if (row === undefined) throw new NotFoundError(`there is no run '${id.slice(0, 80)}'`);
    return row;
  }

  /** Runs that were under way when the file was last written. */
  unfinished(): readonly string[] {
    return this.#ids(`select id from run where state in ('queued','preparing','running','paused')`);
  }

  /** True when the run is there, and over. */
  setCompacted(id: string): boolean {
    const set = this.#database.prepare('update run set compacted = 1 where id = ? and ended_at is not null');
    return set.run(id).changes > 0;
  }

  compacted(): readonly string[] {
    return this.#ids('select id from run where compacted = 1');
  }

  uncompacted(): readonly string[] {
    return this.#ids(
      'select id from run where compacted = 0 and head_seq > 0 and ended_at is not null order by ended_at',
    );
  }

  expired(before: number): readonly string[] {
    return this.#ids(
      'select id from run where ended_at < ? and archived = 0 and not exists(select 1 from tag where run_id = run.id)',
      before,
    );
  }

  #ids(sql: string, ...values: number[]): readonly string[] {
    return this.#database
      .prepare(sql)
      .all(...values)
      .map((row) => String(row['id']));
  }

  list(query: RunQuery): {
    readonly runs: readonly RunSummary[];
    readonly cursor: string | null;
    readonly total: number;
  } {
    const { rows, cursor, total } = selectRuns(this.#database, query);
    return { runs: rows.map(summaryOf), cursor, total };
  }

  /** Changes what people say of a run. @throws {NotFoundError} */
  annotate(id: string, { name, note, archived, tags }: Annotation): void {
    const { scenario } = this.detail(id);
    const set = this.#database.prepare(
      `update run set name = coalesce(?, name), note = coalesce(?, note), archived = coalesce(?, archived),
         search = coalesce(?, search) where id = ?`,
    );
    const untag = this.#database.prepare('delete from tag where run_id = ?');
    const keep = this.#database.prepare('insert or ignore into tag(run_id, tag) values (?, ?)');
    const search = name === undefined ? null : searchText({ ...scenario, name });
    this.#database.transaction(() => {
      set.run(name ?? null, note ?? null, archived === undefined ? null : Number(archived), search, id);
      if (tags === undefined) return;
      untag.run(id);
      for (const tag of tags) keep.run(id, tag);
    });
  }

  /** How many runs are in which state. */
  counts(): readonly { readonly state: RunState; readonly count: number }[] {
    return this.#database
      .prepare('select state, count(*) as count from run group by state')
      .all()
      .map((row) => ({ state: String(row['state']) as RunState, count: Number(row['count']) }));
  }

  /** Tags in use, with how many runs have them. */
  tags(): readonly { readonly tag: string; readonly runs: number }[] {
    return this.#database
      .prepare('select tag, count(*) as runs from tag group by tag order by tag')
      .all()
      .map((row) => ({ tag: String(row['tag']), runs: Number(row['runs']) }));
  }

  remove(id: string): void {
    const forget = this.#database.prepare('delete from idempotency where run_id = ?');
    const untag = this.#database.prepare('delete from tag where run_id = ?');
    const remove = this.#database.prepare('delete from run where id = ?');
    this.#database.transaction(() => {
      forget.run(id);
      untag.run(id);
      this.figures.remove(id);
      this.notes.forget(id);
      remove.run(id);
    });
  }

  [Symbol.dispose](): void {
    this.#database[Symbol.dispose]();
  }
}

/** Steps of a run that left no frames: none, or, done elsewhere, all of them. */
export function stepsElsewhere({ executor, totalSteps }: RunSummary, { result }: Outcome): number {
  return executor === 'local' || result === undefined
    ? 0
    : Math.max(totalSteps, ...result.lanes.map(({ steps }) => steps));
}
