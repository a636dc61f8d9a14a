import { BackendError } from '../../core/errors.ts';

/** As much of TensorFlow.js's WebGPU backend as we touch. */
export interface WebgpuBackend {
  readonly device: WebgpuDevice;
  read(dataId: object): Promise<unknown>;
  runWebGPUProgram(...program: readonly unknown[]): unknown;
}

export interface WebgpuDevice {
  readonly limits: { readonly maxStorageBufferBindingSize: number; readonly maxBufferSize: number };
  readonly lost: Promise<{ readonly reason?: string; readonly message?: string }>;
  addEventListener(type: 'uncapturederror', listen: (event: UncapturedError) => void): void;
  destroy(): void;
}

interface UncapturedError {
  readonly error: { readonly message: string };
  preventDefault?(): void;
}

/**
 * Makes errors of the device errors of the program. WebGPU throws none: an operation that the device refuses (a tensor above
 * its limit, memory that ran out) leaves zeros or old values, and everything computed from them is wrong. After the first
 * such report every operation and every read of this backend throws.
 * @throws {BackendError} from the backend's operations and reads, once the device has failed.
 */
export function failWithDevice(backend: WebgpuBackend): void {
  let failure: string | undefined;
  const { device } = backend;
  device.addEventListener('uncapturederror', (event) => {
    event.preventDefault?.(); // else Dawn prints it, besides
    failure ??= event.error.message.split('\n')[0]!;
  });
  void device.lost.then(({ reason, message }) => {
    if (reason !== 'destroyed') failure ??= `lost (${message ?? reason ?? 'no reason given'})`;
  });
  const check = (): void => {
    if (failure !== undefined) throw new BackendError(`the WebGPU device has failed, its numbers are void: ${failure}`);
  };
  const read = backend.read.bind(backend);
  backend.read = async (dataId) => {
    check();
    const values = await read(dataId);
    check(); // the device reports before it answers
    return values;
  };
  const run = backend.runWebGPUProgram.bind(backend);
  backend.runWebGPUProgram = (...program) => {
    check();
    return run(...program);
  };
}
