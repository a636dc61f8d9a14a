import { ConfigError } from '../../../core/errors.ts';
import type { Rng } from '../../../core/rng.ts';
import { controller } from './controller.ts';
import type { ControllerOptions } from './controller.ts';
import { architectureOf, nameOf, randomChoice } from './space.ts';
import type { Architecture } from './space.ts';

/** One child that was asked for. */
export interface Trial {
  readonly architecture: Architecture;
  readonly reward: number;
}

export interface SearchOptions {
  readonly children: number;
  /** Children between two updates of the controller. */
  readonly batch?: number;
  /** Of the controller; `random`: choices are drawn evenly and nothing is learnt. */
  readonly controller?: ControllerOptions | 'random';
}

/**
 * Searches the space for the highest reward, by a controller that learns by REINFORCE or, its baseline, at random. A child that was judged
 * before keeps its reward.
 *
 * Source: Zoph and Le (2017), arXiv 1611.01578; with the robust accuracy in the reward, arXiv 1711.02846.
 * @param judge trains a child and returns its reward
 * @returns the children in the order asked
 * @throws {ConfigError} unless there is a whole number of children from 1, and of a batch.
 */
export async function searchArchitectures(
  judge: (architecture: Architecture) => Promise<number>,
  { children, batch = 4, controller: learning = {} }: SearchOptions,
  rng: Rng,
): Promise<Trial[]> {
  for (const [name, value] of [
    ['children', children],
    ['batch', batch],
  ] as const)
    if (!Number.isInteger(value) || value < 1)
      throw new ConfigError(`searchArchitectures: ${name} is ${value}, expected a whole number from 1`);
  const learner = learning === 'random' ? null : controller(learning);
  const known = new Map<string, number>();
  const trials: Trial[] = [];
  while (trials.length < children) {
    const count = Math.min(batch, children - trials.length);
    const choices = Array.from({ length: count }, () => learner?.sample(rng) ?? randomChoice(rng));
    const rewards: number[] = [];
    for (const choice of choices) {
      const architecture = architectureOf(choice);
      const name = nameOf(architecture);
      const reward = known.get(name) ?? (await judge(architecture));
      known.set(name, reward);
      rewards.push(reward);
      trials.push({ architecture, reward });
    }
    learner?.learn(choices, rewards);
  }
  return trials;
}
