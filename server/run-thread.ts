import { Worker } from 'node:worker_threads';
import type { AttackTask, WorkerTask } from './worker-messages.ts';

/** Threads start from the compiled file, or from source where we run from source. */
const compiled = !import.meta.url.endsWith('.ts');

/** Starts a run's thread. */
export function openThread(task: WorkerTask): Worker {
  const entry = compiled
    ? new URL('./run-worker.js', import.meta.url)
    : new URL('./run-worker-source.mjs', import.meta.url);
  return new Worker(entry, { workerData: task });
}

/** Starts a thread that attacks recorded rows. */
export function openAttacker(task: AttackTask): Worker {
  const entry = compiled
    ? new URL('./attack-worker.js', import.meta.url)
    : new URL('./attack-worker-source.mjs', import.meta.url);
  return new Worker(entry, { workerData: task });
}

/** Starts a thread that draws reports. */
export function openReporter(): Worker {
  const entry = compiled
    ? new URL('./report-worker.js', import.meta.url)
    : new URL('./report-worker-source.mjs', import.meta.url);
  return new Worker(entry);
}
