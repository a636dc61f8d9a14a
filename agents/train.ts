import type { VectorEnv } from '../core/environment.ts';
import { ConfigError, NonFiniteError, PolicyFileError } from '../core/errors.ts';
import type { Normaliser } from '../core/policy.ts';
import type { Rng } from '../core/rng.ts';
import { earlyStop, stopReason } from './early-stop.ts';
import type { EarlyStop, StopReason } from './early-stop.ts';
import { assertFiniteStep, divergence, notFinite } from './finite.ts';
import { learners } from './index.ts';
import type { LearnerName } from './index.ts';
import type { LearnedPolicy, Learner, Metrics } from './learner.ts';
import type { State } from './state.ts';
import { decodeState, encodeState, nested, stateArray, under } from './state.ts';

/** What a clean run of a policy gave. */
export interface Evaluation {
  /** Lower is better: the best policy so far is kept by it. */
  readonly score: number;
  readonly metrics: Metrics;
}

/** A point of the learning curve. */
export interface CurvePoint extends Evaluation {
  /** Environment steps over all lanes. */
  readonly step: number;
  readonly gradientSteps: number;
}

export type TrainingEvent =
  | {
      readonly type: 'progress';
      readonly step: number;
      readonly totalSteps: number;
      readonly gradientSteps: number;
      /** Means over the updates since the last progress event. */
      readonly metrics: Metrics;
    }
  | { readonly type: 'evaluation'; readonly point: CurvePoint; readonly best: boolean }
  /** The last event of a training that ended before its last step. */
  | { readonly type: 'stopped'; readonly step: number; readonly reason: StopReason };

export interface TrainingOptions {
  /** Reset here, never disposed. */
  readonly env: VectorEnv;
  readonly algorithm: LearnerName;
  /** Options of the algorithm; see `learners`. */
  readonly config?: unknown;
  readonly rng: Rng;
  /** Environment steps over all lanes. */
  readonly totalSteps: number;
  /** Judges the policy of the moment, in an environment of its own. */
  readonly evaluate?: (policy: LearnedPolicy) => Evaluation;
  /** Steps between evaluations; one more is made at the end. Default: only at the end. */
  readonly evaluateEvery?: number;
  /** Most steps between progress events, default 2048; there is one after every 64 gradient steps anyway. */
  readonly reportEvery?: number;
  /** Ends the training on what its evaluations say; default: never. */
  readonly stop?: Partial<EarlyStop> | undefined;
}

/** An update of SAC takes 14 ms: whoever drives a training gets a word in about every second. */
const reportUpdates = 64;

/** A policy as it was at some moment: what has to be written down of it. */
export interface KeptPolicy {
  /** [size], in the order of `Network.readParameters` */
  readonly parameters: Float32Array;
  /** The observation statistics that go with the weights, where the learner keeps any. */
  readonly normaliser: Normaliser | undefined;
}

/**
 * Training as a plain synchronous iteration: the caller decides when to go on, to save, to stop, to yield to others.
 *
 * Stopping is leaving the loop; iterating again continues. Every event comes at a point where `save` loses nothing: a
 * training restored from there and one never interrupted give the same bits if the environment has `snapshot`, else its
 * episodes start anew. Same options and seed: same bits.
 *
 * @throws {NonFiniteError} from the iteration when the environment gives a number that is not finite, or the training diverges.
 */
export function train(options: TrainingOptions): Training {
  return new Training(options);
}

export class Training implements Iterable<TrainingEvent>, Disposable {
  readonly learner: Learner;
  readonly curve: CurvePoint[] = [];
  step = 0;
  readonly #options: TrainingOptions;
  readonly #evaluateEvery: number;
  readonly #reportEvery: number;
  readonly #stop: EarlyStop;
  readonly #observation: Float32Array;
  readonly #action: Float64Array;
  #reported = 0;
  #evaluated = 0;
  #best: (KeptPolicy & { readonly score: number }) | undefined;
  #sums: Record<string, number> = {};
  #updates = 0;
  #stopped: StopReason | undefined;

  constructor(options: TrainingOptions) {
    const { env, algorithm, config, rng, totalSteps } = options;
    if (!(totalSteps >= 1)) throw new ConfigError(`train: totalSteps is ${totalSteps}, expected at least 1`);
    if (options.stop !== undefined && options.evaluate === undefined)
      throw new ConfigError('train: `stop` looks at evaluations, but there is no `evaluate`');
    this.#options = options;
    this.#evaluateEvery = options.evaluateEvery ?? totalSteps;
    this.#reportEvery = options.reportEvery ?? 2048;
    this.#stop = earlyStop.parse(options.stop ?? {});
    this.learner = learners[algorithm].make(config ?? {})(env, rng.split('learner'));
    const start = env.reset(rng.split('environment'));
    assertFiniteStep(start, env.observationSpace.features, 0);
    this.#observation = start.observation.slice();
    this.#action = new Float64Array(env.numEnvs * env.actionSpace.features.length);
  }

  /** The best policy so far; without an evaluation, the latest. */
  get bestPolicy(): KeptPolicy {
    return this.#best ?? keptPolicy(this.learner.policy);
  }

  /** Environment steps at the end. */
  get totalSteps(): number {
    return this.#options.totalSteps;
  }

  get bestScore(): number | undefined {
    return this.#best?.score;
  }

  /** Why the training ended before its last step; undefined where it did not. */
  get stopped(): StopReason | undefined {
    return this.#stopped;
  }

  *[Symbol.iterator](): Generator<TrainingEvent, void, undefined> {
    const { env, totalSteps, evaluate } = this.#options;
    const { learner } = this;
    const spans = (): number => Math.floor(learner.gradientSteps / reportUpdates);
    let reportedSpans = spans(); // a training that goes on had reported what it had done
    for (;;) {
      if (learner.atBoundary) {
        const done = this.step >= totalSteps;
        if (done) this.#assertFiniteWeights();
        const report = done || spans() > reportedSpans || this.step - this.#reported >= this.#reportEvery;
        reportedSpans = spans();
        if (this.#updates > 0 && report) yield this.#progress();
        const due = done ? this.#evaluated < this.step : this.step - this.#evaluated >= this.#evaluateEvery;
        if (evaluate !== undefined && due) yield this.#evaluate(evaluate);
        if (done) return;
        if (this.#stopped !== undefined) {
          yield { type: 'stopped', step: this.step, reason: this.#stopped };
          return;
        }
      }
      learner.act(this.#observation, this.#action);
      const lost = this.#action.find(notFinite);
      if (lost !== undefined) throw this.#diverged('an action', lost);
      const batch = env.step(this.#action);
      this.step += env.numEnvs;
      assertFiniteStep(batch, env.observationSpace.features, this.step);
      this.#observation.set(batch.observation);
      const metrics = learner.observe(batch, Math.min(1, this.step / totalSteps));
      if (metrics !== undefined) this.#add(metrics);
    }
  }

  #add(metrics: Metrics): void {
    for (const [name, value] of Object.entries(metrics)) {
      // Infinity may pass: a ratio of probabilities can overflow where the clip then ignores it.
      if (Number.isNaN(value)) throw this.#diverged(name, value);
      this.#sums[name] = (this.#sums[name] ?? 0) + value;
    }
    this.#updates++;
  }

  #assertFiniteWeights(): void {
    const lost = this.learner.policy.parameters().find(notFinite);
    if (lost !== undefined) throw this.#diverged('a weight', lost);
  }

  #diverged(what: string, value: number): NonFiniteError {
    return divergence(`${this.#options.algorithm}: ${what}`, value, this.step);
  }

  #progress(): TrainingEvent {
    const metrics = Object.fromEntries(Object.entries(this.#sums).map(([name, sum]) => [name, sum / this.#updates]));
    this.#sums = {};
    this.#updates = 0;
    this.#reported = this.step;
    const { gradientSteps } = this.learner;
    return { type: 'progress', step: this.step, totalSteps: this.#options.totalSteps, gradientSteps, metrics };
  }

  #evaluate(evaluate: (policy: LearnedPolicy) => Evaluation): TrainingEvent {
    this.#assertFiniteWeights();
    this.#evaluated = this.step;
    const point = { step: this.step, gradientSteps: this.learner.gradientSteps, ...evaluate(this.learner.policy) };
    if (notFinite(point.score))
      throw new NonFiniteError(
        `${this.#options.algorithm}: the score of the evaluation at step ${this.step} is ${point.score}, expected a finite number`,
      );
    this.curve.push(point);
    const best = this.#best === undefined || point.score < this.#best.score;
    if (best) this.#best = { score: point.score, ...keptPolicy(this.learner.policy) };
    this.#judgeCurve();
    return { type: 'evaluation', point, best };
  }

  #judgeCurve(): void {
    const scores = this.curve.map((point) => point.score);
    this.#stopped = this.step < this.#options.totalSteps ? stopReason(scores, this.#stop) : undefined;
  }

  /** Everything to continue from here, as bytes; call it between two events. */
  save(): Uint8Array {
    const { env } = this.#options;
    const text = JSON.stringify({
      curve: this.curve,
      sums: this.#sums,
      algorithm: this.#options.algorithm,
      normaliser: this.#best?.normaliser,
    });
    return encodeState({
      counters: Float64Array.of(this.step, this.#reported, this.#evaluated, this.#updates),
      text: new TextEncoder().encode(text),
      observation: this.#observation.slice(),
      ...(this.#best === undefined
        ? {}
        : { bestScore: Float64Array.of(this.#best.score), bestParameters: this.#best.parameters }),
      ...(env.snapshot === undefined ? {} : { environment: env.snapshot() }),
      ...nested('learner', this.learner.save()),
    });
  }

  /** @throws {PolicyFileError} when the bytes are not a checkpoint of a training with these options. */
  restore(bytes: Uint8Array): void {
    const state: State = decodeState(bytes);
    const { env } = this.#options;
    const [step, reported, evaluated, updates] = stateArray(state, 'counters', 'Float64Array', 4);
    const text = textOf(state);
    if (text.algorithm !== this.#options.algorithm)
      throw new PolicyFileError(`checkpoint: it is of ${text.algorithm}, expected ${this.#options.algorithm}`);
    this.learner.restore(under('learner', state));
    if (state['bestScore'] !== undefined) {
      const parameters = stateArray(state, 'bestParameters', 'Float32Array').slice();
      const score = stateArray(state, 'bestScore', 'Float64Array', 1)[0]!;
      this.#best = { score, parameters, normaliser: text.normaliser };
    }
    if (env.restore !== undefined && state['environment'] !== undefined) {
      env.restore(stateArray(state, 'environment', 'Float64Array'));
      this.#observation.set(stateArray(state, 'observation', 'Float32Array', this.#observation.length));
    }
    this.step = step!;
    this.#reported = reported!;
    this.#evaluated = evaluated!;
    this.#updates = updates!;
    this.#sums = text.sums;
    this.curve.splice(0, this.curve.length, ...text.curve);
    this.#judgeCurve();
  }

  [Symbol.dispose](): void {
    this.learner[Symbol.dispose]();
  }
}

/** The part of a checkpoint that is no array. */
function textOf(state: State): {
  readonly algorithm: string;
  readonly curve: CurvePoint[];
  readonly sums: Record<string, number>;
  readonly normaliser?: Normaliser;
} {
  const text = new TextDecoder().decode(stateArray(state, 'text', 'Uint8Array'));
  try {
    return JSON.parse(text) as ReturnType<typeof textOf>;
  } catch (cause) {
    throw new PolicyFileError('checkpoint: its text is not JSON', { cause });
  }
}

/** A policy as it is now. */
export function keptPolicy(policy: LearnedPolicy): KeptPolicy {
  return { parameters: policy.parameters(), normaliser: policy.normaliser?.() };
}
