/** The wire: typed socket events and the JSON shapes of `/api/v1`. The console imports this file and `core` only. */
import type { WireGap } from '../core/gap.ts';
import type { Command, RunResult } from '../core/run.ts';
import type { Scenario } from '../core/scenario.ts';
import type { TelemetrySchema } from '../core/telemetry.ts';

/** `preparing`: before the first step, a module or an attack learns what it needs, or a detector is calibrated. */
export type RunState = 'queued' | 'preparing' | 'running' | 'paused' | 'done' | 'failed' | 'cancelled' | 'interrupted';

/** Threads of the server, or workers over a Redis. */
export type ExecutorKind = 'local' | 'redis';

/** Who prepares, by its label, and the share of it that is done, 0…1. */
export interface Preparation {
  readonly attack: string;
  readonly done: number;
}

/** One run as lists and headers show it. Times are milliseconds since the epoch. */
export interface RunSummary {
  readonly id: string;
  readonly name: string;
  readonly state: RunState;
  readonly seed: number;
  readonly policy: string;
  readonly dataset: string;
  readonly buildings: readonly string[];
  readonly attacks: readonly string[];
  /** Labels of the modules around the policy, in their order. */
  readonly modules: readonly string[];
  readonly createdAt: number;
  readonly startedAt: number | null;
  readonly endedAt: number | null;
  /** Frames acknowledged by the store: sequence numbers 0 … headSeq−1 can be replayed. */
  readonly headSeq: number;
  readonly headStep: number;
  readonly totalSteps: number;
  /** Null unless the state is `preparing`. */
  readonly preparing: Preparation | null;
  /** What people say of it. */
  readonly note: string;
  readonly tags: readonly string[];
  /** Left out of lists unless asked for. */
  readonly archived: boolean;
  readonly sweepId: string | null;
  /** Who does it: a thread of the server, which streams every frame, or a worker over a Redis, which tells progress and the result. */
  readonly executor: ExecutorKind;
  /** The worker that has it, or had it last. */
  readonly worker: string | null;
  /** How often it was begun as a job of its sweep. */
  readonly attempts: number;
  readonly error: string | null;
}

/** A run with everything kept of it. */
export interface RunDetail extends RunSummary {
  readonly scenario: Scenario;
  readonly schema: TelemetrySchema | null;
  readonly result: RunResult | null;
}

/** What somebody said of a step of a run. */
export interface StepNote {
  /** Unique in its run. */
  readonly id: number;
  readonly step: number;
  readonly text: string;
  readonly createdAt: number;
  /** Null: it is as it was written. */
  readonly changedAt: number | null;
}

/** A change of a run's notes: `note` as it is now, null once it was removed. `seq` numbers a run's changes; a note has that of its last one. */
export interface NoteEvent {
  readonly runId: string;
  readonly seq: number;
  readonly kind: 'note';
  /** Of the note. */
  readonly id: number;
  readonly note: StepNote | null;
}

/** RFC 9457 problem details; `issues` point into the document that was sent. */
export interface Problem {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly code: string;
  readonly detail: string;
  readonly issues?: readonly {
    readonly pointer: string;
    readonly message: string;
    readonly line?: number;
    readonly column?: number;
  }[];
}

export type Reply<T> = ({ readonly ok: true } & T) | { readonly ok: false; readonly problem: Problem };

export interface SubscribeRequest {
  readonly runId: string;
  /** First sequence number wanted; default 0. */
  readonly from?: number;
  /** `all` is lossless; `live` jumps to the head when far behind and announces the gap. */
  readonly mode?: 'all' | 'live';
  /** In mode `live`: packets a second, at most 20. */
  readonly maxHz?: number;
  /** First number of the run's changes of notes that is wanted; default 0. */
  readonly eventsFrom?: number;
}

/** Namespace `/telemetry`: read. */
export interface TelemetryClientEvents {
  'run:subscribe': (
    request: SubscribeRequest,
    reply: (answer: Reply<{ run: RunSummary; schema: TelemetrySchema | null }>) => void,
  ) => void;
  'run:unsubscribe': (request: { readonly runId: string }, reply?: (answer: Reply<object>) => void) => void;
  /** Joins the list: `state` of every run is sent as it changes. */
  'runs:subscribe': (reply: (answer: Reply<{ runs: readonly RunSummary[] }>) => void) => void;
}

export interface TelemetryServerEvents {
  schema: (message: { readonly runId: string; readonly schema: TelemetrySchema }) => void;
  /** Encoded frames (core/frame-codec) with consecutive sequence numbers from `firstSeq`. */
  frames: (message: {
    readonly runId: string;
    readonly firstSeq: number;
    readonly frames: readonly Uint8Array[];
  }) => void;
  /** Sequence numbers from … to−1 were skipped, with the least and greatest of every column in them; only in mode `live`. */
  gap: (message: WireGap & { readonly runId: string; readonly reason: string }) => void;
  /** What people say of steps, each change once and in order from `eventsFrom` on, also after the run's end. */
  event: (event: NoteEvent) => void;
  state: (run: RunSummary) => void;
  progress: (message: {
    readonly runId: string;
    readonly step: number;
    readonly totalSteps: number;
    readonly stepsPerSecond: number;
  }) => void;
  preparing: (message: Preparation & { readonly runId: string }) => void;
  /** No frame after `lastSeq` will come (−1: there was none). */
  end: (message: { readonly runId: string; readonly lastSeq: number; readonly state: RunState }) => void;
  problem: (problem: Problem) => void;
  'server:draining': () => void;
}

/** Namespace `/control`: write. */
export interface ControlClientEvents {
  'run:launch': (scenario: unknown, reply: (answer: Reply<{ run: RunSummary }>) => void) => void;
  'run:command': (
    request: { readonly runId: string; readonly command: Command },
    reply: (answer: Reply<{ run: RunSummary }>) => void,
  ) => void;
}

/** Sockets that are open by namespace, and what was sent and answered since the server started. */
interface StreamFigures {
  readonly sockets: Readonly<Record<string, number>>;
  readonly framesSent: number;
  readonly frameBytesSent: number;
  readonly requests: number;
}

/** What this server is, does and keeps, for who looks after it. */
export interface ServerStatus {
  readonly version: string;
  readonly versions: Readonly<Record<string, string>>;
  readonly node: string;
  readonly platform: string;
  readonly cpus: number;
  readonly cpu: string;
  readonly memoryBytes: number;
  readonly startedAt: number;
  readonly residentBytes: number;
  /** Of the event loop over the last while, ms: what waits longest when everything else is quick. */
  readonly loopDelay: { readonly p50: number; readonly p99: number };
  readonly workers: {
    readonly active: readonly {
      readonly id: string;
      readonly name: string;
      readonly step: number;
      readonly totalSteps: number;
    }[];
    readonly maxConcurrent: number;
    readonly queued: number;
  };
  readonly streams: StreamFigures;
  readonly store: {
    readonly bytes: number;
    readonly files: number;
    readonly runs: Readonly<Record<string, number>>;
    readonly retentionDays: number | null;
    /** What was found damaged on starting. */
    readonly damage: readonly string[];
  };
  readonly policies: number;
  readonly tokenNeeded: boolean;
}

/** A process that does runs of sweeps. */
export interface ExecutorWorker {
  readonly id: string;
  readonly host: string;
  readonly pid: number;
  /** Jobs at a time. */
  readonly threads: number;
  readonly since: number;
  /** Jobs since it started. */
  readonly done: number;
  readonly failed: number;
  readonly active: readonly {
    /** Null: of somebody else who uses the queue. */
    readonly runId: string | null;
    readonly name: string | null;
    readonly sweepId: string | null;
    /** Share of it, 0…1. */
    readonly done: number;
    readonly attempt: number;
  }[];
}

/** Who does the runs of sweeps, and how far they are. */
export interface ExecutorStatus {
  readonly kind: ExecutorKind;
  /** The Redis, without what is secret in its address. */
  readonly address: string | null;
  /** False while the Redis does not answer: what is below is then what it said last. */
  readonly connected: boolean;
  /** SHA-256 of the code: workers of another do none of its jobs. */
  readonly code: string;
  readonly workers: readonly ExecutorWorker[];
  /** `delayed`: wait for another attempt. */
  readonly queue: { readonly waiting: number; readonly active: number; readonly delayed: number };
  /** Runs of sweeps since the server started. */
  readonly runs: { readonly done: number; readonly failed: number; readonly retried: number };
}
