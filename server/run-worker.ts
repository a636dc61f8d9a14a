import { parentPort, workerData } from 'node:worker_threads';
import { encodeFrame } from '../core/frame-codec.ts';
import { commandQueue } from '../evaluation/control.ts';
import { frameCredit } from '../evaluation/frames.ts';
import { runEvents } from '../evaluation/run.ts';
import { systemClock } from './clock.ts';
import { faultOf } from './thread-fault.ts';
import { fileWorkspace } from './workspace.ts';
import type { FromWorker, ToWorker, WorkerTask } from './worker-messages.ts';

/** Frames that may be on their way to the store: the run waits rather than outgrow the disk. */
const credits = 64;

/** One run in a thread of its own: a gradient attack is synchronous work, and the pump must not wait for it. */
async function work(task: WorkerTask, port: NonNullable<typeof parentPort>): Promise<void> {
  const { scenario, part, roots, modelsDir, policiesDir, controllers, versions, codeHash } = task;
  const commands = commandQueue();
  const credit = frameCredit(credits);
  const closing = new AbortController();
  port.on('message', (message: ToWorker) => {
    if (message.type === 'command') commands.push(message.command);
    else credit.give(message.frames);
  });
  const post = (message: FromWorker, transfer: ArrayBuffer[] = []): void => port.postMessage(message, transfer);
  try {
    const workspace = fileWorkspace({ roots, modelsDir, policiesDir, controllers });
    let finished = false;
    const options = { clock: systemClock, commands, versions, codeHash, part };
    for await (const event of runEvents(scenario, workspace, options)) {
      if (event.type === 'frame') {
        await credit.take(closing.signal);
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
    post({ type: 'failed', ...faultOf(error) });
  }
  port.close();
}

if (parentPort !== null) void work(workerData as WorkerTask, parentPort);
