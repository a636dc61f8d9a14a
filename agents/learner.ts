import type { ActionEffect, StepBatch } from '../core/environment.ts';
import type { Head, LayerSpec, Normaliser } from '../core/policy.ts';
import type { Rng } from '../core/rng.ts';
import type { Box } from '../core/space.ts';
import type { DecisionAccess } from '../core/victim.ts';
import type { State } from './state.ts';

/** What a learner has to know of the environment it will act in. */
export interface LearnerSpaces {
  readonly numEnvs: number;
  readonly observationSpace: Box;
  readonly actionSpace: Box;
  /** What critics judge in place of the action, where the environment says so. */
  readonly effect?: ActionEffect | undefined;
}

/** Makes a learner with fresh weights for an environment. */
export type LearnerMaker = (spaces: LearnerSpaces, rng: Rng) => Learner;

/** Figures of one or more updates: losses, entropy, gradient norms. */
export type Metrics = Readonly<Record<string, number>>;

/** The deterministic policy behind a learner, always with its present weights. */
export interface LearnedPolicy extends DecisionAccess {
  readonly head: Head;
  readonly layers: readonly LayerSpec[];
  /** The observation statistics of the moment, as the policy's card stores them; absent where the learner keeps none. */
  normaliser?(): Normaliser;
  /** Copies the weights out [size], in the order of `Network.readParameters`. */
  parameters(): Float32Array;
}

/** A learner sees every step of its lanes: `act`, the caller steps the environment, `observe`, and so on. */
export interface Learner extends Disposable {
  /** Explores. @param observation [N×O]  @param action [N×A] physical */
  act(observation: Float32Array, action: Float64Array): void;
  /**
   * Learns from what the last `act` led to; returns metrics when it updated.
   * @param progress share of the training that is done, for schedules
   */
  observe(batch: StepBatch, progress: number): Metrics | undefined;
  readonly policy: LearnedPolicy;
  /** Optimiser steps so far. */
  readonly gradientSteps: number;
  /** True when `save` and `restore` here lose nothing: no half-filled rollout is pending. */
  readonly atBoundary: boolean;
  save(): State;
  restore(state: State): void;
}
