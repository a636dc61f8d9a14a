import { describe, expect, it, vi } from 'vitest';
import { BackendError, UnknownNameError } from '../../core/errors.ts';
import { choose, maxRows, probeBackends, selectBackend } from '../../nn/backend.ts';
import { failWithDevice } from '../../nn/backend/webgpu-failure.ts';
import type { WebgpuBackend, WebgpuDevice } from '../../nn/backend/webgpu-failure.ts';

const missing = (name: string): Error =>
  Object.assign(new Error(`Cannot find package '${name}' imported from x`), { code: 'ERR_MODULE_NOT_FOUND' });

/** A loader that brings some packages of its own and has none of the other optional ones. */
function loader(fakes: Record<string, () => unknown>): (name: string) => Promise<unknown> {
  return async (name) => {
    const fake = fakes[name];
    if (fake !== undefined) return fake();
    if (['webgpu', '@tensorflow/tfjs-node', '@tensorflow/tfjs-node-gpu'].includes(name)) throw missing(name);
    return import(name);
  };
}

const adapter = (info: object | null): { create: () => object; globals: object } => ({
  create: () => ({ requestAdapter: () => Promise.resolve(info === null ? null : { info }) }),
  globals: {},
});

describe('selectBackend', () => {
  it('takes the best backend that works, says why the others were refused, and prints nothing', async () => {
    const warn = vi.spyOn(console, 'warn');
    const log = vi.spyOn(console, 'log');
    {
      using backend = await selectBackend({}, loader({}));
      expect(backend).toMatchObject({ name: 'wasm', device: 'CPU (WASM SIMD, one thread)' });
      expect(backend.refused).toEqual([
        { name: 'tfjs-node-gpu', reason: 'not installed (@tensorflow/tfjs-node-gpu)' },
        { name: 'tfjs-node', reason: 'not installed (@tensorflow/tfjs-node)' },
        { name: 'webgpu', reason: 'not installed (webgpu)' },
      ]);
    }
    for (const force of ['cpu', 'wasm']) {
      using backend = await selectBackend({ force }, loader({}));
      expect(backend).toMatchObject({ name: force, refused: [] });
    }
    expect(warn).not.toHaveBeenCalled();
    expect(log).not.toHaveBeenCalled();
  });

  it('refuses an unknown name with the nearest one', async () => {
    await expect(selectBackend({ force: 'wsam' })).rejects.toThrow(UnknownNameError);
    await expect(selectBackend({ force: 'wsam' })).rejects.toThrow("Did you mean 'wasm'?");
  });

  it.each<[string, string, Record<string, () => unknown>, string]>([
    ['a GPU package that is not there', 'tfjs-node-gpu', {}, 'not installed (@tensorflow/tfjs-node-gpu)'],
    ['WebGPU without an adapter', 'webgpu', { webgpu: () => adapter(null) }, 'there is no GPU adapter'],
    [
      'a software adapter',
      'webgpu',
      { webgpu: () => adapter({ vendor: 'mesa', device: 'llvmpipe (LLVM 15.0.6, 256 bits)' }) },
      'the only adapter is software (mesa llvmpipe',
    ],
    [
      'an addon that cannot be loaded',
      'tfjs-node',
      {
        '@tensorflow/tfjs-node': () => {
          throw new Error('The Node.js native addon module (tfjs_binding.node) can not be found\nmore');
        },
      },
      'tfjs-node: The Node.js native addon module (tfjs_binding.node) can not be found)',
    ],
  ])('fails on %s when it is forced, and never falls back', async (_case, force, fakes, reason) => {
    await expect(selectBackend({ force }, loader(fakes))).rejects.toThrow(BackendError);
    await expect(selectBackend({ force }, loader(fakes))).rejects.toThrow(reason);
  });

  it('refuses a GPU package that computes on the CPU, and one that computes wrongly', async () => {
    const real = (await import('@tensorflow/tfjs')).default as unknown as Record<string, unknown>;
    const fake = (changes: Record<string, unknown>): Record<string, () => unknown> => ({
      '@tensorflow/tfjs-node-gpu': () => ({}),
      '@tensorflow/tfjs': () => ({ default: { ...real, setBackend: () => Promise.resolve(true), ...changes } }),
    });
    const cpu = fake({ backend: () => ({ isUsingGpuDevice: false }) });
    await expect(selectBackend({ force: 'tfjs-node-gpu' }, loader(cpu))).rejects.toThrow('it finds no CUDA device');
    const wrong = fake({
      backend: () => ({ isUsingGpuDevice: true }),
      tidy: () => ({ data: () => Promise.resolve(new Float32Array(1280)), dispose: () => undefined }),
    });
    await expect(selectBackend({ force: 'tfjs-node-gpu' }, loader(wrong))).rejects.toThrow(
      /the gradient self-test gives 0 at \d+, expected -?\d+/,
    );
    const refused = fake({ setBackend: () => Promise.resolve(false) });
    await expect(selectBackend({ force: 'tfjs-node-gpu' }, loader(refused))).rejects.toThrow('cannot be started here');
  });
});

describe('probeBackends', () => {
  it('tries every candidate, says what each can do or why not, and leaves none open', async () => {
    const tf = (await import('@tensorflow/tfjs')).default;
    const probes = await probeBackends({}, loader({ webgpu: () => adapter(null) }));
    expect(probes.map(({ name, usable }) => [name, usable])).toEqual([
      ['tfjs-node-gpu', false],
      ['tfjs-node', false],
      ['webgpu', false],
      ['wasm', true],
      ['cpu', true],
    ]);
    expect(probes[2]).toMatchObject({ reason: expect.stringContaining('there is no GPU adapter') as string });
    expect(probes[3]).toMatchObject({ device: 'CPU (WASM SIMD, one thread)', maxTensorBytes: undefined });
    expect(probes[4]).toMatchObject({ device: 'CPU (JavaScript)', gaps: [] });
    expect(Object.keys(tf.engine().registry)).toEqual([]);
  });

  it('chooses as selectBackend does', async () => {
    const probes = await probeBackends({}, loader({}));
    expect(choose(probes)).toMatchObject({ taken: { name: 'wasm' }, refused: [{}, {}, { name: 'webgpu' }] });
    expect(choose(probes, 'cpu')).toMatchObject({ taken: { name: 'cpu' }, refused: [] });
    expect(() => choose(probes, 'webgpu')).toThrow("backend 'webgpu' is not usable (webgpu: not installed (webgpu))");
    expect(() => choose(probes, 'wbgpu')).toThrow(UnknownNameError);
    expect(() => choose([])).toThrow('no tensor backend is usable');
  });
});

describe('maxRows', () => {
  it('is what fits into the largest tensor', () => {
    expect(maxRows({ maxTensorBytes: 128 * 2 ** 20 }, 512)).toBe(65_536);
    expect(maxRows({ maxTensorBytes: 1000 }, 100)).toBe(2);
    expect(maxRows({ maxTensorBytes: undefined }, 512)).toBe(Infinity);
  });
});

/** A WebGPU backend that computes nothing and fails on demand. */
function failingBackend(): {
  backend: WebgpuBackend;
  readonly report: (message: string) => void;
  readonly lose: (reason: string) => void;
} {
  let listen: Parameters<WebgpuDevice['addEventListener']>[1] | undefined;
  let lose: (info: { reason: string; message: string }) => void = () => undefined;
  const device: WebgpuDevice = {
    limits: { maxStorageBufferBindingSize: 1, maxBufferSize: 1 },
    lost: new Promise((resolve) => (lose = resolve)),
    addEventListener: (_type, listener) => (listen = listener),
    destroy: () => undefined,
  };
  return {
    backend: { device, read: () => Promise.resolve(Float32Array.of(1)), runWebGPUProgram: () => 'made' },
    report: (message) => listen?.({ error: { message } }),
    lose: (reason) => lose({ reason, message: 'gone' }),
  };
}

describe('failWithDevice', () => {
  it('turns a report of the device into an error of every later read and operation', async () => {
    const { backend, report } = failingBackend();
    failWithDevice(backend);
    expect(backend.runWebGPUProgram()).toBe('made');
    await expect(backend.read({})).resolves.toEqual(Float32Array.of(1));
    const reading = backend.read({});
    report('Buffer size (1075838976) exceeds the limit\n - While creating it');
    await expect(reading).rejects.toThrow(BackendError);
    await expect(backend.read({})).rejects.toThrow(
      /its numbers are void: Buffer size \(1075838976\) exceeds the limit$/,
    );
    expect(() => backend.runWebGPUProgram()).toThrow(BackendError);
  });

  it('fails with a device that was lost, and lets one go that was closed', async () => {
    for (const [reason, fails] of [
      ['unknown', true],
      ['destroyed', false],
    ] as const) {
      const { backend, lose } = failingBackend();
      failWithDevice(backend);
      lose(reason);
      await Promise.resolve();
      if (fails) expect(() => backend.runWebGPUProgram()).toThrow('lost (gone)');
      else expect(backend.runWebGPUProgram()).toBe('made');
    }
  });
});
