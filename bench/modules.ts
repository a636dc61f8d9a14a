// What a logit module around the paper's MLP, 31-256-256-20 tanh, costs: one gradient of a batch by its input, beside the bare network's, on typed
// arrays (as scenarios run it) and through TensorFlow.js' WASM backend (as the module's own `wrap` has it). Medians of CPU time within one run.
import { pathToFileURL } from 'node:url';
import type { Tensor } from '@tensorflow/tfjs';
import type { Head } from '../core/policy.ts';
import { rng } from '../core/rng.ts';
import type { GradientAccess, Objective } from '../core/victim.ts';
import { biased } from '../defenses/module/amu.ts';
import { fusedAccess, ofController, ofNetwork } from '../defenses/module/fused.ts';
import { contextsOf, guided } from '../defenses/module/steer.ts';
import { tensorAccess, tensorFunction, tensorModel } from '../defenses/module/tensor-bridge.ts';
import { difference } from '../defenses/module/uld.ts';
import { Amu } from '../logits/few-shot/amu.ts';
import { policyGuidance } from '../logits/guidance/policy.ts';
import { RowGuidance } from '../logits/guidance/row-guidance.ts';
import { differenceModel } from '../logits/unlearning/difference.ts';
import { RowDifference } from '../logits/unlearning/row-difference.ts';
import { selectBackend } from '../nn/backend.ts';
import { createNetwork } from '../nn/create-network.ts';
import { initialise } from '../nn/initialise.ts';
import { mlp } from '../nn/layers.ts';
import type { Network } from '../nn/network.ts';
import { policyVictim } from '../nn/victim.ts';
import { cpuMs, median } from './cpu-time.ts';

export interface ModuleBenchRow {
  readonly case: string;
  readonly rows: number;
  /** Median CPU microseconds of one gradient of the whole batch. */
  readonly microseconds: number;
  /** Beside the bare network at the same batch. */
  readonly ratio: number;
}

const [size, k, hidden] = [31, 20, 256];
const head: Head = { kind: 'categorical', values: Array.from({ length: k }, (_, i) => -0.78125 + (1.5625 * i) / 19) };

/** Measures steer (with 64 unsafe contexts), amu and uld at batch 1 and 64. */
export async function run(): Promise<ModuleBenchRow[]> {
  using backend = await selectBackend({ force: 'wasm' });
  const { tf } = backend;
  const [own, other, encoder, assistant] = [
    network(1, [size, hidden, hidden, k]),
    network(2, [size, hidden, hidden, k]),
    network(3, [size, hidden, hidden]),
    network(4, [size, hidden, k]),
  ];
  const victim = policyVictim({ network: own, card: { head } });
  const base = policyVictim({ network: other, card: { head } });
  const stream = rng(5);
  const unsafe = Float32Array.from({ length: 64 * size }, () => stream.uniform());
  const bandwidth = 0.5;
  const guidance = { gamma: 0.2, eta: 0.6 };
  const steer = policyGuidance(tf, {
    setting: { ...guidance, rho: 0 },
    base: tensorModel(tf, base),
    unsafe,
    bandwidth,
  });
  using amu = new Amu<Tensor>(tf, tensorFunction(tf, encoder), {}, { epochs: 1 });
  const few = tf.tensor2d(unsafe, [64, size]);
  const labels = tf.tensor1d(
    Int32Array.from({ length: 64 }, (_, i) => i % k),
    'int32',
  );
  await amu.fit({ base: tensorModel(tf, victim), x: few, labels }, rng(6));
  tf.dispose([few, labels]);
  const cut = { alpha: 0.75, filterRate: 0.01 };
  const assisting = policyVictim({ network: assistant, card: { head } });
  const sources = [ofController(victim), ofController(base)];
  const cases: readonly (readonly [string, GradientAccess])[] = [
    ['bare', victim],
    [
      'steer',
      fusedAccess(
        sources,
        guided(new RowGuidance(guidance, contextsOf(victim, unsafe, bandwidth), size, k), victim),
        victim,
      ),
    ],
    ['steer, tensors', tensorAccess(tf, steer.wrap(tensorModel(tf, victim)), victim)],
    ['amu', fusedAccess([ofController(victim), ofNetwork(encoder)], biased(amu.trained(), hidden, k), victim)],
    ['amu, tensors', tensorAccess(tf, amu.wrap(tensorModel(tf, victim)), victim)],
    [
      'uld',
      fusedAccess([ofController(victim), ofNetwork(assistant)], difference(new RowDifference(cut, k), k), victim),
    ],
    [
      'uld, tensors',
      tensorAccess(tf, differenceModel(tf, tensorModel(tf, victim), tensorModel(tf, assisting), cut), victim),
    ],
  ];
  const result: ModuleBenchRow[] = [];
  for (const rows of [1, 64]) {
    const bare = gradientTime(victim, rows);
    for (const [name, access] of cases) {
      const microseconds = access === victim ? bare : gradientTime(access, rows);
      result.push({ case: name, rows, microseconds, ratio: microseconds / bare });
    }
  }
  for (const one of [own, other, encoder, assistant]) one[Symbol.dispose]();
  return result;
}

function network(seed: number, widths: readonly number[]): Network {
  const made = createNetwork(mlp(widths, 'tanh', widths.at(-1) === k ? 'linear' : 'tanh'));
  initialise(made, rng(seed), { kind: 'orthogonal', outputGain: 1 });
  return made;
}

function gradientTime(access: GradientAccess, rows: number): number {
  const stream = rng(7);
  const x = Float32Array.from({ length: rows * size }, () => stream.uniform());
  const objective: Objective = {
    name: 'sum',
    check: () => undefined,
    evaluate: (_head, _logits, _goal, _rows, value, gradient) => {
      value.fill(0);
      gradient.fill(1);
    },
  };
  const goal = { x, clean: new Float32Array(rows * k), side: new Int8Array(rows), action: new Float64Array(rows) };
  const [value, gradient] = [new Float32Array(rows), new Float32Array(rows * size)];
  const calls = 20;
  const sample = (): number => {
    const before = cpuMs();
    for (let i = 0; i < calls; i++) access.valueAndGradient({ objective, goal }, x, rows, value, gradient);
    return (1000 * (cpuMs() - before)) / calls;
  };
  sample(); // warms up
  return median(Array.from({ length: 9 }, sample));
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) console.table(await run());
