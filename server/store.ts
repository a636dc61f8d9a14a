import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { labelOf } from '../core/scenario.ts';
import type { Scenario } from '../core/scenario.ts';
import type { RunResult } from '../core/run.ts';
import type { TelemetrySchema } from '../core/telemetry.ts';
import type { RunDetail, RunState, RunSummary } from './events.ts';
import { openFrameLog, removeFrameLog } from './frame-log.ts';
import type { FrameLog } from './frame-log.ts';
import { NotFoundError } from './problem.ts';
import { openSqlite } from './sqlite.ts';
import type { Row, Sqlite } from './sqlite.ts';

/** Each brings the catalogue from version i to i+1; never edited once landed. */
const migrations = [
  `create table run(
     id text primary key, name text not null, state text not null
       check(state in ('queued','running','paused','done','failed','cancelled','interrupted')),
     scenario text not null, seed integer not null, created_at integer not null, started_at integer, ended_at integer,
     head_seq integer not null default 0, head_step integer not null default 0, total_steps integer not null default 0,
     schema text, result text, error text) strict;
   create index run_created on run(created_at desc, id desc);
   create table idempotency(key text primary key, run_id text not null) strict;`,
];

export interface RunQuery {
  readonly state?: RunState | undefined;
  /** Part of the name, policy or attacks. */
  readonly text?: string | undefined;
  /** Opaque: where the page before ended. */
  readonly cursor?: string | undefined;
  readonly limit: number;
}

const unfinished = `('queued','running','paused')`;

/** The catalogue of runs (`lab.db`) and the frame logs beside it. One server process owns a store. */
export class Store implements Disposable {
  readonly #folder: string;
  readonly #database: Sqlite;
  readonly #logs = new Map<string, FrameLog>();

  /** Opens or creates a store, migrates it, and marks what a killed server left running as interrupted with its true head. */
  constructor(folder: string, now: number) {
    mkdirSync(folder, { recursive: true });
    this.#folder = folder;
    this.#database = openSqlite(join(folder, 'lab.db'));
    for (let version = this.#database.userVersion; version < migrations.length; version++) {
      this.#database.exec(`begin; ${migrations[version]!} pragma user_version = ${version + 1}; commit;`);
    }
    this.#recover(now);
  }

  #recover(now: number): void {
    for (const row of this.#database.prepare(`select id from run where state in ${unfinished}`).all()) {
      const id = String(row['id']);
      let head = { seq: 0, step: 0 };
      let error: string | null = null;
      try {
        head = this.#log(id)?.head() ?? head;
      } catch (cause) {
        error = `its frames cannot be read: ${cause instanceof Error ? cause.message : String(cause)}`;
      }
      this.#database
        .prepare(
          `update run set state = 'interrupted', ended_at = ?, head_seq = ?, head_step = ?, error = ? where id = ?`,
        )
        .run(now, head.seq, head.step, error, id);
    }
  }

  create(id: string, scenario: Scenario, now: number, key?: string): RunSummary {
    this.#database
      .prepare(`insert into run(id, name, state, scenario, seed, created_at) values (?, ?, 'queued', ?, ?, ?)`)
      .run(id, scenario.name, JSON.stringify(scenario), scenario.seed, now);
    if (key !== undefined)
      this.#database.prepare('insert or ignore into idempotency(key, run_id) values (?, ?)').run(key, id);
    return this.summary(id);
  }

  /** The run that an Idempotency-Key made before, if it is still there. */
  byKey(key: string): RunSummary | undefined {
    const row = this.#database
      .prepare('select run.* from idempotency join run on run.id = run_id where key = ?')
      .get(key);
    return row === undefined ? undefined : summaryOf(row);
  }

  started(id: string, schema: TelemetrySchema, totalSteps: number, now: number): void {
    this.#database
      .prepare(`update run set state = 'running', schema = ?, total_steps = ?, started_at = ? where id = ?`)
      .run(JSON.stringify(schema), totalSteps, now, id);
  }

  setState(id: string, state: RunState): void {
    this.#database.prepare('update run set state = ? where id = ?').run(state, id);
  }

  ended(
    id: string,
    state: RunState,
    now: number,
    outcome: { readonly result?: RunResult; readonly error?: string } = {},
  ): void {
    const head = this.#log(id)?.head() ?? { seq: 0, step: 0 };
    this.#database
      .prepare(
        'update run set state = ?, ended_at = ?, head_seq = ?, head_step = ?, result = ?, error = ? where id = ?',
      )
      .run(
        state,
        now,
        head.seq,
        head.step,
        outcome.result === undefined ? null : JSON.stringify(outcome.result),
        outcome.error ?? null,
        id,
      );
  }

  /** Commits a frame: what this returned from can be replayed after a kill. */
  append(
    id: string,
    frame: { readonly seq: number; readonly step0: number; readonly rows: number; readonly body: Uint8Array },
  ): void {
    this.#log(id, true)!.append(frame.seq, frame.step0, frame.rows, frame.body);
  }

  frames(id: string, from: number, limit: number): readonly { readonly seq: number; readonly body: Uint8Array }[] {
    return this.#log(id)?.read(from, limit) ?? [];
  }

  head(id: string): { readonly seq: number; readonly step: number } {
    return this.#log(id)?.head() ?? { seq: 0, step: 0 };
  }

  has(id: string): boolean {
    return this.#database.prepare('select 1 from run where id = ?').get(id) !== undefined;
  }

  summary(id: string): RunSummary {
    return this.#withHead(summaryOf(this.#row(id)));
  }

  detail(id: string): RunDetail {
    const row = this.#row(id);
    return {
      ...this.#withHead(summaryOf(row)),
      scenario: JSON.parse(String(row['scenario'])) as Scenario,
      schema: parsed<TelemetrySchema>(row['schema']),
      result: parsed<RunResult>(row['result']),
    };
  }

  schema(id: string): TelemetrySchema | null {
    return parsed<TelemetrySchema>(this.#row(id)['schema']);
  }

  list(query: RunQuery): { readonly runs: readonly RunSummary[]; readonly cursor: string | null } {
    const [createdBefore, idBefore] =
      query.cursor === undefined ? [Number.MAX_SAFE_INTEGER, '\u{10FFFF}'] : splitCursor(query.cursor);
    const rows = this.#database
      .prepare(
        `select * from run where (created_at < ?1 or (created_at = ?1 and id < ?2)) and (?3 is null or state = ?3)
           and (?4 is null or instr(lower(name || ' ' || scenario), lower(?4)) > 0)
         order by created_at desc, id desc limit ?5`,
      )
      .all(createdBefore, idBefore, query.state ?? null, query.text ?? null, query.limit + 1);
    const page = rows.slice(0, query.limit);
    const last = page.at(-1);
    return {
      runs: page.map((row) => this.#withHead(summaryOf(row))),
      cursor:
        rows.length > page.length && last !== undefined ? `${String(last['created_at'])}.${String(last['id'])}` : null,
    };
  }

  remove(id: string): void {
    this.#row(id);
    this.#logs.get(id)?.[Symbol.dispose]();
    this.#logs.delete(id);
    removeFrameLog(this.#folder, id);
    this.#database.prepare('delete from idempotency where run_id = ?').run(id);
    this.#database.prepare('delete from run where id = ?').run(id);
  }

  [Symbol.dispose](): void {
    for (const log of this.#logs.values()) log[Symbol.dispose]();
    this.#logs.clear();
    this.#database[Symbol.dispose]();
  }

  #row(id: string): Row {
    const row = this.#database.prepare('select * from run where id = ?').get(id);
    if (row === undefined) throw new NotFoundError(`there is no run '${id.slice(0, 80)}'`);
    return row;
  }

  /** The head of a run that still writes is in its log; the catalogue's copy is made when it ends. */
  #withHead(summary: RunSummary): RunSummary {
    if (summary.endedAt !== null) return summary;
    const head = this.head(summary.id);
    return { ...summary, headSeq: head.seq, headStep: head.step };
  }

  #log(id: string, create = false): FrameLog | undefined {
    let log = this.#logs.get(id);
    if (log === undefined) {
      log = openFrameLog(this.#folder, id, create);
      if (log !== undefined) this.#logs.set(id, log);
    }
    return log;
  }
}

function summaryOf(row: Row): RunSummary {
  const scenario = JSON.parse(String(row['scenario'])) as Scenario;
  return {
    id: String(row['id']),
    name: String(row['name']),
    state: String(row['state']) as RunState,
    seed: Number(row['seed']),
    policy: scenario.victim.policy,
    dataset: scenario.district.dataset,
    buildings: scenario.district.buildings,
    attacks: scenario.attacks.map(labelOf),
    createdAt: Number(row['created_at']),
    startedAt: nullable(row['started_at']),
    endedAt: nullable(row['ended_at']),
    headSeq: Number(row['head_seq']),
    headStep: Number(row['head_step']),
    totalSteps: Number(row['total_steps']),
    error: row['error'] === null || row['error'] === undefined ? null : String(row['error']),
  };
}

function nullable(value: unknown): number | null {
  return value === null || value === undefined ? null : Number(value);
}

function parsed<T>(text: unknown): T | null {
  return typeof text === 'string' ? (JSON.parse(text) as T) : null;
}

function splitCursor(cursor: string): [number, string] {
  const dot = cursor.indexOf('.');
  return [Number(cursor.slice(0, dot)) || 0, cursor.slice(dot + 1)];
}
