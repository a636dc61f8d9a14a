import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { BackendError, CancelledError } from '../core/errors.ts';
import { carryOut, mostStalls } from '../evaluation/executor/executor.ts';
import type { ExecutorNews, JobOutcome, ResultStore } from '../evaluation/executor/executor.ts';
import { jobOf } from '../evaluation/executor/job.ts';
import type { Evaluated, EvaluationWork } from '../evaluation/executor/job.ts';
import type { ExecutorStatus } from './events.ts';
import { prepare } from './live-run.ts';
import type { RunManager } from './run-manager.ts';
import type { Log } from './socket-listener.ts';
import { storeTelemetry } from './remote-telemetry.ts';
import type { Store } from './store.ts';
import { expandSweep } from './sweep.ts';
import type { SweepSpec } from './sweep.ts';
import type { SweepExecutors } from './sweep-executors.ts';
import type { SweepJob } from './sweeps.ts';

export interface SweepRunnerOptions {
  readonly store: Store;
  readonly manager: RunManager;
  readonly executors: SweepExecutors;
  readonly codeHash: string;
  readonly now: () => number;
  readonly log: Log;
}

/** A run of a sweep that goes on. */
interface Going {
  readonly id: string;
  readonly stop: AbortController;
  worker: string | null;
  attempts: number;
  over: boolean;
  /** When it was heard how far it is. */
  last?: { readonly at: number; readonly step: number };
}

/** A pause before an executor that failed is asked again, and how often in a row one may fail by what is no fault of a backend. */
const againMs = 5000;
const mostFaults = 12;

/**
 * Carries sweeps out by an executor. The truth of what is done is the catalogue: a run that is over there is over, whatever else is delivered, and one
 * that is not is asked for again after a restart, under the same key.
 */
export class SweepRunner {
  readonly counts = { done: 0, failed: 0, retried: 0 };
  readonly #options: SweepRunnerOptions;
  readonly #sweeps = new Map<string, { readonly over: Promise<void>; readonly runs: ReadonlyMap<string, Going> }>();
  readonly #closing = new AbortController();

  constructor(options: SweepRunnerOptions) {
    this.#options = options;
  }

  /** Queues every combination of a sweep; answers its id. @throws {ConfigError} {TooManyError} for one that is not taken, of which nothing is kept */
  launch(spec: SweepSpec): string {
    const { store, manager, executors, codeHash, now } = this.#options;
    manager.assertOpen();
    const cells = expandSweep(spec).map(({ values, scenarios }) => ({
      values,
      jobs: scenarios.map((scenario): SweepJob => ({
        id: randomUUID(),
        scenario,
        job: workOf(scenario, codeHash).key,
      })),
    }));
    const jobs = cells.flatMap((cell) => cell.jobs);
    manager.assertRoom(jobs.length);
    const id = randomUUID();
    const placed = cells.map(({ values, jobs: own }) => ({ values, runs: own.map((one) => one.id) }));
    const entry = { id, name: spec.name, createdAt: now(), executor: executors.kind, code: codeHash, cells: placed };
    store.sweeps.insert(entry, jobs);
    for (const job of jobs) manager.notices.next({ type: 'state', run: store.summary(job.id) });
    this.#start(
      id,
      jobs.map((job) => ({ ...job, attempts: 0 })),
    );
    return id;
  }

  /** Goes on with what a server that ended left of its sweeps; those of other code stay interrupted. */
  async goOn(): Promise<void> {
    const { store, manager, executors, codeHash, log } = this.#options;
    for (const { id, code } of store.sweeps.unfinished()) {
      const left = store.sweeps.leftOf(id);
      if (code !== codeHash) {
        log('info', { sweep: id, runs: left.length }, 'a sweep of other code is not gone on with');
        continue;
      }
      store.sweeps.setExecutor(id, executors.kind);
      const jobs: (SweepJob & { attempts: number })[] = [];
      for (const job of left) {
        const lost = executors.kind === 'local' && job.attempts > mostStalls;
        if (executors.kind === 'redis') store.reopenEmpty(job.id);
        else {
          using _frames = await store.open(job.id);
          store.reopen(job.id);
        }
        if (lost) {
          this.counts.failed++;
          const error = `it was under way ${job.attempts} times when its server ended, and is given up: it may be what ends it`;
          manager.end(job.id, { state: 'failed', error });
        } else jobs.push(job);
      }
      log('info', { sweep: id, runs: jobs.length }, 'going on with a sweep');
      this.#start(id, jobs);
    }
  }

  /** Cancels those runs of a sweep that are not over. @throws {NotFoundError} */
  cancel(sweep: string): void {
    const { store, manager } = this.#options;
    store.sweeps.get(sweep);
    for (const run of store.sweepRuns(sweep))
      if (run.endedAt === null) void manager.command(run.id, { type: 'cancel' });
  }

  /** Which run a job in a queue is, of those that go on. */
  runOf(sweep: string, key: string): string | undefined {
    return this.#sweeps.get(sweep)?.runs.get(key)?.id;
  }

  async look(): Promise<ExecutorStatus> {
    const { store, executors, codeHash } = this.#options;
    const { workers, ...sight } = await executors.look();
    return {
      kind: executors.kind,
      code: codeHash,
      ...sight,
      workers: workers.map((worker) => ({
        ...worker,
        active: worker.active.map(({ batch, key, done, attempt }) => {
          const runId = (executors.kind === 'local' ? key : this.runOf(batch, key)) ?? null;
          const run = runId === null ? null : store.summary(runId);
          return { runId, name: run?.name ?? null, sweepId: run?.sweepId ?? null, done, attempt };
        }),
      })),
      runs: { ...this.counts },
    };
  }

  /** Runs that are not over are interrupted: the next server goes on with them. Those over a Redis stay in its queue. */
  async close(): Promise<void> {
    this.#closing.abort();
    await Promise.all([...this.#sweeps.values()].map(({ over }) => over));
  }

  #start(id: string, jobs: readonly (SweepJob & { readonly attempts: number })[]): void {
    const { manager } = this.#options;
    const runs = new Map(
      jobs.map(({ id: runId, job, attempts }): [string, Going] => [
        job,
        { id: runId, stop: new AbortController(), worker: null, attempts, over: false },
      ]),
    );
    for (const run of runs.values()) manager.adopt(run.id, () => this.#cancelRun(run));
    const over = this.#carry(id, jobs, runs).finally(() => this.#sweeps.delete(id));
    this.#sweeps.set(id, { over, runs });
  }

  async #carry(sweep: string, jobs: readonly SweepJob[], runs: ReadonlyMap<string, Going>): Promise<void> {
    const { store, executors, codeHash, log } = this.#options;
    const signal = this.#closing.signal;
    const ids = new Map([...runs].map(([key, { id }]) => [key, id]));
    const results: ResultStore<Evaluated> = {
      get: () => undefined, // those that are over are not asked for
      put: (key, value) => this.#keep(runs.get(key)!, value),
    };
    const onOutcome = (outcome: JobOutcome<Evaluated>): void => {
      faults = 0;
      const run = runs.get(outcome.key)!;
      if (outcome.state === 'cancelled') this.#end(run, { state: 'cancelled' });
      else if (outcome.state === 'failed')
        this.#end(run, { state: 'failed', error: failureText(outcome.error.reason, outcome.attempts) });
    };
    await using executor = executors.open(sweep, ids);
    let faults = 0;
    for (;;) {
      const left = jobs.filter(({ job }) => !runs.get(job)!.over);
      const work = left.map(({ job, scenario }) => ({
        ...workOf(scenario, codeHash),
        signal: runs.get(job)!.stop.signal,
      }));
      try {
        await carryOut(executor, work, { signal, results, onOutcome, onNews: (news) => this.#hear(runs, news) });
        return;
      } catch (error) {
        if (error instanceof CancelledError && signal.aborted) break;
        log('error', { sweep, fault: error instanceof Error ? error.stack : error }, 'a sweep was held up');
        // A Redis that is gone may come back; what else it is, time may not mend.
        if (!(error instanceof BackendError) && ++faults > mostFaults) {
          const reason = error instanceof Error ? error.message : String(error);
          for (const { job } of left) this.#end(runs.get(job)!, { state: 'failed', error: reason });
          return;
        }
        await pause(againMs, undefined, { signal }).catch(() => {});
        if (signal.aborted) break;
      }
    }
    for (const run of runs.values()) {
      if (run.over) continue;
      // That the server was stopped is not the run's doing.
      if (executors.kind === 'local' && store.summary(run.id).state !== 'queued')
        store.sweeps.setWorker(run.id, null, Math.max(0, run.attempts - 1));
      this.#end(run, { state: 'interrupted' });
    }
  }

  /** What a run elsewhere recorded is in the store before the run is over. */
  async #keep(run: Going, { result, telemetry, withheld }: Evaluated): Promise<void> {
    if (run.over) return;
    const { store, manager, now } = this.#options;
    const place = { store, notices: manager.notices, now };
    if (telemetry !== null) await storeTelemetry(place, run.id, telemetry, result, () => !run.over);
    this.#end(run, { state: 'done', result, ...(withheld !== undefined && { error: withheld }) });
  }

  #cancelRun(run: Going): void {
    const { manager, executors } = this.#options;
    // One in a thread here ends when the thread has; one elsewhere is over for us, whatever still comes of it.
    if (executors.kind === 'redis' || manager.isWaiting(run.id)) this.#end(run, { state: 'cancelled' });
    run.stop.abort();
  }

  /** Once: what is told of a run that is over is nothing new. @throws {StoreError} when it could not be kept, and is to be told again */
  #end(run: Going, ending: Parameters<RunManager['end']>[1]): void {
    if (run.over) return;
    const { manager } = this.#options;
    manager.end(run.id, ending);
    run.over = true;
    manager.release(run.id);
    if (ending.state === 'done') this.counts.done++;
    else if (ending.state === 'failed') this.counts.failed++;
  }

  #hear(runs: ReadonlyMap<string, Going>, news: ExecutorNews): void {
    if (news.type === 'workers') return;
    const run = runs.get(news.key);
    if (run === undefined || run.over) return;
    const { store, executors, log } = this.#options;
    if (news.type === 'retry') {
      if (executors.kind === 'local') this.counts.retried++;
      log('info', { run: run.id, attempt: news.attempt, reason: news.reason }, 'a run of a sweep is tried again');
      return;
    }
    const { worker = null, attempt = 1 } = news;
    const attempts = executors.kind === 'local' ? run.attempts + 1 : attempt;
    if (executors.kind === 'local' || worker !== run.worker || attempts !== run.attempts) {
      if (executors.kind === 'redis' && run.attempts > 0) this.counts.retried += Math.max(0, attempts - run.attempts);
      [run.worker, run.attempts] = [worker, attempts];
      store.sweeps.setWorker(run.id, worker, attempts);
    }
    if (executors.kind === 'redis') this.#follow(run, news);
  }

  /** A run goes on elsewhere: its state and progress are told, its frames come in the end. */
  #follow(run: Going, { done, preparing, totalSteps }: Extract<ExecutorNews, { type: 'job' }>): void {
    const { store, manager, now } = this.#options;
    if (preparing !== undefined) {
      prepare({ store, notices: manager.notices }, run.id, { attack: preparing, done });
      return;
    }
    if (totalSteps === undefined) return;
    const step = Math.round(done * totalSteps);
    const { last } = run;
    if (last === undefined || last.step > step) {
      store.sweeps.startElsewhere(run.id, totalSteps, now());
      store.wentOn(run.id, step);
      manager.notices.next({ type: 'state', run: store.summary(run.id) });
    }
    if (last?.step === step) return;
    const seconds = last === undefined ? 0 : (now() - last.at) / 1000;
    const stepsPerSecond = last === undefined || seconds <= 0 ? 0 : Math.max(0, (step - last.step) / seconds);
    run.last = { at: now(), step };
    store.wentOn(run.id, step);
    manager.notices.next({ type: 'progress', runId: run.id, step, totalSteps, stepsPerSecond });
  }
}

function workOf(scenario: EvaluationWork['scenario'], codeHash: string): ReturnType<typeof jobOf<EvaluationWork>> {
  return jobOf<EvaluationWork>({ kind: 'evaluation', scenario, part: null }, codeHash);
}

function failureText(reason: string, attempts: number): string {
  return attempts > 1 ? `${reason} (tried ${attempts} times)` : reason;
}
