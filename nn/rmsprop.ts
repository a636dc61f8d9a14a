import { ConfigError } from '../core/errors.ts';
import type { RmspropStep } from './network.ts';

/**
 * The numbers of one RMSprop step, defaults filled in.
 * @throws {ConfigError} when ε is not positive or the rate is not a number: weights would become NaN without a word.
 */
export function rmspropCoefficients(step: RmspropStep): Required<RmspropStep> {
  const { learningRate, alpha = 0.99, epsilon = 1e-5, gradientScale = 1 } = step;
  if (!(epsilon > 0)) throw new ConfigError(`rmsprop: epsilon is ${epsilon}, expected a positive number`);
  if (!Number.isFinite(learningRate))
    throw new ConfigError(`rmsprop: learningRate is ${learningRate}, expected a number`);
  return { learningRate, alpha, epsilon, gradientScale };
}
