import type { ActionEffect } from '../../core/environment.ts';
import type { Rng } from '../../core/rng.ts';
import type { Network } from '../../nn/network.ts';
import type { TransitionBatch } from '../buffer/replay.ts';
import type { LearnedPolicy, Learner, LearnerSpaces, Metrics } from '../learner.ts';
import { drawNormal, squashedGradient, squashedSample } from '../loss/squashed-gaussian.ts';
import { networkPolicy } from '../network-policy.ts';
import { networkState, restoreNetwork } from '../network-state.ts';
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
import { temperatureStart } from './config.ts';
import type { SacConfig } from './config.ts';
import { fixedTemperature, LearnedTemperature } from './temperature.ts';
import type { Temperature } from './temperature.ts';

/** A SAC that acts in an environment. */
export function sac(config: SacConfig, spaces: LearnerSpaces, rng: Rng): Learner {
  return new OffPolicyLearner(config, spaces, rng, (statistics) => new Sac(config, spaces, rng, statistics));
}

/**
 * Soft actor-critic: a squashed Gaussian policy, two critics with slow targets, a temperature that finds itself.
 *
 * Critics: `y = r + γ(1 − terminated)(min_i q̄ᵢ(x', a') − α log π(a'|x'))`, squared error. Actor: `mean(α log π − min_i qᵢ)`.
 * Sources: Haarnoja et al. (2018), "Soft Actor-Critic Algorithms and Applications"; order of the parts as Stable-Baselines3.
 * Actions are learned on the unit scale [−1, 1] and mapped to the physical box.
 */
export class Sac implements OffPolicyAlgorithm {
  readonly name = 'sac';
  readonly policy: LearnedPolicy;
  readonly coding: ActionCoding;
  readonly noise: ActionNoise | undefined;
  readonly effect: ActionEffect | undefined;
  readonly #config: SacConfig;
  readonly #actions: number;
  readonly #actor: Network;
  readonly #critics: TwinCritics;
  readonly #temperature: Temperature;
  readonly #batch: ReturnType<typeof workspace>;
  readonly #lane: ReturnType<typeof workspace>;
  #updates = 0;

  constructor(config: SacConfig, spaces: LearnerSpaces, rng: Rng, statistics?: ObservationStatistics) {
    const { features } = spaces.actionSpace;
    const actions = features.length;
    const { ent_coef: entCoef, target_entropy: targetEntropy } = config;
    this.#config = config;
    this.#actions = actions;
    this.effect = spaces.effect;
    this.#actor = freshActor(config, spaces, rng, statistics);
    this.#critics = new TwinCritics(config, spaces, rng, statistics);
    this.#temperature =
      typeof entCoef === 'number'
        ? fixedTemperature(entCoef)
        : new LearnedTemperature(targetEntropy === 'auto' ? -actions : targetEntropy, temperatureStart(entCoef));
    this.coding = unitActions(features);
    this.noise = actionNoise(config.action_noise, spaces.numEnvs, actions);
    this.#batch = workspace(config.batch_size, actions);
    this.#lane = workspace(spaces.numEnvs, actions);
    this.policy = networkPolicy(this.#actor, squashedHead(features), statistics);
  }

  explore(observation: Float32Array, lanes: number, { rng }: Exploration, action: Float32Array): void {
    const { output, noise, logProb } = this.#lane;
    this.#actor.forward(observation, lanes, output);
    drawNormal(rng, noise, lanes * this.#actions);
    squashedSample(output, lanes, this.#actions, noise, action, logProb);
  }

  update(batch: TransitionBatch, { learningRate, rewardFactor, rng }: Update): Metrics {
    const { batch_size: rows, gamma, tau, target_update_interval: interval } = this.#config;
    const { output, action, logProb, nextLogProb, target } = this.#batch;
    const alpha = this.#temperature.alpha;

    // The next action is drawn first, so that the actor's last `forward` is the one its gradient refers to.
    this.#draw(batch.nextObservation, rng, nextLogProb);
    this.#critics.targetMinimum(batch.nextObservation, action, target);
    for (let row = 0; row < rows; row++) {
      const next = target[row]! - alpha * nextLogProb[row]!;
      target[row] = rewardFactor * batch.reward[row]! + (batch.terminated[row] === 1 ? 0 : gamma * next);
    }
    this.#draw(batch.observation, rng, logProb);
    const meanLogProb = mean(logProb, rows);
    this.#temperature.adapt(meanLogProb, learningRate);
    const criticLoss = this.#critics.fit(batch.observation, batch.action, target, 0.5, learningRate);

    const { noise, dAction, dOutput } = this.#batch;
    const meanQ = this.#critics.minimumGradient(batch.observation, action, dAction);
    squashedGradient(output, rows, this.#actions, noise, action, dAction, alpha, dOutput);
    this.#actor.backward(dOutput, rows);
    const actorNorm = this.#actor.adam({ learningRate });

    if (this.#updates % interval === 0) this.#critics.moveTargets(tau);
    this.#updates++;
    const actorLoss = alpha * meanLogProb - meanQ;
    return { criticLoss, actorLoss, entropy: -meanLogProb, temperature: alpha, actorNorm };
  }

  /** Draws an action for each row of the minibatch. @param x [B×O]  @param logProb [B] */
  #draw(x: Float32Array, rng: Rng, logProb: Float32Array): void {
    const rows = this.#config.batch_size;
    const { output, noise, action } = this.#batch;
    this.#actor.forward(x, rows, output);
    drawNormal(rng, noise, rows * this.#actions);
    squashedSample(output, rows, this.#actions, noise, action, logProb);
  }

  save(): State {
    return {
      counters: Float64Array.of(this.#updates),
      ...nested('temperature', this.#temperature.save()),
      ...nested('actor', networkState(this.#actor)),
      ...nested('critics', this.#critics.save()),
    };
  }

  restore(state: State): void {
    this.#updates = stateArray(state, 'counters', 'Float64Array', 1)[0]!;
    this.#temperature.restore(under('temperature', state));
    restoreNetwork(this.#actor, under('actor', state));
    this.#critics.restore(under('critics', state));
  }

  [Symbol.dispose](): void {
    this.#actor[Symbol.dispose]();
    this.#critics[Symbol.dispose]();
  }
}

function workspace(rows: number, actions: number) {
  return {
    output: new Float32Array(rows * 2 * actions),
    dOutput: new Float32Array(rows * 2 * actions),
    noise: new Float32Array(rows * actions),
    action: new Float32Array(rows * actions),
    dAction: new Float32Array(rows * actions),
    logProb: new Float32Array(rows),
    nextLogProb: new Float32Array(rows),
    target: new Float32Array(rows),
  };
}

function mean(values: Float32Array, count: number): number {
  let sum = 0;
  for (let i = 0; i < count; i++) sum += values[i]!;
  return sum / count;
}
