import type { AccessOf, AttackContext } from '../../core/attack.ts';
import type { Head } from '../../core/policy.ts';

/** What a black-box search is told about points: the part of an attack that asks the victim. */
export interface Oracle<Kind extends 'decision' | 'score'> {
  readonly access: Kind;
  /** @throws {ConfigError} when it has no meaning on this head */
  check(head: Head): void;
  /**
   * Asks about clean rows, which further answers are compared with.
   * @param x [all×O] the batch  @param asked [≥ count] its rows that take part  @param value [all] what is maximised, at the clean rows
   */
  begin(
    x: Float32Array,
    all: number,
    asked: Int32Array,
    count: number,
    victim: AccessOf[Kind],
    context: AttackContext,
    value: Float32Array,
  ): void;
  /** Asks about points [count×O] for the rows `of` [≥ count] of the batch. */
  ask(victim: AccessOf[Kind], points: Float32Array, count: number, of: Int32Array, answers: Answers): void;
}

/** [≥ count] each: what is maximised; 1 where the search has what it wants; 1 where the decision changed, its side on a continuous head. */
export interface Answers {
  readonly value: Float32Array;
  readonly hit: Uint8Array;
  readonly changed: Uint8Array;
}
