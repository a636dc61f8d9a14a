import { ConfigError } from '../../core/errors.ts';
import type { Rng } from '../../core/rng.ts';
import { shuffle } from '../../core/shuffle.ts';
import type { Tensorflow } from '../../nn/backend/tensorflow.ts';
import type { Annotator } from './annotator.ts';
import { preferenceLoss } from './objective.ts';
import type { ObjectiveName } from './objective.ts';
import { compare } from './pairs.ts';
import type { Comparisons, Labelling } from './pairs.ts';
import type { Answer, Descent, ResponsePolicy } from './policy.ts';

export interface Alignment extends Labelling {
  readonly objective: ObjectiveName;
  /** β of the implicit reward. */
  readonly beta: number;
  /** D, responses to each prompt in every iteration. */
  readonly responses: number;
  /** iREPO-1, iREPO-2, …: how often it samples, labels and regresses. */
  readonly iterations: number;
  /** Steps of Adam in an iteration, and how many prompts each looks at; 0: all of them. */
  readonly steps: number;
  readonly batch: number;
  readonly learningRate: number;
  /** π_ref stays the policy that it began with, or is the one of the last iteration. */
  readonly reference: 'fixed' | 'moving';
}

/** The usual: nine annotators, strongest against weakest, the reference fixed, so that the fixed point is the KL-regularised optimum. */
export const irepo: Alignment = {
  objective: 'irepo',
  beta: 0.5,
  responses: 4,
  annotators: 9,
  pairs: 'extremes',
  virtualWins: 0.5,
  iterations: 3,
  steps: 400,
  batch: 0,
  learningRate: 2e-3,
  reference: 'fixed',
};

/** What a policy is aligned to. */
export interface PreferenceData<X, Y> {
  readonly prompts: readonly X[];
  /** Asked in turn where there are fewer than h. */
  readonly panel: readonly Annotator<X, Y>[];
}

export interface AlignmentWatch<X, Y> {
  /** After every iteration, from 1; the pairs are those that it was trained on. */
  readonly iteration?: (iteration: number, comparisons: readonly Comparisons<X, Y>[]) => Promise<void> | void;
  /** After every step, from 1, of an iteration. */
  readonly step?: (iteration: number, step: number, loss: number) => Promise<void> | void;
}

/**
 * The loop: `y_1…y_D ~ π_θ(·|x)` → h annotators → strengths w → `t = ln w_s − ln w_l` → regression of Δr_θ on t → π_θ, again.
 *
 * Source: iREPO (arXiv 2405.15230), its algorithm as the reviews give it; whether the published reference moves could not be read.
 * @returns loss of the last step
 * @throws {ConfigError} without prompts, or for a β, rate or count out of its range.
 */
export async function align<X, Y>(
  tf: Tensorflow,
  policy: ResponsePolicy<X, Y>,
  { prompts, panel }: PreferenceData<X, Y>,
  options: Alignment,
  rng: Rng,
  watch: AlignmentWatch<X, Y> = {},
): Promise<{ readonly loss: number }> {
  assertAlignment(options, prompts.length);
  let loss = Number.NaN;
  using references = new Held<X, Y>(policy.copy());
  for (let iteration = 1; iteration <= options.iterations; iteration++) {
    const stream = rng.split('iteration').split(iteration);
    if (iteration > 1 && options.reference === 'moving') references.replace(policy.copy());
    const sampled = await policy.sample(prompts, options.responses, stream.split('responses'));
    const votes = stream.split('votes');
    const comparisons = sampled.map((responses, n) => compare(panel, prompts[n]!, responses, options, votes.split(n)));
    using training = policy.descent(options.learningRate);
    const each = (step: number, value: number): Promise<void> | void => watch.step?.(iteration, step, value);
    loss = await regress(tf, training, references.policy, comparisons, options, stream.split('batches'), each);
    await watch.iteration?.(iteration, comparisons);
  }
  return { loss };
}

/** The regression of one iteration, on the same pairs for all of its steps. */
export async function regress<X, Y>(
  tf: Tensorflow,
  training: Descent<X, Y>,
  reference: Pick<ResponsePolicy<X, Y>, 'logProbs'>,
  comparisons: readonly Comparisons<X, Y>[],
  { objective, beta, steps, batch }: Pick<Alignment, 'objective' | 'beta' | 'steps' | 'batch'>,
  rng: Rng,
  watch: (step: number, loss: number) => Promise<void> | void = () => undefined,
): Promise<number> {
  const known = await referenceOf(reference, comparisons);
  const size = batch === 0 ? comparisons.length : Math.min(batch, comparisons.length);
  const order = Int32Array.from({ length: comparisons.length }, (_, n) => n);
  let at = order.length;
  let loss = Number.NaN;
  for (let step = 0; step < steps; step++) {
    if (at + size > order.length) {
      if (size < order.length) shuffle(order, rng.split(step));
      at = 0;
    }
    const batch = batchOf(comparisons, known, order.subarray(at, (at += size)));
    const held = {
      reference: tf.tensor1d(batch.reference),
      i: tf.tensor1d(batch.i, 'int32'),
      j: tf.tensor1d(batch.j, 'int32'),
      target: tf.tensor1d(batch.target),
    };
    try {
      loss = await training.step(batch.answers, (logProb) => preferenceLoss(tf, objective, beta, logProb, held));
    } finally {
      tf.dispose(Object.values(held));
    }
    await watch(step + 1, loss);
  }
  return loss;
}

/** ln π_ref of every response, by prompt. */
async function referenceOf<X, Y>(
  reference: Pick<ResponsePolicy<X, Y>, 'logProbs'>,
  comparisons: readonly Comparisons<X, Y>[],
): Promise<Float32Array[]> {
  const all = await reference.logProbs(comparisons.flatMap(({ x, responses }) => responses.map((y) => ({ x, y }))));
  let from = 0;
  return comparisons.map(({ responses }) => all.subarray(from, (from += responses.length)));
}

interface Batch<X, Y> {
  readonly answers: readonly Answer<X, Y>[];
  readonly reference: number[];
  readonly i: number[];
  readonly j: number[];
  readonly target: number[];
}

function batchOf<X, Y>(
  comparisons: readonly Comparisons<X, Y>[],
  known: readonly Float32Array[],
  chosen: Int32Array,
): Batch<X, Y> {
  const answers: Answer<X, Y>[] = [];
  const batch: Batch<X, Y> = { answers, reference: [], i: [], j: [], target: [] };
  for (const n of chosen) {
    const { x, responses, pairs } = comparisons[n]!;
    const first = answers.length;
    for (const y of responses) answers.push({ x, y });
    batch.reference.push(...known[n]!);
    for (const { i, j, target } of pairs) {
      batch.i.push(first + i);
      batch.j.push(first + j);
      batch.target.push(target);
    }
  }
  return batch;
}

function assertAlignment(options: Alignment, prompts: number): void {
  const { beta, learningRate, responses, iterations, steps, batch } = options;
  if (prompts === 0) throw new ConfigError('preference: no prompts, expected at least one');
  for (const [name, value] of Object.entries({ beta, learningRate }))
    if (!(value > 0 && value < Infinity)) throw new ConfigError(`preference: ${name} is ${value}, expected above 0`);
  for (const [name, value, least] of [
    ['responses', responses, 2],
    ['iterations', iterations, 0],
    ['steps', steps, 0],
    ['batch', batch, 0],
  ] as const)
    if (!Number.isInteger(value) || value < least)
      throw new ConfigError(`preference: ${name} is ${value}, expected a whole number from ${least}`);
}

/** One reference at a time, freed when another takes its place. */
class Held<X, Y> implements Disposable {
  policy: ResponsePolicy<X, Y>;

  constructor(policy: ResponsePolicy<X, Y>) {
    this.policy = policy;
  }

  replace(policy: ResponsePolicy<X, Y>): void {
    this.policy[Symbol.dispose]();
    this.policy = policy;
  }

  [Symbol.dispose](): void {
    this.policy[Symbol.dispose]();
  }
}
