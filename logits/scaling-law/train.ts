import { assertLength, ConfigError } from '../../core/errors.ts';
import type { Rng } from '../../core/rng.ts';
import type { AdamStep } from '../../nn/network.ts';
import { crossEntropy } from '../cross-entropy.ts';
import { entropy } from '../entropy.ts';
import type { Response } from './response.ts';
import { leastLikely, pgd, signs } from './sign-attack.ts';

/** A response whose parameters learn; `Network` is one. */
export interface Trainable extends Response {
  forward(x: Float32Array, rows: number, out: Float32Array): void;
  backwardInput(dOut: Float32Array, rows: number, dX: Float32Array): void;
  /** Parameter gradients of the last `forward`. @param dOut [rows×K] */
  backward(dOut: Float32Array, rows: number): void;
  adam(step: AdamStep): unknown;
}

/** Rows with their classes. */
export interface Labelled {
  /** [N×D] */
  readonly x: Float32Array;
  /** [N] */
  readonly labels: Int32Array;
}

/** Rows that a batch is trained on in place of its own. @param x [B×D]  @returns [B×D] */
export type Hardening = (response: Response, x: Float32Array, labels: Int32Array) => Promise<Float32Array>;

export interface TrainOptions {
  readonly steps: number;
  readonly batch?: number;
  /** At the first step; it falls to 0 in a straight line. */
  readonly learningRate?: number;
  /** λ of `CE + λ H(softmax z)`: above 0 it sharpens; 0 is plain training, bit by bit. */
  readonly entropy?: number;
  /** Adversarial training; absent: on clean rows. */
  readonly hardening?: Hardening;
}

/**
 * Trains a classifier on `L = CE(z, y) + λ H(softmax z)`, by Adam on batches drawn with replacement.
 *
 * Source of the penalty: arXiv 1711.02846; its λ are not known, see specs/logit-methods.md 2.2. Note the sign: the bonus of reinforcement
 * learning has the opposite one.
 * @returns mean loss over the last tenth of the steps
 * @throws {ShapeError} for labels that are not one a row; {ConfigError} for steps, batch or λ that are no such numbers.
 */
export async function trainClassifier(
  network: Trainable,
  { x, labels }: Labelled,
  { steps, batch = 128, learningRate = 3e-3, entropy: lambda = 0, hardening }: TrainOptions,
  rng: Rng,
): Promise<number> {
  const { inputs, outputs } = network;
  const rows = labels.length;
  assertLength(x, rows * inputs, 'x', 'trainClassifier');
  for (const [name, value, least] of [
    ['steps', steps, 1],
    ['batch', batch, 1],
    ['rows', rows, 1],
  ] as const)
    if (!Number.isInteger(value) || value < least)
      throw new ConfigError(`trainClassifier: ${name} is ${value}, expected a whole number from ${least}`);
  if (!Number.isFinite(lambda)) throw new ConfigError(`trainClassifier: entropy is ${lambda}, expected a number`);
  const own = new Float32Array(batch * inputs);
  const classes = new Int32Array(batch);
  const z = new Float32Array(batch * outputs);
  const slope = new Float32Array(batch * outputs);
  const penalty = new Float32Array(batch * outputs);
  const late = steps - Math.max(1, Math.round(steps / 10));
  let total = 0;
  for (let step = 0; step < steps; step++) {
    for (let b = 0; b < batch; b++) {
      const row = rng.int(rows);
      own.set(x.subarray(row * inputs, (row + 1) * inputs), b * inputs);
      classes[b] = labels[row]!;
    }
    const shown = hardening === undefined ? own : await hardening(network, own, classes);
    network.forward(shown, batch, z);
    let loss = 0;
    for (let b = 0; b < batch; b++) {
      loss += crossEntropy(z, b * outputs, outputs, classes[b]!, slope);
      if (lambda !== 0) loss += lambda * entropy(z, b * outputs, outputs, penalty);
    }
    for (let i = 0; i < slope.length; i++)
      slope[i] = (lambda === 0 ? slope[i]! : slope[i]! + lambda * penalty[i]!) / batch;
    network.backward(slope, batch);
    network.adam({ learningRate: learningRate * (1 - step / steps) });
    if (step >= late) total += loss / batch;
  }
  return total / (steps - late);
}

/** Every row by PGD of few steps. Source: Madry et al. (2018), "Towards Deep Learning Models Resistant to Adversarial Attacks". */
export function pgdTraining(epsilon: number, steps = 5): Hardening {
  return (response, x, labels) => pgd(response, x, labels, crossEntropy, epsilon, { steps, stepSize: 2.5 / steps });
}

/** The second half of the rows by step l.l., the first clean. Source: Kurakin et al. (2017), "Adversarial Machine Learning at Scale". */
export function stepLeastLikelyTraining(epsilon: number): Hardening {
  return async (response, x, labels) => {
    const { inputs, outputs } = response;
    const half = Math.floor(labels.length / 2);
    const shown = Float32Array.from(x);
    const rows = labels.length - half;
    if (rows === 0) return shown;
    const second = shown.subarray(half * inputs);
    const z = new Float32Array(rows * outputs);
    await response.forward(second, rows, z);
    const s = await signs(response, second, leastLikely(z, outputs), crossEntropy);
    for (let i = 0; i < second.length; i++) second[i]! -= epsilon * s[i]!;
    return shown;
  };
}
