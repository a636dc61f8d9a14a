import type { Tensor } from '@tensorflow/tfjs';
import { afterAll, beforeAll } from 'vitest';
import { selectBackend } from '../../nn/backend.ts';
import type { SelectedBackend } from '../../nn/backend.ts';

export type Tf = SelectedBackend['tf'];

/**
 * Opens a backend before the tests of a block and closes it after them.
 * @param take is given TensorFlow.js on it  @returns reads what a computation comes to, and frees it
 */
export function onBackend(force: string, take: (tf: Tf) => void): (compute: () => Tensor) => number[] {
  let backend: SelectedBackend;
  beforeAll(async () => {
    backend = await selectBackend({ force });
    take(backend.tf);
  });
  afterAll(() => backend[Symbol.dispose]());
  return (compute) => {
    const result = backend.tf.tidy(compute);
    const values = [...result.dataSync()];
    result.dispose();
    return values;
  };
}
