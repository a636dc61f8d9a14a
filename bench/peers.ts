// Our kernel beside PyTorch on the CPU: the same network, inputs and work, one thread each, taking turns inside one run.
//
//     npx tsx bench/peers.ts            (Debian: apt-get install python3-torch libopenblas0-pthread)
//
// Floors: a forward pass of 31-256-256-20 is 2·(31·256 + 256·256 + 256·20) = 157 kFLOP a row, an input gradient twice that. WASM
// has 4 lanes and no fused multiply-add: on a core with two 128-bit multipliers and two adders 16 FLOP a cycle; OpenBLAS and MKL have
// 8 or 16 lanes with it: 32 or 64. A quarter of PyTorch's speed at large batches is thus about what the instruction sets leave.
//
// OpenBLAS 0.3.21 takes newer processors for older ones: all core types are tried and the fastest is the peer (specs/compute.md).
// Where there is no PyTorch, there are no rows.
import { spawn, spawnSync } from 'node:child_process';
import type { ChildProcessWithoutNullStreams } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';
import { rng } from '../core/rng.ts';
import type { LayerSpec } from '../core/policy.ts';
import { createNetwork } from '../nn/create-network.ts';
import { initialise } from '../nn/initialise.ts';
import { mlp } from '../nn/layers.ts';
import type { Network } from '../nn/network.ts';

export interface PeerBenchRow {
  readonly case: string;
  readonly rows: number;
  /** Median CPU milliseconds per call. */
  readonly ours: number;
  readonly torch: number;
  /** How many times as fast as PyTorch. */
  readonly ratio: number;
  /** Largest difference of the results. */
  readonly difference: number;
  readonly peer: string;
}

interface Case {
  readonly kind: 'forward' | 'gradient' | 'pgd';
  readonly rows: number;
  readonly steps: number;
  readonly epsilon: number;
  readonly size: number;
}

const python = '/usr/bin/python3';
const widths = [31, 256, 256, 20] as const;
const most = 8192;
const cases: readonly Case[] = [
  ...(['forward', 'gradient'] as const).flatMap((kind) =>
    [1, 32, 256, most].map((rows) => ({ kind, rows, steps: 0, epsilon: 0, size: 0 })),
  ),
  ...[
    [1, 100],
    [256, 10],
    [most, 2],
  ].map(([rows, steps]) => ({ kind: 'pgd' as const, rows: rows!, steps: steps!, epsilon: 0.05, size: 0.00125 })),
];

/** Every case on our kernel and on PyTorch; a PGD row is scaled to 100 steps. */
export async function run(): Promise<PeerBenchRow[]> {
  if (spawnSync(python, ['-c', 'import torch']).status !== 0) {
    console.error(`no PyTorch in ${python}: the comparison with it is left out`);
    return [];
  }
  const folder = mkdtempSync(join(tmpdir(), 'faultline-peer-'));
  try {
    const rows: PeerBenchRow[] = [];
    for (const activation of ['relu', 'tanh'] as const)
      rows.push(...(await compare(folder, mlp(widths, activation), activation)));
    return rows;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function compare(folder: string, layers: readonly LayerSpec[], activation: string): Promise<PeerBenchRow[]> {
  using network = createNetwork(layers);
  initialise(network, rng(1), { kind: 'torch-linear' });
  const stream = rng(2);
  const x = Float32Array.from({ length: most * widths[0] }, () => stream.uniform());
  const seed = Float32Array.from({ length: widths[3] }, () => 2 * stream.uniform() - 1);
  write(folder, network, x, seed);
  const ours = ourSide(network, x, seed);
  using peer = await fastestPeer({ folder, widths, activation });
  const result: PeerBenchRow[] = [];
  for (const one of cases) {
    const call = (): Float32Array => ours(one);
    const file = join(folder, 'result');
    await peer.ask({ ...one, result: file });
    const got = call();
    const expected = new Float32Array(Uint8Array.from(readFileSync(file)).buffer); // a small Buffer is a view of a shared pool
    const difference = got.reduce((worst, value, i) => Math.max(worst, Math.abs(value - expected[i]!)), 0);
    const calls = callsFor(call, 40);
    const mine: number[] = [];
    const theirs: number[] = [];
    const theirCalls = Math.max(1, Math.round(calls / 3));
    for (let turn = 0; turn < 9; turn++) {
      mine.push(cpuMs(call, calls));
      theirs.push(((await peer.ask({ ...one, calls: theirCalls })) as { ms: number }).ms);
    }
    const scale = one.kind === 'pgd' ? 100 / one.steps : 1;
    const [a, b] = [median(mine) * scale, median(theirs) * scale];
    const name = one.kind === 'pgd' ? 'pgd-100' : one.kind;
    result.push({
      case: `${name}, ${activation}`,
      rows: one.rows,
      ours: a,
      torch: b,
      ratio: b / a,
      difference,
      peer: peer.name,
    });
  }
  return result;
}

function ourSide(network: Network, x: Float32Array, seed: Float32Array): (one: Case) => Float32Array {
  const out = new Float32Array(most * network.outputs);
  const dOut = Float32Array.from({ length: most * network.outputs }, (_, i) => seed[i % network.outputs]!);
  const gradient = new Float32Array(x.length);
  const point = new Float32Array(x.length);
  return ({ kind, rows, steps, epsilon, size }) => {
    const count = rows * network.inputs;
    if (kind === 'forward') {
      network.forward(x, rows, out);
      return out.subarray(0, rows * network.outputs);
    }
    if (kind === 'gradient') {
      network.forward(x, rows, out);
      network.backwardInput(dOut, rows, gradient);
      return gradient.subarray(0, count);
    }
    for (let i = 0; i < count; i++) point[i] = x[i]!;
    for (let step = 0; step < steps; step++) {
      network.forward(point, rows, out);
      network.backwardInput(dOut, rows, gradient);
      for (let i = 0; i < count; i++) {
        const moved = point[i]! + size * Math.sign(gradient[i]!);
        point[i] = Math.max(Math.max(0, x[i]! - epsilon), Math.min(Math.min(1, x[i]! + epsilon), moved));
      }
    }
    return point.subarray(0, count);
  };
}

function write(folder: string, network: Network, x: Float32Array, seed: Float32Array): void {
  const parameters = new Float32Array(network.size);
  network.readParameters(parameters);
  let at = 0;
  for (const [l, { inputs, outputs }] of network.layers.entries()) {
    writeFileSync(join(folder, `w${l}`), parameters.slice(at, (at += inputs * outputs)));
    writeFileSync(join(folder, `b${l}`), parameters.slice(at, (at += outputs)));
  }
  writeFileSync(join(folder, 'x'), x);
  writeFileSync(join(folder, 'seed'), seed);
}

interface Peer extends Disposable {
  readonly name: string;
  ask(request: object): Promise<object>;
}

async function fastestPeer(setup: object): Promise<Peer> {
  let best: { readonly peer: Peer; readonly ms: number } | undefined;
  let refusal: unknown;
  for (const core of [undefined, 'Haswell', 'Zen', 'SkylakeX']) {
    let peer: Peer;
    let ms: number;
    try {
      peer = await openPeer(core, setup);
      const request = { kind: 'gradient', rows: 256, calls: 60 };
      await peer.ask(request);
      ({ ms } = (await peer.ask(request)) as { ms: number });
    } catch (error) {
      refusal = error; // a core type this processor cannot run ends PyTorch, mostly at the first product
      continue;
    }
    if (best === undefined || ms < best.ms) {
      best?.peer[Symbol.dispose]();
      best = { peer, ms };
    } else peer[Symbol.dispose]();
  }
  if (best === undefined) throw new Error('there is no PyTorch to compare with', { cause: refusal });
  return best.peer;
}

async function openPeer(core: string | undefined, setup: object): Promise<Peer> {
  const { OPENBLAS_CORETYPE: _type, OPENBLAS_L2_SIZE: _size, ...environment } = process.env;
  const child: ChildProcessWithoutNullStreams = spawn(python, [join(import.meta.dirname, 'peer', 'torch_peer.py')], {
    env: {
      ...environment,
      OMP_NUM_THREADS: '1',
      OPENBLAS_NUM_THREADS: '1',
      ...(core === undefined ? {} : { OPENBLAS_CORETYPE: core }),
    },
  });
  child.stderr.resume();
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const ask = async (request: object): Promise<object> => {
    child.stdin.write(`${JSON.stringify(request)}\n`);
    const { value, done } = await lines.next();
    if (done === true) throw new Error('PyTorch ended');
    return JSON.parse(value) as object;
  };
  const { torch, blas } = (await ask(setup)) as { torch: string; blas: string };
  if (blas === 'reference') {
    child.stdin.end();
    throw new Error('PyTorch runs on the reference BLAS here: apt-get install libopenblas0-pthread');
  }
  return { name: `torch ${torch}, ${core ?? 'detected'} core`, ask, [Symbol.dispose]: () => child.stdin.end() };
}

function callsFor(call: () => void, ms: number): number {
  let calls = 0;
  for (const start = cpu(); cpu() - start < ms || calls < 2; calls++) call();
  return calls;
}

function cpuMs(call: () => void, calls: number): number {
  const start = cpu();
  for (let i = 0; i < calls; i++) call();
  return (cpu() - start) / calls;
}

function cpu(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e3;
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1]!;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const short = (value: number): number => Number(value.toPrecision(3));
  console.table(
    (await run()).map((row) => ({ ...row, ours: short(row.ours), torch: short(row.torch), ratio: short(row.ratio) })),
  );
}
