import type { AttackContext, Rehearsal, VictimShape } from '../../core/attack.ts';
import type { Goal } from '../../core/victim.ts';

/** Who is pushed where, when. */
export interface TargetSchedule {
  /** Whether it ever names a side, which a policy with actions on one side of zero cannot take. */
  readonly sided: boolean;
  /** Names of the controllers it has to be given, by `Rehearsal.policy`. Absent: none. */
  readonly policies?: readonly string[];
  /** Fetches them before the first step. */
  prepare?(rehearsal: Rehearsal): void;
  /** Names sides or actions in a goal that has none yet; its clean observations and logits are there. */
  aim(rows: number, context: AttackContext, goal: Goal, victim: VictimShape): void;
}
