import { choose, probeBackends, selectBackend } from '../nn/backend.ts';
import type { Probe } from '../nn/backend.ts';
import { createNetwork } from '../nn/create-network.ts';
import { calibrate } from '../nn/crossover.ts';
import type { Calibration } from '../nn/crossover.ts';
import { initialise } from '../nn/initialise.ts';
import { rng } from '../core/rng.ts';
import type { LayerSpec } from '../core/policy.ts';

/** Which tensor backend computes here, what became of every candidate, and how fast the MLP kernel is. */
export interface Diagnosis {
  readonly backend: {
    readonly name: string;
    readonly device: string;
    readonly refused: readonly { readonly name: string; readonly reason: string }[];
    /** Every candidate in probing order, whichever is taken. */
    readonly candidates: readonly Probe[];
  };
  readonly kernel: {
    readonly engine: string;
    /** median ms of one input gradient at batch 1 */ readonly gradientMs: number;
  };
  /** From how many rows on a gradient is faster on the tensor backend that was taken than on the MLP kernel. */
  readonly crossover: Calibration;
}

/** The policy network of the paper. */
const layers: readonly LayerSpec[] = [
  { inputs: 31, outputs: 256, activation: 'tanh' },
  { inputs: 256, outputs: 256, activation: 'tanh' },
  { inputs: 256, outputs: 20, activation: 'linear' },
];

/**
 * @param force a backend that must be taken; undefined: the first that works  @param now milliseconds
 * @throws {UnknownNameError} when `force` names no backend.
 * @throws {BackendError} when the forced one is unusable.
 */
export async function diagnose(force: string | undefined, now: () => number): Promise<Diagnosis> {
  const candidates = await probeBackends();
  const { taken, refused } = choose(candidates, force);
  const { name, device } = taken;
  using backend = await selectBackend({ force: name });
  return {
    backend: { name, device, refused, candidates },
    kernel: { engine: 'wasm SIMD', gradientMs: gradientTime(now) },
    crossover: await calibrate(backend.tf, layers, now),
  };
}

function gradientTime(now: () => number): number {
  using network = createNetwork(layers);
  initialise(network, rng(0), { kind: 'orthogonal', outputGain: 0.01 });
  const x = new Float32Array(31).fill(0.5);
  const logits = new Float32Array(20);
  const dLogits = new Float32Array(20).fill(0.1);
  const dX = new Float32Array(31);
  const times = Array.from({ length: 9 }, () => {
    const started = now();
    for (let i = 0; i < 200; i++) {
      network.forward(x, 1, logits);
      network.backwardInput(dLogits, 1, dX);
    }
    return (now() - started) / 200;
  });
  return times.sort((a, b) => a - b)[4]!;
}
