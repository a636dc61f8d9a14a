// The repairs of TensorFlow.js's WASM backend, each beside what was there: the stock kernel, or the JavaScript backend where
// there was none or it was wrong. Medians of CPU milliseconds per call within one run: compare the columns, not machines.
//
// The floor of a row is what its arithmetic needs on XNNPACK, whose matrix product reaches about 30 GFLOP/s of a core here
// (4 lanes, no fused multiply-add: at most 16 FLOP a cycle), or what its bytes need at 10 GB/s, whichever is more. `flop` and
// `bytes` are written beside the figures so that the distance from the floor can be read off: a repair that is loops over
// the heap (pooling, depthwise, segments) is bound by them, one that ends in a matrix product by that.
import * as tf from '@tensorflow/tfjs';
import '@tensorflow/tfjs-backend-wasm';
import { repairWasm, wasmRepairs } from '../nn/backend/wasm-repairs.ts';
import { rng } from '../core/rng.ts';
import { pathToFileURL } from 'node:url';
import { cpuMs, median } from './cpu-time.ts';

export interface RepairBenchRow {
  readonly case: string;
  /** Median CPU milliseconds per call with the repair. */
  readonly ms: number;
  /** The same call on the stock WASM backend; null where it lacks the kernel or computes something else. */
  readonly stockMs: number | null;
  /** The same call on the JavaScript backend. */
  readonly cpuMs: number;
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

/** A way to compute a case: a backend, and for `wasm` which kernels stand in the registry. */
interface Engine {
  readonly backend: 'wasm' | 'cpu';
  readonly kernels: readonly tf.KernelConfig[];
}

/** The three ways take turns, sample by sample, so that a neighbour on the machine slows all of them. */
export async function run(): Promise<RepairBenchRow[]> {
  tf.enableProdMode();
  await tf.setBackend('wasm');
  const stock: Engine = { backend: 'wasm', kernels: registered() };
  repairWasm(tf);
  const repaired: Engine = { backend: 'wasm', kernels: registered() };
  const cpu: Engine = { backend: 'cpu', kernels: [] };
  const rows: RepairBenchRow[] = [];
  for (const test of cases) {
    const engines = test.stockIsWrong ? [repaired, cpu] : [repaired, cpu, stock];
    const times = engines.map((): number[] => []);
    for (let round = 0; round < 6; round++)
      for (const [i, engine] of engines.entries()) {
        const known = times[i]!;
        // What is slow is called twice only, and what is missing not again.
        if (known.some(Number.isNaN) || (known.length > 1 && known[0]! > 300)) continue;
        known.push(await sample(engine, test));
      }
    const [ms, javascriptMs, stockMs = null] = times.map(warm);
    const bytes = 4 * test.shapes.reduce((sum, shape) => sum + size(shape), 0);
    const floorMs = Math.max(test.flop / 30e6, bytes / 10e6);
    rows.push({ case: test.name, ms: ms!, stockMs, cpuMs: javascriptMs!, flop: test.flop, bytes, floorMs });
  }
  use(repaired);
  return rows;
}

/** The kernels of the WASM backend that the repairs replace or add. */
function registered(): tf.KernelConfig[] {
  return Object.keys(wasmRepairs).flatMap((name) => tf.getKernel(name, 'wasm') ?? []);
}

function use({ backend, kernels }: Engine): void {
  if (backend !== 'wasm') return;
  for (const { kernelName } of registered()) tf.unregisterKernel(kernelName, 'wasm');
  for (const kernel of kernels) tf.registerKernel(kernel);
}

/** CPU milliseconds a call, over at least 20 ms after as much to warm up; NaN where the backend lacks a kernel. */
async function sample(engine: Engine, test: RepairCase): Promise<number> {
  await tf.setBackend(engine.backend);
  use(engine);
  const stream = rng(1);
  segments = tf.tensor1d(
    Array.from({ length: 4096 }, (_, i) => (i * 7) % 100),
    'int32',
  );
  const inputs = test.shapes.map((shape) =>
    tf.tensor(
      Float32Array.from({ length: size(shape) }, () => 2 * stream.uniform() - 1),
      [...shape],
    ),
  );
  try {
    return time(() => test.compute(...inputs).dispose());
  } catch {
    return Number.NaN;
  } finally {
    tf.dispose([segments, ...inputs]);
  }
}

function time(call: () => void): number {
  let calls = 0;
  for (const start = cpuMs(); cpuMs() - start < 20 || calls < 2; calls++) {
    call();
    if (cpuMs() - start > 300) return cpuMs() - start;
  }
  const start = cpuMs();
  for (let i = 0; i < calls; i++) call();
  return (cpuMs() - start) / calls;
}

/** Of all samples but the first, in which the code was cold; null for none. */
function warm(times: readonly number[]): number | null {
  const known = times.slice(1).filter((ms) => !Number.isNaN(ms));
  return known.length === 0 ? null : median(known);
}

function size(shape: readonly number[]): number {
  return shape.reduce((product, length) => product * length, 1);
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) console.table(await run());
