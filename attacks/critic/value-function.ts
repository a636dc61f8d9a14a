import type { Rng } from '../../core/rng.ts';
import { shuffle } from '../../core/shuffle.ts';
import type { DifferentiableScore } from '../../core/victim.ts';
import { createNetwork } from '../../nn/create-network.ts';
import { initialise } from '../../nn/initialise.ts';
import { mlp } from '../../nn/layers.ts';
import { moments } from './transitions.ts';
import type { Transitions } from './transitions.ts';

/**
 * Fits `V(x)` to the discounted rewards that followed, `G_t = r_t + γ G_{t+1}`, standardised; after the last recorded step the mean reward is
 * taken to go on. Yields the share done.
 */
export function* fitValue(
  data: Transitions,
  options: {
    readonly width: number;
    readonly epochs: number;
    readonly batch: number;
    readonly learningRate: number;
    readonly gamma: number;
  },
  rng: Rng,
): Generator<number, DifferentiableScore & Disposable, void> {
  const returns = new Float32Array(data.count);
  // Rewards are standardised: their mean, 0, goes on for ever. Rows are in order of time.
  for (let i = data.count - 1; i >= 0; i--)
    returns[i] = data.reward[i]! + (data.next[i]! >= 0 ? options.gamma * returns[data.next[i]!]! : 0);
  const { mean, deviation } = moments(returns);
  const inputs = data.observationSize;
  const network = createNetwork(mlp([inputs, options.width, options.width, 1], 'tanh'));
  initialise(network, rng.split('v'), { kind: 'torch-linear' });
  const order = Int32Array.from({ length: data.count }, (_, i) => i);
  const size = Math.min(options.batch, data.count);
  const x = new Float32Array(size * inputs);
  const value = new Float32Array(size);
  const stream = rng.split('order');
  let done = false;
  try {
    for (let epoch = 0; epoch < options.epochs; epoch++) {
      shuffle(order, stream);
      for (let first = 0; first + size <= data.count; first += size) {
        for (let k = 0; k < size; k++) {
          const row = order[first + k]!;
          x.set(data.x.subarray(row * inputs, (row + 1) * inputs), k * inputs);
        }
        network.forward(x, size, value);
        for (let k = 0; k < size; k++)
          value[k] = (2 * (value[k]! - (returns[order[first + k]!]! - mean) / deviation)) / size;
        network.backward(value, size);
        network.adam({ learningRate: options.learningRate });
      }
      yield (epoch + 1) / options.epochs;
    }
    done = true;
  } finally {
    if (!done) network[Symbol.dispose](); // learning was broken off
  }
  let ones = new Float32Array(0);
  return {
    name: 'value of the observation',
    evaluate(shown, rows, out, gradient) {
      if (ones.length < rows) ones = new Float32Array(rows).fill(1);
      network.forward(shown, rows, out);
      network.backwardInput(ones, rows, gradient);
    },
    [Symbol.dispose]: () => network[Symbol.dispose](),
  };
}
