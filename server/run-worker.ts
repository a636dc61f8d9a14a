import { parentPort, workerData } from 'node:worker_threads';
import { encodeFrame } from '../core/frame-codec.ts';
import { commandQueue } from '../evaluation/control.ts';
import { runEvents } from '../evaluation/run.ts';
import { systemClock } from './clock.ts';
import { problemOf } from './problem.ts';
import { fileWorkspace } from './workspace.ts';
import type { FromWorker, ToWorker, WorkerTask } from './worker-messages.ts';

/** Frames that may be on their way to the store: the run waits rather than outgrow the disk. */
const credits = 64;

/** One run in a thread of its own: a gradient attack is synchronous work, and the pump must not wait for it. */
async function work(task: WorkerTask, port: NonNullable<typeof parentPort>): Promise<void> {
  const commands = commandQueue();
  let credit = credits;
  let wake: (() => void) | undefined;
  port.on('message', (message: ToWorker) => {
    if (message.type === 'command') commands.push(message.command);
    else {
      credit += message.frames;
      wake?.();
      wake = undefined;
    }
  });
  const post = (message: FromWorker, transfer: ArrayBuffer[] = []): void => port.postMessage(message, transfer);
  try {
    const workspace = fileWorkspace({ roots: task.roots, modelsDir: task.modelsDir });
    let finished = false;
    for await (const event of runEvents(task.scenario, workspace, {
      clock: systemClock,
      commands,
      versions: task.versions,
      codeHash: task.codeHash,
    })) {
      if (event.type === 'frame') {
        while (credit === 0) await new Promise<void>((resolve) => (wake = resolve));
        credit--;
        const { seq, step0, rows } = event.frame;
        const body = encodeFrame(event.frame);
        post({ type: 'frame', seq, step0, rows, body }, [body.buffer as ArrayBuffer]);
      } else {
        finished ||= event.type === 'finished';
        post({ type: 'event', event });
      }
    }
    if (!finished) post({ type: 'cancelled' });
  } catch (error) {
    post({
      type: 'failed',
      problem: problemOf(error),
      message: error instanceof Error ? (error.stack ?? error.message) : String(error),
    });
  }
  port.close();
}

if (parentPort !== null) void work(workerData as WorkerTask, parentPort);
