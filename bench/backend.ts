// The repairs of TensorFlow.js's WASM backend, each beside what was there: the stock kernel, or the JavaScript backend where
// there was none or it was wrong. Medians of CPU milliseconds per call within one run: compare the columns, not machines.
//
// The floor of a row is what its arithmetic needs on XNNPACK, whose matrix product reaches about 30 GFLOP/s of a core here
// (4 lanes, no fused multiply-add: at most 16 FLOP a cycle), or what its bytes need at 10 GB/s, whichever is more. `flop` and
// `bytes` are written beside the figures so that the distance from the floor can be read off: a repair that is loops over
// the heap (pooling, depthwise, segments) is bound by them, one that ends in a matrix product by that.
import * as tf from '@tensorflow/tfjs';
import '@tensorflow/tfjs-backend-wasm';
import { repairWasm } from '../nn/backend/wasm-repairs.ts';
import { rng } from '../core/rng.ts';
import { pathToFileURL } from 'node:url';

export interface RepairBenchRow {
  readonly case: string;
  /** Median CPU milliseconds per call with the repair. */
  readonly ms: number | null;
  /** The same call on the stock WASM backend; null where it lacks the kernel or computes something else. */
  readonly stockMs: number | null;
  /** The same call on the JavaScript backend. */
  readonly cpuMs: number | null;
  readonly flop: number;
  /** Read and written, each value once. */
  readonly bytes: number;
  /** The larger of flop / 30 GFLOP/s and bytes / 10 GB/s. */
  readonly floorMs: number;
}

interface RepairCase {
  readonly name: string;
  readonly shapes: readonly (readonly number[])[];
  readonly flop: number;
  readonly compute: (...inputs: tf.Tensor[]) => tf.Tensor;
  /** The stock kernel's answer is wrong, so its time means nothing. */
  readonly stockIsWrong?: true;
}

const four = (x: tf.Tensor): tf.Tensor4D => x as tf.Tensor4D;

const cases: readonly RepairCase[] = [
  { name: 'matMul 256x256 · (256x256)ᵀ', shapes: [[256, 256], [256, 256]], flop: 2 * 256 ** 3, compute: (a, b) => tf.matMul(a!, b!, false, true) }, // prettier-ignore
  { name: 'matMul (256x256)ᵀ · 256x256', shapes: [[256, 256], [256, 256]], flop: 2 * 256 ** 3, compute: (a, b) => tf.matMul(a!, b!, true, false) }, // prettier-ignore
  { name: 'matMul 1x256 · (256x256)ᵀ', shapes: [[1, 256], [256, 256]], flop: 2 * 256 ** 2, compute: (a, b) => tf.matMul(a!, b!, false, true) }, // prettier-ignore
  { name: 'matMul 32x256 · (256x256)ᵀ', shapes: [[32, 256], [256, 256]], flop: 2 * 32 * 256 ** 2, compute: (a, b) => tf.matMul(a!, b!, false, true) }, // prettier-ignore
  { name: 'matMul 8 pairs of 128x128', shapes: [[8, 128, 128], [8, 128, 128]], flop: 16 * 128 ** 3, compute: (a, b) => tf.matMul(a!, b!) }, // prettier-ignore
  { name: 'dense layer 256x256, fused, Bᵀ', shapes: [[256, 256], [256, 256]], flop: 2 * 256 ** 3, compute: (a, b) => tf.fused.matMul({ a: a as tf.Tensor2D, b: b as tf.Tensor2D, transposeB: true, activation: 'relu' }) }, // prettier-ignore
  { name: 'conv2d filter gradient, 8x24x24x16, 3x3x32', shapes: [[8, 24, 24, 16], [8, 24, 24, 32]], flop: 2 * 8 * 24 * 24 * 9 * 16 * 32, compute: (x, dy) => backward('Conv2DBackpropFilter', { x: x!, dy: dy! }, { strides: 1, pad: 'same', dataFormat: 'NHWC', filterShape: [3, 3, 16, 32] }) }, // prettier-ignore
  { name: 'depthwise input gradient, 8x24x24x32, 3x3', shapes: [[8, 24, 24, 32], [3, 3, 32, 1]], flop: 2 * 8 * 24 * 24 * 9 * 32, compute: (dy, filter) => backward('DepthwiseConv2dNativeBackpropInput', { dy: dy!, filter: filter! }, { strides: 1, dilations: 1, pad: 'same', inputShape: [8, 24, 24, 32] }) }, // prettier-ignore
  { name: 'depthwise filter gradient, 8x24x24x32, 3x3', shapes: [[8, 24, 24, 32], [8, 24, 24, 32]], flop: 2 * 8 * 24 * 24 * 9 * 32, compute: (x, dy) => backward('DepthwiseConv2dNativeBackpropFilter', { x: x!, dy: dy! }, { strides: 1, dilations: 1, pad: 'same', filterShape: [3, 3, 32, 1] }) }, // prettier-ignore
  { name: 'unsortedSegmentSum 4096x64 into 100', shapes: [[4096, 64]], flop: 4096 * 64, compute: (x) => tf.unsortedSegmentSum(x!, segments, 100) }, // prettier-ignore
  { name: 'einsum bqhd,bkhd->bhqk, 4x64x4x32', shapes: [[4, 64, 4, 32], [4, 64, 4, 32]], flop: 2 * 4 * 4 * 64 * 64 * 32, compute: (q, k) => tf.einsum('bqhd,bkhd->bhqk', q!, k!) }, // prettier-ignore
  { name: 'maxPool gradient, 8x24x24x32, 2x2', shapes: [[8, 12, 12, 32], [8, 24, 24, 32], [8, 12, 12, 32]], flop: 8 * 24 * 24 * 32, stockIsWrong: true, compute: (dy, input, output) => backward('MaxPoolGrad', { dy: dy!, input: input!, output: output! }, { filterSize: 2, strides: 2, pad: 'valid' }) }, // prettier-ignore
  { name: 'maxPool3d, 4x8x12x12x16, 2x2x2', shapes: [[4, 8, 12, 12, 16]], flop: 4 * 8 * 12 * 12 * 16, stockIsWrong: true, compute: (x) => tf.maxPool3d(x as tf.Tensor5D, 2, 2, 'valid') }, // prettier-ignore
  { name: 'conv2d same, stride 2, 8x24x24x16, 1x3x32', shapes: [[8, 24, 24, 16], [1, 3, 16, 32]], flop: 2 * 8 * 12 * 12 * 3 * 16 * 32, stockIsWrong: true, compute: (x, w) => tf.conv2d(four(x!), four(w!), 2, 'same') }, // prettier-ignore
];

let segments: tf.Tensor1D;

function backward(kernel: string, inputs: tf.NamedTensorMap, attrs: tf.NamedAttrMap): tf.Tensor {
  return tf.engine().runKernel(kernel, inputs, attrs) as tf.Tensor;
}

/** Each case stock, on the JavaScript backend, and repaired; the repairs are for good, so they come last. */
export async function run(): Promise<RepairBenchRow[]> {
  tf.enableProdMode();
  const stock = await times('wasm', ({ stockIsWrong }) => stockIsWrong !== true);
  const cpu = await times('cpu', () => true);
  await tf.setBackend('wasm');
  repairWasm(tf);
  const repaired = await times('wasm', () => true);
  return cases.map(({ name, shapes, flop }, i) => {
    const bytes = 4 * shapes.reduce((sum, shape) => sum + size(shape), 0);
    const floorMs = Math.max(flop / 30e6, bytes / 10e6);
    return { case: name, ms: repaired[i]!, stockMs: stock[i]!, cpuMs: cpu[i]!, flop, bytes, floorMs };
  });
}

/** One figure a case, null where it is not wanted or the backend lacks the kernel. */
async function times(backend: string, wanted: (test: RepairCase) => boolean): Promise<(number | null)[]> {
  await tf.setBackend(backend);
  segments = tf.tensor1d(Array.from({ length: 4096 }, (_, i) => (i * 7) % 100), 'int32'); // prettier-ignore
  const found: (number | null)[] = [];
  for (const test of cases) {
    const stream = rng(1);
    const inputs = test.shapes.map((shape) =>
      tf.tensor(
        Float32Array.from({ length: size(shape) }, () => 2 * stream.uniform() - 1),
        [...shape],
      ),
    );
    try {
      found.push(wanted(test) ? median(() => test.compute(...inputs).dispose()) : null);
    } catch {
      found.push(null);
    }
    tf.dispose(inputs);
  }
  segments.dispose();
  return found;
}

function size(shape: readonly number[]): number {
  return shape.reduce((product, length) => product * length, 1);
}

/** Median over 5 samples of at least 20 ms each, after a warm-up of as much; one call that takes more than 300 ms is enough. */
function median(call: () => void): number {
  const cpu = (): number => {
    const { user, system } = process.cpuUsage();
    return (user + system) / 1e3;
  };
  let calls = 0;
  for (const start = cpu(); cpu() - start < 20 || calls < 2; calls++) {
    call();
    if (cpu() - start > 300) return cpu() - start;
  }
  const samples = Array.from({ length: 5 }, () => {
    const start = cpu();
    for (let i = 0; i < calls; i++) call();
    return (cpu() - start) / calls;
  });
  return samples.toSorted((a, b) => a - b)[2]!;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) console.table(await run());
