import { FaultlineError } from '../core/errors.ts';
import { join, resolve } from 'node:path';
import { AskedThread } from './asked-thread.ts';
import type { RunDetail } from './events.ts';
import { NotFoundError } from './problem.ts';
import { openQuestions } from './run-thread.ts';
import type { Store } from './store.ts';
import type { QueryColumn, QueryLog, QueryOutcome, QueryTable, QueryTask } from './worker-messages.ts';

/** A question in SQL that is not answered: it is none, it may not be asked, or it takes too long. */
export class QueryError extends FaultlineError {
  readonly code = 'query';
}

/** Over its limit, after which a question that does not end by itself is ended with its process; the process may have to start first. */
const graceMs = 15_000;

/** Rows and a table of them. */
export interface Answered {
  readonly columns: readonly QueryColumn[];
  readonly rows: readonly (readonly unknown[])[];
  readonly truncated: boolean;
}

/** Newest runs that `runs` has, and of those that are done, that `kpis` has: reading a result takes a tenth of a millisecond. */
const maxRuns = 10_000;
const maxResults = 1000;

/**
 * Questions of an analyst in SQL over the runs: tables `runs` and `kpis` of the catalogue, and `telemetry('<run id>')`, of a run that goes on as far as it was committed. They are answered by a process
 * that can read the runs' files and nothing else, has no environment, and is ended when it takes too long or too much.
 */
export class QueryBox implements AsyncDisposable {
  readonly #store: Store;
  readonly #thread: AskedThread<QueryTask, QueryOutcome>;

  constructor(store: Store, folder: string) {
    this.#store = store;
    this.#thread = new AskedThread({
      open: () => openQuestions(join(resolve(folder), 'runs')),
      what: 'questions',
      maxWaiting: 8,
      timeoutMs: graceMs,
      idleMs: 60_000,
    });
  }

  /** @throws {QueryError} {TooManyError} */
  async ask(sql: string, limit: number, seconds: number, signal: AbortSignal): Promise<Answered> {
    let outcome: QueryOutcome;
    const logs: (Disposable & QueryLog)[] = [];
    try {
      const question = async (): Promise<QueryTask> => ({
        sql,
        limit,
        timeoutMs: 1000 * seconds,
        tables: [this.#runs(), ...(/\bkpis\b/i.test(sql) ? [await this.#kpis()] : [])],
        logs: this.#logs(sql, logs),
      });
      outcome = await this.#thread.ask(question, signal, 1000 * seconds + graceMs);
    } catch (cause) {
      if (cause instanceof FaultlineError || signal.aborted) throw cause;
      throw new QueryError('took more time or memory than a question may', { cause });
    } finally {
      for (const log of logs) log[Symbol.dispose]();
    }
    if (outcome.type === 'done') return outcome;
    if (outcome.type === 'late') throw new QueryError(`took longer than ${seconds} s`);
    const { line, column } = outcome.place ?? {};
    const place = outcome.place === null ? undefined : { path: '/sql', line, column: column ?? undefined };
    throw new QueryError(
      this.#withoutFile(outcome.reason) ?? outcome.reason.split('\n'),
      place === undefined ? {} : { place },
    );
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#thread[Symbol.asyncDispose]();
  }

  /** The logs of runs that are named and whose telemetry is no file yet. @param held where they go, to be disposed of when the question is over */
  #logs(sql: string, held: (Disposable & QueryLog)[]): readonly QueryLog[] {
    for (const id of namedRuns(sql)) {
      const schema = this.#known(id)?.schema;
      const log = schema === undefined || schema === null ? undefined : this.#store.log(id);
      if (log === undefined) continue;
      const channels = schema!.channels.map(({ name }) => name);
      held.push({ ...log, id, file: resolve(log.file), channels });
    }
    return held.map(({ id, file, frames, channels }) => ({ id, file, frames, channels }));
  }

  #known(id: string): RunDetail | undefined {
    try {
      return this.#store.detail(id);
    } catch (error) {
      if (error instanceof NotFoundError) return undefined;
      throw error;
    }
  }

  /** Why there is no telemetry where a question looked for it; undefined when it failed of something else. */
  #withoutFile(reason: string): string | undefined {
    const id = /No files found that match the pattern "<store>\/runs\/(.*)\/telemetry\.parquet"/.exec(reason)?.[1];
    if (id === undefined) return undefined;
    const run = this.#known(id);
    if (run === undefined) return `there is no run '${id.slice(0, 80)}'`;
    const { state, headSeq } = run;
    if (headSeq === 0) return `run '${id}' has no telemetry: it is ${state}`;
    return `run '${id}' is ${state} and has no file yet: name it as a plain text, telemetry('${id}')`;
  }

  #runs(): QueryTable {
    const { runs } = this.#store.list({ limit: maxRuns, archived: 'all' });
    const rows = runs.map((run) => ({
      id: run.id,
      name: run.name,
      state: run.state,
      seed: run.seed,
      policy: run.policy,
      dataset: run.dataset,
      buildings: run.buildings,
      attacks: run.attacks,
      modules: run.modules,
      tags: run.tags,
      sweep: run.sweepId,
      steps: run.headStep,
      created: time(run.createdAt),
      started: time(run.startedAt),
      ended: time(run.endedAt),
      archived: run.archived,
      note: run.note,
    }));
    return { name: 'runs', columns: runColumns, rows: JSON.stringify(rows) };
  }

  async #kpis(): Promise<QueryTable> {
    const { runs } = this.#store.list({ limit: maxResults, state: 'done', archived: 'all' });
    const rows: object[] = [];
    for (const { id } of runs) {
      for (const { lane, building, attack, kpis, regret } of this.#store.detail(id).result?.lanes ?? [])
        for (const [kpi, value] of Object.entries(kpis))
          rows.push({ run: id, lane, building, attack, kpi, value, regret: regret?.[kpi] ?? null });
      await new Promise((resolve) => setImmediate(resolve)); // others have the event loop
    }
    return { name: 'kpis', columns: kpiColumns, rows: JSON.stringify(rows) };
  }
}

const runColumns = {
  id: 'VARCHAR',
  name: 'VARCHAR',
  state: 'VARCHAR',
  seed: 'BIGINT',
  policy: 'VARCHAR',
  dataset: 'VARCHAR',
  buildings: 'VARCHAR[]',
  attacks: 'VARCHAR[]',
  modules: 'VARCHAR[]',
  tags: 'VARCHAR[]',
  sweep: 'VARCHAR',
  steps: 'INTEGER',
  created: 'TIMESTAMP',
  started: 'TIMESTAMP',
  ended: 'TIMESTAMP',
  archived: 'BOOLEAN',
  note: 'VARCHAR',
} as const;

const kpiColumns = {
  run: 'VARCHAR',
  lane: 'VARCHAR',
  building: 'VARCHAR',
  attack: 'VARCHAR',
  kpi: 'VARCHAR',
  value: 'DOUBLE',
  regret: 'DOUBLE',
} as const;

/** Most runs without a file that a question may name. */
const maxLogs = 8;

/** Ids of runs that a question may mean; which of them it does is not for us to parse. */
function namedRuns(sql: string): readonly string[] {
  const ids = [...sql.matchAll(/\btelemetry\s*\(\s*'([\w-]{1,64})'\s*\)/gi)].map(([, id]) => id!);
  return [...new Set(ids)].slice(0, maxLogs);
}

function time(ms: number | null): string | null {
  return ms === null ? null : new Date(ms).toISOString();
}
