import type { StepBatch } from '../../core/environment.ts';
import { StateError } from '../../core/errors.ts';
import type { Rng } from '../../core/rng.ts';
import { rngFromState } from '../../core/rng.ts';
import { logSoftmax } from '../../logits/log-softmax.ts';
import { createNetwork } from '../../nn/create-network.ts';
import { initialise } from '../../nn/initialise.ts';
import type { Initialisation } from '../../nn/initialise.ts';
import { mlp } from '../../nn/layers.ts';
import type { Network } from '../../nn/network.ts';
import { actionBins } from '../action-bins.ts';
import { shuffle } from '../buffer/shuffle.ts';
import type { LearnedPolicy, Learner, LearnerSpaces, Metrics } from '../learner.ts';
import { clippedSurrogate } from '../loss/clipped-surrogate.ts';
import { hiddenWidths } from '../network-options.ts';
import { networkPolicy } from '../network-policy.ts';
import { gradientNorm, networkState, restoreNetwork } from '../network-state.ts';
import { gae } from '../return/gae.ts';
import { RewardScale } from '../return/reward-scale.ts';
import { RewardShaping } from '../return/reward-shaping.ts';
import { scheduled } from '../schedule.ts';
import type { State } from '../state.ts';
import { nested, stateArray, under } from '../state.ts';
import type { PpoConfig } from './config.ts';
import { Rollout } from './rollout.ts';

/**
 * Proximal policy optimisation with a categorical policy over evenly spaced action bins.
 *
 * One update: roll out, estimate advantages (GAE), then `n_epochs` passes of shuffled minibatches with the clipped surrogate
 * for the actor and a squared error for the critic, their joint gradient norm clipped.
 * Sources: Schulman et al. (2017); details as Stable-Baselines3 1.8 (advantages normalised per minibatch, Adam ε 1e-5,
 * orthogonal weights, the value of the final observation bootstraps an episode that the clock ended).
 *
 * @throws {ConfigError} when there is more than one action component.
 */
export class Ppo implements Learner {
  readonly policy: LearnedPolicy;
  gradientSteps = 0;
  readonly #config: PpoConfig;
  readonly #actor: Network;
  readonly #critic: Network;
  readonly #values: readonly number[];
  readonly #rollout: Rollout;
  readonly #shaping: RewardShaping;
  readonly #shaped: Float64Array;
  readonly #scale: RewardScale;
  #explore: Rng;
  #shuffle: Rng;
  #acted = false;
  readonly #order: Int32Array;
  readonly #batch: {
    readonly x: Float32Array;
    readonly logits: Float32Array;
    readonly dLogits: Float32Array;
    readonly value: Float32Array;
    readonly dValue: Float32Array;
    readonly action: Int32Array;
    readonly logProb: Float32Array;
    readonly advantage: Float32Array;
  };
  readonly #laneLogits: Float32Array;
  readonly #lastValue: Float32Array;
  readonly #gradient: Float32Array;

  constructor(config: PpoConfig, spaces: LearnerSpaces, rng: Rng) {
    const inputs = spaces.observationSpace.features.length;
    const lanes = spaces.numEnvs;
    const { bins, n_steps: steps, activation_fn: activation } = config;
    const batchSize = Math.min(config.batch_size, steps * lanes);
    this.#config = config;
    this.#values = actionBins('ppo', spaces.actionSpace, bins);
    this.#actor = createNetwork(mlp([inputs, ...hiddenWidths(config.net_arch, 'pi'), bins], activation));
    this.#critic = createNetwork(mlp([inputs, ...hiddenWidths(config.net_arch, 'vf'), 1], activation));
    const scheme = (outputGain: number): Initialisation =>
      config.ortho_init ? { kind: 'orthogonal', outputGain } : { kind: 'torch-linear' };
    initialise(this.#actor, rng.split('actor'), scheme(0.01));
    initialise(this.#critic, rng.split('critic'), scheme(1));
    this.#explore = rng.split('explore');
    this.#shuffle = rng.split('shuffle');
    this.#rollout = new Rollout(steps, lanes, inputs);
    this.#shaping = new RewardShaping(spaces.observationSpace, config);
    this.#shaped = new Float64Array(spaces.numEnvs);
    this.#scale = new RewardScale(lanes, config.gamma);
    this.#order = Int32Array.from({ length: steps * lanes }, (_, i) => i);
    this.#batch = {
      x: new Float32Array(batchSize * inputs),
      logits: new Float32Array(batchSize * bins),
      dLogits: new Float32Array(batchSize * bins),
      value: new Float32Array(batchSize),
      dValue: new Float32Array(batchSize),
      action: new Int32Array(batchSize),
      logProb: new Float32Array(batchSize),
      advantage: new Float32Array(batchSize),
    };
    this.#laneLogits = new Float32Array(lanes * bins);
    this.#lastValue = new Float32Array(lanes);
    this.#gradient = new Float32Array(Math.max(this.#actor.size, this.#critic.size));
    this.policy = networkPolicy(this.#actor, { kind: 'categorical', values: this.#values });
  }

  get atBoundary(): boolean {
    return this.#rollout.filled === 0 && !this.#acted;
  }

  act(observation: Float32Array, action: Float64Array): void {
    const { lanes, filled } = this.#rollout;
    const bins = this.#values.length;
    const logits = this.#laneLogits;
    this.#actor.forward(observation, lanes, logits);
    const first = filled * lanes;
    this.#rollout.observation.set(observation.subarray(0, lanes * this.#actor.inputs), first * this.#actor.inputs);
    for (let lane = 0; lane < lanes; lane++) {
      logSoftmax(logits, lane * bins, bins, logits);
      const bin = sampleBin(logits, lane * bins, bins, this.#explore.uniform());
      this.#rollout.action[first + lane] = bin;
      this.#rollout.logProb[first + lane] = logits[lane * bins + bin]!;
      action[lane] = this.#values[bin]!;
    }
    this.#acted = true;
  }

  observe(batch: StepBatch, progress: number): Metrics | undefined {
    if (!this.#acted) throw new StateError('ppo: observe was called before act');
    this.#acted = false;
    const rollout = this.#rollout;
    const { lanes } = rollout;
    const inputs = this.#actor.inputs;
    const first = rollout.filled * lanes;
    this.#shaping.apply(rollout.observation.subarray(first * inputs), batch, this.#shaped);
    if (this.#config.normaliseReward) this.#scale.observe(this.#shaped, batch.terminated, batch.truncated);
    for (let lane = 0; lane < lanes; lane++) {
      const row = first + lane;
      const cut = batch.truncated[lane] === 1 && batch.terminated[lane] === 0;
      rollout.reward[row] = this.#shaped[lane]!;
      rollout.ended[row] = batch.terminated[lane] === 1 || cut ? 1 : 0;
      if (cut) rollout.cut.push({ row, observation: batch.finalObservation.slice(lane * inputs, (lane + 1) * inputs) });
    }
    rollout.filled++;
    if (rollout.filled < rollout.steps) return undefined;
    this.#estimate(batch.observation);
    const metrics = this.#update(progress);
    rollout.clear();
    return metrics;
  }

  /** Values, advantages and targets of the full rollout. */
  #estimate(lastObservation: Float32Array): void {
    const rollout = this.#rollout;
    const { steps, lanes, rows, value, nextValue, reward } = rollout;
    const factor = this.#config.normaliseReward ? this.#scale.factor : 1;
    for (let row = 0; row < rows; row++) reward[row]! *= factor;
    this.#critic.forward(rollout.observation, rows, value);
    this.#critic.forward(lastObservation, lanes, this.#lastValue);
    nextValue.set(value.subarray(lanes), 0);
    nextValue.set(this.#lastValue, (steps - 1) * lanes);
    for (let row = 0; row < rows; row++) if (rollout.ended[row] === 1) nextValue[row] = 0;
    for (const { row, observation } of rollout.cut) {
      this.#critic.forward(observation, 1, this.#lastValue);
      nextValue[row] = this.#lastValue[0]!;
    }
    const { gamma, gae_lambda: lambda } = this.#config;
    gae(steps, lanes, reward, value, nextValue, rollout.ended, gamma, lambda, rollout.advantage, rollout.target);
  }

  #update(progress: number): Metrics {
    const { n_epochs: epochs, batch_size: batchSize, target_kl: targetKl } = this.#config;
    const { rows } = this.#rollout;
    const sums = { policyLoss: 0, valueLoss: 0, entropy: 0, kl: 0, clipped: 0, gradientNorm: 0 };
    let batches = 0;
    update: for (let epoch = 0; epoch < epochs; epoch++) {
      shuffle(this.#order, this.#shuffle);
      for (let from = 0; from < rows; from += batchSize) {
        const stats = this.#minibatch(from, Math.min(batchSize, rows - from), progress);
        for (const key of Object.keys(sums) as (keyof typeof sums)[]) sums[key] += stats[key];
        batches++;
        if (targetKl !== null && stats.kl > 1.5 * targetKl) break update;
      }
    }
    for (const key of Object.keys(sums) as (keyof typeof sums)[]) sums[key] /= batches;
    return { ...sums, rewardFactor: this.#config.normaliseReward ? this.#scale.factor : 1 };
  }

  #minibatch(from: number, size: number, progress: number) {
    const { ent_coef: entropyCoefficient, vf_coef: valueCoefficient, max_grad_norm: maxGradientNorm } = this.#config;
    const clip = scheduled(this.#config.clip_range, progress);
    const clipValue = this.#config.clip_range_vf === null ? Infinity : scheduled(this.#config.clip_range_vf, progress);
    const { x, logits, dLogits, value, dValue, action, logProb, advantage } = this.#batch;
    const rollout = this.#rollout;
    const inputs = this.#actor.inputs;
    for (let b = 0; b < size; b++) {
      const row = this.#order[from + b]!;
      for (let i = 0; i < inputs; i++) x[b * inputs + i] = rollout.observation[row * inputs + i]!;
      action[b] = rollout.action[row]!;
      logProb[b] = rollout.logProb[row]!;
      advantage[b] = rollout.advantage[row]!;
    }
    if (this.#config.normalize_advantage) standardise(advantage, size);
    this.#actor.forward(x, size, logits);
    const bins = this.#values.length;
    const surrogate = clippedSurrogate(
      logits,
      size,
      bins,
      action,
      logProb,
      advantage,
      clip,
      entropyCoefficient,
      dLogits,
    );
    this.#actor.backward(dLogits, size);

    this.#critic.forward(x, size, value);
    let valueLoss = 0;
    for (let b = 0; b < size; b++) {
      const row = this.#order[from + b]!;
      // As SB3: beyond the clip the loss is of the clipped value, which the critic can no longer change.
      const moved = value[b]! - rollout.value[row]!;
      const free = Math.abs(moved) <= clipValue;
      const error = (free ? value[b]! : rollout.value[row]! + Math.sign(moved) * clipValue) - rollout.target[row]!;
      dValue[b] = free ? (2 * valueCoefficient * error) / size : 0;
      valueLoss += (error * error) / size;
    }
    this.#critic.backward(dValue, size);

    const actorNorm = gradientNorm(this.#actor, this.#gradient);
    const criticNorm = gradientNorm(this.#critic, this.#gradient);
    const norm = Math.hypot(actorNorm, criticNorm);
    const shrink = maxGradientNorm > 0 ? Math.min(1, maxGradientNorm / (norm + 1e-6)) : 1;
    const learningRate = scheduled(this.#config.learning_rate, progress);
    for (const [network, own] of [
      [this.#actor, actorNorm],
      [this.#critic, criticNorm],
    ] as const)
      network.adam({ learningRate, epsilon: 1e-5, ...(shrink < 1 ? { maxGradientNorm: own * shrink } : {}) });
    this.gradientSteps++;
    const { entropy, kl, clipped, loss } = surrogate;
    return { policyLoss: loss, valueLoss, entropy, kl, clipped, gradientNorm: norm };
  }

  save(): State {
    if (!this.atBoundary) throw new StateError('ppo: save was called inside a rollout, expected an update boundary');
    return {
      counters: Float64Array.of(this.gradientSteps),
      explore: this.#explore.state,
      shuffle: this.#shuffle.state,
      order: this.#order.slice(),
      ...nested('scale', this.#scale.save()),
      ...nested('actor', networkState(this.#actor)),
      ...nested('critic', networkState(this.#critic)),
    };
  }

  restore(state: State): void {
    this.gradientSteps = stateArray(state, 'counters', 'Float64Array', 1)[0]!;
    this.#explore = rngFromState(stateArray(state, 'explore', 'Uint32Array', 8));
    this.#shuffle = rngFromState(stateArray(state, 'shuffle', 'Uint32Array', 8));
    this.#order.set(stateArray(state, 'order', 'Int32Array', this.#order.length));
    this.#scale.restore(under('scale', state));
    restoreNetwork(this.#actor, under('actor', state));
    restoreNetwork(this.#critic, under('critic', state));
    this.#rollout.clear();
    this.#acted = false;
  }

  [Symbol.dispose](): void {
    this.#actor[Symbol.dispose]();
    this.#critic[Symbol.dispose]();
  }
}

/** Inverse transform sampling from log-probabilities; `u` in [0, 1). */
function sampleBin(logProb: Float32Array, at: number, size: number, u: number): number {
  let left = u;
  for (let i = 0; i < size - 1; i++) {
    left -= Math.exp(logProb[at + i]!);
    if (left < 0) return i;
  }
  return size - 1;
}

/** `(Â − mean) / (deviation + 1e-8)` with the unbiased deviation, as SB3; a single row is left as it is. */
function standardise(values: Float32Array, size: number): void {
  if (size < 2) return;
  let sum = 0;
  for (let i = 0; i < size; i++) sum += values[i]!;
  const mean = sum / size;
  let squares = 0;
  for (let i = 0; i < size; i++) squares += (values[i]! - mean) ** 2;
  const deviation = Math.sqrt(squares / (size - 1)) + 1e-8;
  for (let i = 0; i < size; i++) values[i] = (values[i]! - mean) / deviation;
}
