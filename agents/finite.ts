import type { StepBatch } from '../core/environment.ts';
import { NonFiniteError } from '../core/errors.ts';
import type { Feature } from '../core/space.ts';

/**
 * Asserts that what an environment gave is made of finite numbers: one that is not would turn every weight into NaN.
 * @param features [O] of the observation  @param step over all lanes, after it  @throws {NonFiniteError} with the lane and the feature
 */
export function assertFiniteStep(batch: StepBatch, features: readonly Feature[], step: number): void {
  const { reward, observation, finalObservation, terminated, truncated } = batch;
  const inputs = features.length;
  for (let lane = 0; lane < reward.length; lane++) {
    if (notFinite(reward[lane]!))
      throw new NonFiniteError(
        `environment: the reward of lane ${lane} in step ${step} is ${reward[lane]}, expected a finite number`,
      );
    const ended = terminated[lane] === 1 || truncated[lane] === 1;
    for (let i = 0, at = lane * inputs; i < inputs; i++, at++) {
      if (notFinite(observation[at]!)) refuse('observation', observation[at]!, features[i]!, lane, step);
      if (ended && notFinite(finalObservation[at]!))
        refuse('final observation', finalObservation[at]!, features[i]!, lane, step);
    }
  }
}

function refuse(where: string, value: number, { name }: Feature, lane: number, step: number): never {
  throw new NonFiniteError(
    `environment: '${name}' of lane ${lane} in the ${where} of step ${step} is ${value}, expected a finite number`,
  );
}

export function notFinite(value: number): boolean {
  return !Number.isFinite(value);
}

/** What to say when a number of a learner is not finite. @param what `ppo: gradientNorm` */
export function divergence(what: string, value: number, step: number): NonFiniteError {
  return new NonFiniteError(
    `${what} is ${value} at step ${step}: the training has diverged; a smaller learning_rate may keep it finite`,
  );
}
