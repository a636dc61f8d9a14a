import { rng } from '../../../core/rng.ts';
import type { Rng } from '../../../core/rng.ts';
import type { Labelled } from '../../../logits/scaling-law/train.ts';
import { chunkAttack } from '../../attack-batch.ts';
import { gaussianModes, sampled } from './data.ts';
import { seedOf } from './law-arms.ts';
import type { ArmSetup } from './law-arms.ts';
import { recordedPolicy } from '../../recorded-policy.ts';

/** What a network is searched for. */
export interface SearchProblem {
  readonly inputs: number;
  readonly classes: number;
  /** Trained on; rows of the reward; rows that judge what was found. */
  readonly train: Labelled;
  readonly validation: Labelled;
  readonly test: Labelled;
  /** Of the attack in the reward and of those that judge, in the units of the inputs. */
  readonly epsilon: number;
}

/** Vectors of noisy modes. */
export function vectorProblem({ seed, difficulty, size }: ArmSetup): SearchProblem {
  const root = rng(seed).split('scaling-law search');
  const task = gaussianModes(root.split('task'), difficulty);
  const { train, validation, test } = size.search;
  return {
    inputs: task.inputs,
    classes: task.classes,
    train: sampled(task, train, root.split('train')),
    validation: sampled(task, validation, root.split('validation')),
    test: sampled(task, test, root.split('test')),
    epsilon: 0.1,
  };
}

/** What the controller may be shown: nothing but the truth, noise, or one of two attacks, all within ±0.03 and without the calendar. */
const shownAs = [
  null,
  { name: 'random-noise', config: {} },
  { name: 'fgsm', config: { objective: 'cross-entropy' } },
  { name: 'bifurcation', config: { steps: 10 } },
] as const;
const threat = { epsilon: 0.03, mask: ['time'] };

/** Hours of a week. */
const week = 168;

/**
 * An attack detector of the shipped PPO: which of four ways of showing made an observation. It reads the observation and its change since the true
 * one before; weeks are in turns trained on (two), validated on and tested on. Its attacker moves all that it reads by ε, freely: more than who
 * has to move an observation and its change as one.
 */
export async function detectorProblem({ seed, size, workspace }: ArmSetup): Promise<SearchProblem> {
  using policy = await recordedPolicy(seedOf('ppo20-builtin', seed), 'Building_1', size.policyRows, workspace);
  const { victim, features, x } = policy;
  const random = rng(seed).split('scaling-law detector');
  const width = features.length;
  const rows = x.length / width;
  const labels = Int32Array.from({ length: rows }, () => random.int(shownAs.length));
  const shown = Float32Array.from(x);
  for (const [label, attack] of shownAs.entries()) {
    if (attack === null) continue;
    const own = [...labels.keys()].filter((row) => labels[row] === label);
    const clean = Float32Array.from(own.flatMap((row) => [...x.subarray(row * width, (row + 1) * width)]));
    const { adversarial } = chunkAttack(
      features,
      victim,
      { ...attack, threat },
      seed,
    )(clean, {
      first: 0,
      count: own.length,
      stride: 1,
    });
    own.forEach((row, at) => shown.set(adversarial.subarray(at * width, (at + 1) * width), row * width));
  }
  const read = (row: number): number[] => [
    ...shown.subarray(row * width, (row + 1) * width),
    ...Array.from({ length: width }, (_, i) => shown[row * width + i]! - x[(row - 1) * width + i]!),
  ];
  const weeks = (turns: readonly number[], most: number, order: Rng): Labelled => {
    const own = Array.from({ length: rows - 1 }, (_, at) => at + 1)
      .filter((row) => turns.includes(Math.floor(row / week) % 4))
      .map((row) => ({ row, place: order.uniform() }))
      .toSorted((a, b) => a.place - b.place)
      .slice(0, most);
    return {
      x: Float32Array.from(own.flatMap(({ row }) => read(row))),
      labels: Int32Array.from(own, ({ row }) => labels[row]!),
    };
  };
  return {
    inputs: 2 * width,
    classes: shownAs.length,
    train: weeks([0, 1], size.detector.train, random.split('train')),
    validation: weeks([2], size.detector.validation, random.split('validation')),
    test: weeks([3], size.detector.test, random.split('test')),
    epsilon: 0.01,
  };
}
