import type { ZodType } from 'zod';
import type { RunResult } from '../../core/run.ts';
import type { Scenario } from '../../core/scenario.ts';
import type { Feature } from '../../core/space.ts';
import type { TelemetryFrame, TelemetrySchema } from '../../core/telemetry.ts';
import type { Workspace } from '../workspace.ts';

/** What the caller of a study may choose. */
export interface StudyOptions {
  /** A faithful small version, in minutes. */
  readonly quick: boolean;
  /** `builtin`, or the path of a CityLearn dataset folder. */
  readonly dataset: string;
  /** Training seeds of each victim: the unit of every interval. */
  readonly seeds: number;
  /** Names of what it compares, to do a part of it; absent: all. */
  readonly only?: readonly string[] | undefined;
  /** Tensor backend of the cells that compute with tensors, by name; absent: each takes the one that suits its size. */
  readonly backend?: string | undefined;
}

/** How a scenario of a plan names the policy of one of its trainings, as a victim or as an attack's `policy`. */
export function trainedAs(id: string): string {
  return `${trainedMark}${id}`;
}

const trainedMark = 'training:';

/** The training behind such a name; null for any other. */
export function trainingNamed(policy: unknown): string | null {
  return typeof policy === 'string' && policy.startsWith(trainedMark) ? policy.slice(trainedMark.length) : null;
}

/** A controller, or an adversary of one, that the study trains. What it is trained against is trained before it. */
export interface StudyTraining {
  /** Also its folder: `policies/ID`. */
  readonly id: string;
  readonly title: string;
  readonly scenario: Scenario;
}

/** What a run leaves behind beside its result. */
export interface StudyTelemetry {
  readonly schema: TelemetrySchema;
  readonly frames: readonly TelemetryFrame[];
  /** What the victim observes. */
  readonly features: readonly Feature[];
}

/** One closed-loop evaluation of the study. */
export interface StudyRun {
  /** Also its folder: `runs/ID`. */
  readonly id: string;
  readonly scenario: Scenario;
  /** What has to be taken from the telemetry while it is there, a value that JSON can hold; yields the share done. */
  extract?(telemetry: StudyTelemetry): Generator<number, unknown, void>;
}

/** A piece of a study that is neither a training nor an evaluation of a scenario: one arm of an experiment, say, on one seed. */
export interface StudyCell {
  /** Also its file: `cells/ID.json`. Says all that it depends on beside the study's version: arm, seed, difficulty. */
  readonly id: string;
  readonly title: string;
  /**
   * Runs in a thread of its own. @param progress to be told the share done now and then, 0…1
   * @param workspace where shipped models come from
   * @returns a value that JSON can hold
   */
  run(progress: (done: number) => void, workspace: Workspace): Promise<unknown>;
  /** What it returns, as JSON has it: a value that a worker elsewhere sent must be so. */
  readonly shape: ZodType;
}

export interface StudyPlan {
  readonly trainings: readonly StudyTraining[];
  readonly runs: readonly StudyRun[];
  readonly cells?: readonly StudyCell[];
}

/** What became of a run. */
export interface StudyOutcome {
  readonly result: RunResult;
  readonly extract: unknown;
}

/** A statement that the study tests. */
export interface Claim {
  readonly claim: string;
  /** null: the data do not decide, and `evidence` says why. */
  readonly holds: boolean | null;
  readonly evidence: string;
}

export type Cell = string | number | null;

export interface StudyTable {
  readonly title: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly Cell[])[];
  readonly note: string;
}

/** Curves over one axis. */
export interface StudyFigure {
  readonly title: string;
  readonly x: string;
  readonly y: string;
  readonly points: readonly { readonly series: string; readonly x: number; readonly y: number }[];
  readonly note: string;
}

/** What a study concludes; with what it was made of, `result.json`. */
export interface StudyConclusion {
  readonly claims: readonly Claim[];
  readonly tables: readonly StudyTable[];
  readonly figures: readonly StudyFigure[];
}

/** `result.json` of a study. */
export interface StudyResult extends StudyOptions, StudyConclusion {
  readonly format: 'faultline-study';
  readonly version: 1;
  readonly study: string;
  readonly title: string;
  readonly source: string;
  readonly versions: Readonly<Record<string, string>>;
  /** `runs`: of each evaluation, the hash of its scenario and of the policy that it judged. */
  readonly hashes: {
    readonly code: string;
    readonly runs: Readonly<Record<string, { readonly scenario: string; readonly model: string }>>;
  };
}

/** A system of the testbed shown to work against its own baselines. */
export interface Study {
  readonly title: string;
  readonly source: string;
  /** Seeds of the full version and of the quick one. */
  readonly seeds: { readonly full: number; readonly quick: number };
  plan(options: StudyOptions): StudyPlan;
  /** @param outcomes by the id of their run, all of the plan's  @param cells what they returned, by their id */
  conclude(
    options: StudyOptions,
    outcomes: ReadonlyMap<string, StudyOutcome>,
    cells: ReadonlyMap<string, unknown>,
  ): StudyConclusion;
}
