import { selectBackend } from '../nn/backend.ts';
import type { SelectedBackend } from '../nn/backend.ts';
import type { Tensorflow } from '../nn/backend/tensorflow.ts';

let opened: Promise<SelectedBackend> | undefined;
let users = 0;

/** TensorFlow.js for one of several users of this thread: it has one backend at a time, which the last one closes. */
export interface SharedTensors extends Disposable {
  readonly tf: Tensorflow;
}

/** The WASM backend, whose results can be read at once. @throws {BackendError} when it is unusable */
export async function sharedTensors(): Promise<SharedTensors> {
  users++;
  try {
    opened ??= selectBackend({ force: 'wasm' });
    const { tf } = await opened;
    return { tf, [Symbol.dispose]: leave };
  } catch (error) {
    users = 0;
    opened = undefined;
    throw error;
  }
}

function leave(): void {
  if (--users > 0) return;
  void opened?.then((backend) => {
    if (users === 0) {
      opened = undefined;
      backend[Symbol.dispose]();
    }
  });
}
