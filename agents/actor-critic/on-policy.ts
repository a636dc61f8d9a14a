import type { StepBatch } from '../../core/environment.ts';
import { ConfigError, StateError } from '../../core/errors.ts';
import type { Rng } from '../../core/rng.ts';
import { rngFromState } from '../../core/rng.ts';
import { standardise } from '../../nn/normalised-network.ts';
import type { LearnedPolicy, Learner, LearnerSpaces, Metrics } from '../learner.ts';
import { observationStatistics } from '../normalize-option.ts';
import type { ObservationStatistics } from '../observation-statistics.ts';
import { gae } from '../return/gae.ts';
import { RewardScale } from '../return/reward-scale.ts';
import { RewardShaping } from '../return/reward-shaping.ts';
import type { State } from '../state.ts';
import { nested, stateArray, under } from '../state.ts';
import { ActorCritic } from './model.ts';
import type { ActorCriticConfig } from './options.ts';
import { explainedVariance, Rollout } from './rollout.ts';

/** What a method makes of a full rollout. */
export interface Method {
  update(rollout: Rollout, progress: number): Metrics;
  /** Whatever must survive between updates. */
  save(): State;
  restore(state: State): void;
}

/** A method, and what the learner around it has to know. */
export interface OnPolicyOptions {
  /** Its name in messages. */
  readonly name: string;
  readonly config: ActorCriticConfig & { readonly n_steps: number; readonly gae_lambda: number };
  /** Most rows of a minibatch. */
  readonly rows: number;
  readonly method: (model: ActorCritic, rng: Rng) => Method;
}

/**
 * A learner that rolls its policy out, estimates advantages, hands them to a method and forgets the rollout.
 *
 * The value of the final observation bootstraps an episode that the clock ended, as in Stable-Baselines3. Under `normalize`,
 * observations are standardised by the statistics of the moment they are first seen in, and kept so.
 *
 * @throws {ConfigError} when the policy does not fit the action space, or gSDE is asked of a categorical one.
 */
export class OnPolicyLearner implements Learner {
  readonly policy: LearnedPolicy;
  readonly #name: string;
  readonly #config: OnPolicyOptions['config'];
  readonly #inputs: number;
  readonly #model: ActorCritic;
  readonly #method: Method;
  readonly #rollout: Rollout;
  readonly #statistics: ObservationStatistics | undefined;
  readonly #shaping: RewardShaping;
  readonly #shaped: Float64Array;
  readonly #scale: RewardScale;
  #explore: Rng;
  #acted = false;
  /** Of the last `act`: what the lanes saw [N×O], the same as the networks read it, and what the actor drew. */
  readonly #seen: Float32Array;
  readonly #read: Float32Array;
  readonly #action: Float32Array;
  readonly #logProb: Float64Array;
  readonly #lastValue: Float32Array;

  constructor({ name, config, rows, method }: OnPolicyOptions, spaces: LearnerSpaces, rng: Rng) {
    if (config.use_sde && config.bins !== null)
      throw new ConfigError(`${name}: use_sde is for Gaussian policies, but bins is ${config.bins}; expected null`);
    const lanes = spaces.numEnvs;
    const inputs = spaces.observationSpace.features.length;
    this.#name = name;
    this.#config = config;
    this.#inputs = inputs;
    this.#statistics = observationStatistics(config.normalize, inputs);
    this.#model = new ActorCritic(name, config, spaces, rows, rng, this.#statistics);
    this.#method = method(this.#model, rng);
    this.#explore = rng.split('explore');
    const { width } = this.#model.actor;
    this.#rollout = new Rollout(config.n_steps, lanes, inputs, width);
    this.#shaping = new RewardShaping(spaces.observationSpace, config);
    this.#shaped = new Float64Array(lanes);
    this.#scale = new RewardScale(lanes, config.gamma);
    this.#seen = new Float32Array(lanes * inputs);
    this.#read = new Float32Array(lanes * inputs);
    this.#action = new Float32Array(lanes * width);
    this.#logProb = new Float64Array(lanes);
    this.#lastValue = new Float32Array(lanes);
    this.policy = this.#model.actor.policy;
  }

  get gradientSteps(): number {
    return this.#model.steps;
  }

  get atBoundary(): boolean {
    return this.#rollout.filled === 0 && !this.#acted;
  }

  act(observation: Float32Array, action: Float64Array): void {
    const rollout = this.#rollout;
    const { actor } = this.#model;
    const { sde_sample_freq: frequency } = this.#config;
    const { filled, lanes } = rollout;
    for (let i = 0; i < this.#seen.length; i++) this.#seen[i] = observation[i]!;
    this.#statistics?.observe(this.#seen, lanes);
    this.#standardise(this.#seen, lanes, this.#read);
    if (filled === 0 || (frequency > 0 && filled % frequency === 0)) actor.renewNoise(this.#explore);
    actor.sample(this.#read, this.#explore, this.#action, this.#logProb);
    actor.physical(this.#action, action);
    rollout.observation.set(this.#read, filled * this.#read.length);
    rollout.action.set(this.#action, filled * this.#action.length);
    rollout.logProb.set(this.#logProb, filled * lanes);
    this.#acted = true;
  }

  observe(batch: StepBatch, progress: number): Metrics | undefined {
    if (!this.#acted) throw new StateError(`${this.#name}: observe was called before act`);
    this.#acted = false;
    const rollout = this.#rollout;
    const { lanes } = rollout;
    const first = rollout.filled * lanes;
    this.#shaping.apply(this.#seen, batch, this.#shaped);
    if (this.#config.normaliseReward) this.#scale.observe(this.#shaped, batch.terminated, batch.truncated);
    for (let lane = 0; lane < lanes; lane++) {
      const row = first + lane;
      const cut = batch.truncated[lane] === 1 && batch.terminated[lane] === 0;
      rollout.reward[row] = this.#shaped[lane]!;
      rollout.ended[row] = batch.terminated[lane] === 1 || cut ? 1 : 0;
      if (cut) {
        const observation = batch.finalObservation.slice(lane * this.#inputs, (lane + 1) * this.#inputs);
        this.#standardise(observation, 1, observation);
        rollout.cut.push({ row, observation });
      }
    }
    rollout.filled++;
    if (rollout.filled < rollout.steps) return undefined;
    this.#standardise(batch.observation, lanes, this.#read);
    this.#estimate(this.#read);
    const metrics = {
      ...this.#method.update(rollout, progress),
      ...this.#model.actor.metrics(),
      explainedVariance: explainedVariance(rollout),
      rewardFactor: this.#config.normaliseReward ? this.#scale.factor : 1,
    };
    rollout.clear();
    return metrics;
  }

  #standardise(x: Float32Array, rows: number, out: Float32Array): void {
    if (this.#statistics !== undefined) standardise(this.#statistics.standardisation, x, rows, this.#inputs, out);
    else if (out !== x) for (let i = 0; i < rows * this.#inputs; i++) out[i] = x[i]!;
  }

  /** Values, advantages and targets of the full rollout. @param last [N×O] what its last step led to */
  #estimate(last: Float32Array): void {
    const rollout = this.#rollout;
    const { critic } = this.#model;
    const { steps, lanes, rows, value, nextValue, reward } = rollout;
    const factor = this.#config.normaliseReward ? this.#scale.factor : 1;
    for (let row = 0; row < rows; row++) reward[row]! *= factor;
    critic.forward(rollout.observation, rows, value);
    critic.forward(last, lanes, this.#lastValue);
    nextValue.set(value.subarray(lanes), 0);
    nextValue.set(this.#lastValue, (steps - 1) * lanes);
    for (let row = 0; row < rows; row++) if (rollout.ended[row] === 1) nextValue[row] = 0;
    for (const { row, observation } of rollout.cut) {
      critic.forward(observation, 1, this.#lastValue);
      nextValue[row] = this.#lastValue[0]!;
    }
    const { gamma, gae_lambda: lambda } = this.#config;
    gae(steps, lanes, reward, value, nextValue, rollout.ended, gamma, lambda, rollout.advantage, rollout.target);
  }

  save(): State {
    if (!this.atBoundary)
      throw new StateError(`${this.#name}: save was called inside a rollout, expected an update boundary`);
    return {
      explore: this.#explore.state,
      ...nested('method', this.#method.save()),
      ...nested('scale', this.#scale.save()),
      ...nested('model', this.#model.save()),
      ...(this.#statistics === undefined ? {} : nested('statistics', this.#statistics.save())),
    };
  }

  restore(state: State): void {
    this.#explore = rngFromState(stateArray(state, 'explore', 'Uint32Array', 8));
    this.#method.restore(under('method', state));
    this.#scale.restore(under('scale', state));
    this.#model.restore(under('model', state));
    this.#statistics?.restore(under('statistics', state));
    this.#rollout.clear();
    this.#acted = false;
  }

  [Symbol.dispose](): void {
    this.#model[Symbol.dispose]();
  }
}
