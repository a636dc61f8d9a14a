import { fork } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import type { Asked } from './asked-thread.ts';
import type { FileWorkspace } from './workspace.ts';
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

/** Starts a thread that reads policy files, with less memory than the server: what it reads is nobody's. */
export function openPolicyReader(): Worker {
  const entry = compiled
    ? new URL('./policy-worker.js', import.meta.url)
    : new URL('./policy-worker-source.mjs', import.meta.url);
  return new Worker(entry, { resourceLimits: { maxOldGenerationSizeMb: 512 } });
}

const shell = '/bin/sh';
/** What the process of questions may allocate by the operating system, KiB: an idle one has 0.15 GB, DuckDB 0.5 GB and JavaScript 0.25 GB at most, and what is freed stays in pieces. */
const questionsKib = 2 * 2 ** 20;

/**
 * Starts the process that answers questions in SQL. Of our environment it gets nothing: no token may stand in it. Linux limits its memory; elsewhere (another system does not count what is mapped, or
 * has no shell) there is only its own look at it, ten times a second.
 */
export function openQuestions(folder: string): Asked {
  const entry = compiled
    ? new URL('./query-process.js', import.meta.url)
    : new URL('./query-process-source.mjs', import.meta.url);
  const options = ['--max-old-space-size=256'];
  const child = fork(fileURLToPath(entry), [folder], {
    env: {},
    ...(existsSync(shell)
      ? { execPath: shell, execArgv: ['-c', `ulimit -d ${questionsKib}; exec "$0" "$@"`, process.execPath, ...options] }
      : { execArgv: options }),
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    serialization: 'advanced',
  });
  return {
    on: (event, listener) => child.on(event, listener),
    off: (event, listener) => child.off(event, listener),
    postMessage: (value) => void child.send(value as object),
    terminate: () => child.kill('SIGKILL'),
  };
}

/** Starts a thread that steps an environment for a client elsewhere. */
export function openEnv(workspace: FileWorkspace): Worker {
  const entry = compiled
    ? new URL('./env-worker.js', import.meta.url)
    : new URL('./env-worker-source.mjs', import.meta.url);
  return new Worker(entry, { workerData: workspace, resourceLimits: { maxOldGenerationSizeMb: 1024 } });
}
