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
  /** To be judged; those asked for again keep their reward and do not count. */
  readonly children: number;
  /** Children between two updates of the controller. */
  readonly batch?: number;
  /** Of the controller; `random`: choices are drawn evenly and nothing is learnt. */
  readonly controller?: ControllerOptions | 'random';
  /** What may be asked for, such as children of so many parameters at most: a choice is drawn until it may. Absent: all. */
  readonly allowed?: (architecture: Architecture) => boolean;
}

/** Draws after which it is taken that nothing is allowed. */
const mostDraws = 10_000;
/** A controller that has settled asks for the same children again: it may do so for so many times their number. */
const patience = 4;

/**
 * Searches the space for the highest reward, by a controller that learns by REINFORCE or, its baseline, at random. A child that was judged
 * before keeps its reward.
 *
 * Where not all is allowed, choices follow `π(a | allowed)`, whose `∇ ln` is `∇ ln π(a) − ∇ ln π(allowed)`; the second term is left out: it is
 * the same for all choices, and the advantages have mean 0.
 *
 * Source: Zoph and Le (2017), arXiv 1611.01578; with the robust accuracy in the reward, arXiv 1711.02846.
 * @param judge trains a child and returns its reward
 * @returns the children in the order asked
 * @throws {ConfigError} unless there is a whole number of children from 1, and of a batch; when nothing allowed is drawn.
 */
export async function searchArchitectures(
  judge: (architecture: Architecture) => Promise<number>,
  { children, batch = 1, controller: learning = {}, allowed = () => true }: SearchOptions,
  rng: Rng,
): Promise<Trial[]> {
  for (const [name, value] of [
    ['children', children],
    ['batch', batch],
  ] as const)
    if (!Number.isInteger(value) || value < 1)
      throw new ConfigError(`searchArchitectures: ${name} is ${value}, expected a whole number from 1`);
  const learner = learning === 'random' ? null : controller(learning);
  const draw = (): number[] => {
    for (let draws = 0; draws < mostDraws; draws++) {
      const choice = learner?.sample(rng) ?? randomChoice(rng);
      if (allowed(architectureOf(choice))) return choice;
    }
    throw new ConfigError(`searchArchitectures: none of ${mostDraws} architectures drawn was allowed`);
  };
  const known = new Map<string, number>();
  const trials: Trial[] = [];
  while (known.size < children && trials.length < patience * children) {
    const choices = Array.from({ length: batch }, draw);
    const rewards: number[] = [];
    for (const choice of choices) {
      if (known.size >= children) break;
      const architecture = architectureOf(choice);
      const name = nameOf(architecture);
      const reward = known.get(name) ?? (await judge(architecture));
      known.set(name, reward);
      rewards.push(reward);
      trials.push({ architecture, reward });
    }
    learner?.learn(choices.slice(0, rewards.length), rewards);
  }
  return trials;
}
