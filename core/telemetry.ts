/** Telemetry goes as columns: the schema once, then frames of float32 values in its order. */

/** One recorded signal. `lane` says whose it is (`Building_1/clean`, `Building_1/bifurcation`), `name` is unique in a run. */
export interface Channel {
  readonly name: string;
  readonly unit: string;
  readonly lane?: string | undefined;
  readonly signal?: string | undefined;
  /** Of a feature: its physical values at 0 and 1 of the normalised scale. Of an action: its bounds. */
  readonly range?: readonly [low: number, high: number] | undefined;
  /** Of a detector's score: above it is an alarm. Of `linf`: the largest epsilon of the attack. */
  readonly limit?: number | undefined;
}

/** Sent before the first frame, and again with a new `version` if it ever changes. */
export interface TelemetrySchema {
  readonly version: number;
  readonly channels: readonly Channel[];
  /** Simulated seconds between rows. */
  readonly dt: number;
  /** The network that the run's district stands on; absent: none. */
  readonly grid?: GridTopology | undefined;
}

/** A network as a one-line diagram needs it: external numbers. Signals `v.<bus>` of its lanes are the voltages at buses. */
export interface GridTopology {
  readonly name: string;
  readonly buses: readonly number[];
  /** Branches in service. */
  readonly branches: readonly (readonly [from: number, to: number])[];
  readonly reference: number;
  /** p.u.; outside is a violation */
  readonly band: readonly [low: number, high: number];
}

/** `rows` consecutive steps of every channel. */
export interface TelemetryFrame {
  /** The schema's version. */
  readonly schema: number;
  /** 0, 1, 2, … without a hole within a run. */
  readonly seq: number;
  /** Step index of the first row. */
  readonly step0: number;
  readonly rows: number;
  readonly cols: number;
  /** [cols×rows] column-major: channel c is `values.subarray(c·rows, (c+1)·rows)`. */
  readonly values: Float32Array;
  /** Wall clock of the sender, seconds since the epoch; 0 when it has none. */
  readonly wallTime: number;
}
