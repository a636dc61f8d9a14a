import type { Tensor } from '@tensorflow/tfjs';
import * as fc from 'fast-check';
import { rng } from '../../../core/rng.ts';
import type { Rng } from '../../../core/rng.ts';
import type { Tensorflow } from '../../../nn/backend/tensorflow.ts';
import { centralDifference } from '../../support/central-difference.ts';

/** Float64 values that float32 holds exactly, with their shape. */
export interface Values {
  readonly shape: readonly number[];
  readonly data: Float64Array;
}

/** A function on some inputs of one shape, on tensors and by definition. */
export interface Instance {
  readonly inputs: readonly Values[];
  readonly compute: (tf: Tensorflow, ...inputs: Tensor[]) => Tensor;
  /** All entries of the result, in order. */
  readonly reference: (...inputs: Values[]) => readonly number[];
}

/** Which shape; `lead` has the dimensions before K. */
export interface Shape {
  readonly lead: readonly number[];
  readonly k: number;
  readonly seed: number;
}

/** One operation: draws an instance for every shape that it takes. */
export interface Case {
  readonly name: string;
  readonly shapes: fc.Arbitrary<Shape>;
  readonly draw: (shape: Shape, random: Rng) => Instance;
}

const seed = fc.nat(1_000_000);
const k = fc.integer({ min: 2, max: 9 });
const size = fc.integer({ min: 1, max: 3 });

export const anyShape: fc.Arbitrary<Shape> = fc.record({ lead: fc.array(size, { maxLength: 2 }), k, seed });
/** [B,T,K], T from 2. */
export const sequences: fc.Arbitrary<Shape> = fc.record({
  lead: fc.tuple(size, fc.integer({ min: 2, max: 4 })),
  k,
  seed,
});
/** [B,K], B from 2. */
export const batches: fc.Arbitrary<Shape> = fc.record({ lead: fc.tuple(fc.integer({ min: 2, max: 5 })), k, seed });

/** [B,K], both from 3: of two numbers each correlation is 1 or −1. */
export const tables: fc.Arbitrary<Shape> = fc.record({
  lead: fc.tuple(fc.integer({ min: 3, max: 5 })),
  k: fc.integer({ min: 3, max: 6 }),
  seed,
});

export const count = (lead: readonly number[]): number => lead.reduce((product, n) => product * n, 1);

/** Logits without ties: in each row shuffled, with gaps of 0.05 to 2, so that a small difference crosses no kink. */
export function logits(random: Rng, { lead, k }: Shape): Values {
  const data = new Float64Array(count(lead) * k);
  for (let at = 0; at < data.length; at += k) {
    const places = Array.from({ length: k }, (_, i) => i);
    let z = -4 * random.uniform();
    while (places.length > 0) {
      z = Math.fround(z + 0.05 + 1.95 * random.uniform());
      data[at + places.splice(random.int(places.length), 1)[0]!] = z;
    }
  }
  return { shape: [...lead, k], data };
}

/** Normal numbers [lead]. */
export const scalars = (random: Rng, lead: readonly number[], scale = 2): Values => ({
  shape: lead,
  data: Float64Array.from({ length: count(lead) }, () => Math.fround(scale * random.normal())),
});

export const labels = (random: Rng, lead: readonly number[], k: number): Int32Array =>
  Int32Array.from({ length: count(lead) }, () => random.int(k));

/** Rows of the last axis. */
export function rows({ shape, data }: Values): number[][] {
  const k = shape.at(-1)!;
  return Array.from({ length: data.length / k }, (_, row) => [...data.subarray(row * k, (row + 1) * k)]);
}

export const tensor = (tf: Tensorflow, { shape, data }: Values): Tensor =>
  tf.tensor(Float32Array.from(data), [...shape]);

export interface Difference {
  readonly forward: number;
  readonly gradient: number;
}

/** Largest differences, relative above 1, of the tensors' values and derivatives from the reference's and its central differences. */
export async function compare(tf: Tensorflow, { draw }: Case, shape: Shape): Promise<Difference> {
  const { inputs, compute, reference } = draw(shape, rng(shape.seed));
  const wanted = reference(...inputs);
  const random = rng(shape.seed).split('coefficients');
  const coefficients = Float32Array.from(wanted, () => random.uniform() + 0.5);
  const tensors = inputs.map((values) => tensor(tf, values));
  const result = tf.tidy(() => compute(tf, ...tensors));
  const gradients = tf.tidy(() =>
    tf.grads((...at: Tensor[]) =>
      compute(tf, ...at)
        .mul(tf.tensor(coefficients, result.shape))
        .sum(),
    )(tensors),
  );
  const forward = largestDifference(await result.data(), wanted);
  let gradient = 0;
  for (const [i, { data }] of inputs.entries()) {
    const value = (): number => reference(...inputs).reduce((total, entry, at) => total + coefficients[at]! * entry, 0);
    const slopes = Array.from(data, (_, at) => centralDifference(data, at, 1e-5, value));
    gradient = Math.max(gradient, largestDifference(await gradients[i]!.data(), slopes));
  }
  tf.dispose([result, ...tensors, ...gradients]);
  return { forward, gradient };
}

/** Relative above 1; Infinity for another length, or where only one side is NaN or infinite. */
export function largestDifference(got: ArrayLike<number>, wanted: ArrayLike<number>): number {
  if (got.length !== wanted.length) return Infinity;
  let largest = 0;
  for (let i = 0; i < got.length; i++) {
    if (Object.is(got[i], wanted[i])) continue;
    const difference = Math.abs(got[i]! - wanted[i]!) / Math.max(1, Math.abs(wanted[i]!));
    if (!(difference <= largest)) largest = Number.isFinite(difference) ? difference : Infinity;
  }
  return largest;
}
