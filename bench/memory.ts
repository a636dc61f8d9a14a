// Does anything grow? 100 000 steps on each engine that runs here: a step is a gradient back to the input, and an Adam step on
// the tensor backends. Growth is what is alive after the steps less what was alive before them, after a full collection.
import * as tf from '@tensorflow/tfjs';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { pathToFileURL } from 'node:url';
import { rng } from '../core/rng.ts';
import { selectBackend } from '../nn/backend.ts';
import { createNetwork } from '../nn/create-network.ts';
import { initialise } from '../nn/initialise.ts';
import { kernel } from '../nn/kernel/kernel.ts';
import { mlp } from '../nn/layers.ts';

export interface MemoryBenchRow {
  readonly engine: string;
  readonly steps: number;
  /** Growth of the JavaScript heap, bytes a step. */
  readonly heapBytesPerStep: number;
  /** Growth of the engine's own memory: kernel heap in bytes, or tensors. */
  readonly own: number;
  /** Growth of the whole process, MiB. */
  readonly residentMiB: number;
}

const steps = 100_000;
const layers = mlp([31, 32, 20], 'relu');
const x = new Float32Array(31).fill(0.3);

export async function run(): Promise<MemoryBenchRow[]> {
  return [ownKernel(), await tensors('wasm'), await tensors('cpu')];
}

function ownKernel(): MemoryBenchRow {
  using network = createNetwork(layers);
  initialise(network, rng(1), { kind: 'torch-linear' });
  const y = new Float32Array(20);
  const dOut = new Float32Array(20).fill(1);
  const dX = new Float32Array(31);
  const step = (): void => {
    network.forward(x, 1, y);
    network.backwardInput(dOut, 1, dX);
    network.backward(dOut, 1);
    network.adam({ learningRate: 1e-4 });
  };
  return growth('own kernel', step, () => kernel().heap.used);
}

async function tensors(force: 'wasm' | 'cpu'): Promise<MemoryBenchRow> {
  using _backend = await selectBackend({ force });
  const weights = layers.map(({ inputs, outputs }) =>
    tf.variable(tf.randomUniform([inputs, outputs], -0.1, 0.1, 'float32', 1)),
  );
  const logits = (input: tf.Tensor): tf.Tensor => input.matMul(weights[0]!).relu().matMul(weights[1]!);
  const input = tf.tensor2d(x, [1, 31]);
  const optimizer = tf.train.adam(1e-4);
  const step = (): void => {
    tf.dispose(tf.tidy(() => tf.grad((at: tf.Tensor) => logits(at).sum())(input)));
    optimizer.minimize(() => logits(input).square().mean().asScalar(), false, weights);
  };
  const row = growth(`tfjs ${force}`, step, () => tf.memory().numTensors);
  optimizer.dispose();
  tf.dispose([input, ...weights]);
  return row;
}

function growth(engine: string, step: () => void, own: () => number): MemoryBenchRow {
  for (let i = 0; i < 2000; i++) step();
  const before = { heap: collectedHeap(), own: own(), resident: process.memoryUsage().rss };
  for (let i = 0; i < steps; i++) step();
  return {
    engine,
    steps,
    heapBytesPerStep: (collectedHeap() - before.heap) / steps,
    own: own() - before.own,
    residentMiB: (process.memoryUsage().rss - before.resident) / 2 ** 20,
  };
}

function collectedHeap(): number {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
  return process.memoryUsage().heapUsed;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) console.table(await run());
