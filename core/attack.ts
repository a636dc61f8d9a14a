import type { Head } from './policy.ts';
import type { Rng } from './rng.ts';
import type { Feature } from './space.ts';
import type { AccessKind, DecisionAccess, GradientAccess, Question } from './victim.ts';

/** `{x' : |x'ᵢ − xᵢ| ≤ epsilonᵢ, lowᵢ ≤ x'ᵢ ≤ highᵢ}`; a masked feature has epsilon 0. All [O], normalised units. */
export interface ThreatModel {
  readonly norm: 'linf';
  readonly epsilon: Float32Array;
  readonly low: Float32Array;
  readonly high: Float32Array;
}

/** What an attack knows beside the observation. */
export interface AttackContext {
  /** Steps since the episode's start; the toggle reads its parity. */
  readonly step: number;
  /** [rows] one stream a row, so that batching never changes a lane's bits. */
  readonly rngs: readonly Rng[];
  readonly threat: ThreatModel;
  readonly features: readonly Feature[];
}

/** What an attack has to know of a victim before it asks anything. */
export type VictimShape = Pick<GradientAccess, 'head' | 'observationSize' | 'logitsSize'>;

/** Proposes perturbed observations; the engine confines, meters and judges them afterwards. */
export interface ObservationAttack<Access extends DecisionAccess = GradientAccess> {
  readonly stage: 'observation';
  readonly access: AccessKind;
  /** Throws a ConfigError when the attack has no meaning on this head; the engine asks once, before the first step. */
  check?(head: Head): void;
  /** @param x [rows×O] clean  @param out [rows×O] perturbed; may not alias x */
  perturb(x: Float32Array, rows: number, victim: Access, context: AttackContext, out: Float32Array): void;
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
  /** @param ended [rows] 1 where an episode just ended */
  reset?(ended: Uint8Array): void;
}
