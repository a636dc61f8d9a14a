import type { ActionEffect } from '../../core/environment.ts';
import type { Rng } from '../../core/rng.ts';
import type { TransitionBatch } from '../buffer/replay.ts';
import type { LearnedPolicy, Metrics } from '../learner.ts';
import type { State } from '../state.ts';
import type { ActionCoding } from './action-coding.ts';
import type { ActionNoise } from './action-noise.ts';

/** Where in the training a lane acts. */
export interface Exploration {
  /** Share of the training that is done. */
  readonly progress: number;
  readonly rng: Rng;
}

/** What an update needs beside its rows. */
export interface Update {
  readonly learningRate: number;
  /** What to multiply remembered rewards by. */
  readonly rewardFactor: number;
  readonly rng: Rng;
}

/** What an algorithm brings to `OffPolicyLearner`: how it acts and how it learns from a minibatch. */
export interface OffPolicyAlgorithm extends Disposable {
  readonly name: string;
  readonly policy: LearnedPolicy;
  readonly coding: ActionCoding;
  /** What is remembered in place of an action: what its critics judge. */
  readonly effect?: ActionEffect | undefined;
  /** Added to every action of the training, the random ones included. */
  readonly noise?: ActionNoise | undefined;
  /** The exploring action of each lane. @param observation [N×O]  @param action [N×A] as remembered */
  explore(observation: Float32Array, lanes: number, exploration: Exploration, action: Float32Array): void;
  /** One gradient step. @param batch as many rows as the configuration's batch_size */
  update(batch: TransitionBatch, update: Update): Metrics;
  /** Called after every step of all lanes, whether or not learning has started. @param calls such steps so far */
  stepped?(calls: number): void;
  save(): State;
  restore(state: State): void;
}
