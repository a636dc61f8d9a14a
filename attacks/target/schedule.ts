import type { AttackContext } from '../../core/attack.ts';

/** Who is pushed where, when. */
export interface TargetSchedule {
  /** Whether it ever names a side, which a policy with actions on one side of zero cannot take. */
  readonly sided: boolean;
  /** @param x [rows×O] clean  @param side [rows] −1 discharge, +1 charge, 0 away from the clean decision */
  aim(x: Float32Array, rows: number, context: AttackContext, side: Int8Array): void;
}
