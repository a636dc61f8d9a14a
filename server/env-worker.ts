import { parentPort, workerData } from 'node:worker_threads';
import type { Numbered } from './asked-thread.ts';
import { problemOf } from './problem.ts';
import { RemoteEnv } from './remote-env.ts';
import { fileWorkspace } from './workspace.ts';
import type { FileWorkspace } from './workspace.ts';
import type { EnvOutcome, EnvTask } from './worker-messages.ts';

/** Steps one environment at a time for a session of `/env/ws`; told to forget it, it is as new. */
const env = new RemoteEnv(fileWorkspace(workerData as FileWorkspace));

async function answered(task: EnvTask): Promise<EnvOutcome> {
  try {
    if (task.type === 'ask') return { type: 'answer', answer: await env.answer(task.message) };
    env[Symbol.dispose]();
    return { type: 'forgotten' };
  } catch (error) {
    const fault = error instanceof Error ? (error.stack ?? error.message) : String(error);
    return { type: 'problem', problem: problemOf(error), fault };
  }
}

const port = parentPort;
port?.on('message', ({ id, value }: Numbered<EnvTask>) => {
  void answered(value).then((value) => port.postMessage({ id, value } satisfies Numbered<EnvOutcome>));
});
