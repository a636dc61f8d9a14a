import { tensorflow, use } from './tensorflow.ts';
import type { BackendOpener, ModuleLoader, OpenBackend } from './tensorflow.ts';
import { repairWasm } from './wasm-repairs.ts';
import { openWebgpu } from './webgpu.ts';

export type { ModuleLoader } from './tensorflow.ts';
export type BackendName = 'tfjs-node-gpu' | 'tfjs-node' | 'webgpu' | 'wasm' | 'cpu';

/** All backends, the best for large batches first. */
export const backendOpeners: Readonly<Record<BackendName, BackendOpener>> = {
  'tfjs-node-gpu': async (load, allowSoftware) => {
    const open = await openNative(load, '@tensorflow/tfjs-node-gpu');
    // Without a usable GPU the package computes on the CPU and does not say so.
    const { isUsingGpuDevice } = open.tf.backend() as { readonly isUsingGpuDevice?: boolean };
    if (isUsingGpuDevice !== true && !allowSoftware) throw new Error('installed, but it finds no CUDA device');
    return { ...open, device: isUsingGpuDevice === true ? 'GPU (CUDA)' : 'CPU (TensorFlow)' };
  },
  'tfjs-node': async (load) => ({ ...(await openNative(load, '@tensorflow/tfjs-node')), device: 'CPU (TensorFlow)' }),
  webgpu: openWebgpu,
  wasm: async (load) => {
    const tf = await tensorflow(load);
    await load('@tensorflow/tfjs-backend-wasm');
    const open = await use(tf, 'wasm');
    repairWasm(tf);
    return { ...open, device: 'CPU (WASM SIMD, one thread)' };
  },
  cpu: async (load) => {
    const tf = await tensorflow(load);
    return { ...(await use(tf, 'cpu')), device: 'CPU (JavaScript)' };
  },
};

async function openNative(load: ModuleLoader, name: string): Promise<Pick<OpenBackend, 'tf' | 'key'>> {
  // Node 23 dropped two functions that tfjs-node 4.22 calls in every operation (tfjs issue 8425).
  const loaded = (await load('node:util')) as { readonly default: Record<string, unknown> };
  loaded.default['isNullOrUndefined'] ??= (value: unknown) => value === null || value === undefined;
  loaded.default['isArray'] ??= Array.isArray;
  await load(name);
  return use(await tensorflow(load), 'tensorflow');
}
