import type { Rng } from '../../core/rng.ts';
import type { Box } from '../../core/space.ts';
import { createNetwork } from '../../nn/create-network.ts';
import { initialise } from '../../nn/initialise.ts';
import { mlp } from '../../nn/layers.ts';
import type { Network } from '../../nn/network.ts';
import type { Trainable } from '../free-parameters.ts';
import type { LearnedPolicy, LearnerSpaces, Metrics } from '../learner.ts';
import { gaussianGradient, gaussianLogProb } from '../loss/diagonal-gaussian.ts';
import { hiddenWidths, startingWeights } from '../network-options.ts';
import { networkPolicy } from '../network-policy.ts';
import { networkState, restoreNetwork } from '../network-state.ts';
import type { ObservationStatistics } from '../observation-statistics.ts';
import type { State } from '../state.ts';
import { nested, under } from '../state.ts';
import type { Actor, PolicySlope } from './actor.ts';
import type { ActorCriticConfig } from './options.ts';
import { SharedSpread } from './spread.ts';
import type { Spread } from './spread.ts';
import { StateDependentSpread } from './state-dependent-spread.ts';
import { UnitMean } from './unit-mean.ts';

/**
 * A Gaussian over all action components, each on the scale from −1 (its lowest) to 1 (its highest). What is learnt from is the draw;
 * the environment gets it clipped, as in Stable-Baselines3.
 *
 * The network is a trunk, whose output φ the noise of gSDE reads too, and a linear head for the mean.
 */
export class GaussianActor implements Actor {
  readonly policy: LearnedPolicy;
  readonly width: number;
  readonly parts: readonly Trainable[];
  readonly #trunk: Network;
  readonly #head: Network;
  readonly #spread: Spread;
  readonly #shown: UnitMean;
  readonly #box: Box;
  readonly #lanes: number;
  readonly #latent: Float32Array;
  readonly #dLatent: Float32Array;
  readonly #mean: Float32Array;
  readonly #dMean: Float32Array;
  readonly #deviation: Float64Array;
  readonly #dLogDeviation: Float64Array;
  readonly #noise: Float64Array;
  readonly #laneEntropy: Float64Array;

  /** @param rows most rows of a minibatch */
  constructor(
    config: ActorCriticConfig,
    spaces: LearnerSpaces,
    rows: number,
    rng: Rng,
    statistics: ObservationStatistics | undefined,
  ) {
    const inputs = spaces.observationSpace.features.length;
    const hidden = hiddenWidths(config.net_arch, 'pi');
    const { activation_fn: activation, ortho_init: orthogonal } = config;
    const actions = spaces.actionSpace.features.length;
    const latent = hidden.at(-1)!;
    this.width = actions;
    this.#box = spaces.actionSpace;
    this.#lanes = spaces.numEnvs;
    this.#trunk = createNetwork(mlp([inputs, ...hidden], activation, activation));
    this.#head = createNetwork(mlp([latent, actions], 'linear'));
    initialise(this.#trunk, rng, startingWeights(orthogonal, Math.SQRT2));
    initialise(this.#head, rng.split('mean'), startingWeights(orthogonal, 0.01));
    this.#spread = config.use_sde
      ? new StateDependentSpread(this.#lanes, latent, actions, config)
      : new SharedSpread(this.#lanes, actions, config.log_std_init);
    this.parts = [this.#trunk, this.#head, this.#spread.parameters];
    const most = Math.max(rows, this.#lanes);
    this.#latent = new Float32Array(most * latent);
    this.#dLatent = new Float32Array(most * latent);
    this.#mean = new Float32Array(most * actions);
    this.#dMean = new Float32Array(most * actions);
    this.#deviation = new Float64Array(most * actions);
    this.#dLogDeviation = new Float64Array(most * actions);
    this.#noise = new Float64Array(this.#lanes * actions);
    this.#laneEntropy = new Float64Array(this.#lanes);
    this.#shown = new UnitMean(this.#trunk, this.#head, this.#spread.logDeviation, statistics);
    const { features } = spaces.actionSpace;
    const head = {
      kind: 'gaussian',
      low: features.map(({ low }) => low),
      high: features.map(({ high }) => high),
    } as const;
    this.policy = networkPolicy(this.#shown, head, statistics);
  }

  renewNoise(rng: Rng): void {
    this.#spread.renew(rng);
  }

  sample(x: Float32Array, rng: Rng, action: Float32Array, logProb: Float64Array): void {
    const lanes = this.#lanes;
    this.#forward(x, lanes);
    this.#spread.noise(this.#latent, rng, this.#noise);
    for (let i = 0; i < lanes * this.width; i++) action[i] = this.#mean[i]! + this.#noise[i]!;
    // Of the action as it is kept, in float32, so that a ratio of probabilities is 1 until the policy moves.
    gaussianLogProb(this.#mean, this.#deviation, action, lanes, this.width, logProb, this.#laneEntropy);
  }

  physical(action: Float32Array, out: Float64Array): void {
    const { features } = this.#box;
    for (let i = 0; i < this.#lanes * this.width; i++) {
      const { low, high } = features[i % this.width]!;
      out[i] = low + ((Math.min(1, Math.max(-1, action[i]!)) + 1) / 2) * (high - low);
    }
  }

  evaluate(x: Float32Array, rows: number, action: Float32Array, logProb: Float64Array, entropy: Float64Array): void {
    this.#forward(x, rows);
    gaussianLogProb(this.#mean, this.#deviation, action, rows, this.width, logProb, entropy);
  }

  #forward(x: Float32Array, rows: number): void {
    this.#trunk.forward(x, rows, this.#latent);
    this.#head.forward(this.#latent, rows, this.#mean);
    this.#spread.deviation(this.#latent, rows, this.#deviation);
  }

  backward({ rows, action, slope, entropyCoefficient }: PolicySlope): void {
    const { width } = this;
    gaussianGradient(
      this.#mean,
      this.#deviation,
      action,
      rows,
      width,
      slope,
      entropyCoefficient,
      this.#dMean,
      this.#dLogDeviation,
    );
    this.#head.backward(this.#dMean, rows, this.#dLatent);
    this.#trunk.backward(this.#dLatent, rows);
    this.#spread.backward(this.#latent, rows, this.#deviation, this.#dLogDeviation);
    this.#shown.stale(); // a step on these gradients comes next
  }

  metrics(): Metrics {
    return { std: this.#spread.meanDeviation };
  }

  save(): State {
    return {
      ...nested('trunk', networkState(this.#trunk)),
      ...nested('head', networkState(this.#head)),
      ...nested('logStd', this.#spread.parameters.save()),
    };
  }

  restore(state: State): void {
    restoreNetwork(this.#trunk, under('trunk', state));
    restoreNetwork(this.#head, under('head', state));
    this.#spread.parameters.restore(under('logStd', state));
    this.#shown.stale();
  }

  [Symbol.dispose](): void {
    this.#trunk[Symbol.dispose]();
    this.#head[Symbol.dispose]();
    this.#shown[Symbol.dispose]();
  }
}
