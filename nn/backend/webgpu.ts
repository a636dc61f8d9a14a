import { tensorflow, use } from './tensorflow.ts';
import type { BackendOpener } from './tensorflow.ts';
import { failWithDevice } from './webgpu-failure.ts';
import type { WebgpuBackend } from './webgpu-failure.ts';
import { repairWebgpu } from './webgpu-repairs.ts';

/** As much of the WebGPU interface as we touch. */
interface Gpu {
  requestAdapter(): Promise<{ readonly info?: AdapterInfo } | null>;
}

interface AdapterInfo {
  readonly vendor?: string;
  readonly architecture?: string;
  readonly device?: string;
  readonly description?: string;
}

interface Dawn {
  create(options: readonly string[]): Gpu;
  readonly globals: object;
}

/** Dawn (package `webgpu`) under TensorFlow.js: any vendor's GPU, without CUDA. */
export const openWebgpu: BackendOpener = async (load, allowSoftware) => {
  const dawn = (await load('webgpu')) as Dawn;
  const gpu = dawn.create([]);
  const adapter = await gpu.requestAdapter();
  if (adapter === null)
    throw new Error('installed, but there is no GPU adapter (is libvulkan.so.1 there, and a driver?)');
  const { vendor, architecture, device, description } = adapter.info ?? {};
  const text = [vendor, architecture, device, description].filter(Boolean).join(' ') || 'unnamed adapter';
  const software = /llvmpipe|lavapipe|swiftshader|software/i.test(text);
  if (software && !allowSoftware) throw new Error(`installed, but the only adapter is software (${text})`);

  // The backend registers itself when its module is loaded, and only if it then finds these.
  Object.assign(globalThis, dawn.globals);
  offer(gpu);
  const tf = await tensorflow(load);
  await load('@tensorflow/tfjs-backend-webgpu');
  // Small tensors would silently be computed by the JavaScript backend, and a self-test on them would prove nothing.
  tf.env().set('WEBGPU_CPU_FORWARD', false);
  const open = await use(tf, 'webgpu');
  const backend = tf.backend() as unknown as WebgpuBackend;
  repairWebgpu(backend);
  failWithDevice(backend);
  const { maxStorageBufferBindingSize, maxBufferSize } = backend.device.limits;
  return {
    ...open,
    device: `${software ? 'software' : 'GPU'} (WebGPU, ${text})`,
    maxTensorBytes: Math.min(maxStorageBufferBindingSize, maxBufferSize),
    close: () => backend.device.destroy(), // an open device keeps the process alive
  };
};

/** Node 20 has no `navigator`, later ones have one without `gpu`. */
function offer(gpu: Gpu): void {
  const { navigator } = globalThis as { readonly navigator?: object };
  if (navigator === undefined) {
    Object.defineProperty(globalThis, 'navigator', { value: { gpu }, configurable: true });
    return;
  }
  Object.defineProperty(navigator, 'gpu', { value: gpu, configurable: true });
}
