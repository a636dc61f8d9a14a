import type { StepBatch } from '../../core/environment.ts';
import { StateError } from '../../core/errors.ts';
import type { Rng } from '../../core/rng.ts';
import { rngFromState } from '../../core/rng.ts';
import { Replay, transitionBatch } from '../buffer/replay.ts';
import type { TransitionBatch } from '../buffer/replay.ts';
import type { LearnedPolicy, Learner, LearnerSpaces, Metrics } from '../learner.ts';
import { observationStatistics } from '../normalize-option.ts';
import type { ObservationStatistics } from '../observation-statistics.ts';
import { RewardScale } from '../return/reward-scale.ts';
import { RewardShaping } from '../return/reward-shaping.ts';
import { scheduled } from '../schedule.ts';
import type { State } from '../state.ts';
import { nested, stateArray, under } from '../state.ts';
import type { OffPolicyAlgorithm } from './algorithm.ts';
import type { OffPolicyConfig } from './options.ts';

/**
 * What DQN, TD3 and SAC have in common: act, remember, and update from minibatches of what is remembered.
 *
 * An episode that the clock ended is remembered as going on from its final observation, so its value is bootstrapped (SB3's
 * `handle_timeout_termination`). Steps are counted as SB3 counts them with vectorised environments: `learning_starts` over all
 * lanes, `train_freq` in steps of all lanes together. The replay holds observations as they were seen; where they are
 * standardised, it is by the statistics of the moment, in front of each network.
 */
export class OffPolicyLearner implements Learner {
  readonly policy: LearnedPolicy;
  gradientSteps = 0;
  readonly #config: OffPolicyConfig;
  readonly #lanes: number;
  readonly #inputs: number;
  readonly #algorithm: OffPolicyAlgorithm;
  readonly #statistics: ObservationStatistics | undefined;
  readonly #replay: Replay;
  readonly #shaping: RewardShaping;
  readonly #shaped: Float64Array;
  readonly #scale: RewardScale;
  /** The transition of each lane that is being made, and a minibatch. */
  readonly #lane: TransitionBatch;
  /** The same as it is remembered: with the action's effect in place of it, if there is such. */
  readonly #made: TransitionBatch;
  readonly #batch: TransitionBatch;
  #explore: Rng;
  #learn: Rng;
  /** Steps over all lanes, updates that are due, share of the training that is done. */
  #steps = 0;
  #owed = 0;
  #progress = 0;
  #acted = false;

  constructor(
    config: OffPolicyConfig,
    { numEnvs, observationSpace }: LearnerSpaces,
    rng: Rng,
    make: (statistics: ObservationStatistics | undefined) => OffPolicyAlgorithm,
  ) {
    const inputs = observationSpace.features.length;
    this.#config = config;
    this.#lanes = numEnvs;
    this.#inputs = inputs;
    this.#statistics = observationStatistics(config.normalize, inputs);
    this.#algorithm = make(this.#statistics);
    const actions = this.#algorithm.coding.size;
    this.policy = this.#algorithm.policy;
    const { effect } = this.#algorithm;
    this.#replay = new Replay(config.buffer_size, inputs, effect?.size ?? actions);
    this.#shaping = new RewardShaping(observationSpace, config);
    this.#shaped = new Float64Array(numEnvs);
    this.#scale = new RewardScale(numEnvs, config.gamma);
    this.#lane = transitionBatch(numEnvs, inputs, actions);
    this.#made = effect === undefined ? this.#lane : { ...this.#lane, action: effect.last };
    this.#batch = transitionBatch(config.batch_size, inputs, effect?.size ?? actions);
    this.#explore = rng.split('explore');
    this.#learn = rng.split('learn');
  }

  get atBoundary(): boolean {
    return !this.#acted;
  }

  act(observation: Float32Array, action: Float64Array): void {
    const { coding, noise } = this.#algorithm;
    const lane = this.#lane;
    lane.observation.set(observation.subarray(0, lane.observation.length));
    if (this.#steps === 0) this.#statistics?.observe(lane.observation, this.#lanes);
    if (this.#steps < this.#config.learning_starts) coding.random(this.#explore, lane.action);
    else {
      const exploration = { progress: this.#progress, rng: this.#explore };
      this.#algorithm.explore(lane.observation, this.#lanes, exploration, lane.action);
    }
    noise?.apply(this.#explore, lane.action);
    coding.physical(lane.action, action);
    this.#acted = true;
  }

  observe(batch: StepBatch, progress: number): Metrics | undefined {
    if (!this.#acted) throw new StateError(`${this.#algorithm.name}: observe was called before act`);
    this.#acted = false;
    this.#progress = progress;
    this.#remember(batch);
    this.#statistics?.observe(batch.observation, this.#lanes);
    this.#steps += this.#lanes;
    const calls = this.#steps / this.#lanes;
    this.#algorithm.stepped?.(calls);
    const { learning_starts: starts, buffer_size: room } = this.#config;
    // The second is the first but for a resumed training whose checkpoint left the replay out.
    if (this.#steps <= starts || this.#replay.size <= Math.min(starts, room - 1)) return undefined;
    this.#owed += this.#due(calls);
    let metrics: Metrics | undefined;
    for (; this.#owed >= 1; this.#owed--) metrics = this.#update();
    return metrics;
  }

  #remember(batch: StepBatch): void {
    const lane = this.#lane;
    this.#shaping.apply(lane.observation, batch, this.#shaped);
    if (this.#config.normaliseReward) this.#scale.observe(this.#shaped, batch.terminated, batch.truncated);
    for (let i = 0; i < this.#lanes; i++) {
      const ended = batch.terminated[i] === 1 || batch.truncated[i] === 1;
      const source = ended ? batch.finalObservation : batch.observation;
      const at = i * this.#inputs;
      for (let j = at; j < at + this.#inputs; j++) lane.nextObservation[j] = source[j]!;
      lane.reward[i] = this.#shaped[i]!;
      lane.terminated[i] = batch.terminated[i]!;
      this.#replay.add(this.#made, i);
      if (ended) this.#algorithm.noise?.reset(i);
    }
  }

  /** Updates that a step of all lanes calls for. @param calls such steps so far */
  #due(calls: number): number {
    const { updatesPerStep, train_freq: every, gradient_steps: steps } = this.#config;
    if (updatesPerStep !== null) return updatesPerStep * this.#lanes;
    if (calls % every !== 0) return 0;
    return steps < 0 ? every * this.#lanes : steps;
  }

  #update(): Metrics {
    const { batch_size: rows, learning_rate: learningRate, normaliseReward } = this.#config;
    const rewardFactor = normaliseReward ? this.#scale.factor : 1;
    this.#replay.sample(this.#learn, rows, this.#batch);
    const metrics = this.#algorithm.update(this.#batch, {
      learningRate: scheduled(learningRate, this.#progress),
      rewardFactor,
      rng: this.#learn,
    });
    this.gradientSteps++;
    return { ...metrics, rewardFactor };
  }

  save(): State {
    if (this.#acted) throw new StateError(`${this.#algorithm.name}: save was called between act and observe`);
    const { noise } = this.#algorithm;
    return {
      counters: Float64Array.of(this.gradientSteps, this.#steps, this.#owed, this.#progress),
      explore: this.#explore.state,
      learn: this.#learn.state,
      ...nested('scale', this.#scale.save()),
      ...(this.#statistics === undefined ? {} : nested('statistics', this.#statistics.save())),
      ...(noise === undefined ? {} : nested('noise', noise.save())),
      ...(this.#config.checkpointReplay ? nested('replay', this.#replay.save()) : {}),
      ...nested('algorithm', this.#algorithm.save()),
    };
  }

  restore(state: State): void {
    const [gradientSteps, steps, owed, progress] = stateArray(state, 'counters', 'Float64Array', 4);
    this.gradientSteps = gradientSteps!;
    this.#steps = steps!;
    this.#owed = owed!;
    this.#progress = progress!;
    this.#explore = rngFromState(stateArray(state, 'explore', 'Uint32Array', 8));
    this.#learn = rngFromState(stateArray(state, 'learn', 'Uint32Array', 8));
    this.#scale.restore(under('scale', state));
    this.#statistics?.restore(under('statistics', state));
    this.#algorithm.noise?.restore(under('noise', state));
    const replay = under('replay', state);
    if (Object.keys(replay).length > 0) this.#replay.restore(replay);
    this.#algorithm.restore(under('algorithm', state));
    this.#acted = false;
  }

  [Symbol.dispose](): void {
    this.#algorithm[Symbol.dispose]();
  }
}
