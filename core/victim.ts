import type { Head } from './policy.ts';

/** The threat model is a type: a decision-based attack cannot call a gradient. */
export type AccessKind = 'none' | 'decision' | 'score' | 'gradient';

/**
 * Sees only what the controller does.
 *
 * `of` of every question is [≥ rows]: the row of the attacked batch that each row is asked for; absent: those of the batch in order. The
 * meter reads it, so that each lane pays for what was asked for it, and a black box in physical units, whose scale is the lane's.
 */
export interface DecisionAccess {
  readonly observationSize: number;
  readonly actionSize: number;
  /** @param x [rows×O] normalised  @param action [rows×A] physical, deterministic (the policy's mode) */
  decide(x: Float32Array, rows: number, action: Float64Array, of?: Int32Array): void;
}

/** Sees the raw outputs too. */
export interface ScoreAccess extends DecisionAccess {
  readonly head: Head;
  readonly logitsSize: number;
  /** @param x [rows×O]  @param out [rows×K] */
  logits(x: Float32Array, rows: number, out: Float32Array, of?: Int32Array): void;
}

/** White box. */
export interface GradientAccess extends ScoreAccess {
  /**
   * Value and input gradient of an objective on the logits.
   * @param x [rows×O]  @param value [rows]  @param gradient [rows×O], may not alias x
   */
  valueAndGradient(
    objective: BoundObjective,
    x: Float32Array,
    rows: number,
    value: Float32Array,
    gradient: Float32Array,
    of?: Int32Array,
  ): void;
}

type Asked = 'decide' | 'logits' | 'valueAndGradient';

/** White box behind something that can only be waited for: a GPU, whose results are read asynchronously. */
export type AsyncGradientAccess = Omit<GradientAccess, Asked> & {
  readonly [Method in Asked]: (...question: Parameters<GradientAccess[Method]>) => Promise<void>;
};

/** What an attack asks of a victim, as a value: whoever drives the attack answers it into its arrays, at once or later. */
export type Question =
  | {
      readonly kind: 'logits';
      readonly x: Float32Array;
      readonly rows: number;
      readonly out: Float32Array;
      readonly of?: Int32Array;
    }
  | {
      readonly kind: 'gradient';
      readonly objective: BoundObjective;
      readonly x: Float32Array;
      readonly rows: number;
      readonly value: Float32Array;
      readonly gradient: Float32Array;
      readonly of?: Int32Array;
    };

/**
 * What each row is pushed towards. O features, K logits, A action components; a categorical head has one component. Where neither
 * a side nor an action is named, the row moves away from its clean decision.
 */
export interface Goal {
  /** [rows×O] the clean observations. */
  readonly x: Float32Array;
  /** [rows×K] the victim's logits on them. */
  readonly clean: Float32Array;
  /** [rows×A] −1 discharge, +1 charge, 0 none. */
  readonly side: Int8Array;
  /** [rows×A] the physical action to force, NaN where there is none; it goes before the side. */
  readonly action: Float64Array;
}

/** A scalar on the logits that an attack *maximises*; pure, with its analytic gradient. */
export interface Objective {
  readonly name: string;
  /** Throws a ConfigError when the objective has no meaning on this head. */
  check(head: Head): void;
  /** What whoever reads a result should know of it on this head. Absent: nothing. */
  notes?(head: Head): readonly string[];
  /**
   * @param logits [rows×K]  @param value [rows]  @param gradient [rows×K] d value / d logits
   */
  evaluate(
    head: Head,
    logits: Float32Array,
    goal: Goal,
    rows: number,
    value: Float32Array,
    gradient: Float32Array,
  ): void;
}

/**
 * A number of what the controller is shown that has nothing to do with what it decides: how strange a detector finds it, how good a critic
 * thinks it is. An attack may minimise it beside its objective.
 */
export interface DifferentiableScore {
  readonly name: string;
  /**
   * @param x [rows×O] normalised  @param value [rows]  @param gradient [rows×O] d value / d x, may not alias x
   * @param of [≥ rows] the row of the attacked batch, so the lane, behind each; absent: in order
   */
  evaluate(x: Float32Array, rows: number, value: Float32Array, gradient: Float32Array, of?: Int32Array): void;
}

/** An objective with its goal for the rows at hand. */
export interface BoundObjective {
  readonly objective: Objective;
  readonly goal: Goal;
}
