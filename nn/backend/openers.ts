import { tensorflow, use } from './tensorflow.ts';
import type { BackendOpener, ModuleLoader, Tensorflow } from './tensorflow.ts';
import { repairWasm } from './wasm-repairs.ts';
import { openWebgpu } from './webgpu.ts';

export type { ModuleLoader } from './tensorflow.ts';
export type BackendName = 'tfjs-node-gpu' | 'tfjs-node' | 'webgpu' | 'wasm' | 'cpu';

/** All backends, the best for large batches first. */
export const backendOpeners: Readonly<Record<BackendName, BackendOpener>> = {
  'tfjs-node-gpu': async (load, allowSoftware) => {
    const tf = await openNative(load, '@tensorflow/tfjs-node-gpu');
    // Without a usable GPU the package computes on the CPU and does not say so.
    const { isUsingGpuDevice } = tf.backend() as { readonly isUsingGpuDevice?: boolean };
    if (isUsingGpuDevice !== true && !allowSoftware) throw new Error('installed, but it finds no CUDA device');
    return { tf, device: isUsingGpuDevice === true ? 'GPU (CUDA)' : 'CPU (TensorFlow)' };
  },
  'tfjs-node': async (load) => ({ tf: await openNative(load, '@tensorflow/tfjs-node'), device: 'CPU (TensorFlow)' }),
  webgpu: openWebgpu,
  wasm: async (load) => {
    const tf = await tensorflow(load);
    await load('@tensorflow/tfjs-backend-wasm');
    await use(tf, 'wasm');
    repairWasm(tf);
    return { tf, device: 'CPU (WASM SIMD, one thread)' };
  },
  cpu: async (load) => {
    const tf = await tensorflow(load);
    await use(tf, 'cpu');
    return { tf, device: 'CPU (JavaScript)' };
  },
};

async function openNative(load: ModuleLoader, name: string): Promise<Tensorflow> {
  // Node 23 dropped two functions that tfjs-node 4.22 calls in every operation (tfjs issue 8425).
  const loaded = (await load('node:util')) as { readonly default: Record<string, unknown> };
  loaded.default['isNullOrUndefined'] ??= (value: unknown) => value === null || value === undefined;
  loaded.default['isArray'] ??= Array.isArray;
  await load(name);
  const tf = await tensorflow(load);
  await use(tf, 'tensorflow');
  return tf;
}
