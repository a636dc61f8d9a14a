// The network kernels on the paper's MLP, 31-256-256-20 relu: what a controller, an attack and a learner wait for.
//
// The floor. A row costs 2·(31·256 + 256·256 + 256·20) = 157 kFLOP forwards and as much again back to the input; a full
// backward pass adds the weight gradients, a third time as much. Plain WASM SIMD has 4 lanes and no fused multiply-add, so
// a core that starts two vector operations a cycle does 8 FLOP a cycle (24 GFLOP/s at 3 GHz) and one that starts four, 16.
// At batch 1 all 314 kB of weights are read once each way for 39 k vector operations: from the L2 cache at 32 bytes a cycle
// that is 10 k cycles forwards, about half of the arithmetic's 20 k, so the arithmetic decides from the first row on, and
// 6.5 µs forwards and 13 µs for a gradient are the floor on two ports. A PGD of 100 steps at batch 1 is 100 gradients.
//
// Each figure is the median of CPU milliseconds per call, which neighbours on the machine disturb little.
import * as tf from '@tensorflow/tfjs';
import '@tensorflow/tfjs-backend-wasm';
import { pathToFileURL } from 'node:url';
import { rng } from '../core/rng.ts';
import { createNetwork } from '../nn/create-network.ts';
import { initialise } from '../nn/initialise.ts';
import { mlp } from '../nn/layers.ts';

export interface NetworkBenchRow {
  readonly case: string;
  readonly engine: string;
  /** Median CPU milliseconds per call. */
  readonly ms: number;
  readonly gflops: number;
}

interface Engine {
  readonly name: string;
  forward(rows: number): void;
  /** `d Σ logits / dX` into `gradient`. */
  gradient(rows: number, gradient: Float32Array): void;
  /** Absent where there is no training step to compare. */
  train?(rows: number): void;
}

const widths = [31, 256, 256, 20];
const rowFlop = 2 * widths.slice(1).reduce((sum, width, l) => sum + width * widths[l]!, 0);
const mostRows = 256;
const pgdSteps = 100;
const layers = mlp(widths, 'relu');
const x = Float32Array.from({ length: mostRows * 31 }, (_, i) => Math.abs(Math.sin(i)));

/** Runs all cases on the reference, on our kernel and on TensorFlow.js with its WASM backend. */
export async function run(): Promise<NetworkBenchRow[]> {
  tf.enableProdMode();
  await tf.setBackend('wasm');
  const engines = [own('reference'), own('wasm'), tensorflow()];
  return engines.flatMap((engine) => [...rowsOf(engine)]);
}

function* rowsOf(engine: Engine): Generator<NetworkBenchRow> {
  const row = (name: string, flop: number, call: () => void): NetworkBenchRow => {
    const ms = median(call);
    return { case: name, engine: engine.name, ms, gflops: flop / ms / 1e6 };
  };
  const gradient = new Float32Array(mostRows * 31);
  for (const rows of [1, 32, 256]) {
    yield row(`forward ${rows}`, rows * rowFlop, () => engine.forward(rows));
    yield row(`gradient ${rows}`, 2 * rows * rowFlop, () => engine.gradient(rows, gradient));
    if (engine.train !== undefined && rows > 1)
      yield row(`train ${rows}`, 3 * rows * rowFlop, () => engine.train?.(rows));
  }
  yield row(`pgd-${pgdSteps} 1`, 2 * pgdSteps * rowFlop, () => {
    for (let step = 0; step < pgdSteps; step++) {
      engine.gradient(1, gradient);
      for (let i = 0; i < 31; i++) x[i] = Math.min(1, Math.max(0, x[i]! + 1e-4 * Math.sign(gradient[i]!)));
    }
  });
}

function own(kind: 'wasm' | 'reference'): Engine {
  const network = createNetwork(layers, kind);
  initialise(network, rng(1), { kind: 'torch-linear' });
  const out = new Float32Array(mostRows * 20);
  const dOut = new Float32Array(mostRows * 20).fill(1);
  return {
    name: kind === 'wasm' ? 'own wasm' : 'reference',
    forward: (rows) => network.forward(x, rows, out),
    gradient(rows, gradient) {
      network.forward(x, rows, out);
      network.backwardInput(dOut, rows, gradient);
    },
    train(rows) {
      network.forward(x, rows, out);
      network.backward(dOut, rows);
      network.adam({ learningRate: 1e-6 });
    },
  };
}

function tensorflow(): Engine {
  const weights = layers.map(({ inputs, outputs }) => tf.randomUniform([inputs, outputs], -0.1, 0.1, 'float32', 1));
  const biases = layers.map(({ outputs }) => tf.zeros([outputs]));
  const logits = (input: tf.Tensor): tf.Tensor =>
    layers.reduce((below, { activation }, l) => {
      const z = below.matMul(weights[l]!).add(biases[l]!);
      return activation === 'relu' ? z.relu() : z;
    }, input);
  const derivative = tf.grad((input: tf.Tensor) => logits(input).sum());
  const read = (rows: number, compute: (input: tf.Tensor) => tf.Tensor): Float32Array => {
    const result = tf.tidy(() => compute(tf.tensor2d(x.subarray(0, rows * 31), [rows, 31])));
    const values = result.dataSync<'float32'>();
    result.dispose();
    return values;
  };
  return {
    name: 'tfjs wasm',
    forward(rows) {
      read(rows, logits);
    },
    gradient(rows, gradient) {
      gradient.set(read(rows, derivative));
    },
  };
}

/** Median over 7 samples of at least 30 ms each, after a warm-up of as much. */
function median(call: () => void): number {
  const cpu = (): number => {
    const { user, system } = process.cpuUsage();
    return (user + system) / 1e3;
  };
  let calls = 0;
  for (const start = cpu(); cpu() - start < 30 || calls < 2; calls++) call();
  const samples = Array.from({ length: 7 }, () => {
    const start = cpu();
    for (let i = 0; i < calls; i++) call();
    return (cpu() - start) / calls;
  });
  return samples.toSorted((a, b) => a - b)[3]!;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const rows = await run();
  console.table(
    rows.map((row) => ({ ...row, ms: Number(row.ms.toPrecision(3)), gflops: Number(row.gflops.toPrecision(3)) })),
  );
}
