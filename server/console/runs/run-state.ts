import type { RunState, RunSummary } from '../../events.ts';

/** No further frame will come. */
export function isOver(state: RunState): boolean {
  return state === 'done' || state === 'failed' || state === 'cancelled' || state === 'interrupted';
}

/** Share of the steps that are done, in [0, 1]. */
export function progressOf(run: RunSummary): number {
  if (run.state === 'done') return 1;
  return run.totalSteps === 0 ? 0 : Math.min(1, run.headStep / run.totalSteps);
}
