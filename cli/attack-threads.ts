import type { Worker } from 'node:worker_threads';
import { CancelledError } from '../core/errors.ts';
import { batchResult, chunkOf, openLoopVictim } from '../evaluation/attack-batch.ts';
import type { BatchResult, ChunkOutcome } from '../evaluation/attack-batch.ts';
import { recordedAttack } from '../evaluation/recorded-attack.ts';
import type { VictimSource, Workspace } from '../evaluation/workspace.ts';
import { openAttacker } from '../server/run-thread.ts';
import type { AttackTask, FromAttacker, ToAttacker } from '../server/worker-messages.ts';
import { ThreadFault } from './exit.ts';

export interface AttackOptions {
  readonly workers: number;
  readonly signal: AbortSignal;
  /** Where other controllers that an attack names come from. */
  readonly workspace: Pick<Workspace, 'victim'>;
  /** @param rows that are done */
  readonly onProgress: (rows: number) => void;
  /** An attack learns from the rows before the first is attacked. @param done 0…1 */
  readonly onPreparing?: (done: number) => void;
  /** Milliseconds of work that a thread must have to be worth its start. Default: 500 */
  readonly leastWork?: number;
}

/**
 * Attacks recorded rows in as many threads as are wanted and worth their start. This thread begins, and learns from its chunks what the
 * others will cost. The same result for every number of workers: the chunks are the same, and rows do not know of each other. An attack that
 * learns first, or takes rows in the order of time, stays in this thread.
 * @param x [rows×O] as the policy observes  @param source the task's policy
 * @throws {CancelledError} when the signal is set; the first fault of any thread otherwise.
 */
export async function attackRows(
  x: Float32Array,
  source: VictimSource,
  task: AttackTask,
  options: AttackOptions,
): Promise<BatchResult> {
  const { workers, signal, onProgress, leastWork = 500 } = options;
  const victim = openLoopVictim(source);
  const size = source.features.length;
  const { attack: spec, seed } = task;
  using recorded = await recordedAttack({ x, source, victim, spec, seed, workspace: options.workspace });
  const { chunks } = recorded;
  for (const share of recorded.prepare()) {
    options.onPreparing?.(share);
    await breath(signal);
  }
  const outcomes: ChunkOutcome[] = [];
  let rows = 0;
  const done = (index: number, outcome: ChunkOutcome): void => {
    outcomes[index] = outcome;
    rows += chunks[index]!.count;
    onProgress(rows);
  };
  const started = performance.now();
  let next = 0;
  for (; next < chunks.length; next++) {
    const left = chunks.length - next;
    const work = next === 0 ? 0 : ((performance.now() - started) / next) * left;
    const threads = Math.min(recorded.apart ? workers : 1, left, Math.floor(work / Math.max(leastWork, 1e-9)));
    if (threads > 1) {
      const waiting = chunks.slice(next).map((chunk, k) => ({ index: next + k, chunk, x: chunkOf(x, size, chunk) }));
      await inThreads(task, threads, waiting, signal, done);
      break;
    }
    done(next, recorded.attack(chunkOf(x, size, chunks[next]!), chunks[next]!));
    await breath(signal);
  }
  return { ...batchResult(victim.head, size, chunks, outcomes), ...recorded.notes() };
}

/** Gives way to the event loop, so that an interrupt is heard. @throws {CancelledError} when it was */
async function breath(signal: AbortSignal): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
  if (signal.aborted) throw cancelled();
}

/** Hands the chunks out, to each thread its next one when it is done with the last. */
async function inThreads(
  task: AttackTask,
  count: number,
  waiting: ToAttacker[],
  signal: AbortSignal,
  done: (index: number, outcome: ChunkOutcome) => void,
): Promise<void> {
  const threads = Array.from({ length: count }, () => openAttacker(task));
  try {
    await Promise.all(threads.map((thread) => serve(thread, waiting, signal, done)));
  } finally {
    await Promise.all(threads.map((thread) => thread.terminate()));
  }
}

function serve(
  thread: Worker,
  waiting: ToAttacker[],
  signal: AbortSignal,
  done: (index: number, outcome: ChunkOutcome) => void,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = (): void => reject(cancelled());
    if (signal.aborted) stop();
    signal.addEventListener('abort', stop, { once: true });
    const feed = (): void => {
      const chunk = waiting.shift();
      if (chunk !== undefined) return thread.postMessage(chunk);
      signal.removeEventListener('abort', stop);
      resolve();
    };
    thread.on('message', (message: FromAttacker) => {
      if (message.type === 'failed') return reject(new ThreadFault(message));
      done(message.index, message.outcome);
      feed();
    });
    thread.on('error', reject);
    thread.on('exit', (code) => reject(new Error(`an attacking thread ended early with code ${code}`)));
    feed();
  });
}

function cancelled(): CancelledError {
  return new CancelledError('interrupted; nothing was written');
}
