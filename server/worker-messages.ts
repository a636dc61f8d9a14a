import type { Command, RunEvent } from '../core/run.ts';
import type { Scenario } from '../core/scenario.ts';
import type { Part } from '../evaluation/part.ts';
import type { ControllerReach } from './black-boxes.ts';
import type { StoredFrame } from './frame-log.ts';

/** What a run's thread is started with. */
export interface WorkerTask {
  readonly scenario: Scenario;
  /** Only this part of its panel. */
  readonly part?: Part | undefined;
  /** Folders a scenario may name; null: anywhere, for the command line's own user. */
  readonly roots: readonly string[] | null;
  readonly modelsDir: string;
  /** Where controllers may be asked over HTTP. */
  readonly controllers: ControllerReach;
  readonly versions: Readonly<Record<string, string>>;
  readonly codeHash: string;
}

export type ToWorker =
  | { readonly type: 'command'; readonly command: Command }
  /** So many frames were committed: as many more may come. */
  | { readonly type: 'credit'; readonly frames: number };

export type FromWorker =
  | { readonly type: 'event'; readonly event: Exclude<RunEvent, { readonly type: 'frame' }> }
  | ({ readonly type: 'frame' } & StoredFrame)
  | { readonly type: 'cancelled' }
  /** `reason` is for people, `fault` for the log; `name` and `code` are those of a named error, null for what we did not foresee. */
  | {
      readonly type: 'failed';
      readonly reason: string;
      readonly fault: string;
      readonly name: string | null;
      readonly code: string | null;
    };
