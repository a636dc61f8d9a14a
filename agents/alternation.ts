import { earlyStop, stopReason } from './early-stop.ts';
import type { EarlyStop, StopReason } from './early-stop.ts';
import type { LearnedPolicy, Learner } from './learner.ts';
import { decodeState, encodeState, stateArray } from './state.ts';
import { keptPolicy } from './train.ts';
import type { CurvePoint, Evaluation, KeptPolicy, Training, TrainingEvent } from './train.ts';

/** How two trainings take turns. */
export interface AlternationOptions {
  readonly cycles: number;
  /** Steps of each in a cycle, the victim first. */
  readonly victimSteps: number;
  readonly adversarySteps: number;
  /** Judges the victim of the moment under the adversary of the moment: what is kept, and what may end the training, go by it. */
  readonly judge: (victim: LearnedPolicy, adversary: LearnedPolicy) => Evaluation;
  readonly stop?: Partial<EarlyStop> | undefined;
}

/**
 * ATLA: a victim and its adversary trained in turns, each in an environment that holds the other's present policy.
 *
 * Both keep their optimisers, statistics, buffers and episodes from turn to turn, and through `save` and `restore`: a resumed adversary goes on
 * learning, which the published code's did not (specs/bifurcation.md 6, defect 12). Every cycle ends with an evaluation; the victim that is
 * kept is the best under attack.
 * Source: Zhang et al. (2021), "Robust Reinforcement Learning on State Observations with Learned Optimal Adversary", algorithm 1.
 */
export class Alternation implements Iterable<TrainingEvent>, Disposable {
  readonly curve: CurvePoint[] = [];
  readonly #victim: Training;
  readonly #adversary: Training;
  readonly #options: AlternationOptions;
  readonly #stop: EarlyStop;
  #cycle = 0;
  #best: (KeptPolicy & { readonly score: number }) | undefined;
  #stopped: StopReason | undefined;

  constructor(victim: Training, adversary: Training, options: AlternationOptions) {
    this.#victim = victim;
    this.#adversary = adversary;
    this.#options = options;
    this.#stop = earlyStop.parse(options.stop ?? {});
  }

  /** The victim's. */
  get learner(): Learner {
    return this.#victim.learner;
  }

  /** The adversary's. */
  get opponent(): Learner {
    return this.#adversary.learner;
  }

  /** Environment steps of both at the end, and so far. */
  get totalSteps(): number {
    const { cycles, victimSteps, adversarySteps } = this.#options;
    return cycles * (victimSteps + adversarySteps);
  }

  get step(): number {
    return this.#victim.step + this.#adversary.step;
  }

  get bestPolicy(): KeptPolicy {
    return this.#best ?? keptPolicy(this.#victim.learner.policy);
  }

  get bestScore(): number | undefined {
    return this.#best?.score;
  }

  get stopped(): StopReason | undefined {
    return this.#stopped;
  }

  *[Symbol.iterator](): Generator<TrainingEvent, void, undefined> {
    const { cycles, victimSteps, adversarySteps } = this.#options;
    while (this.#cycle < cycles && this.#stopped === undefined) {
      yield* this.#turn(this.#victim, (this.#cycle + 1) * victimSteps);
      yield* this.#turn(this.#adversary, (this.#cycle + 1) * adversarySteps);
      this.#cycle++;
      yield this.#evaluate();
    }
    if (this.#stopped !== undefined) yield { type: 'stopped', step: this.step, reason: this.#stopped };
  }

  *#turn(training: Training, until: number): Generator<TrainingEvent, void, undefined> {
    if (training.step >= until) return;
    for (const event of training) {
      if (event.type === 'progress') yield { ...event, step: this.step, totalSteps: this.totalSteps };
      if (training.step >= until) return;
    }
  }

  #evaluate(): TrainingEvent {
    const { learner } = this.#victim;
    const evaluation = this.#options.judge(learner.policy, this.#adversary.learner.policy);
    const point = { step: this.step, gradientSteps: learner.gradientSteps, ...evaluation };
    this.curve.push(point);
    const best = this.#best === undefined || point.score < this.#best.score;
    if (best) this.#best = { score: point.score, ...keptPolicy(learner.policy) };
    this.#judgeCurve();
    return { type: 'evaluation', point, best };
  }

  #judgeCurve(): void {
    const scores = this.curve.map((point) => point.score);
    this.#stopped = this.#cycle < this.#options.cycles ? stopReason(scores, this.#stop) : undefined;
  }

  /** Everything of both to continue from here, as bytes; call it between two events. */
  save(): Uint8Array {
    const text = JSON.stringify({ curve: this.curve, normaliser: this.#best?.normaliser });
    return encodeState({
      cycle: Float64Array.of(this.#cycle),
      text: new TextEncoder().encode(text),
      ...(this.#best === undefined
        ? {}
        : { bestScore: Float64Array.of(this.#best.score), bestParameters: this.#best.parameters }),
      victim: this.#victim.save(),
      adversary: this.#adversary.save(),
    });
  }

  /** @throws {PolicyFileError} when the bytes are not a checkpoint of such a training. */
  restore(bytes: Uint8Array): void {
    const state = decodeState(bytes);
    const text = JSON.parse(new TextDecoder().decode(stateArray(state, 'text', 'Uint8Array'))) as {
      readonly curve: CurvePoint[];
      readonly normaliser?: KeptPolicy['normaliser'];
    };
    this.#cycle = stateArray(state, 'cycle', 'Float64Array', 1)[0]!;
    this.#victim.restore(stateArray(state, 'victim', 'Uint8Array'));
    this.#adversary.restore(stateArray(state, 'adversary', 'Uint8Array'));
    if (state['bestScore'] !== undefined)
      this.#best = {
        score: stateArray(state, 'bestScore', 'Float64Array', 1)[0]!,
        parameters: stateArray(state, 'bestParameters', 'Float32Array').slice(),
        normaliser: text.normaliser,
      };
    this.curve.splice(0, this.curve.length, ...text.curve);
    this.#judgeCurve();
  }

  [Symbol.dispose](): void {
    this.#victim[Symbol.dispose]();
    this.#adversary[Symbol.dispose]();
  }
}
