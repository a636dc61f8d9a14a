import type { Command, RunEvent, RunResult } from '../core/run.ts';
import type { AttackSpec, Scenario } from '../core/scenario.ts';
import type { TelemetryFrame, TelemetrySchema } from '../core/telemetry.ts';
import type { ChunkOutcome, RowChunk } from '../evaluation/attack-batch.ts';
import type { ImportRequest } from '../evaluation/import-policy.ts';
import type { Part } from '../evaluation/part.ts';
import type { ControllerReach } from './black-boxes.ts';
import type { Problem, StepNote } from './events.ts';
import type { StoredFrame } from './frame-log.ts';
import type { EnvAnswer, EnvMessage } from './remote-env.ts';
import type { Fault } from './thread-fault.ts';

/** What a run's thread is started with. */
export interface WorkerTask {
  readonly scenario: Scenario;
  /** Only this part of its panel. */
  readonly part?: Part | undefined;
  /** Folders a scenario may name; null: anywhere, for the command line's own user. */
  readonly roots: readonly string[] | null;
  readonly modelsDir: string;
  /** The folder of policies that were uploaded; absent: none. */
  readonly policiesDir?: string | undefined;
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
  | ({ readonly type: 'failed' } & Fault);

/** What a thread that attacks recorded rows is started with. */
export interface AttackTask {
  readonly policy: string;
  readonly modelsDir: string;
  readonly attack: AttackSpec;
  readonly seed: number;
}

/** A chunk with its rows; `index` is the caller's. */
export interface ToAttacker {
  readonly index: number;
  readonly chunk: RowChunk;
  readonly x: Float32Array;
}

export type FromAttacker =
  | { readonly type: 'outcome'; readonly index: number; readonly outcome: ChunkOutcome }
  | ({ readonly type: 'failed' } & Fault);

/** A report of a run, in one of its forms. */
export interface ReportTask {
  readonly form:
    | { readonly kind: 'html' }
    | { readonly kind: 'json' }
    | { readonly kind: 'svg'; readonly name: string }
    | { readonly kind: 'png'; readonly name: string };
  readonly result: RunResult;
  /** null: no telemetry. */
  readonly schema: TelemetrySchema | null;
  readonly frames: readonly TelemetryFrame[];
  readonly notes: readonly StepNote[];
}

export type ReportOutcome =
  | { readonly type: 'done'; readonly content: Uint8Array }
  /** The run has no such figure, but these. */
  | { readonly type: 'unknown'; readonly names: readonly string[] }
  | { readonly type: 'no-renderer'; readonly reason: string }
  | ({ readonly type: 'failed' } & Fault);

/** A policy that came over the network, and what its sender says of it. */
export interface PolicyTask {
  readonly name: string;
  /** Of a set, where it is told: which of its files is the policy. */
  readonly file: string | undefined;
  /** Whether the bytes are a ZIP archive of several files. */
  readonly set: boolean;
  /** Of a set: a VecNormalize in it. */
  readonly statistics: string | undefined;
  readonly bytes: Uint8Array;
  readonly format?: string | undefined;
  readonly reads: 'normalised' | 'physical';
  readonly options: ImportRequest['options'];
  readonly target: PolicyTarget;
}

/** Where the features come from: another policy's policy.json, a building of a dataset, or nowhere. */
export type PolicyTarget =
  | { readonly kind: 'like'; readonly card: string; readonly name: string; readonly normalisation?: string | undefined }
  | {
      readonly kind: 'district';
      readonly dataset: string;
      readonly building: string;
      readonly normalisation?: string | undefined;
      readonly roots: readonly string[];
      readonly modelsDir: string;
    }
  | { readonly kind: 'none'; readonly normalisation?: string | undefined };

export type PolicyOutcome =
  | {
      readonly type: 'done';
      /** The file that was read. */
      readonly file: string;
      readonly card: string;
      readonly weights: Uint8Array;
      readonly format: string;
      readonly origin: string;
      readonly layers: readonly number[];
      readonly head: string;
      readonly notes: readonly string[];
    }
  | ({ readonly type: 'failed' } & Fault);

/** A question in SQL, and the tables of the catalogue that it may name. */
export interface QueryTask {
  readonly sql: string;
  /** Most rows. */
  readonly limit: number;
  readonly timeoutMs: number;
  readonly tables: readonly QueryTable[];
  readonly logs: readonly QueryLog[];
}

/** Telemetry that is no file yet: frames 0 … `frames`−1 of the log of a run that goes on, or has just ended. */
export interface QueryLog {
  readonly id: string;
  readonly file: string;
  readonly frames: number;
  readonly channels: readonly string[];
}

export interface QueryTable {
  readonly name: string;
  /** SQL type by column. */
  readonly columns: Readonly<Record<string, string>>;
  /** JSON: a list of objects. */
  readonly rows: string;
}

export interface QueryColumn {
  readonly name: string;
  /** As DuckDB names it. */
  readonly type: string;
}

export type QueryOutcome =
  | {
      readonly type: 'done';
      readonly columns: readonly QueryColumn[];
      readonly rows: readonly (readonly unknown[])[];
      /** There are more rows than were asked for, or than fit. */
      readonly truncated: boolean;
    }
  | {
      readonly type: 'refused';
      readonly reason: string;
      readonly place: { readonly line: number; readonly column: number | null } | null;
    }
  | { readonly type: 'late' };

/** To the thread of an environment: a sound message of its client, or that the client is gone. */
export type EnvTask = { readonly type: 'ask'; readonly message: EnvMessage } | { readonly type: 'forget' };

export type EnvOutcome =
  | { readonly type: 'answer'; readonly answer: EnvAnswer }
  | { readonly type: 'forgotten' }
  | { readonly type: 'problem'; readonly problem: Problem; readonly fault: string };
