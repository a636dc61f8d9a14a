import type { Rng } from '../../core/rng.ts';
import { logSoftmax } from '../../logits/log-softmax.ts';
import { createNetwork } from '../../nn/create-network.ts';
import { initialise } from '../../nn/initialise.ts';
import { mlp } from '../../nn/layers.ts';
import type { Network } from '../../nn/network.ts';
import { actionBins } from '../action-bins.ts';
import type { LearnedPolicy, LearnerSpaces, Metrics } from '../learner.ts';
import { categoricalGradient, categoricalLogProb, sampleBin } from '../loss/categorical.ts';
import { hiddenWidths, startingWeights } from '../network-options.ts';
import { networkPolicy } from '../network-policy.ts';
import { networkState, restoreNetwork } from '../network-state.ts';
import { behind } from '../normalize-option.ts';
import type { ObservationStatistics } from '../observation-statistics.ts';
import type { State } from '../state.ts';
import type { Actor, PolicySlope } from './actor.ts';
import type { ActorCriticConfig } from './options.ts';

/** A categorical policy over evenly spaced values of the one action component. @throws {ConfigError} when there are more components. */
export class CategoricalActor implements Actor {
  readonly policy: LearnedPolicy;
  readonly width = 1;
  readonly parts: readonly Network[];
  readonly #network: Network;
  readonly #values: readonly number[];
  readonly #lanes: number;
  /** [rows×K]: log-probabilities after `evaluate` and `sample`. */
  readonly #logits: Float32Array;
  readonly #gradient: Float32Array;

  /** @param rows most rows of a minibatch */
  constructor(
    learner: string,
    config: ActorCriticConfig & { readonly bins: number },
    spaces: LearnerSpaces,
    rows: number,
    rng: Rng,
    statistics: ObservationStatistics | undefined,
  ) {
    const { bins, net_arch: arch, activation_fn: activation } = config;
    this.#values = actionBins(learner, spaces.actionSpace, bins);
    const inputs = spaces.observationSpace.features.length;
    this.#network = createNetwork(mlp([inputs, ...hiddenWidths(arch, 'pi'), bins], activation));
    initialise(this.#network, rng, startingWeights(config.ortho_init, 0.01));
    this.parts = [this.#network];
    this.#lanes = spaces.numEnvs;
    this.#logits = new Float32Array(Math.max(rows, this.#lanes) * bins);
    this.#gradient = new Float32Array(rows * bins);
    const head = { kind: 'categorical', values: this.#values } as const;
    this.policy = networkPolicy(behind(statistics, this.#network), head, statistics);
  }

  renewNoise(): void {}

  sample(x: Float32Array, rng: Rng, action: Float32Array, logProb: Float64Array): void {
    const bins = this.#values.length;
    const logits = this.#logits;
    this.#network.forward(x, this.#lanes, logits);
    for (let lane = 0; lane < this.#lanes; lane++) {
      logSoftmax(logits, lane * bins, bins, logits);
      const bin = sampleBin(logits, lane * bins, bins, rng.uniform());
      action[lane] = bin;
      logProb[lane] = logits[lane * bins + bin]!;
    }
  }

  physical(action: Float32Array, out: Float64Array): void {
    for (let lane = 0; lane < this.#lanes; lane++) out[lane] = this.#values[action[lane]!]!;
  }

  evaluate(x: Float32Array, rows: number, action: Float32Array, logProb: Float64Array, entropy: Float64Array): void {
    this.#network.forward(x, rows, this.#logits);
    categoricalLogProb(this.#logits, rows, this.#values.length, action, logProb, entropy);
  }

  backward({ rows, action, slope, entropy, entropyCoefficient }: PolicySlope): void {
    const bins = this.#values.length;
    categoricalGradient(this.#logits, rows, bins, action, slope, entropy, entropyCoefficient, this.#gradient);
    this.#network.backward(this.#gradient, rows);
  }

  metrics(): Metrics {
    return {};
  }

  save(): State {
    return networkState(this.#network);
  }

  restore(state: State): void {
    restoreNetwork(this.#network, state);
  }

  [Symbol.dispose](): void {
    this.#network[Symbol.dispose]();
  }
}
