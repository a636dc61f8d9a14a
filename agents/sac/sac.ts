import type { StepBatch } from '../../core/environment.ts';
import { StateError } from '../../core/errors.ts';
import type { Rng } from '../../core/rng.ts';
import { rngFromState } from '../../core/rng.ts';
import type { Feature } from '../../core/space.ts';
import { createNetwork } from '../../nn/create-network.ts';
import { initialise } from '../../nn/initialise.ts';
import { mlp } from '../../nn/layers.ts';
import type { Network } from '../../nn/network.ts';
import { Replay, transitionBatch } from '../buffer/replay.ts';
import type { LearnedPolicy, Learner, LearnerSpaces, Metrics } from '../learner.ts';
import { drawNormal, squashedGradient, squashedSample } from '../loss/squashed-gaussian.ts';
import { networkPolicy } from '../network-policy.ts';
import { networkState, restoreNetwork } from '../network-state.ts';
import { RewardScale } from '../return/reward-scale.ts';
import { RewardShaping } from '../return/reward-shaping.ts';
import type { State } from '../state.ts';
import { nested, stateArray, under } from '../state.ts';
import type { SacConfig } from './config.ts';
import { Temperature } from './temperature.ts';

/**
 * Soft actor-critic: a squashed Gaussian policy, two critics with slow targets, a temperature that finds itself.
 *
 * Critics: `y = r + γ(1 − terminated)(min_i q̄ᵢ(x', a') − α log π(a'|x'))`, squared error. Actor: `mean(α log π − min_i qᵢ)`.
 * Sources: Haarnoja et al. (2018), "Soft Actor-Critic Algorithms and Applications"; order of the parts as Stable-Baselines3.
 * Actions are learned on the unit scale [−1, 1] and mapped to the physical box.
 */
export class Sac implements Learner {
  readonly policy: LearnedPolicy;
  gradientSteps = 0;
  readonly #config: SacConfig;
  readonly #lanes: number;
  readonly #inputs: number;
  readonly #actions: number;
  readonly #features: readonly Feature[];
  readonly #actor: Network;
  readonly #critics: readonly [Network, Network];
  readonly #targets: readonly [Network, Network];
  readonly #temperature: Temperature;
  readonly #replay: Replay;
  readonly #shaping: RewardShaping;
  readonly #shaped: Float64Array;
  readonly #scale: RewardScale;
  #explore: Rng;
  #learn: Rng;
  #steps = 0;
  #owed = 0;
  #acted = false;
  readonly #lane: ReturnType<typeof transitionBatch>;
  readonly #laneOutput: Float32Array;
  readonly #laneNoise: Float32Array;
  readonly #laneLogProb: Float32Array;
  readonly #batch: ReturnType<typeof transitionBatch>;
  readonly #work: ReturnType<typeof workspace>;

  constructor(config: SacConfig, spaces: LearnerSpaces, rng: Rng) {
    const inputs = spaces.observationSpace.features.length;
    const actions = spaces.actionSpace.features.length;
    this.#config = config;
    this.#lanes = spaces.numEnvs;
    this.#inputs = inputs;
    this.#actions = actions;
    this.#features = spaces.actionSpace.features;
    this.#actor = createNetwork(mlp([inputs, ...config.hidden, 2 * actions], 'relu'));
    const critic = (): Network => createNetwork(mlp([inputs + actions, ...config.hidden, 1], 'relu'));
    this.#critics = [critic(), critic()];
    this.#targets = [critic(), critic()];
    initialise(this.#actor, rng.split('actor'), { kind: 'torch-linear' });
    for (const [i, network] of this.#critics.entries()) {
      initialise(network, rng.split(`critic ${i}`), { kind: 'torch-linear' });
      this.#targets[i]!.lerpFrom(network, 1);
    }
    this.#temperature = new Temperature(config.entropyTarget * actions, config.temperature);
    this.#replay = new Replay(config.bufferSize, inputs, actions);
    this.#shaping = new RewardShaping(spaces.observationSpace, config);
    this.#shaped = new Float64Array(spaces.numEnvs);
    this.#scale = new RewardScale(spaces.numEnvs, config.gamma);
    this.#explore = rng.split('explore');
    this.#learn = rng.split('learn');
    this.#lane = transitionBatch(spaces.numEnvs, inputs, actions);
    this.#laneOutput = new Float32Array(spaces.numEnvs * 2 * actions);
    this.#laneNoise = new Float32Array(spaces.numEnvs * actions);
    this.#laneLogProb = new Float32Array(spaces.numEnvs);
    this.#batch = transitionBatch(config.batchSize, inputs, actions);
    this.#work = workspace(config.batchSize, inputs, actions);
    this.policy = networkPolicy(this.#actor, {
      kind: 'squashed-gaussian',
      low: this.#features.map((feature) => feature.low),
      high: this.#features.map((feature) => feature.high),
    });
  }

  get atBoundary(): boolean {
    return !this.#acted;
  }

  act(observation: Float32Array, action: Float64Array): void {
    const lane = this.#lane;
    const count = this.#lanes * this.#actions;
    lane.observation.set(observation.subarray(0, lane.observation.length));
    if (this.#steps < this.#config.startSteps) {
      for (let i = 0; i < count; i++) lane.action[i] = 2 * this.#explore.uniform() - 1;
    } else {
      this.#actor.forward(lane.observation, this.#lanes, this.#laneOutput);
      drawNormal(this.#explore, this.#laneNoise, count);
      squashedSample(this.#laneOutput, this.#lanes, this.#actions, this.#laneNoise, lane.action, this.#laneLogProb);
    }
    for (let i = 0; i < count; i++) {
      const { low, high } = this.#features[i % this.#actions]!;
      action[i] = fromUnit(lane.action[i]!, low, high);
    }
    this.#acted = true;
  }

  observe(batch: StepBatch, progress: number): Metrics | undefined {
    if (!this.#acted) throw new StateError('sac: observe was called before act');
    this.#acted = false;
    const { startSteps, bufferSize, updatesPerStep, normaliseReward } = this.#config;
    const lane = this.#lane;
    this.#shaping.apply(lane.observation, batch, this.#shaped);
    if (normaliseReward) this.#scale.observe(this.#shaped, batch.terminated, batch.truncated);
    for (let i = 0; i < this.#lanes; i++) {
      const ended = batch.terminated[i] === 1 || batch.truncated[i] === 1;
      const source = ended ? batch.finalObservation : batch.observation;
      const at = i * this.#inputs;
      for (let j = at; j < at + this.#inputs; j++) lane.nextObservation[j] = source[j]!;
      lane.reward[i] = this.#shaped[i]!;
      lane.terminated[i] = batch.terminated[i]!;
      this.#replay.add(lane, i);
    }
    this.#steps += this.#lanes;
    if (this.#replay.size < Math.max(this.#lanes, Math.min(startSteps, bufferSize))) return undefined;
    this.#owed += updatesPerStep * this.#lanes;
    let metrics: Metrics | undefined;
    for (; this.#owed >= 1; this.#owed--) metrics = this.#update(progress);
    return metrics;
  }

  #update(progress: number): Metrics {
    const { batchSize: rows, tau, schedule, normaliseReward } = this.#config;
    const learningRate = this.#config.learningRate * (schedule === 'linear' ? 1 - progress : 1);
    const batch = this.#batch;
    const work = this.#work;
    const actions = this.#actions;
    this.#replay.sample(this.#learn, rows, batch);

    // The next action is drawn first, so that the actor's last `forward` is the one its gradient refers to.
    this.#actor.forward(batch.nextObservation, rows, work.output);
    drawNormal(this.#learn, work.noise, rows * actions);
    squashedSample(work.output, rows, actions, work.noise, work.action, work.nextLogProb);
    join(batch.nextObservation, this.#inputs, work.action, actions, rows, work.joint);
    this.#targets[0].forward(work.joint, rows, work.q[0]);
    this.#targets[1].forward(work.joint, rows, work.q[1]);

    this.#actor.forward(batch.observation, rows, work.output);
    drawNormal(this.#learn, work.noise, rows * actions);
    squashedSample(work.output, rows, actions, work.noise, work.action, work.logProb);
    const alpha = this.#temperature.alpha;
    const meanLogProb = mean(work.logProb, rows);
    this.#temperature.adapt(meanLogProb, learningRate);

    const factor = normaliseReward ? this.#scale.factor : 1;
    for (let row = 0; row < rows; row++) {
      const next = Math.min(work.q[0][row]!, work.q[1][row]!) - alpha * work.nextLogProb[row]!;
      work.target[row] = factor * batch.reward[row]! + (batch.terminated[row] === 1 ? 0 : this.#config.gamma * next);
    }
    join(batch.observation, this.#inputs, batch.action, actions, rows, work.joint);
    let criticLoss = 0;
    for (const [i, critic] of this.#critics.entries()) {
      const q = work.q[i]!;
      critic.forward(work.joint, rows, q);
      for (let row = 0; row < rows; row++) {
        const error = q[row]! - work.target[row]!;
        criticLoss += (0.5 * error * error) / rows;
        q[row] = error / rows;
      }
      critic.backward(q, rows);
      critic.adam({ learningRate });
    }

    const actorLoss = alpha * meanLogProb - this.#actionGradient(rows);
    squashedGradient(work.output, rows, actions, work.noise, work.action, work.dAction, alpha, work.dOutput);
    this.#actor.backward(work.dOutput, rows);
    const actorNorm = this.#actor.adam({ learningRate });

    this.#targets[0].lerpFrom(this.#critics[0], tau);
    this.#targets[1].lerpFrom(this.#critics[1], tau);
    this.gradientSteps++;
    return { criticLoss, actorLoss, entropy: -meanLogProb, temperature: alpha, actorNorm, rewardFactor: factor };
  }

  /** Fills `dAction` with ∂ min_i qᵢ(x, a) / ∂a at the actor's draw; returns the mean of the minimum. */
  #actionGradient(rows: number): number {
    const { joint, action, q, dQ, dJoint, dAction } = this.#work;
    const actions = this.#actions;
    const width = this.#inputs + actions;
    join(this.#batch.observation, this.#inputs, action, actions, rows, joint);
    this.#critics[0].forward(joint, rows, q[0]);
    this.#critics[1].forward(joint, rows, q[1]);
    dAction.fill(0);
    let sum = 0;
    for (const [i, critic] of this.#critics.entries()) {
      for (let row = 0; row < rows; row++) {
        const first = q[0][row]! <= q[1][row]!;
        dQ[row] = first === (i === 0) ? 1 : 0;
        sum += dQ[row]! * q[i]![row]!;
      }
      critic.backwardInput(dQ, rows, dJoint);
      for (let row = 0; row < rows; row++)
        for (let j = 0; j < actions; j++) dAction[row * actions + j]! += dJoint[row * width + this.#inputs + j]!;
    }
    return sum / rows;
  }

  save(): State {
    if (this.#acted) throw new StateError('sac: save was called between act and observe');
    return {
      counters: Float64Array.of(this.gradientSteps, this.#steps, this.#owed),
      explore: this.#explore.state,
      learn: this.#learn.state,
      ...nested('scale', this.#scale.save()),
      ...nested('temperature', this.#temperature.save()),
      ...(this.#config.checkpointReplay ? nested('replay', this.#replay.save()) : {}),
      ...nested('actor', networkState(this.#actor)),
      ...Object.assign({}, ...this.#critics.map((network, i) => nested(`critic${i}`, networkState(network)))),
      ...Object.assign({}, ...this.#targets.map((network, i) => nested(`target${i}`, networkState(network)))),
    };
  }

  restore(state: State): void {
    const [gradientSteps, steps, owed] = stateArray(state, 'counters', 'Float64Array', 3);
    this.gradientSteps = gradientSteps!;
    this.#steps = steps!;
    this.#owed = owed!;
    this.#explore = rngFromState(stateArray(state, 'explore', 'Uint32Array', 8));
    this.#learn = rngFromState(stateArray(state, 'learn', 'Uint32Array', 8));
    this.#scale.restore(under('scale', state));
    this.#temperature.restore(under('temperature', state));
    const replay = under('replay', state);
    if (Object.keys(replay).length > 0) this.#replay.restore(replay);
    restoreNetwork(this.#actor, under('actor', state));
    for (const i of [0, 1] as const) {
      restoreNetwork(this.#critics[i], under(`critic${i}`, state));
      restoreNetwork(this.#targets[i], under(`target${i}`, state));
    }
    this.#acted = false;
  }

  [Symbol.dispose](): void {
    for (const network of [this.#actor, ...this.#critics, ...this.#targets]) network[Symbol.dispose]();
  }
}

function workspace(rows: number, inputs: number, actions: number) {
  return {
    output: new Float32Array(rows * 2 * actions),
    dOutput: new Float32Array(rows * 2 * actions),
    noise: new Float32Array(rows * actions),
    action: new Float32Array(rows * actions),
    dAction: new Float32Array(rows * actions),
    logProb: new Float32Array(rows),
    nextLogProb: new Float32Array(rows),
    target: new Float32Array(rows),
    joint: new Float32Array(rows * (inputs + actions)),
    dJoint: new Float32Array(rows * (inputs + actions)),
    q: [new Float32Array(rows), new Float32Array(rows)] as const,
    dQ: new Float32Array(rows),
  };
}

/** `out = x ‖ a` row by row. */
function join(
  x: Float32Array,
  inputs: number,
  a: Float32Array,
  actions: number,
  rows: number,
  out: Float32Array,
): void {
  for (let row = 0, at = 0; row < rows; row++) {
    for (let i = 0; i < inputs; i++) out[at++] = x[row * inputs + i]!;
    for (let j = 0; j < actions; j++) out[at++] = a[row * actions + j]!;
  }
}

function mean(values: Float32Array, count: number): number {
  let sum = 0;
  for (let i = 0; i < count; i++) sum += values[i]!;
  return sum / count;
}

/** The physical value of an action on the unit scale [−1, 1]. */
function fromUnit(unit: number, low: number, high: number): number {
  return low + ((unit + 1) / 2) * (high - low);
}
