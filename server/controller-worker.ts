import { workerData } from 'node:worker_threads';
import type { MessagePort } from 'node:worker_threads';
import { BackendError, FaultlineError } from '../core/errors.ts';
import type { ControllerAnswer, ControllerQuestion, ControllerTask } from './controller-messages.ts';
import { httpController } from './http-controller.ts';
import { onnxController } from './onnx-controller.ts';

/** Answers one question. @throws {FaultlineError} saying why there is no answer */
export type AskController = (question: ControllerQuestion) => Promise<Float64Array>;

interface Start {
  readonly task: ControllerTask;
  readonly timeoutMs: number;
  readonly port: MessagePort;
  readonly signal: Int32Array;
}

/** The asynchronous half of a remote controller: one question at a time, each answer announced on shared memory. */
async function serve({ task, timeoutMs, port, signal }: Start): Promise<void> {
  const answer = (message: ControllerAnswer): void => {
    port.postMessage(message);
    Atomics.add(signal, 0, 1);
    Atomics.notify(signal, 0);
  };
  const fail = (error: unknown): void => {
    const reason = error instanceof FaultlineError ? error.message : `${task.name}: ${String(error)}`;
    answer({ type: 'failed', reason, missing: error instanceof BackendError });
  };
  let ask: AskController;
  try {
    ask = task.kind === 'http' ? httpController(task, timeoutMs) : await onnxController(task, timeoutMs);
  } catch (error) {
    return fail(error);
  }
  port.on('message', (question: ControllerQuestion) => {
    void ask(question).then((actions) => answer({ type: 'actions', actions }), fail);
  });
  answer({ type: 'ready' });
}

await serve(workerData as Start);
