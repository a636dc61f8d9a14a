import { ConfigError } from '../core/errors.ts';

/** Hyperparameters of one step of stochastic gradient descent. */
export interface SgdStep {
  readonly learningRate: number;
  /** μ; absent: 0. */
  readonly momentum?: number;
  /** λ, also of biases; absent: 0. */
  readonly weightDecay?: number;
}

/**
 * `v ← μv + g + λθ`, `θ ← θ − rate·v`, in place, for networks of any kind whose parameters are one flat array.
 *
 * Source: PyTorch `torch.optim.SGD`, whose first step has v = g + λθ too, since v starts at 0.
 * @param parameters θ [P]  @param gradient g [P]  @param velocity v [P], 0 before the first step
 * @throws {ConfigError} when a hyperparameter is not a number: weights would become NaN without a word.
 */
export function sgd(
  parameters: Float32Array,
  gradient: Float32Array,
  velocity: Float32Array,
  { learningRate, momentum = 0, weightDecay = 0 }: SgdStep,
): void {
  for (const [name, value] of Object.entries({ learningRate, momentum, weightDecay }))
    if (!Number.isFinite(value)) throw new ConfigError(`sgd: ${name} is ${value}, expected a number`);
  for (let i = 0; i < parameters.length; i++) {
    const v = momentum * velocity[i]! + gradient[i]! + weightDecay * parameters[i]!;
    velocity[i] = v;
    parameters[i]! -= learningRate * v;
  }
}
