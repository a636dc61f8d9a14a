import type { Recording } from '../../core/attack.ts';
import { ConfigError } from '../../core/errors.ts';
import type { Head } from '../../core/policy.ts';
import type { Rng } from '../../core/rng.ts';
import type { GradientAccess } from '../../core/victim.ts';
import { crossEntropy } from '../../logits/cross-entropy.ts';
import { nearestBin } from '../../logits/nearest-bin.ts';
import { createNetwork } from '../../nn/create-network.ts';
import { initialise } from '../../nn/initialise.ts';
import { mlp } from '../../nn/layers.ts';
import type { Network } from '../../nn/network.ts';
import { policyVictim } from '../../nn/victim.ts';

/** How an imitator is made. */
export interface ImitatorOptions {
  /** Widths of the hidden layers. */
  readonly hidden: readonly number[];
  readonly epochs: number;
  /** Epochs without a better validation loss after which training ends. */
  readonly patience: number;
  readonly learningRate: number;
  readonly batch: number;
}

/** A copy of a controller, learned from what it was seen to do. */
export interface Imitator extends Disposable {
  readonly policy: GradientAccess;
  /** Pairs it learned from, and the later ones that it was judged on. */
  readonly pairs: number;
  readonly held: number;
  readonly epochs: number;
  /** Share of the held-out decisions that are the same bin; null on continuous actions. */
  readonly agreement: number | null;
  /** Mean absolute error on the held-out actions, share of their range. */
  readonly error: number;
}

/** The last share of a recording is held out: what comes later in time, as what will be attacked does. */
const heldOut = 0.2;

/**
 * Behaviour cloning on recorded pairs (observation, action): an MLP of tanh layers, cross-entropy on bins, squared error over the squared
 * range on continuous actions; Adam; the weights of the epoch with the least loss on the last fifth of the recording. A function of
 * the recording, the options and the stream. Yields the share of the epochs that is done.
 *
 * A continuous head is imitated as a deterministic one in physical units: all that a listener sees is the action.
 * @throws {ConfigError} when the recording is too short to be split.
 */
export function* imitate(
  { observation, action, lanes, steps }: Recording,
  head: Head,
  options: ImitatorOptions,
  rng: Rng,
): Generator<number, Imitator, void> {
  const trained = Math.floor(steps * (1 - heldOut)) * lanes;
  const all = steps * lanes;
  if (trained < 1 || trained === all)
    throw new ConfigError(`a recording of ${steps} steps is too short to learn from, expected at least 2`);
  const size = observation.length / (all + lanes);
  const own: Head = head.kind === 'categorical' ? head : { kind: 'deterministic', low: head.low, high: head.high };
  const outputs = own.kind === 'categorical' ? own.values.length : own.low.length;
  const network = createNetwork(mlp([size, ...options.hidden, outputs], 'tanh'));
  let done = false;
  initialise(network, rng.split('weights'), { kind: 'torch-linear' });
  const order = Int32Array.from({ length: trained }, (_, row) => row);
  const shuffle = rng.split('order');
  const rows = new Float32Array(options.batch * size);
  const out = new Float32Array(options.batch * outputs);
  const slope = new Float32Array(options.batch * outputs);
  const best = new Float32Array(network.size);
  network.readParameters(best);
  let least = Infinity;
  let since = 0;
  let epoch = 0;

  /** Loss over rows `first` … `first + count` of `of`, and its gradient where there is to be one. */
  const pass = (of: ArrayLike<number>, first: number, count: number, learn: boolean): number => {
    for (let k = 0; k < count; k++) {
      const row = of[first + k]!;
      for (let j = 0; j < size; j++) rows[k * size + j] = observation[row * size + j]!;
    }
    network.forward(rows, count, out);
    let loss = 0;
    for (let k = 0; k < count; k++) loss += lossOf(own, out, k, action, of[first + k]!, slope);
    if (learn) {
      for (let i = 0; i < count * outputs; i++) slope[i]! /= count;
      network.backward(slope, count);
      network.adam({ learningRate: options.learningRate });
    }
    return loss;
  };
  const later = Int32Array.from({ length: all - trained }, (_, row) => trained + row);
  const validate = (): number => {
    let loss = 0;
    for (let first = 0; first < later.length; first += options.batch)
      loss += pass(later, first, Math.min(options.batch, later.length - first), false);
    return loss / later.length;
  };

  try {
    for (; epoch < options.epochs && since < options.patience; epoch++) {
      for (let k = trained - 1; k > 0; k--) {
        const other = shuffle.int(k + 1);
        [order[k], order[other]] = [order[other]!, order[k]!];
      }
      for (let first = 0; first < trained; first += options.batch)
        pass(order, first, Math.min(options.batch, trained - first), true);
      const loss = validate();
      since++;
      if (loss < least) {
        least = loss;
        since = 0;
        network.readParameters(best);
      }
      yield (epoch + 1) / options.epochs;
    }
    done = true;
  } finally {
    if (!done) network[Symbol.dispose](); // learning was broken off
  }
  network.writeParameters(best);
  return {
    ...judged(network, own, observation, action, later),
    pairs: trained,
    held: later.length,
    epochs: epoch,
    [Symbol.dispose]: () => network[Symbol.dispose](),
  };
}

/** Loss of row `k` of the outputs against recorded action `row`; writes its gradient. */
function lossOf(
  head: Head,
  out: Float32Array,
  k: number,
  action: Float64Array,
  row: number,
  slope: Float32Array,
): number {
  if (head.kind === 'categorical') {
    const size = head.values.length;
    return crossEntropy(out, k * size, size, nearestBin(head.values, action[row]!), slope);
  }
  const actions = head.low.length;
  let loss = 0;
  for (let b = 0; b < actions; b++) {
    const span = head.high[b]! - head.low[b]! || 1;
    const miss = (out[k * actions + b]! - action[row * actions + b]!) / span;
    loss += (miss * miss) / actions;
    slope[k * actions + b] = (2 * miss) / span / actions;
  }
  return loss;
}

function judged(
  network: Network,
  head: Head,
  observation: Float32Array,
  action: Float64Array,
  held: Int32Array,
): Pick<Imitator, 'policy' | 'agreement' | 'error'> {
  const policy = policyVictim({ network, card: { head } });
  const size = network.inputs;
  const actions = policy.actionSize;
  const rows = new Float32Array(held.length * size);
  held.forEach((row, k) => rows.set(observation.subarray(row * size, (row + 1) * size), k * size));
  const said = new Float64Array(held.length * actions);
  policy.decide(rows, held.length, said);
  const values = head.kind === 'categorical' ? head.values : undefined;
  let same = 0;
  let error = 0;
  held.forEach((row, k) => {
    if (values !== undefined) {
      const seen = values[nearestBin(values, action[row]!)]!;
      if (said[k] === seen) same++;
      error += Math.abs(said[k]! - seen) / (Math.max(...values) - Math.min(...values) || 1);
      return;
    }
    const { low, high } = head as Exclude<Head, { kind: 'categorical' }>;
    for (let b = 0; b < actions; b++)
      error += Math.abs(said[k * actions + b]! - action[row * actions + b]!) / (high[b]! - low[b]! || 1) / actions;
  });
  return { policy, agreement: values === undefined ? null : same / held.length, error: error / held.length };
}
