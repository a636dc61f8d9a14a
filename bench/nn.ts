// Dense networks, 31-256-256-20 relu: forward, input gradient, a training step, and PGD with 100 steps, on the own kernel (WASM SIMD and
// its readable reference) and on every tensor backend that is to be had here.
//
// Floor, per row: a forward pass is 2·(31·256 + 256·256 + 256·20) = 157 kFLOP, an input gradient twice that, a training step (with
// parameter gradients) three times. The weights are 0.31 MB: at batch 1 each pass reads them once from the L2 cache. Without a fused
// multiply-add WASM does at most 16 FLOP a cycle (two 128-bit multipliers and two adders), some 50 GFLOP/s at 3 GHz: 3.1 µs forwards
// and 6.3 µs for a gradient at batch 1; behind a relu half of the products are with 0 and need not be made. A PGD of 100 steps is 100
// gradients.
//
// Each figure is the median of CPU milliseconds per call, which neighbours on the machine disturb little; `gflops` counts all products,
// those that are left out too.
import { pathToFileURL } from 'node:url';
import { rng } from '../core/rng.ts';
import { selectBackend } from '../nn/backend.ts';
import type { BackendName } from '../nn/backend/openers.ts';
import { createNetwork } from '../nn/create-network.ts';
import { initialise } from '../nn/initialise.ts';
import { mlp } from '../nn/layers.ts';
import { tensorNetwork } from '../nn/tensor-network.ts';

export interface NetworkBenchRow {
  readonly case: string;
  readonly rows: number;
  readonly engine: string;
  /** Median CPU milliseconds per call; null: not measured, for `reason`. */
  readonly ms: number | null;
  readonly mflop: number;
  readonly gflops: number | null;
  readonly reason?: string;
}

interface Engine extends Disposable {
  readonly name: string;
  /** Largest batch that is worth waiting for. */
  readonly most: number;
  forward(rows: number): void | Promise<void>;
  /** `d Σ logits / dX` into `gradient`. */
  gradient(rows: number, gradient: Float32Array): void | Promise<void>;
  train(rows: number): void | Promise<void>;
}

const widths = [31, 256, 256, 20];
const rowFlop = 2 * widths.slice(1).reduce((sum, width, l) => sum + width * widths[l]!, 0);
const mostRows = 8192;
const batches = [1, 32, 256, mostRows];
const layers = mlp(widths, 'relu');
const x = Float32Array.from({ length: mostRows * 31 }, (_, i) => Math.abs(Math.sin(i)));
const backends: readonly BackendName[] = ['tfjs-node-gpu', 'tfjs-node', 'webgpu', 'wasm', 'cpu'];

/** Runs all cases on the reference, on our kernel and on the tensor backends; one that is not to be had says why. */
export async function run(): Promise<NetworkBenchRow[]> {
  const rows: NetworkBenchRow[] = [];
  for (const kind of ['wasm', 'reference'] as const) {
    using engine = own(kind);
    for await (const row of rowsOf(engine)) rows.push(row);
  }
  for (const name of backends) {
    try {
      rows.push(...(await onBackend(name)));
    } catch (error) {
      const reason = (error instanceof Error ? error.message : String(error)).split('\n')[0]!;
      const engine = `tfjs ${name}`;
      rows.push({ case: 'all', rows: 0, engine, ms: null, mflop: 0, gflops: null, reason: `not measured: ${reason}` });
    }
  }
  return rows;
}

async function onBackend(name: BackendName): Promise<NetworkBenchRow[]> {
  using backend = await selectBackend({ force: name });
  const tf = await import('@tensorflow/tfjs');
  using engine = tensors(`tfjs ${backend.name}`, tf, name === 'cpu' ? 32 : mostRows);
  const rows: NetworkBenchRow[] = [];
  for await (const row of rowsOf(engine)) rows.push(row);
  return rows;
}

async function* rowsOf(engine: Engine): AsyncGenerator<NetworkBenchRow> {
  const measure = async (
    name: string,
    rows: number,
    flop: number,
    call: () => void | Promise<void>,
    scale = 1,
  ): Promise<NetworkBenchRow> => {
    const ms = (await median(call)) * scale;
    return {
      case: name,
      rows,
      engine: engine.name,
      ms,
      mflop: (flop * scale) / 1e6,
      gflops: (flop * scale) / ms / 1e6,
    };
  };
  const gradient = new Float32Array(mostRows * 31);
  for (const rows of batches.filter((count) => count <= engine.most)) {
    yield await measure('forward', rows, rows * rowFlop, () => engine.forward(rows));
    yield await measure('gradient', rows, 2 * rows * rowFlop, () => engine.gradient(rows, gradient));
    if (rows > 1) yield await measure('train', rows, 3 * rows * rowFlop, () => engine.train(rows));
    // Large batches: fewer steps, scaled.
    const steps = rows === 1 ? 100 : 2;
    yield await measure(
      'pgd-100',
      rows,
      2 * steps * rows * rowFlop,
      () => pgd(engine, rows, steps, gradient),
      100 / steps,
    );
  }
}

async function pgd(engine: Engine, rows: number, steps: number, gradient: Float32Array): Promise<void> {
  for (let step = 0; step < steps; step++) {
    const waiting = engine.gradient(rows, gradient);
    if (waiting !== undefined) await waiting;
    for (let i = 0; i < rows * 31; i++) x[i] = Math.min(1, Math.max(0, x[i]! + 1e-4 * Math.sign(gradient[i]!)));
  }
}

function own(kind: 'wasm' | 'reference'): Engine {
  const network = createNetwork(layers, kind);
  initialise(network, rng(1), { kind: 'torch-linear' });
  const out = new Float32Array(mostRows * 20);
  const dOut = new Float32Array(mostRows * 20).fill(1);
  return {
    name: kind === 'wasm' ? 'kernel' : 'reference',
    most: kind === 'wasm' ? mostRows : 256,
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
    [Symbol.dispose]: () => network[Symbol.dispose](),
  };
}

/** The hand-chained network on the current tensor backend; its training step has no optimiser, whose share is small. */
function tensors(name: string, tf: typeof import('@tensorflow/tfjs'), most: number): Engine {
  using source = createNetwork(layers);
  initialise(source, rng(1), { kind: 'torch-linear' });
  const parameters = new Float32Array(source.size);
  source.readParameters(parameters);
  const network = tensorNetwork(tf, layers);
  network.writeParameters(parameters);
  const out = new Float32Array(mostRows * 20);
  const dOut = new Float32Array(mostRows * 20).fill(1);
  return {
    name,
    most,
    forward: (rows) => network.forward(x, rows, out),
    gradient: (rows, gradient) => network.gradient(x, rows, (_z, _row, _count, d) => void d.fill(1), gradient),
    train: (rows) => network.parameterGradient(x, dOut, rows, parameters),
    [Symbol.dispose]: () => network[Symbol.dispose](),
  };
}

/** Median over 7 samples of at least 30 ms each, after a warm-up of as much. */
async function median(call: () => void | Promise<void>): Promise<number> {
  const cpu = (): number => {
    const { user, system } = process.cpuUsage();
    return (user + system) / 1e3;
  };
  const once = async (): Promise<void> => {
    const waiting = call();
    if (waiting !== undefined) await waiting;
  };
  let calls = 0;
  for (const start = cpu(); cpu() - start < 30 || calls < 2; calls++) await once();
  const samples: number[] = [];
  for (let sample = 0; sample < 7; sample++) {
    const start = cpu();
    for (let i = 0; i < calls; i++) {
      const waiting = call();
      if (waiting !== undefined) await waiting;
    }
    samples.push((cpu() - start) / calls);
  }
  return samples.toSorted((a, b) => a - b)[3]!;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const short = (value: number | null): number | null => (value === null ? null : Number(value.toPrecision(3)));
  console.table(
    (await run()).map((row) => ({ ...row, ms: short(row.ms), mflop: short(row.mflop), gflops: short(row.gflops) })),
  );
}
