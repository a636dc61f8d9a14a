import type { RunState, RunSummary } from '../../events.ts';

/** No further frame will come. */
export function isOver(state: RunState): boolean {
  return state === 'done' || state === 'failed' || state === 'cancelled' || state === 'interrupted';
}

/** Share of the steps that are done, or of what is prepared before them, in [0, 1]. */
export function progressOf(run: RunSummary): number {
  if (run.preparing !== null) return run.preparing.done;
  if (run.state === 'done') return 1;
  return run.totalSteps === 0 ? 0 : Math.min(1, run.headStep / run.totalSteps);
}

/** The state in words: `preparing ATTACK`, or its name. */
export function stateText({ state, preparing }: RunSummary): string {
  return preparing === null ? state : `preparing ${preparing.attack}`;
}
