import type { KnownPlant } from './plant.ts';
import type { Head } from './policy.ts';
import type { Rng } from './rng.ts';
import type { Feature } from './space.ts';
import type {
  AccessKind,
  DecisionAccess,
  DifferentiableScore,
  GradientAccess,
  Question,
  ScoreAccess,
} from './victim.ts';

/** How the changes of a row's features count together. */
export type Norm = 'linf' | 'l2' | 'l1' | 'l0';

/**
 * `{x' : ‖(x' − x) ⊘ epsilon‖ ≤ 1, low ≤ x' ≤ high}`, ⊘ feature by feature; a masked feature has epsilon 0 and stays. In L-inf each feature
 * may move by its own epsilon; in L2 and L1 by less the more the others do; in L0 `sensors` of them may, each by its epsilon. All [O],
 * normalised units.
 */
export interface ThreatModel {
  readonly norm: Norm;
  readonly epsilon: Float32Array;
  readonly low: Float32Array;
  readonly high: Float32Array;
  /** Of `l0`: how many features may differ at once. */
  readonly sensors?: number;
  /** Rules beside the norm, as a scenario writes them; the engine compiles and keeps them. */
  readonly constraints?: readonly ConstraintSpec[];
}

/** A rule of the constraint language (`attacks/constraint/`): its registry name and its own options. */
export interface ConstraintSpec {
  readonly name: string;
  readonly [option: string]: unknown;
}

/** The threat sets around the rows of a batch. */
export interface ThreatSet {
  /** Whether `bounds` say all there is to say; otherwise a point between them may still be outside, and `project` has to be asked. */
  readonly isBox: boolean;
  /** The smallest box around each row's set, [rows×O] each. */
  bounds(low: Float32Array, high: Float32Array): void;
  /**
   * Moves rows to the nearest point of their sets, a NaN to the clean number; returns how many were NaN.
   * @param point [rows×O]  @param rows how many; absent: all of the batch  @param of [≥ rows] the batch's row behind each; absent: in order
   */
  project(point: Float32Array | Float64Array, rows?: number, of?: Int32Array): number;
  /** Fills row `row` of `point` [rows×O] with a random point of its set. */
  sample(row: number, rng: Rng, point: Float64Array): void;
  /** Whether number `i` of the batch [rows×O] can move at all. */
  free(i: number): boolean;
}

/** What constraints remember of a lane before a step; made and read by the engine's own sets. */
export interface LaneMemory {
  readonly before: 'a step';
}

/** Threat sets around observations that are only foreseen, confined as the engine will confine them. */
export interface ForeseenSets extends ThreatSet {
  /** Whether a rule counts the steps that are attacked. */
  readonly counts: boolean;
  /** What is remembered of a lane of the engine before its present step. */
  memory(lane: number): LaneMemory;
  /** Puts the sets around rows that go on from these memories. @param x [rows×O] */
  around(x: Float32Array, memories: readonly LaneMemory[]): void;
  /** What will be remembered of each row if this is shown and done. @param shown [rows×O]  @param action [rows×A] physical */
  settle(shown: Float32Array, action: Float64Array): LaneMemory[];
}

/** What an attack knows beside the observation. */
export interface AttackContext {
  /** Steps since the episode's start; the toggle reads its parity. */
  readonly step: number;
  /** [rows] one stream a row, so that batching never changes a lane's bits. */
  readonly rngs: readonly Rng[];
  readonly threat: ThreatModel;
  /** The threat sets around the clean rows, which what is proposed will be confined to. */
  readonly set: ThreatSet;
  readonly features: readonly Feature[];
  /** Sets around what is foreseen; absent: nothing but the threat model's norm confines. */
  readonly foresee?: (() => ForeseenSets) | undefined;
  /** [≥ rows] the engine's row, so the lane, behind each, where some of its rows are attacked on their own; absent: in order. */
  readonly of?: Int32Array | undefined;
  /** How far a row would go beyond what the detectors of its lane let pass; absent: none are on duty. */
  readonly alarm?: DifferentiableScore | undefined;
  /** [rows] how many queries each row may still ask; absent: as many as it likes. */
  readonly queriesLeft?: Float64Array;
  /** To be told as soon as what would be proposed for a row changes its decision: for the curve of success against queries. */
  readonly found?: (row: number) => void;
}

/** How often a victim may be asked for a row: at one step, and over an episode. */
export interface QueryBudget {
  readonly step: number;
  readonly episode: number;
}

/** Clean steps of the victim in the closed loop, in order: step t of lane n is row t·lanes + n. */
export interface Recording {
  readonly lanes: number;
  readonly steps: number;
  /** [(steps + 1)·lanes×O] what was observed before each step, and after the last. */
  readonly observation: Float32Array;
  /** [steps·lanes×A] physical. */
  readonly action: Float64Array;
  /** [steps·lanes] */
  readonly reward: Float64Array;
  /** [steps·lanes] 1 where the physics ended the episode: nothing follows. The next observation belongs to another. */
  readonly terminated: Uint8Array;
  /** [steps·lanes] 1 where the clock did: something would have followed, and is not recorded. */
  readonly truncated: Uint8Array;
}

/** What an attacker may do before the first step: watch, and learn from what it saw. */
export interface Rehearsal {
  readonly features: readonly Feature[];
  readonly victim: GradientAccess;
  readonly rng: Rng;
  /** How many steps a day of the recording has. */
  readonly stepsPerDay: number;
  /**
   * The victim's clean steps, at most so many a lane, from the start of an episode: an attacker that listens.
   * @param exploration deviation of normal noise on each action, in half ranges, clipped to the range: an attacker that has the plant to
   * itself. Absent: 0.
   */
  record(steps: number, exploration?: number): Recording;
  /** A controller that the attack named in `policies`, for the rows to attack; absent where rows are of no loop. */
  policy?(name: string): DecisionAccess;
  /** The same for the rows of a recording, any number of whole steps of it; absent where rows are of no loop. */
  recordedPolicy?(name: string): DecisionAccess;
  /** [rows] the plant behind each row to attack; absent where rows are of no loop. @throws {ConfigError} where one cannot be known */
  plants?(): readonly KnownPlant[];
}

/** What an attack has to know of a victim before it asks anything. */
export type VictimShape = Pick<GradientAccess, 'head' | 'observationSize' | 'logitsSize'>;

/** What an attack is given of its victim, by its access: what it must not use, its type does not have. */
export interface AccessOf {
  readonly none: VictimShape;
  readonly decision: DecisionAccess & VictimShape;
  readonly score: ScoreAccess;
  readonly gradient: GradientAccess;
}

/** An observation attack of one kind of access. */
export interface ObservationAttackOf<Kind extends AccessKind> {
  readonly stage: 'observation';
  readonly access: Kind;
  /** It evades detectors: without any it has no meaning. */
  readonly evades?: boolean;
  /** What it shows depends on earlier steps, or on which step of the episode it is: rows out of their order mean nothing to it. */
  readonly ordered?: true;
  /** What the engine holds it to; absent: it may ask as much as it likes. */
  readonly queryBudget?: QueryBudget;
  /** Throws a ConfigError when the attack has no meaning on this head; the engine asks once, before the first step. */
  check?(head: Head): void;
  /** What whoever reads a result should know of the attack on this head: that it stood in for another. Absent: nothing. */
  notes?(head: Head): readonly string[];
  /** Names of other controllers that it has to be given (`Rehearsal.policy`): whoever composes the run loads them. Absent: none. */
  readonly policies?: readonly string[];
  /** Learns what it needs before the first step; yields the share done, 0…1. Absent: it needs nothing. */
  prepare?(rehearsal: Rehearsal): Generator<number, void, void>;
  /** @param x [rows×O] clean  @param out [rows×O] perturbed; may not alias x */
  perturb(x: Float32Array, rows: number, victim: AccessOf[Kind], context: AttackContext, out: Float32Array): void;
  /**
   * The same for a victim that has to be waited for: yields its questions and goes on when they are answered. Absent: the
   * attack needs a victim that answers at once.
   */
  questions?(
    x: Float32Array,
    rows: number,
    victim: VictimShape,
    context: AttackContext,
    out: Float32Array,
  ): Generator<Question, void, void>;
  /**
   * What the controllers did, after `perturb` and before the next one: another action than the one on `out` where a timing put the clean row
   * back, say. @param action [rows×A] physical
   */
  acted?(action: Float64Array): void;
  /** @param ended [rows] 1 where an episode just ended */
  reset?(ended: Uint8Array): void;
  /** Gives back the memory of what it has learnt, which no garbage collector frees; after the last step. Absent: it holds none. */
  dispose?(): void;
}

/** Proposes perturbed observations; the engine confines, meters and judges them afterwards. */
export type ObservationAttack<Kind extends AccessKind = AccessKind> = {
  readonly [Each in Kind]: ObservationAttackOf<Each>;
}[Kind];

/** What an attack on actions knows beside them. */
export interface ActionContext {
  /** Steps since the episode's start. */
  readonly step: number;
  /** [rows] one stream a row. */
  readonly rngs: readonly Rng[];
  /** [A] the components, with their ranges. */
  readonly features: readonly Feature[];
}

/** Sits between the controller and the device: proposes what is done instead of what was decided; the engine verifies and judges it. */
export interface ActionAttack {
  readonly stage: 'action';
  /** How far an action may be moved, in its physical unit; Infinity: to the ends of its range. */
  readonly bound: number;
  /** @param action [rows×A] physical, decided  @param out [rows×A] done; may not alias action */
  tamper(action: Float64Array, rows: number, context: ActionContext, out: Float64Array): void;
  /** @param ended [rows] 1 where an episode just ended */
  reset?(ended: Uint8Array): void;
}
