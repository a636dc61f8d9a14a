import { ConfigError } from '../../../core/errors.ts';
import type { Rng } from '../../../core/rng.ts';

/** What is decided of a child network, in this order, and between what. Widths beyond the depth decide nothing. */
export const decisions = {
  depth: [1, 2, 3],
  width1: [16, 32, 64, 128],
  width2: [16, 32, 64, 128],
  width3: [16, 32, 64, 128],
  activation: ['relu', 'tanh', 'elu', 'softplus'],
  residual: [false, true],
  normalise: [false, true],
  head: ['linear', 'cosine'],
} as const;

/** Options of each decision. */
export const optionCounts: readonly number[] = Object.values(decisions).map((options) => options.length);

type ChildActivation = (typeof decisions.activation)[number];

/** A child network of the search. Source of the space: specs/logit-methods.md 2.3; the paper's own is not known. */
export interface Architecture {
  /** Of each hidden layer. */
  readonly widths: readonly number[];
  readonly activation: ChildActivation;
  /** Adds its input to a hidden layer's output where both are as wide. */
  readonly residual: boolean;
  /** Standardises the inputs by the mean and deviation of the training rows. */
  readonly normalise: boolean;
  /** `cosine`: logits `10 cos∠(w_k, h)`. */
  readonly head: (typeof decisions.head)[number];
}

/** The architecture of a choice, one index a decision. @throws {ConfigError} for indices that are no options */
export function architectureOf(choice: readonly number[]): Architecture {
  if (
    choice.length !== optionCounts.length ||
    choice.some((at, d) => !(Number.isInteger(at) && at >= 0 && at < optionCounts[d]!))
  )
    throw new ConfigError(
      `architectureOf: choice [${choice.join(', ')}], expected indices below [${optionCounts.join(', ')}]`,
    );
  const [depth, w1, w2, w3, activation, residual, normalise, head] = choice as [
    number,
    number,
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  const widths = [decisions.width1[w1]!, decisions.width2[w2]!, decisions.width3[w3]!];
  return {
    widths: widths.slice(0, decisions.depth[depth]!),
    activation: decisions.activation[activation]!,
    residual: decisions.residual[residual]!,
    normalise: decisions.normalise[normalise]!,
    head: decisions.head[head]!,
  };
}

/** What an architecture is known by; choices of the same architecture have the same. */
export function nameOf({ widths, activation, residual, normalise, head }: Architecture): string {
  return [widths.join('-'), activation, residual ? 'residual' : 'plain', normalise ? 'normalised' : 'raw', head].join(
    ' ',
  );
}

/** Weights and biases of a child. */
export function parametersOf({ widths, head }: Architecture, inputs: number, classes: number): number {
  let count = 0;
  let below = inputs;
  for (const width of widths) {
    count += (below + 1) * width;
    below = width;
  }
  return count + (head === 'cosine' ? below : below + 1) * classes;
}

/** A choice drawn evenly. */
export function randomChoice(rng: Rng): number[] {
  return optionCounts.map((count) => rng.int(count));
}
