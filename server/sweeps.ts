import type { Scenario } from '../core/scenario.ts';
import type { ExecutorKind } from './events.ts';
import { NotFoundError } from './problem.ts';
import { searchText } from './run-row.ts';
import type { Row, Sqlite } from './sqlite.ts';

/** A sweep as it is kept: its cells' values, and the runs that were made of them. */
export interface SweepEntry {
  readonly id: string;
  readonly name: string;
  readonly createdAt: number;
  readonly executor: ExecutorKind;
  /** SHA-256 of the code that all of its runs are of; null: it was made before that was noted. */
  readonly code: string | null;
  readonly cells: readonly { readonly values: Readonly<Record<string, unknown>>; readonly runs: readonly string[] }[];
}

/** A run of a sweep as a job of an executor. */
export interface SweepJob {
  readonly id: string;
  readonly scenario: Scenario;
  /** SHA-256 of scenario and code. */
  readonly job: string;
}

/** The sweeps of the catalogue, and their runs as jobs. */
export class Sweeps {
  readonly #database: Sqlite;

  constructor(database: Sqlite) {
    this.#database = database;
  }

  /** A sweep with its runs, all of which wait: all or none. */
  insert({ id, name, createdAt, executor, code, cells }: SweepEntry, jobs: readonly SweepJob[] = []): void {
    const sweep = this.#database.prepare(
      'insert into sweep(id, name, spec, created_at, executor, code) values (?, ?, ?, ?, ?, ?)',
    );
    const run = this.#database.prepare(
      `insert into run(id, name, state, scenario, seed, created_at, search, sweep_id, job, executor)
         values (?, ?, 'queued', ?, ?, ?, ?, ?, ?, ?)`,
    );
    this.#database.transaction(() => {
      sweep.run(id, name, JSON.stringify(cells), createdAt, executor, code);
      for (const { id: runId, scenario, job } of jobs) {
        const { name: runName, seed } = scenario;
        run.run(runId, runName, JSON.stringify(scenario), seed, createdAt, searchText(scenario), id, job, executor);
      }
    });
  }

  /** @throws {NotFoundError} */
  get(id: string): SweepEntry {
    const row = this.#database.prepare('select * from sweep where id = ?').get(id);
    if (row === undefined) throw new NotFoundError(`there is no sweep '${id.slice(0, 80)}'`);
    return entryOf(row);
  }

  /** The newest first. */
  list(limit: number): readonly SweepEntry[] {
    return this.#database.prepare('select * from sweep order by created_at desc, id limit ?').all(limit).map(entryOf);
  }

  /** Sweeps of which a server that ended left runs that are not over, the oldest first. */
  unfinished(): readonly SweepEntry[] {
    return this.#database
      .prepare(`select * from sweep where id in (select sweep_id from run where ${left}) order by created_at, id`)
      .all()
      .map(entryOf);
  }

  /** Runs of a sweep in the order of its cells and seeds. @throws {NotFoundError} */
  inOrder<Run extends { readonly id: string }>(id: string, runs: readonly Run[]): readonly Run[] {
    const order = this.get(id).cells.flatMap((cell) => cell.runs);
    const places = new Map(order.map((run, at) => [run, at] as const));
    return [...runs].sort((a, b) => (places.get(a.id) ?? 0) - (places.get(b.id) ?? 0));
  }

  /** Those runs of a sweep, in the order of its cells and seeds. */
  leftOf(id: string): readonly (SweepJob & { readonly attempts: number; readonly headSeq: number })[] {
    const rows = this.#database
      .prepare(`select id, scenario, job, attempts, head_seq from run where sweep_id = ? and ${left}`)
      .all(id)
      .map((row) => ({
        id: String(row['id']),
        scenario: JSON.parse(String(row['scenario'])) as Scenario,
        job: String(row['job']),
        attempts: Number(row['attempts']),
        headSeq: Number(row['head_seq']),
      }));
    return this.inOrder(id, rows);
  }

  /** Who does the sweep's runs that are not over. */
  setExecutor(id: string, executor: ExecutorKind): void {
    this.#database.prepare('update sweep set executor = ? where id = ?').run(executor, id);
    this.#database.prepare(`update run set executor = ? where sweep_id = ? and ${left}`).run(executor, id);
  }

  /** Who has a run, and how often it was begun. */
  setWorker(run: string, worker: string | null, attempts: number): void {
    this.#database.prepare('update run set worker = ?, attempts = ? where id = ?').run(worker, attempts, run);
  }

  /** A run has begun elsewhere: its steps are known, its channels are not. */
  startElsewhere(run: string, totalSteps: number, startedAt: number): void {
    this.#database
      .prepare(`update run set state = 'running', total_steps = ?, started_at = coalesce(started_at, ?) where id = ?`)
      .run(totalSteps, startedAt, run);
  }
}

/** Runs that a server left: nothing was wrong with them. */
const left = `state = 'interrupted' and error is null and job is not null`;

function entryOf(row: Row): SweepEntry {
  return {
    id: String(row['id']),
    name: String(row['name']),
    createdAt: Number(row['created_at']),
    executor: String(row['executor']) as ExecutorKind,
    code: (row['code'] ?? null) as string | null,
    cells: JSON.parse(String(row['spec'])) as SweepEntry['cells'],
  };
}
