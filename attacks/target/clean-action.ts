import type { Head } from '../../core/policy.ts';
import type { Goal } from '../../core/victim.ts';
import { argMax } from '../../logits/row.ts';
import { unitAction } from '../../logits/unit-action.ts';

/** The physical action of component b that the victim decides on row r of the clean observations. @param rows of the goal */
export function cleanAction(head: Head, goal: Goal, rows: number, r: number, b: number): number {
  const stride = goal.clean.length / rows;
  if (head.kind === 'categorical') return head.values[argMax(goal.clean, r * stride, head.values.length)]!;
  const low = head.low[b]!;
  return low + unitAction(head, b, goal.clean[r * stride + b]!) * (head.high[b]! - low);
}
