import type { Rng } from '../../core/rng.ts';
import { argMax } from '../../logits/row.ts';
import { mlp } from '../../nn/layers.ts';
import { actionBins } from '../action-bins.ts';
import type { TransitionBatch } from '../buffer/replay.ts';
import type { LearnedPolicy, Learner, LearnerSpaces, Metrics } from '../learner.ts';
import { huber } from '../loss/huber.ts';
import { networkPolicy } from '../network-policy.ts';
import { networkStates, restoreNetworks } from '../network-state.ts';
import type { ObservationStatistics } from '../observation-statistics.ts';
import { binnedActions } from '../off-policy/action-coding.ts';
import type { ActionCoding } from '../off-policy/action-coding.ts';
import type { Exploration, OffPolicyAlgorithm, Update } from '../off-policy/algorithm.ts';
import { freshNetwork } from '../off-policy/fresh-network.ts';
import { OffPolicyLearner } from '../off-policy/learner.ts';
import type { State } from '../state.ts';
import { nested, stateArray, under } from '../state.ts';
import type { DqnConfig } from './config.ts';
import { duellingQNetwork } from './duelling.ts';
import { plainQNetwork } from './q-network.ts';
import type { QNetwork } from './q-network.ts';

/** A DQN that acts in an environment. @throws {ConfigError} when there is more than one action component. */
export function dqn(config: DqnConfig, spaces: LearnerSpaces, rng: Rng): Learner {
  return new OffPolicyLearner(config, spaces, rng, (statistics) => new Dqn(config, spaces, rng, statistics));
}

/**
 * Deep Q-learning over evenly spaced action bins.
 *
 * `y = r + γ(1 − terminated)·q̄(x', a')`; a' is the best action by the target network q̄ itself, or by the online network where
 * `double` is set. Huber loss on `q(x, a) − y`. With ε-greedy exploration, the coin being thrown for each lane.
 * Sources: Mnih et al. (2015), "Human-level control through deep reinforcement learning"; van Hasselt et al. (2016), "Deep
 * Reinforcement Learning with Double Q-learning"; order of the parts as Stable-Baselines3.
 */
export class Dqn implements OffPolicyAlgorithm {
  readonly name = 'dqn';
  readonly policy: LearnedPolicy;
  readonly coding: ActionCoding;
  readonly #config: DqnConfig;
  readonly #bins: number;
  /** Steps of all lanes between two moves of the target network. */
  readonly #interval: number;
  readonly #online: QNetwork;
  readonly #target: QNetwork;
  readonly #work: {
    readonly q: Float32Array;
    readonly nextQ: Float32Array;
    readonly dQ: Float32Array;
    readonly target: Float32Array;
  };
  readonly #laneQ: Float32Array;
  #rate: number;

  constructor(
    config: DqnConfig,
    { numEnvs, observationSpace, actionSpace }: LearnerSpaces,
    rng: Rng,
    statistics?: ObservationStatistics,
  ) {
    const values = actionBins('dqn', actionSpace, config.bins);
    const { bins, batch_size: rows } = config;
    const inputs = observationSpace.features.length;
    this.#config = config;
    this.#bins = bins;
    this.#interval = Math.max(1, Math.floor(config.target_update_interval / numEnvs));
    this.#online = qNetwork(config, inputs, rng.split('q'), statistics);
    this.#target = qNetwork(config, inputs, rng.split('q'), statistics);
    this.coding = binnedActions(values);
    this.#work = {
      q: new Float32Array(rows * bins),
      nextQ: new Float32Array(rows * bins),
      dQ: new Float32Array(rows * bins),
      target: new Float32Array(rows),
    };
    this.#laneQ = new Float32Array(numEnvs * bins);
    this.#rate = config.exploration_initial_eps;
    this.policy = networkPolicy(this.#online.readable, { kind: 'categorical', values }, statistics);
  }

  explore(observation: Float32Array, lanes: number, { progress, rng }: Exploration, action: Float32Array): void {
    this.#rate = explorationRate(this.#config, progress);
    this.#online.forward(observation, lanes, this.#laneQ);
    for (let lane = 0; lane < lanes; lane++) {
      const random = rng.uniform() < this.#rate;
      action[lane] = random ? rng.int(this.#bins) : argMax(this.#laneQ, lane * this.#bins, this.#bins);
    }
  }

  update(batch: TransitionBatch, { learningRate, rewardFactor }: Update): Metrics {
    const { batch_size: rows, gamma, max_grad_norm: maxNorm } = this.#config;
    const { q, nextQ, dQ, target } = this.#work;
    const bins = this.#bins;
    this.#target.forward(batch.nextObservation, rows, nextQ);
    if (this.#config.double) this.#online.forward(batch.nextObservation, rows, q);
    const judge = this.#config.double ? q : nextQ;
    for (let row = 0; row < rows; row++) {
      const next = nextQ[row * bins + argMax(judge, row * bins, bins)]!;
      target[row] = rewardFactor * batch.reward[row]! + (batch.terminated[row] === 1 ? 0 : gamma * next);
    }
    this.#online.forward(batch.observation, rows, q);
    const loss = huber(q, rows, bins, batch.action, target, dQ);
    this.#online.backward(dQ, rows);
    const { parts } = this.#online;
    const gradientNorm = Math.hypot(...parts.map((part) => part.gradientNorm()));
    const gradientScale = Math.min(1, maxNorm / (gradientNorm + 1e-6));
    for (const part of parts) part.adam({ learningRate, gradientScale });
    let sum = 0;
    for (let row = 0; row < rows; row++) sum += q[row * bins + batch.action[row]!]!;
    return { loss, meanQ: sum / rows, gradientNorm, explorationRate: this.#rate };
  }

  stepped(calls: number): void {
    if (calls % this.#interval !== 0) return;
    for (const [i, part] of this.#target.parts.entries()) part.lerpFrom(this.#online.parts[i]!, this.#config.tau);
  }

  save(): State {
    return {
      exploration: Float64Array.of(this.#rate),
      ...nested('online', networkStates(this.#online.parts)),
      ...nested('target', networkStates(this.#target.parts)),
    };
  }

  restore(state: State): void {
    this.#rate = stateArray(state, 'exploration', 'Float64Array', 1)[0]!;
    restoreNetworks(this.#online.parts, under('online', state));
    restoreNetworks(this.#target.parts, under('target', state));
  }

  [Symbol.dispose](): void {
    for (const part of [...this.#online.parts, ...this.#target.parts]) part[Symbol.dispose]();
  }
}

/** `ε`: linear from the initial to the final rate over the first `exploration_fraction` of the training. */
function explorationRate(config: DqnConfig, progress: number): number {
  const { exploration_fraction: fraction, exploration_initial_eps: start, exploration_final_eps: end } = config;
  return progress >= fraction ? end : start + (progress / fraction) * (end - start);
}

/** Freshly drawn; the same stream gives the same weights. */
function qNetwork(
  { net_arch: widths, activation_fn: activation, bins, duelling }: DqnConfig,
  inputs: number,
  rng: Rng,
  statistics: ObservationStatistics | undefined,
): QNetwork {
  if (!duelling) return plainQNetwork(freshNetwork(mlp([inputs, ...widths, bins], activation), rng, statistics));
  const last = widths.at(-1)!;
  return duellingQNetwork(
    freshNetwork(mlp([inputs, ...widths], activation, activation), rng.split('trunk'), statistics),
    freshNetwork(mlp([last, last, 1], activation), rng.split('value'), undefined),
    freshNetwork(mlp([last, last, bins], activation), rng.split('advantage'), undefined),
  );
}
