import { ConfigError } from '../core/errors.ts';
import type { RunResult } from '../core/run.ts';
import { labelOf } from '../core/scenario.ts';
import type { Scenario } from '../core/scenario.ts';
import type { TelemetrySchema } from '../core/telemetry.ts';
import type { RunDetail, RunState, RunSummary } from './events.ts';
import type { Head } from './frame-log.ts';
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
  `alter table run add column search text not null default '';
   update run set search = lower(name);`,
  // Covers filters and paging: a scan of the rows would walk over every schema and result.
  `drop index run_created; create index run_listed on run(created_at desc, id desc, state, search);`,
  // A check cannot be altered: the table is made anew with the state 'preparing'.
  `create table run_anew(
     id text primary key, name text not null, state text not null
       check(state in ('queued','preparing','running','paused','done','failed','cancelled','interrupted')),
     scenario text not null, seed integer not null, created_at integer not null, started_at integer, ended_at integer,
     head_seq integer not null default 0, head_step integer not null default 0, total_steps integer not null default 0,
     schema text, result text, error text, search text not null default '') strict;
   insert into run_anew(id, name, state, scenario, seed, created_at, started_at, ended_at, head_seq, head_step,
       total_steps, schema, result, error, search)
     select id, name, state, scenario, seed, created_at, started_at, ended_at, head_seq, head_step,
       total_steps, schema, result, error, search from run;
   drop table run; alter table run_anew rename to run;
   create index run_listed on run(created_at desc, id desc, state, search);`,
];

/** What a list shows: not the schema and the result, which are most of a row. */
const listed =
  'id, name, state, scenario, seed, created_at, started_at, ended_at, head_seq, head_step, total_steps, error';

export interface RunQuery {
  readonly state?: RunState | undefined;
  /** Part of the name, policy, dataset, a building, a module or an attack. */
  readonly text?: string | undefined;
  /** Opaque: where the page before ended. */
  readonly cursor?: string | undefined;
  readonly limit: number;
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

/** `lab.db`: one row a run. */
export class Catalogue implements Disposable {
  readonly #database: Sqlite;

  /** Opens or creates the file and brings it to the newest version. */
  constructor(file: string) {
    const database = openSqlite(file);
    try {
      if (database.userVersion > migrations.length) {
        throw new ConfigError(
          `was written by a newer Faultline (version ${database.userVersion} of its format, ${migrations.length} is known)`,
          { place: { file } },
        );
      }
      for (let version = database.userVersion; version < migrations.length; version++)
        database.exec(`begin; ${migrations[version]!} pragma user_version = ${version + 1}; commit;`);
      database.prepare('select id from run limit 1').get();
    } catch (error) {
      database[Symbol.dispose]();
      throw error;
    }
    this.#database = database;
  }

  insert(id: string, scenario: Scenario, createdAt: number, key?: string): void {
    const insert = this.#database.prepare(
      `insert into run(id, name, state, scenario, seed, created_at, search) values (?, ?, 'queued', ?, ?, ?, ?)`,
    );
    const keep = this.#database.prepare('insert or replace into idempotency(key, run_id) values (?, ?)');
    this.#database.transaction(() => {
      insert.run(id, scenario.name, JSON.stringify(scenario), scenario.seed, createdAt, searchText(scenario));
      if (key !== undefined) keep.run(key, id);
    });
  }

  /** The run that an Idempotency-Key made before, if it is still there. */
  byKey(key: string): RunDetail | undefined {
    const row = this.#database
      .prepare('select run.* from idempotency join run on run.id = run_id where key = ?')
      .get(key);
    return row === undefined ? undefined : detailOf(row);
  }

  start(id: string, { startedAt, schema, totalSteps }: Start): void {
    this.#database
      .prepare(`update run set state = 'running', schema = ?, total_steps = ?, started_at = ? where id = ?`)
      .run(JSON.stringify(schema), totalSteps, startedAt, id);
  }

  setState(id: string, state: RunState): void {
    this.#database.prepare('update run set state = ? where id = ?').run(state, id);
  }

  end(id: string, { state, endedAt, result, error }: Outcome, head: Head): void {
    const kept = result === undefined ? null : JSON.stringify(result);
    this.#database
      .prepare(
        'update run set state = ?, ended_at = ?, head_seq = ?, head_step = ?, result = ?, error = ? where id = ?',
      )
      .run(state, endedAt, head.seq, head.step, kept, error ?? null, id);
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
    const row = this.#database.prepare('select * from run where id = ?').get(id);
    if (row === undefined) throw new NotFoundError(`there is no run '${id.slice(0, 80)}'`);
    return row;
  }

  /** Runs that were under way when the file was last written. */
  unfinished(): readonly string[] {
    return this.#database
      .prepare(`select id from run where state in ('queued','preparing','running','paused')`)
      .all()
      .map((row) => String(row['id']));
  }

  /** Newest first; paging is by key, so runs that come meanwhile move nothing. */
  list(query: RunQuery): { readonly runs: readonly RunSummary[]; readonly cursor: string | null } {
    const [createdAt, id] = query.cursor === undefined ? newest : splitCursor(query.cursor);
    const rows = this.#database
      .prepare(
        `select ${listed} from run where id in (
           select id from run where (created_at < ?1 or (created_at = ?1 and id < ?2)) and (?3 is null or state = ?3)
             and (?4 is null or instr(search, ?4) > 0)
           order by created_at desc, id desc limit ?5)
         order by created_at desc, id desc`,
      )
      .all(createdAt, id, query.state ?? null, query.text?.toLowerCase() ?? null, query.limit + 1);
    const page = rows.slice(0, query.limit);
    const last = page.at(-1);
    const more = rows.length > page.length && last !== undefined;
    return { runs: page.map(summaryOf), cursor: more ? `${String(last['created_at'])}.${String(last['id'])}` : null };
  }

  remove(id: string): void {
    const forget = this.#database.prepare('delete from idempotency where run_id = ?');
    const remove = this.#database.prepare('delete from run where id = ?');
    this.#database.transaction(() => {
      forget.run(id);
      remove.run(id);
    });
  }

  [Symbol.dispose](): void {
    this.#database[Symbol.dispose]();
  }
}

function searchText(scenario: Scenario): string {
  const { name, victim, district, attacks, modules = [] } = scenario;
  const labelled = [...modules, ...attacks].flatMap((one) => [one.name, labelOf(one)]);
  return [name, victim.policy, district.dataset, ...district.buildings, ...labelled].join('\n').toLowerCase();
}

function detailOf(row: Row): RunDetail {
  return {
    ...summaryOf(row),
    scenario: JSON.parse(String(row['scenario'])) as Scenario,
    schema: parsed(row['schema']) as TelemetrySchema | null,
    result: parsed(row['result']) as RunResult | null,
  };
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
    modules: (scenario.modules ?? []).map(labelOf),
    createdAt: Number(row['created_at']),
    startedAt: nullable(row['started_at']),
    endedAt: nullable(row['ended_at']),
    headSeq: Number(row['head_seq']),
    headStep: Number(row['head_step']),
    totalSteps: Number(row['total_steps']),
    preparing: null,
    error: (row['error'] ?? null) as string | null,
  };
}

function nullable(value: unknown): number | null {
  return value === null || value === undefined ? null : Number(value);
}

function parsed(text: unknown): unknown {
  return typeof text === 'string' ? JSON.parse(text) : null;
}

const newest: [number, string] = [Number.MAX_SAFE_INTEGER, ''];

/** @throws {ConfigError} for a text that no page ended with */
function splitCursor(cursor: string): [number, string] {
  const parts = /^(\d{1,15})\.([\w-]{1,64})$/.exec(cursor);
  if (parts === null)
    throw new ConfigError(`'${cursor}' is no cursor; expected the one that a page ended with`, {
      place: { path: '/cursor' },
    });
  return [Number(parts[1]), parts[2]!];
}
