import type { Command, RunEvent } from '../core/run.ts';
import type { Scenario } from '../core/scenario.ts';
import type { Problem } from './events.ts';

/** What a run's thread is started with. */
export interface WorkerTask {
  readonly scenario: Scenario;
  readonly roots: readonly string[];
  readonly modelsDir: string;
  readonly versions: Readonly<Record<string, string>>;
  readonly codeHash: string;
}

export type ToWorker =
  { readonly type: 'command'; readonly command: Command } | { readonly type: 'credit'; readonly frames: number };

export type FromWorker =
  | { readonly type: 'event'; readonly event: Exclude<RunEvent, { readonly type: 'frame' }> }
  | {
      readonly type: 'frame';
      readonly seq: number;
      readonly step0: number;
      readonly rows: number;
      readonly body: Uint8Array;
    }
  | { readonly type: 'cancelled' }
  | { readonly type: 'failed'; readonly problem: Problem; readonly message: string };
