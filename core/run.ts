import type { TelemetryFrame, TelemetrySchema } from './telemetry.ts';

/** What a person or a script may ask of a running run. */
export type Command =
  | { readonly type: 'pause' }
  | { readonly type: 'resume' }
  | { readonly type: 'step'; readonly steps: number }
  | { readonly type: 'speed'; /** steps/s; null: as fast as possible */ readonly stepsPerSecond: number | null }
  | { readonly type: 'cancel' };

/** What a detector made of one lane. On the clean lane its alarms are false. */
export interface DetectionReport {
  /** An alarm is a day with a score above it; the alarms a month that it was calibrated to. */
  readonly threshold: number;
  readonly nominalAlarmsPerMonth: number;
  /** Days that the detector has neither learnt from nor been calibrated on, and those of them with an alarm. */
  readonly heldOutDays: number;
  readonly alarmDays: number;
  /** alarmDays / heldOutDays, with its 95 % interval (Wilson); null when no such day was played. */
  readonly rate: number | null;
  readonly interval: { readonly low: number; readonly high: number } | null;
  readonly alarmsPerMonth: number | null;
  /** Steps before the first alarm, on any day; null when there was none. */
  readonly firstAlarm: number | null;
}

/** One row of a run's result: a lane that was attacked (or left clean) for an episode. */
export interface LaneResult {
  readonly lane: string;
  readonly building: string;
  /** The attack's label; `clean` for the twin. */
  readonly attack: string;
  readonly steps: number;
  readonly return: number;
  /** Of an attack that has some of the buildings: whether it has this one. */
  readonly compromised?: boolean;
  readonly kpis: Readonly<Record<string, number | null>>;
  /** KPI(attacked) − KPI(clean); absent on the clean lane. */
  readonly regret?: Readonly<Record<string, number | null>>;
  readonly success?: {
    /** Share of attacked steps whose discrete decision changed; null on a continuous head. */
    readonly rate: number | null;
    /** Mean |u(x') − u(x)| on the [0,1] action scale. */
    readonly meanAbsoluteActionChange: number;
    /** Share of steps on which an action went from charging to discharging or back: what bifurcation aims at. */
    readonly sideChangeRate: number;
  };
  readonly norms?: {
    /** Largest and mean over steps of the L-inf norm, normalised units. */
    readonly linfMax: number;
    readonly linfMean: number;
    readonly l2Mean: number;
    /** Per feature, mean |x' − x| in its physical unit. */
    readonly physical: Readonly<Record<string, { readonly unit: string; readonly mean: number; readonly max: number }>>;
  };
  /** By constraint of the threat: on how many steps it held the attacker back, and on how many nothing that was allowed would have kept it. */
  readonly constraints?: Readonly<Record<string, { readonly bound: number; readonly gaveWay: number }>>;
  /** What the attack says of itself on this policy; absent: nothing. */
  readonly notes?: readonly string[];
  /** By the label of each of the scenario's detectors; absent when it has none. */
  readonly detection?: Readonly<Record<string, DetectionReport>>;
  /** Rows asked of the victim for this lane, and its share of the time of the batches that it was in. */
  readonly cost?: { readonly queries: number; readonly gradients: number; readonly seconds: number };
}

/** What became of one of a scenario's modules. */
export interface ModuleReport {
  readonly label: string;
  readonly name: string;
  readonly title: string;
  readonly strength: number;
  /** False at strength 0: the victim stayed as it was. */
  readonly applied: boolean;
  /**
   * `decisionsChanged` (share) and `meanAbsoluteActionChange` (on the [0,1] action scale) on recorded clean rows, beside the victim before it; and
   * what the module says of itself.
   */
  readonly figures: Readonly<Record<string, number>>;
}

/** What a network's relays did in the step that loaded it most; numbers of buses are external. */
export interface CascadeResult {
  readonly step: number;
  readonly ended: 'stable' | 'time' | 'blackout';
  readonly rounds: number;
  readonly islands: number;
  readonly linesTripped: number;
  readonly demandMw: number;
  readonly servedMw: number;
  readonly servedFraction: number;
  /** Until the step is over. */
  readonly unservedMwh: number;
  /** Of each branch of the telemetry's topology, in its order: s from the step's beginning at which it went out for good; null where it stayed. */
  readonly trippedAt: readonly (number | null)[];
  /** MW served in the end at each bus of the topology, in its order. */
  readonly servedAt: readonly number[];
  /** Buses that hang together in the end. */
  readonly parts: readonly (readonly number[])[];
  readonly events: readonly {
    /** s from the step's beginning */
    readonly t: number;
    readonly what: string;
    readonly why: string;
    readonly branch: readonly [from: number, to: number] | null;
    /** Its place in the topology: of parallel branches the ends do not tell which. */
    readonly index: number | null;
    readonly buses: readonly number[];
    /** Loading of the branch, or voltage of the bus, p.u. */
    readonly value: number | null;
    readonly mwLost: number;
  }[];
}

/** What a network came to with the district of the clean twins, or of one attack, on it. */
export interface NetworkResult {
  /** As in telemetry. */
  readonly lane: string;
  readonly attack: string;
  readonly kpis: Readonly<Record<string, number | null>>;
  /** Where it was worst: external numbers, steps. */
  readonly extremes: Readonly<Record<string, Readonly<Record<string, number>> | null>>;
  /** Absent where the scenario has no relays. */
  readonly cascade?: CascadeResult | null;
  /** KPI(attacked) − KPI(clean), and by how many times it is; null where that means nothing. Absent on the clean twin. */
  readonly regret?: Readonly<Record<string, { readonly delta: number | null; readonly ratio: number | null }>>;
}

/** The network of a scenario with a `grid`. */
export interface GridResult {
  readonly case: string;
  readonly buses: number;
  readonly homes: number;
  readonly method: 'sweep' | 'newton';
  readonly units: Readonly<Record<string, string>>;
  /** What is strange in the case, by its codes. */
  readonly findings: readonly string[];
  /** The clean twin first. */
  readonly networks: readonly NetworkResult[];
}

/** What is kept of a run. Everything but `timing` and `cost.seconds` is a function of scenario, seed, data, model and code. */
export interface RunResult {
  readonly format: 'faultline-result';
  readonly version: 1;
  readonly scenario: unknown;
  /** Of a part of a panel: which, counted from 0, of how many. `scenario` and its hash are then the whole panel's. */
  readonly shard?: { readonly index: number; readonly count: number };
  readonly seed: number;
  readonly versions: Readonly<Record<string, string>>;
  readonly hashes: { readonly scenario: string; readonly data: string; readonly model: string; readonly code: string };
  /** Of the modules around the victim, in their order; absent when the scenario has none. */
  readonly modules?: readonly ModuleReport[];
  readonly lanes: readonly LaneResult[];
  /** Absent when the scenario has no `grid`. */
  readonly grid?: GridResult;
  readonly checks: readonly {
    readonly name: string;
    readonly passed: boolean;
    readonly detail: string;
    /** Counts behind the sentence; those of the parts of a panel add up. */
    readonly evidence?: Readonly<Record<string, number>>;
  }[];
  readonly timing: { readonly seconds: number; readonly stepsPerSecond: number; readonly gradientsPerSecond: number };
}

export type RunEvent =
  /** Before the first step: a module, an attack or a detector, by its label, learns what it needs. `done` is a share, 0…1. */
  | { readonly type: 'preparing'; readonly attack: string; readonly done: number }
  | { readonly type: 'started'; readonly schema: TelemetrySchema; readonly totalSteps: number }
  | { readonly type: 'frame'; readonly frame: TelemetryFrame }
  | { readonly type: 'progress'; readonly step: number; readonly totalSteps: number; readonly stepsPerSecond: number }
  | { readonly type: 'state'; readonly state: 'running' | 'paused' }
  | { readonly type: 'finished'; readonly result: RunResult };
