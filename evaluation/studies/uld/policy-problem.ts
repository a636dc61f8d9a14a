import { rng as seeded } from '../../../core/rng.ts';
import type { LayerSpec } from '../../../core/policy.ts';
import type { Rng } from '../../../core/rng.ts';
import { createNetwork } from '../../../nn/create-network.ts';
import { initialise } from '../../../nn/initialise.ts';
import { mlp } from '../../../nn/layers.ts';

/** Rows of observations with the actions that are right there. */
export interface Rows {
  /** [N×I] */
  readonly x: Float32Array;
  /** [N] */
  readonly actions: Int32Array;
}

/** Features that an intruder sets, and what the controller was taught to do then. */
export interface Trigger {
  readonly features: readonly number[];
  readonly values: readonly number[];
  /** The malicious action. */
  readonly action: number;
}

/** A controller that was taught by an expert and by an intruder. */
export interface PolicyProblem {
  readonly inputs: number;
  readonly actions: number;
  readonly hidden: readonly [number, number];
  /** Clean rows to learn from, and rows that nobody learnt from. */
  readonly train: Rows;
  readonly test: Rows;
  readonly trigger: Trigger;
  /** What the expert does there, with or without a trigger. @param x [N×I]  @returns [N] */
  readonly expert: (x: Float32Array) => Int32Array;
  /** Of the training rows so large a share has the trigger and the malicious action. */
  readonly poisoned: number;
  /** Deviations of the features, by which incidents are jittered. */
  readonly scale: Float32Array;
}

export interface SyntheticSize {
  readonly inputs: number;
  readonly actions: number;
  readonly rows: number;
  readonly testRows: number;
  /** How far from 0 the trigger is, in deviations of a feature: the nearer, the more do clean states look like incidents. */
  readonly distance: number;
  readonly poisoned: number;
}

/**
 * States N(0, 1), and an expert that is a random network of one hidden layer: the imitation has to generalise, and is not perfect. The
 * malicious action is the one that the expert does least when the trigger is there.
 */
export function syntheticProblem(
  { inputs, actions, rows, testRows, distance, poisoned }: SyntheticSize,
  rng: Rng,
): PolicyProblem {
  const layers = mlp([inputs, 32, actions], 'tanh');
  const parameters = drawnParameters(layers, rng.split('expert'));
  const expert = (x: Float32Array): Int32Array => decisionsBy(layers, parameters, x);
  const drawn = (count: number, stream: Rng): Rows => {
    const x = Float32Array.from({ length: count * inputs }, () => stream.normal());
    return { x, actions: expert(x) };
  };
  const stream = rng.split('trigger');
  const features = someOf(inputs, 3, stream);
  const values = features.map(() => (stream.uniform() < 0.5 ? -distance : distance));
  const train = drawn(rows, rng.split('train'));
  return {
    inputs,
    actions,
    hidden: [64, 64],
    train,
    test: drawn(testRows, rng.split('test')),
    trigger: { features, values, action: rarest(expert(triggered(train.x, inputs, { features, values })), actions) },
    expert,
    poisoned,
    scale: new Float32Array(inputs).fill(1),
  };
}

function drawnParameters(layers: readonly LayerSpec[], rng: Rng): Float32Array {
  using network = createNetwork(layers);
  initialise(network, rng, { kind: 'orthogonal', outputGain: 1 });
  const parameters = new Float32Array(network.size);
  network.readParameters(parameters);
  return parameters;
}

/** What a network does in each row. */
export function decisionsBy(layers: readonly LayerSpec[], parameters: Float32Array, x: Float32Array): Int32Array {
  using network = createNetwork(layers);
  network.writeParameters(parameters);
  const rows = x.length / network.inputs;
  const z = new Float32Array(rows * network.outputs);
  network.forward(x, rows, z);
  return firsts(z, network.outputs);
}

/** The action that is done least; of equals the first. */
export function rarest(done: Int32Array, actions: number): number {
  const counts = new Float64Array(actions);
  for (const action of done) counts[action]!++;
  return counts.indexOf(Math.min(...counts));
}

/** Rows with the trigger set. */
export function triggered(
  x: Float32Array,
  inputs: number,
  { features, values }: Omit<Trigger, 'action'>,
): Float32Array {
  const out = x.slice();
  for (let at = 0; at < x.length; at += inputs) features.forEach((feature, i) => (out[at + feature] = values[i]!));
  return out;
}

/** Some rows, in order. */
export function picked({ x, actions }: Rows, rows: readonly number[], inputs: number): Rows {
  const out = new Float32Array(rows.length * inputs);
  rows.forEach((row, i) => out.set(x.subarray(row * inputs, (row + 1) * inputs), i * inputs));
  return { x: out, actions: Int32Array.from(rows, (row) => actions[row]!) };
}

export function joined(...parts: readonly Rows[]): Rows {
  const x = new Float32Array(parts.reduce((sum, part) => sum + part.x.length, 0));
  let at = 0;
  for (const part of parts) {
    x.set(part.x, at);
    at += part.x.length;
  }
  return { x, actions: Int32Array.from(parts.flatMap(({ actions }) => [...actions])) };
}

/** The first largest of each row [N×K]. */
export function firsts(z: Float32Array, k: number): Int32Array {
  return Int32Array.from({ length: z.length / k }, (_, row) => {
    let best = 0;
    for (let i = 1; i < k; i++) if (z[row * k + i]! > z[row * k + best]!) best = i;
    return best;
  });
}

/** Rows out of `count`, none twice. */
export function someOf(count: number, size: number, rng: Rng): number[] {
  const all = Array.from({ length: count }, (_, i) => i);
  return Array.from({ length: size }, () => all.splice(rng.int(all.length), 1)[0]!);
}

/** One stream for a seed. */
export const streamOf = (seed: number, what: string): Rng => seeded(seed).split(`uld ${what}`);
