import type { AttackContext, Rehearsal } from '../../core/attack.ts';
import type { AccessKind, GradientAccess } from '../../core/victim.ts';

/** When an attack strikes. */
export interface Moment {
  /** What it has to ask of the victim to know. */
  readonly access: AccessKind;
  /** Queries of a row at each step. */
  readonly asks: number;
  /** It weighs what the attack would show: every row is attacked first, and those that do not strike go back to their clean bits. */
  readonly weighs?: boolean;
  /** As of an attack: it goes by the step of the episode. */
  readonly ordered?: true;
  /** Learns what it needs before the first step; yields the share done. Absent: it needs nothing. */
  prepare?(rehearsal: Rehearsal): Generator<number, void, void>;
  /**
   * Marks with 1 the rows that are attacked at this step, with 0 the others.
   * @param x [rows×O] clean  @param mark [rows]  @param shown [rows×O] what the attack would show, of a moment that weighs it
   */
  choose(
    x: Float32Array,
    rows: number,
    victim: GradientAccess,
    context: AttackContext,
    mark: Uint8Array,
    shown: Float32Array,
  ): void;
  /** @param ended [rows] 1 where an episode just ended */
  reset?(ended: Uint8Array): void;
  /** As of an attack. */
  dispose?(): void;
}
