import type { TelemetrySchema } from '../core/telemetry.ts';
import type { Preparation, RunState, RunSummary } from './events.ts';

/** What observers of runs hear; frames themselves are read from the store. */
export type RunNotice =
  | { readonly type: 'state'; readonly run: RunSummary }
  | { readonly type: 'schema'; readonly runId: string; readonly schema: TelemetrySchema }
  /** Frames below `head` are committed. */
  | { readonly type: 'committed'; readonly runId: string; readonly head: number }
  | {
      readonly type: 'progress';
      readonly runId: string;
      readonly step: number;
      readonly totalSteps: number;
      readonly stepsPerSecond: number;
    }
  /** What people say of its steps changed. */
  | { readonly type: 'noted'; readonly runId: string }
  | { readonly type: 'preparing'; readonly runId: string; readonly preparing: Preparation }
  | { readonly type: 'ended'; readonly runId: string; readonly state: RunState };
