import type { Rng } from '../../core/rng.ts';
import { shuffle } from '../../core/shuffle.ts';
import { QFunction } from './q-function.ts';
import type { Transitions } from './transitions.ts';

/** How a Q function is fitted to what a fixed policy did. */
export interface SarsaOptions {
  readonly width: number;
  readonly epochs: number;
  readonly batch: number;
  readonly learningRate: number;
  readonly gamma: number;
  /** Of the slow copy that the targets are read from: `Q̄ ← Q̄ + τ(Q − Q̄)` after every step. */
  readonly tau: number;
  /** Half-width of the action box that Q should be smooth over, on −1 … 1; 0: no penalty. */
  readonly smoothness: { readonly radius: number; readonly weight: number };
  /**
   * Where `(s', a')` is taken from. `ordered`: what followed. `shuffled`: the next row of the shuffled minibatch, as published: the successor is
   * then a random state, and the fixed point `r(s, a)` plus a constant.
   */
  readonly successor: 'ordered' | 'shuffled';
}

/**
 * Fits `Q(s, a) ← r + γ(1 − d) Q̄(s', a')` to the transitions of a fixed policy, in float32 minibatches with Adam, with the penalty
 * `weight · max_{a* ∈ a ± radius} (Q(s, a*) − Q(s, a))²`, the worst corner by one sign step either way. Yields the share done.
 *
 * Source: Robust Sarsa, Zhang et al. (2020), "Robust Deep RL against Adversarial Perturbations on State Observations", there with
 * interval bounds of the box.
 */
export function* sarsa(data: Transitions, options: SarsaOptions, rng: Rng): Generator<number, QFunction, void> {
  const { observationSize: inputs, actionSize: actions } = data;
  const make = (): QFunction => new QFunction(inputs, actions, options.width, rng.split('q'));
  const q = make();
  using slow = make(); // begins as its copy
  let done = false;
  const known = Int32Array.from(data.next.keys()).filter((i) => data.next[i] !== -2);
  const size = Math.min(options.batch, known.length);
  const order = rng.split('order');
  const robust = options.smoothness.radius > 0 && options.smoothness.weight > 0;
  const room = robust ? 2 * size : size;
  const x = new Float32Array(room * inputs);
  const a = new Float32Array(room * actions);
  const nextX = new Float32Array(size * inputs);
  const nextA = new Float32Array(size * actions);
  const target = new Float32Array(size);
  const value = new Float32Array(room);
  const other = new Float32Array(size);
  const slope = new Float32Array(size * actions);
  const error = new Float32Array(room);
  const lower = a.slice(0, size * actions);
  const below = new Float32Array(size);
  const upper = a.subarray(size * actions);
  const take = (from: Float32Array, row: number, to: Float32Array, place: number, width: number): void => {
    for (let j = 0; j < width; j++) to[place * width + j] = from[row * width + j]!;
  };

  /** The rows after the first `size`: each one's worst neighbour in its box. */
  const worstNeighbours = (rows: number): void => {
    const { radius } = options.smoothness;
    q.valueAndSlope(x, a, rows, value, slope);
    for (let i = 0; i < rows * actions; i++) {
      const step = radius * Math.sign(slope[i]!);
      a[rows * actions + i] = a[i]! + step;
      lower[i] = a[i]! - step;
    }
    x.copyWithin(rows * inputs, 0, rows * inputs);
    q.value(x, lower, rows, below);
    q.value(x, upper, rows, other);
    for (let r = 0; r < rows; r++)
      if (value[r]! - below[r]! > other[r]! - value[r]!) take(lower, r, a, rows + r, actions);
  };

  try {
    for (let epoch = 0; epoch < options.epochs; epoch++) {
      shuffle(known, order);
      for (let first = 0; first + size <= known.length; first += size) {
        for (let k = 0; k < size; k++) {
          const row = known[first + k]!;
          const successor = options.successor === 'ordered' ? data.next[row]! : known[first + ((k + 1) % size)]!;
          take(data.x, row, x, k, inputs);
          take(data.action, row, a, k, actions);
          take(data.x, Math.max(0, successor), nextX, k, inputs);
          take(data.action, Math.max(0, successor), nextA, k, actions);
        }
        slow.value(nextX, nextA, size, target);
        for (let k = 0; k < size; k++) {
          const row = known[first + k]!;
          target[k] = data.reward[row]! + (data.next[row] === -1 ? 0 : options.gamma * target[k]!);
        }
        if (robust) worstNeighbours(size);
        const rows = robust ? 2 * size : size;
        q.value(x, a, rows, value);
        for (let k = 0; k < size; k++) error[k] = (2 * (value[k]! - target[k]!)) / size;
        if (robust) {
          for (let k = 0; k < size; k++) {
            const gap = (2 * options.smoothness.weight * (value[size + k]! - value[k]!)) / size;
            error[k]! -= gap;
            error[size + k] = gap;
          }
        }
        q.network.backward(error, rows);
        q.network.adam({ learningRate: options.learningRate });
        slow.network.lerpFrom(q.network, options.tau);
      }
      yield (epoch + 1) / options.epochs;
    }
    done = true;
    return q;
  } finally {
    if (!done) q[Symbol.dispose](); // learning was broken off
  }
}
