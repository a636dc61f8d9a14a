import * as tf from '@tensorflow/tfjs';
import { expect } from 'vitest';
import { kernel } from '../../nn/kernel/kernel.ts';

/** What is alive on the current tensor backend: tensors, their buffers, and the backend's own records. */
export function tensorsAlive(): { tensors: number; buffers: number; records: number } {
  const { numTensors, numDataBuffers } = tf.memory();
  return { tensors: numTensors, buffers: numDataBuffers, records: tf.engine().backend.numDataIds() };
}

/**
 * Calls a function several times: it may leave `kept` tensors each time, no more. The first call is not counted, since it
 * may fill a cache. What it returns is the caller's, so it is disposed here.
 */
export async function expectNoLeakedTensors(call: () => unknown, kept = 0): Promise<void> {
  tf.dispose((await call()) as tf.TensorContainer);
  const before = tensorsAlive();
  const times = 3;
  for (let i = 0; i < times; i++) tf.dispose((await call()) as tf.TensorContainer);
  expect(tensorsAlive()).toEqual({
    tensors: before.tensors + times * kept,
    buffers: before.buffers + times * kept,
    records: before.records + times * kept,
  });
}

/** Calls a function: the memory of the own kernel is in use afterwards exactly as it was. Its buffers are outside the garbage collector. */
export function expectSameHeap(call: () => void): void {
  call();
  const before = kernel().heap.used;
  for (let i = 0; i < 3; i++) call();
  expect(kernel().heap.used).toBe(before);
}
