import { Worker } from 'node:worker_threads';
import type { WorkerTask } from './worker-messages.ts';

/** Starts a run's thread: from the compiled file, or from source where we run from source. */
export function openThread(task: WorkerTask): Worker {
  const entry = import.meta.url.endsWith('.ts')
    ? new URL('./run-worker-source.mjs', import.meta.url)
    : new URL('./run-worker.js', import.meta.url);
  return new Worker(entry, { workerData: task });
}
