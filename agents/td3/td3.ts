import type { ActionEffect } from '../../core/environment.ts';
import type { Rng } from '../../core/rng.ts';
import type { Network } from '../../nn/network.ts';
import type { TransitionBatch } from '../buffer/replay.ts';
import type { LearnedPolicy, Learner, LearnerSpaces, Metrics } from '../learner.ts';
import { networkPolicy } from '../network-policy.ts';
import { networkStates, restoreNetworks } from '../network-state.ts';
import type { ObservationStatistics } from '../observation-statistics.ts';
import { squashedHead, unitActions } from '../off-policy/action-coding.ts';
import type { ActionCoding } from '../off-policy/action-coding.ts';
import { actionNoise } from '../off-policy/action-noise.ts';
import type { ActionNoise } from '../off-policy/action-noise.ts';
import type { Exploration, OffPolicyAlgorithm, Update } from '../off-policy/algorithm.ts';
import { freshActor } from '../off-policy/fresh-network.ts';
import { OffPolicyLearner } from '../off-policy/learner.ts';
import { TwinCritics } from '../off-policy/twin-critics.ts';
import type { State } from '../state.ts';
import { nested, stateArray, under } from '../state.ts';
import type { Td3Config } from './config.ts';
import { smoothTargets } from './target-smoothing.ts';

/** Log of the deviation that the stored policy states; see `Td3`. */
const logStd = Math.log(0.1);

/** A TD3 that acts in an environment. */
export function td3(config: Td3Config, spaces: LearnerSpaces, rng: Rng): Learner {
  return new OffPolicyLearner(config, spaces, rng, (statistics) => new Td3(config, spaces, rng, statistics));
}

/**
 * Twin delayed deep deterministic policy gradient.
 *
 * Critics: `y = r + γ(1 − terminated)·min_i q̄ᵢ(x', a')`, a' the target actor's action, smoothed; squared error. Actor, every
 * `policy_delay` updates: `−mean q₀(x, π(x))`; then all targets move.
 *
 * The actor is stored as a squashed Gaussian: π = tanh(mean), which is what attacks then work on. Through tanh, an action near
 * its limit would show them no gradient. The second half of its outputs, the log deviations, is constant and has no part in
 * learning; it says 0.1, the exploration noise of the paper, for objectives that measure distances in deviations.
 *
 * Source: Fujimoto et al. (2018), "Addressing Function Approximation Error in Actor-Critic Methods"; order of the parts as
 * Stable-Baselines3.
 */
export class Td3 implements OffPolicyAlgorithm {
  readonly name = 'td3';
  readonly policy: LearnedPolicy;
  readonly coding: ActionCoding;
  readonly noise: ActionNoise | undefined;
  readonly effect: ActionEffect | undefined;
  readonly #config: Td3Config;
  readonly #actions: number;
  readonly #actor: Network;
  readonly #actorTarget: Network;
  readonly #critics: TwinCritics;
  readonly #output: Float32Array;
  readonly #action: Float32Array;
  readonly #dAction: Float32Array;
  readonly #target: Float32Array;
  readonly #laneOutput: Float32Array;
  #updates = 0;
  /** Of the latest update of the actor. */
  #actorLoss = 0;

  constructor(config: Td3Config, spaces: LearnerSpaces, rng: Rng, statistics?: ObservationStatistics) {
    const { features } = spaces.actionSpace;
    const actions = features.length;
    const { batch_size: rows } = config;
    this.#config = config;
    this.#actions = actions;
    this.effect = spaces.effect;
    // The same stream twice: the target begins as the actor's copy.
    const actor = (): Network => withConstantDeviation(freshActor(config, spaces, rng, statistics));
    this.#actor = actor();
    this.#actorTarget = actor();
    this.#critics = new TwinCritics(config, spaces, rng, statistics);
    this.coding = unitActions(features);
    this.noise = actionNoise(config.action_noise, spaces.numEnvs, actions);
    this.#output = new Float32Array(rows * 2 * actions);
    this.#action = new Float32Array(rows * actions);
    this.#dAction = new Float32Array(rows * actions);
    this.#target = new Float32Array(rows);
    this.#laneOutput = new Float32Array(spaces.numEnvs * 2 * actions);
    this.policy = networkPolicy(this.#actor, squashedHead(features), statistics);
  }

  explore(observation: Float32Array, lanes: number, _exploration: Exploration, action: Float32Array): void {
    this.#actor.forward(observation, lanes, this.#laneOutput);
    squash(this.#laneOutput, lanes, this.#actions, action);
  }

  update(batch: TransitionBatch, { learningRate, rewardFactor, rng }: Update): Metrics {
    const { batch_size: rows, gamma, target_policy_noise: sigma, target_noise_clip: clip } = this.#config;
    const target = this.#target;
    this.#actorTarget.forward(batch.nextObservation, rows, this.#output);
    squash(this.#output, rows, this.#actions, this.#action);
    smoothTargets(this.#action, sigma, clip, rng);
    this.#critics.targetMinimum(batch.nextObservation, this.#action, target);
    for (let row = 0; row < rows; row++) {
      const next = batch.terminated[row] === 1 ? 0 : gamma * target[row]!;
      target[row] = rewardFactor * batch.reward[row]! + next;
    }
    const criticLoss = this.#critics.fit(batch.observation, batch.action, target, 1, learningRate);
    this.#updates++;
    if (this.#updates % this.#config.policy_delay === 0) {
      this.#actorLoss = this.#improve(batch.observation, learningRate);
      this.#critics.moveTargets(this.#config.tau);
      this.#actorTarget.lerpFrom(this.#actor, this.#config.tau);
    }
    return { criticLoss, actorLoss: this.#actorLoss };
  }

  /** One step of the actor up `mean q₀(x, tanh(mean))`; returns the loss before it. */
  #improve(x: Float32Array, learningRate: number): number {
    const rows = this.#config.batch_size;
    const actions = this.#actions;
    const output = this.#output;
    this.#actor.forward(x, rows, output);
    squash(output, rows, actions, this.#action);
    const meanQ = this.#critics.firstGradient(x, this.#action, this.#dAction);
    output.fill(0);
    for (let row = 0; row < rows; row++) {
      for (let j = 0; j < actions; j++) {
        const a = this.#action[row * actions + j]!;
        output[row * 2 * actions + j] = (-this.#dAction[row * actions + j]! * (1 - a * a)) / rows;
      }
    }
    this.#actor.backward(output, rows);
    this.#actor.adam({ learningRate });
    return -meanQ;
  }

  save(): State {
    return {
      counters: Float64Array.of(this.#updates, this.#actorLoss),
      ...nested('actors', networkStates([this.#actor, this.#actorTarget])),
      ...nested('critics', this.#critics.save()),
    };
  }

  restore(state: State): void {
    const [updates, actorLoss] = stateArray(state, 'counters', 'Float64Array', 2);
    this.#updates = updates!;
    this.#actorLoss = actorLoss!;
    restoreNetworks([this.#actor, this.#actorTarget], under('actors', state));
    this.#critics.restore(under('critics', state));
  }

  [Symbol.dispose](): void {
    this.#actor[Symbol.dispose]();
    this.#actorTarget[Symbol.dispose]();
    this.#critics[Symbol.dispose]();
  }
}

/** `a = tanh(mean)` @param output [rows×2A] mean ‖ log deviation  @param action [rows×A] */
function squash(output: Float32Array, rows: number, actions: number, action: Float32Array): void {
  for (let row = 0; row < rows; row++)
    for (let j = 0; j < actions; j++) action[row * actions + j] = Math.tanh(output[row * 2 * actions + j]!);
}

/** Makes the second half of the outputs constant: weights 0, and gradients that stay 0. */
function withConstantDeviation(network: Network): Network {
  const { inputs, outputs } = network.layers.at(-1)!;
  const parameters = new Float32Array(network.size);
  network.readParameters(parameters);
  const bias = network.size - outputs;
  const weight = bias - inputs * outputs;
  for (let i = 0; i < inputs; i++) parameters.fill(0, weight + (i + 0.5) * outputs, weight + (i + 1) * outputs);
  parameters.fill(logStd, bias + outputs / 2);
  network.writeParameters(parameters);
  return network;
}
