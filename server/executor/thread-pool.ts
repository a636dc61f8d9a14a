import { MessageChannel } from 'node:worker_threads';
import { fileURLToPath } from 'node:url';
import { Piscina } from 'piscina';
import { CancelledError } from '../../core/errors.ts';
import { decodeFrame } from '../../core/frame-codec.ts';
import type { RunResult } from '../../core/run.ts';
import { mostAttempts } from '../../evaluation/executor/executor.ts';
import type { JobFault } from '../../evaluation/executor/executor.ts';
import type { ValueOf, Work } from '../../evaluation/executor/job.ts';
import type { ThreadAnswer, ThreadNews, ThreadTask, WorkshopSetup } from './job-thread.ts';

/** What became of the work that one thread was given. */
export type ThreadOutcome<Value> =
  | { readonly ok: true; readonly value: Value }
  /** `final`: another attempt would end in the same way. */
  | { readonly ok: false; readonly fault: JobFault; readonly final: boolean };

/** Threads that do jobs, one at a time each; they start when they are needed and end when nothing came for a while. */
export class ThreadPool implements AsyncDisposable {
  readonly #pool: Piscina<ThreadTask, ThreadAnswer>;
  readonly #setup: WorkshopSetup;

  constructor(threads: number, setup: WorkshopSetup) {
    // The compiled file, or the source where we run from source.
    const compiled = !import.meta.url.endsWith('.ts');
    const entry = compiled
      ? new URL('./job-thread.js', import.meta.url)
      : new URL('./job-thread-source.mjs', import.meta.url);
    this.#pool = new Piscina({
      filename: fileURLToPath(entry),
      minThreads: 0,
      maxThreads: threads,
      idleTimeout: 10_000,
      // Synchronous waiting would keep the messages of a job's controller, and its progress, until the next job.
      atomics: 'disabled',
    });
    this.#setup = setup;
  }

  /**
   * @param given what came with the work, and whether what it records is wanted
   * @throws {CancelledError} when the signal is set: the thread ends, whatever it is doing.
   */
  async run<W extends Work>(
    work: W,
    signal: AbortSignal,
    given: Pick<ThreadTask, 'policies' | 'telemetry'>,
    onNews: (news: ThreadNews) => void,
  ): Promise<ThreadOutcome<ValueOf<W>>> {
    const { port1, port2 } = new MessageChannel();
    port1.on('message', onNews);
    try {
      const task: ThreadTask = { work, setup: this.#setup, ...given, port: port2 };
      const answer = await this.#pool.run(task, { signal, transferList: [port2] });
      if (!answer.ok) return { ok: false, fault: answer.fault, final: answer.fault.name !== null };
      const { value, telemetry } = answer;
      if (work.kind === 'study-cell') return { ok: true, value: value as ValueOf<W> };
      const frames = telemetry?.frames.map((body) => decodeFrame(body)) ?? [];
      const evaluated = {
        result: value as RunResult,
        telemetry: telemetry === null ? null : { schema: telemetry.schema, frames },
      };
      return { ok: true, value: evaluated as ValueOf<W> };
    } catch (error) {
      if (signal.aborted) throw new CancelledError('interrupted');
      const reason = error instanceof Error ? error.message : String(error);
      const fault = error instanceof Error ? (error.stack ?? reason) : reason;
      return {
        ok: false,
        fault: { reason: `its thread died: ${reason}`, fault, name: null, code: null },
        final: false,
      };
    } finally {
      port1.close();
    }
  }

  /** Again after the death of a thread or an error that nobody foresaw, {@link mostAttempts} in all. */
  async persist<W extends Work>(
    work: W,
    signal: AbortSignal,
    hear: { readonly onNews: (news: ThreadNews) => void; readonly onRetry: (attempt: number, reason: string) => void },
  ): Promise<{ readonly outcome: ThreadOutcome<ValueOf<W>>; readonly attempts: number }> {
    const policies: ThreadTask['policies'] = new Map();
    const { telemetry } = this.#setup;
    for (let attempts = 1; ; attempts++) {
      const outcome = await this.run(work, signal, { policies, telemetry }, hear.onNews);
      if (outcome.ok || outcome.final || attempts >= mostAttempts) return { outcome, attempts };
      hear.onRetry(attempts + 1, outcome.fault.reason);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#pool.destroy();
  }
}
