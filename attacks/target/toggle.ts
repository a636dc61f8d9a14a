import type { TargetSchedule } from './schedule.ts';

/**
 * Even steps discharge, odd steps charge, counted from the episode's start: the paper's toggle, a training-free
 * approximation of bang-bang. Source: arXiv 2407.05182; the parity is that of its recorded trajectory.
 */
export const toggle: TargetSchedule = {
  sided: true,
  aim(_rows, context, goal) {
    goal.side.fill(context.step % 2 === 0 ? -1 : 1);
  },
};
