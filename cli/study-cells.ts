import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { CancelledError } from '../core/errors.ts';
import { hashOf } from '../evaluation/canonical.ts';
import type { Executor, ExecutorNews } from '../evaluation/executor/executor.ts';
import { checkedAs } from '../evaluation/executor/check-result.ts';
import { jobOf } from '../evaluation/executor/job.ts';
import type { CellWork } from '../evaluation/executor/job.ts';
import type { StudyCell, StudyOptions } from '../evaluation/studies/study.ts';
import { ThreadFault } from './exit.ts';
import { replaceFile } from './files.ts';
import { note, progress } from './output.ts';

/** What is kept of a cell: `cells/ID.json`. */
interface KeptCell {
  readonly value: unknown;
  /** Of the options that it ran under. */
  readonly options: string;
  readonly code: string;
}

/** Carries out one cell. @throws {CancelledError} when the signal is set */
export type CellRunner = (cell: StudyCell, onProgress: (done: number) => void, signal: AbortSignal) => Promise<unknown>;

/**
 * Carries out the cells of a study, `workers` at a time, those of an earlier, interrupted one excepted; returns what they returned, by id.
 * @throws {CancelledError} when the signal is set; otherwise the first fault of any, the others being stopped.
 */
export async function runCells(
  cells: readonly StudyCell[],
  run: CellRunner,
  setup: {
    readonly out: string;
    readonly workers: number;
    readonly signal: AbortSignal;
    readonly code: string;
    readonly options: StudyOptions;
  },
): Promise<ReadonlyMap<string, unknown>> {
  const { out, workers, code } = setup;
  const { quick, dataset, backend } = setup.options;
  const options = hashOf({ quick, dataset, ...(backend !== undefined && { backend }) });
  const values = new Map<string, unknown>();
  const waiting = cells.filter((cell) => {
    const kept = keptCell(fileOf(cell.id));
    const same = kept !== undefined && kept.code === code && kept.options === options;
    if (same) values.set(cell.id, kept.value);
    return !same;
  });
  if (waiting.length > 0) await runWaiting();
  return new Map(cells.map(({ id }) => [id, values.get(id)]));

  async function runWaiting(): Promise<void> {
    const stop = new AbortController();
    const signal = AbortSignal.any([setup.signal, stop.signal]);
    const shares = new Map<string, number>();
    const bar = progress(cells.length, 'cells', 'cells', values.size);
    const show = (id: string, share: number): void => {
      shares.set(id, share);
      bar.update(
        values.size + [...shares.values()].reduce((sum, done) => sum + done, 0),
        [...shares.keys()].join(', '),
      );
    };
    const work = async (): Promise<void> => {
      for (let cell = waiting.shift(); cell !== undefined && !signal.aborted; cell = waiting.shift()) {
        const { id } = cell;
        show(id, 0);
        const value = await run(cell, (done) => show(id, done), signal);
        replaceFile(fileOf(id), JSON.stringify({ value, options, code } satisfies KeptCell));
        shares.delete(id);
        // As a later run would read it.
        values.set(id, JSON.parse(JSON.stringify(value)) as unknown);
      }
    };
    const threads = Array.from({ length: Math.min(workers, waiting.length) }, work);
    try {
      await Promise.all(threads);
    } catch (error) {
      stop.abort();
      await Promise.allSettled(threads);
      throw error;
    } finally {
      bar.stop();
    }
    if (setup.signal.aborted) throw cancelled();
  }

  function fileOf(id: string): string {
    return join(out, 'cells', `${id}.json`);
  }
}

/** A cell that the folder holds already; a damaged one is done anew. */
function keptCell(file: string): KeptCell | undefined {
  if (!existsSync(file)) return undefined;
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as KeptCell;
  } catch {
    return undefined;
  }
}

/** Cells done by an executor: a cell is found again there by the name of its study and its id. */
export function byExecutor(executor: Executor, study: string, options: StudyOptions, code: string): CellRunner {
  return async ({ id, shape }, onProgress, signal) => {
    const work = JSON.parse(JSON.stringify({ kind: 'study-cell', study, options, id })) as CellWork; // as it travels
    const job = { ...jobOf(work, code), check: checkedAs(shape, work) };
    const onNews = (news: ExecutorNews): void => {
      if (news.type === 'job') onProgress(news.done);
      else if (news.type === 'retry') note(`cell '${id}', attempt ${news.attempt}: ${news.reason}`);
    };
    for await (const outcome of executor.run([job], { signal, onNews })) {
      if (outcome.state === 'failed') throw new ThreadFault(outcome.error);
      if (outcome.state === 'done') return outcome.value;
    }
    throw cancelled();
  };
}

function cancelled(): CancelledError {
  return new CancelledError('interrupted; run the same command again to go on');
}
