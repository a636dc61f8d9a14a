import type { LayerSpec } from '../../../core/policy.ts';
import type { Rng } from '../../../core/rng.ts';
import { crossEntropy } from '../../../logits/cross-entropy.ts';
import { createNetwork } from '../../../nn/create-network.ts';
import { initialise } from '../../../nn/initialise.ts';
import { drawnBy } from './lessons.ts';
import type { Rows } from './policy-problem.ts';

export interface ImitationSchedule {
  readonly steps: number;
  readonly batch: number;
  readonly learningRate: number;
}

/** Parameters of a network that was taught to do what is done in some rows, in the order of `Network.readParameters`; no label is smoothed. */
export function imitate(
  layers: readonly LayerSpec[],
  { x, actions }: Rows,
  { steps, batch, learningRate }: ImitationSchedule,
  rng: Rng,
): Float32Array {
  using network = createNetwork(layers);
  initialise(network, rng.split('weights'), { kind: 'torch-linear' });
  const { inputs, outputs } = network;
  const drawn = drawnBy(actions.length, batch, rng.split('batches'));
  const rows = new Float32Array(batch * inputs);
  const z = new Float32Array(batch * outputs);
  const slopes = new Float32Array(batch * outputs);
  for (let step = 0; step < steps; step++) {
    const order = drawn(step);
    order.forEach((row, b) => rows.set(x.subarray(row * inputs, (row + 1) * inputs), b * inputs));
    network.forward(rows, batch, z);
    order.forEach((row, b) => crossEntropy(z, b * outputs, outputs, actions[row]!, slopes));
    for (let i = 0; i < slopes.length; i++) slopes[i]! /= batch;
    network.backward(slopes, batch);
    network.adam({ learningRate: learningRate * 0.5 * (1 + Math.cos((Math.PI * step) / steps)) });
  }
  const parameters = new Float32Array(network.size);
  network.readParameters(parameters);
  return parameters;
}
