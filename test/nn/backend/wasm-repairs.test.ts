import * as tf from '@tensorflow/tfjs';
import '@tensorflow/tfjs-backend-wasm';
import * as fc from 'fast-check';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { rng } from '../../../core/rng.ts';
import { repairWasm, wasmRepairs } from '../../../nn/backend/wasm-repairs.ts';
import { matrixProduct } from '../../../nn/backend/wasm-repairs/matrix-product.ts';
import type { WasmBackend } from '../../../nn/backend/wasm-repairs/wasm-backend.ts';
import { difference, on, random } from './agreement.ts';
import type { Values } from './agreement.ts';

const tolerance = 1e-5;
type Compute = (...tensors: tf.Tensor[]) => tf.Tensor | readonly tf.Tensor[];

/** The wasm backend against the JavaScript one; nothing may stay behind on the wasm heap. */
async function agrees(compute: Compute, inputs: readonly Values[]): Promise<number> {
  const expected = await on('cpu', compute, inputs);
  await tf.setBackend('wasm');
  const before = [tf.memory().numTensors, tf.memory().numDataBuffers, tf.engine().backend.numDataIds()];
  const got = await on('wasm', compute, inputs);
  expect([tf.memory().numTensors, tf.memory().numDataBuffers, tf.engine().backend.numDataIds()]).toEqual(before);
  return difference(got, expected);
}

const stock = new Map<string, tf.KernelConfig | undefined>();

beforeAll(async () => {
  tf.enableProdMode();
  await tf.setBackend('wasm');
  for (const name of Object.keys(wasmRepairs)) stock.set(name, tf.getKernel(name, 'wasm') ?? undefined);
  repairWasm(tf);
});

describe('the stock WASM backend', () => {
  it('lacks what is repaired here; a release that has it makes the repair unnecessary', () => {
    const missing = [...stock].filter(([, kernel]) => kernel === undefined).map(([name]) => name);
    expect(missing).toEqual([
      'Conv2DBackpropFilter',
      'DepthwiseConv2dNativeBackpropInput',
      'DepthwiseConv2dNativeBackpropFilter',
      'UnsortedSegmentSum',
      'Einsum',
    ]);
  });
});

describe('repairWasm', () => {
  it('changes the WASM backend only, and only once', () => {
    const kernels = (backend: string): unknown[] =>
      Object.keys(wasmRepairs).map((name) => tf.getKernel(name, backend)?.kernelFunc);
    const [wasm, cpu] = [kernels('wasm'), kernels('cpu')];
    repairWasm(tf);
    expect(kernels('wasm')).toEqual(wasm);
    expect(kernels('cpu')).toEqual(cpu);
    for (const [i, name] of Object.keys(wasmRepairs).entries()) expect(wasm[i]).not.toBe(stock.get(name)?.kernelFunc);
  });

  it('outlives the backend: a new one of the same name has them too', async () => {
    const factory = tf.findBackendFactory('wasm');
    tf.removeBackend('wasm');
    tf.registerBackend('wasm', factory);
    const x = random(rng(1), [40, 40]);
    expect(await agrees((a) => tf.matMul(a!, a!, true, false), [x])).toBeLessThan(tolerance);
  });
});

describe('matMul', () => {
  const size = fc.integer({ min: 1, max: 48 });
  const axes = fc.constantFrom<[number[], number[]]>(
    [[], []],
    [[1], [1]],
    [[3], [3]],
    [[4], [1]],
    [[1], [3]],
    [
      [2, 3],
      [2, 3],
    ],
    [
      [2, 1],
      [1, 3],
    ],
    [[2, 2], [1]],
  );

  it('gives what the JavaScript backend gives for any flags, shapes and batches', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.record({ m: size, k: size, n: size, axes, flagA: fc.boolean(), flagB: fc.boolean(), seed: fc.nat() }),
        async ({ m, k, n, axes: [outerA, outerB], flagA, flagB, seed }) => {
          const a = random(rng(seed), [...outerA, ...(flagA ? [k, m] : [m, k])]);
          const b = random(rng(seed).split('b'), [...outerB, ...(flagB ? [n, k] : [k, n])]);
          expect(await agrees((x, y) => tf.matMul(x!, y!, flagA, flagB), [a, b])).toBeLessThan(tolerance);
        },
      ),
      { numRuns: 150, seed: 5 },
    );
  });

  it.each([
    ['Aᵀ·B', [60, 40], [60, 50], true, false],
    ['A·Bᵀ of few rows', [9, 60], [70, 60], false, true],
    ['A·Bᵀ of many rows', [70, 60], [9, 60], false, true],
    ['Aᵀ·Bᵀ', [60, 40], [50, 60], true, true],
    ['a batch', [3, 40, 30], [3, 30, 40], false, false],
    ['a batch with one matrix', [3, 40, 30], [1, 40, 30], false, true],
  ] as const)(
    'asks the stock kernel for plain products of one pair only: %s',
    async (_name, left, right, flagA, flagB) => {
      await tf.setBackend('wasm');
      const calls: unknown[] = [];
      const spied: tf.KernelConfig = {
        ...stock.get('BatchMatMul')!,
        kernelFunc(call) {
          const { a, b } = call.inputs as { a: tf.TensorInfo; b: tf.TensorInfo };
          calls.push({ ...call.attrs, ranks: [a.shape.length, b.shape.length] });
          return stock.get('BatchMatMul')!.kernelFunc(call);
        },
      };
      const a = tf.ones([...left]);
      const b = tf.ones([...right]);
      const backend = tf.backend() as unknown as WasmBackend;
      const out = matrixProduct(
        tf,
        spied,
      )({
        inputs: { a, b },
        attrs: { transposeA: flagA, transposeB: flagB },
        backend,
      }) as tf.TensorInfo;
      backend.disposeData(out.dataId);
      tf.dispose([a, b]);
      expect(calls).toHaveLength(left.length === 3 ? 3 : 1);
      for (const call of calls) expect(call).toEqual({ transposeA: false, transposeB: false, ranks: [2, 2] });
    },
  );

  it('still says what is wrong with shapes and types', async () => {
    await tf.setBackend('wasm');
    expect(() => tf.matMul(tf.ones([30, 40]), tf.ones([30, 40]))).toThrow('inner shapes');
    const backend = tf.backend() as unknown as WasmBackend;
    const [a, b] = [tf.ones([40, 40], 'int32'), tf.ones([40, 40])];
    expect(() =>
      tf.getKernel('BatchMatMul', 'wasm').kernelFunc({ inputs: { a, b }, attrs: { transposeA: true }, backend }),
    ).toThrow('non-float32');
  });

  it('fused with bias and activation, too', async () => {
    const bias = random(rng(3), [24]);
    for (const activation of ['linear', 'relu', 'elu', 'sigmoid', 'relu6', 'leakyrelu'] as const) {
      for (const [left, right, transposeA, transposeB] of [
        [[32, 20], [20, 24], false, false],
        [[20, 32], [20, 24], true, false],
        [[32, 20], [24, 20], false, true],
        [[3, 32, 20], [3, 20, 24], false, false],
      ] as const) {
        const inputs = [random(rng(1), left, -3, 3), random(rng(2), right), bias];
        const compute: Compute = (a, b, c) =>
          tf.fused.matMul({ a: a!, b: b!, bias: c!, transposeA, transposeB, activation, leakyreluAlpha: 0.1 });
        expect(await agrees(compute, inputs)).toBeLessThan(tolerance);
      }
    }
  });
});

/** Images and a filter that fits into them, strides and padding. */
const convolution = fc
  .record({
    batch: fc.integer({ min: 1, max: 3 }),
    height: fc.integer({ min: 1, max: 9 }),
    width: fc.integer({ min: 1, max: 9 }),
    channels: fc.integer({ min: 1, max: 4 }),
    filters: fc.integer({ min: 1, max: 5 }),
    filter: fc.tuple(fc.integer({ min: 1, max: 4 }), fc.integer({ min: 1, max: 4 })),
    strides: fc.tuple(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 3 })),
    pad: fc.constantFrom<'same' | 'valid' | number>('same', 'valid', 1),
    seed: fc.nat(),
  })
  .filter(({ height, width, filter, pad }) => pad === 'same' || (filter[0] <= height && filter[1] <= width))
  // TensorFlow.js reckons the size of what is padded by a number from one side of the filter and one stride, for both axes.
  .filter(
    ({ filter, strides, pad }) => typeof pad === 'string' || (filter[0] === filter[1] && strides[0] === strides[1]),
  )
  // A window that lies in the padding alone has no maximum.
  .filter(({ filter, pad }) => typeof pad === 'string' || filter[0] > pad);

describe('conv2d', () => {
  it('puts a filter where it belongs, also one that is narrower than its stride', async () => {
    for (const [filter, stride] of [
      [[2, 1], 2],
      [[1, 3], 3],
      [[2, 2], 3],
      [[3, 3], 2],
    ] as const) {
      const x = random(rng(1), [2, 8, 7, 2]);
      const w = random(rng(2), [...filter, 2, 2]);
      const bias = random(rng(3), [2]);
      const same = { strides: stride, pad: 'same' } as const;
      const computes: Compute[] = [
        (a, b) => tf.conv2d(a as tf.Tensor4D, b as tf.Tensor4D, stride, 'same'),
        (a, b) => tf.depthwiseConv2d(a as tf.Tensor4D, b as tf.Tensor4D, stride, 'same'),
        (a, b, c) => tf.fused.conv2d({ x: a as tf.Tensor4D, filter: b as tf.Tensor4D, bias: c!, ...same }),
        (a, b) => tf.fused.depthwiseConv2d({ x: a as tf.Tensor4D, filter: b as tf.Tensor4D, ...same }),
      ];
      for (const compute of computes) expect(await agrees(compute, [x, w, bias])).toBeLessThan(tolerance);
    }
  });

  it('has a gradient for its filter', async () => {
    await fc.assert(
      fc.asyncProperty(convolution, async ({ batch, height, width, channels, filters, filter, strides, pad, seed }) => {
        const x = random(rng(seed), [batch, height, width, channels]);
        const w = random(rng(seed).split('w'), [...filter, channels, filters]);
        const compute: Compute = (image, weights) =>
          tf.grads((a: tf.Tensor, b: tf.Tensor) =>
            tf
              .conv2d(a as tf.Tensor4D, b as tf.Tensor4D, strides, pad)
              .square()
              .sum(),
          )([image!, weights!]);
        expect(await agrees(compute, [x, w])).toBeLessThan(tolerance);
      }),
      { numRuns: 60, seed: 6 },
    );
  });

  it('sums over images that are taken in several parts, and conv1d is one of its cases', async () => {
    const gradient: Compute = (image, weights) =>
      tf.grad((b: tf.Tensor) =>
        tf
          .conv2d(image as tf.Tensor4D, b as tf.Tensor4D, 1, 'same')
          .square()
          .mean(),
      )(weights!);
    // 3·3·4·64·64 = 147 456 values each: seven images at a time
    const inputs = [random(rng(1), [9, 64, 64, 4]), random(rng(2), [3, 3, 4, 2])];
    expect(await agrees(gradient, inputs)).toBeLessThan(tolerance);
    const line: Compute = (signal, weights) =>
      tf.grad((b: tf.Tensor) =>
        tf
          .conv1d(signal as tf.Tensor3D, b as tf.Tensor3D, 2, 'same')
          .square()
          .sum(),
      )(weights!);
    expect(await agrees(line, [random(rng(3), [4, 24, 5]), random(rng(4), [5, 5, 6])])).toBeLessThan(tolerance);
  });
});

describe('depthwiseConv2d', () => {
  it('has gradients for image and filter', async () => {
    await fc.assert(
      fc.asyncProperty(convolution, async ({ batch, height, width, channels, filters, filter, strides, pad, seed }) => {
        const x = random(rng(seed), [batch, height, width, channels]);
        const w = random(rng(seed).split('w'), [...filter, channels, Math.min(3, filters)]);
        const compute: Compute = (image, weights) =>
          tf.grads((a: tf.Tensor, b: tf.Tensor) =>
            tf
              .depthwiseConv2d(a as tf.Tensor4D, b as tf.Tensor4D, strides, pad)
              .square()
              .sum(),
          )([image!, weights!]);
        expect(await agrees(compute, [x, w])).toBeLessThan(tolerance);
      }),
      { numRuns: 60, seed: 7 },
    );
  });
});

describe('unsortedSegmentSum', () => {
  it('sums rows by segment and drops those of no segment', async () => {
    const parameters = fc.record({
      rows: fc.integer({ min: 1, max: 20 }),
      rest: fc.array(fc.integer({ min: 1, max: 5 }), { maxLength: 3 }),
      segments: fc.integer({ min: 1, max: 8 }),
      seed: fc.nat(),
    });
    await fc.assert(
      fc.asyncProperty(parameters, async ({ rows, rest, segments, seed }) => {
        const stream = rng(seed);
        const ids = Array.from({ length: rows }, () => Math.floor(stream.uniform() * (segments + 2)) - 1);
        const compute: Compute = (x) => tf.unsortedSegmentSum(x!, tf.tensor1d(ids, 'int32'), segments);
        expect(await agrees(compute, [random(stream, [rows, ...rest])])).toBeLessThan(tolerance);
      }),
      { numRuns: 60, seed: 8 },
    );
  });

  it('is the gradient of gather, from any axis and with repeated rows', async () => {
    for (const axis of [0, 1, 2]) {
      const compute: Compute = (x) =>
        tf.grad((at: tf.Tensor) =>
          tf
            .gather(at, tf.tensor1d([2, 0, 2, 1, 2], 'int32'), axis)
            .square()
            .sum(),
        )(x!);
      expect(await agrees(compute, [random(rng(axis), [3, 4, 5])])).toBeLessThan(tolerance);
    }
  });
});

describe('gather', () => {
  it('takes rows by indices of any shape, and refuses an index that is none', async () => {
    const parameters = fc.record({
      rows: fc.integer({ min: 1, max: 9 }),
      rest: fc.array(fc.integer({ min: 1, max: 5 }), { maxLength: 3 }),
      indices: fc.array(fc.integer({ min: 1, max: 4 }), { maxLength: 3 }),
      seed: fc.nat(),
    });
    await fc.assert(
      fc.asyncProperty(parameters, async ({ rows, rest, indices, seed }) => {
        const stream = rng(seed);
        const count = indices.reduce((product, size) => product * size, 1);
        const ids = Array.from({ length: count }, () => stream.int(rows));
        const compute: Compute = (x) => tf.gather(x!, tf.tensor(ids, indices, 'int32'));
        expect(await agrees(compute, [random(stream, [rows, ...rest])])).toBe(0);
      }),
      { numRuns: 60, seed: 8 },
    );
    await tf.setBackend('wasm');
    for (const wrong of [-1, 3])
      expect(() => tf.gather(tf.ones([3, 2]), tf.tensor1d([0, wrong], 'int32'))).toThrow('is not in [0, 2]');
  });

  it('leaves other axes, batches and types to the stock kernel', async () => {
    const ids = (): tf.Tensor => tf.tensor2d([0, 1, 1, 0], [2, 2], 'int32');
    const inputs = [random(rng(1), [2, 3, 4])];
    expect(await agrees((x) => tf.gather(x!, ids(), 1), inputs)).toBe(0);
    expect(await agrees((x) => tf.gather(x!, ids(), 1, 1), inputs)).toBe(0);
    expect(await agrees((x) => tf.gather(x!.mul(100).cast('int32'), ids()), inputs)).toBe(0);
  });
});

describe('slice and split', () => {
  it('take the parts that the JavaScript backend takes, of any rank and along any axis', async () => {
    const axis = fc.record({
      width: fc.integer({ min: 1, max: 6 }),
      begin: fc.nat(5),
      size: fc.nat(6),
      whole: fc.boolean(),
    });
    const parameters = fc.record({
      axes: fc.array(axis, { minLength: 1, maxLength: 5 }),
      cut: fc.nat(4),
      whole: fc.boolean(),
      seed: fc.nat(),
    });
    await fc.assert(
      fc.asyncProperty(parameters, async ({ axes, cut, whole, seed }) => {
        const shape = axes.map(({ width }) => width);
        const begin = axes.map((each) => (each.whole ? 0 : Math.min(each.begin, each.width - 1)));
        const size = axes.map((each, a) => (each.whole ? each.width : Math.min(each.size, each.width - begin[a]!)));
        const along = cut % shape.length;
        const first = Math.min(begin[along]!, shape[along]!);
        const parts = [first, shape[along]! - first];
        const type = whole ? 'int32' : 'float32';
        const compute: Compute = (x) => {
          const typed = x!.mul(100).cast(type);
          return [typed.slice(begin, size), ...tf.split(typed, parts, along)];
        };
        expect(await agrees(compute, [random(rng(seed), shape)])).toBe(0);
      }),
      { numRuns: 80, seed: 9 },
    );
  });

  it('leave texts to the stock kernel', async () => {
    await tf.setBackend('wasm');
    const words = tf.tensor2d(['a', 'b', 'c', 'd'], [2, 2], 'string');
    expect(words.slice([1, 0], [1, 2]).dataSync()).toEqual(['c', 'd']);
  });

  it('do not read the whole tensor for a part of it', async () => {
    await tf.setBackend('wasm');
    const backend = tf.engine().backend as tf.KernelBackend & { readSync: (...read: never[]) => unknown };
    const x = tf.ones([40, 40]);
    const read = vi.spyOn(backend, 'readSync');
    tf.dispose([x.slice([3, 2], [5, 7]), ...tf.split(x, 4, 0), x]);
    expect(read).not.toHaveBeenCalled();
    read.mockRestore();
  });
});

describe('einsum', () => {
  it.each([
    ['ij,jk->ik', [20, 30], [30, 25]],
    ['ij,kj->ki', [20, 30], [25, 30]],
    ['bij,bjk->bik', [3, 20, 30], [3, 30, 25]],
    ['bqhd,bkhd->bhqk', [2, 6, 3, 8], [2, 7, 3, 8]],
    ['bhqk,bkhd->bqhd', [2, 3, 6, 7], [2, 7, 3, 8]],
    ['i,j->ij', [6], [7]],
    ['i,i->', [40], [40]],
    ['ij,ij->ij', [6, 7], [6, 7]],
    ['ijm,jkn->ki', [4, 5, 3], [5, 6, 2]],
    ['ij->ji', [6, 7]],
    ['ijk->ik', [3, 4, 5]],
    ['ijk->', [3, 4, 5]],
    ['ij->ij', [6, 7]],
    ['abc,cd->abd', [3, 1, 5], [5, 1]],
    [' i j , j k -> i k ', [2, 3], [3, 2]],
  ])('%s', async (equation, ...shapes) => {
    const inputs = (shapes as number[][]).map((shape, i) => random(rng(i), shape));
    expect(await agrees((...tensors) => tf.einsum(equation as string, ...tensors), inputs)).toBeLessThan(tolerance);
  });

  it('refuses axes that do not fit', async () => {
    await tf.setBackend('wasm');
    expect(() => tf.einsum('ij,jk->ik', tf.ones([2, 3]), tf.ones([4, 2]))).toThrow('Expected dimension 3');
  });
});

describe('maxPool', () => {
  it('passes the gradient of windows whose maximum is negative', async () => {
    await fc.assert(
      fc.asyncProperty(convolution, fc.double({ min: -5, max: 1, noNaN: true }), async (at, low) => {
        const { batch, height, width, channels, filter, strides, pad, seed } = at;
        const x = random(rng(seed), [batch, height, width, channels], low, low + 1);
        const compute: Compute = (image) =>
          tf.grad((a: tf.Tensor) =>
            tf
              .maxPool(a as tf.Tensor4D, filter, strides, pad)
              .square()
              .sum(),
          )(image!);
        expect(await agrees(compute, [x])).toBeLessThan(tolerance);
      }),
      { numRuns: 60, seed: 9 },
    );
  });

  it('gives a tie to the first of the maxima', async () => {
    const gradient: Compute = (image) =>
      tf.grad((a: tf.Tensor) => tf.maxPool(a as tf.Tensor4D, 2, 2, 'valid').sum())(image!);
    const flat = { shape: [1, 2, 2, 1], data: new Float32Array(4).fill(-2) };
    expect(await agrees(gradient, [flat])).toBe(0);
    expect((await on('wasm', gradient, [flat]))[0]!.data).toEqual(Float32Array.of(1, 0, 0, 0));
  });

  it('of volumes, too', async () => {
    for (const [filter, stride, pad] of [
      [2, 2, 'valid'],
      [3, 1, 'same'],
      [2, 1, 'same'],
    ] as const) {
      const forward: Compute = (volume) => tf.maxPool3d(volume as tf.Tensor5D, filter, stride, pad);
      expect(await agrees(forward, [random(rng(4), [2, 4, 5, 6, 3], -2, -1)])).toBe(0);
      const compute: Compute = (volume) =>
        tf.grad((a: tf.Tensor) =>
          tf
            .maxPool3d(a as tf.Tensor5D, filter, stride, pad)
            .square()
            .sum(),
        )(volume!);
      expect(await agrees(compute, [random(rng(4), [2, 4, 5, 6, 3], -2, -1)])).toBeLessThan(tolerance);
    }
  });

  it('says where the maxima are', async () => {
    for (const inBatch of [false, true]) {
      const compute: Compute = (image) => {
        const { result, indexes } = tf.maxPoolWithArgmax(image as tf.Tensor4D, [2, 3], [1, 2], 'same', inBatch);
        return [result!, indexes!];
      };
      expect(await agrees(compute, [random(rng(5), [2, 5, 6, 3], -2, -1)])).toBe(0);
    }
  });
});
