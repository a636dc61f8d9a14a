import { headActions } from '../../core/policy.ts';
import { cleanAction } from './clean-action.ts';
import type { TargetSchedule } from './schedule.ts';

/**
 * Forces the action furthest from the clean one: the bin, or the end of the range; of two as far away, the higher. Source: the "furthest
 * action" runs of arXiv 2407.05182.
 */
export const furthest: TargetSchedule = {
  sided: false,
  aim(rows, _context, goal, { head }) {
    const actions = headActions(head);
    for (let c = 0; c < rows * actions; c++) {
      const b = c % actions;
      const low = head.kind === 'categorical' ? Math.min(...head.values) : head.low[b]!;
      const high = head.kind === 'categorical' ? Math.max(...head.values) : head.high[b]!;
      goal.action[c] = cleanAction(head, goal, rows, Math.floor(c / actions), b) > (low + high) / 2 ? low : high;
    }
  },
};
