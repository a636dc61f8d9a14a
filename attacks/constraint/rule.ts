import type { ThreatModel } from '../../core/attack.ts';
import type { PlantModel } from '../../core/plant-model.ts';
import type { Feature } from '../../core/space.ts';
import type { BatteryEstimate } from './battery-estimate.ts';
import type { History } from './history.ts';
import type { Intervals } from './intervals.ts';

/** What a rule is compiled over. */
export interface Setting {
  readonly features: readonly Feature[];
  readonly threat: ThreatModel;
  /** Absent where nothing is known but the observations, as of recorded rows. */
  readonly plant?: PlantModel | undefined;
}

/** What rules read when they narrow a step's rows or judge what was proposed. */
export interface Moment {
  /** [rows×O] what is true now. */
  readonly x: Float32Array;
  readonly history: History;
  readonly battery: BatteryEstimate;
}

/** Nearest points of what a box cannot say; called for one row at a time. */
export interface Part {
  /** Positions of the features that it may move. */
  readonly features: readonly number[];
  /** Whether it finds the nearest point within the box too, and not of its own set alone. */
  readonly inBox: boolean;
  /** Moves the numbers it governs to the nearest that are allowed. @param p of the row in `point`  @param i of the row in the batch */
  project(point: Float32Array | Float64Array, p: number, i: number): void;
}

/**
 * A rule of the constraint language, compiled. It may be broken where the truth breaks it, and by no more; where nothing that the threat
 * allows would keep it, the nearest is shown and the rule counts as one that gave way.
 */
export interface Rule {
  /** `hard` rules contain the truth whatever was shown before and come first; `part` rules come last, on the intervals that the others left. */
  readonly phase: 'hard' | 'interval' | 'part';
  /** Steps that it looks back; 0: it reads the row alone. */
  readonly lag: number;
  /** Whether it needs the battery followed. */
  readonly battery?: boolean;
  /** Narrows the row's intervals, and prepares the part. @param i of the row's first number */
  narrow(now: Moment, row: number, i: number, intervals: Intervals): void;
  readonly part?: Part;
  /** Feature whose number breaks the rule, −1: none does. Written from the rule's definition in physical units, not from `narrow`. @param out [rows×O] */
  broken(now: Moment, row: number, i: number, out: Float32Array): number;
  /** Whether the rule held the row back, where that is not an end of an interval. */
  stopped?(row: number, i: number, out: Float32Array): boolean;
  /** The step is over: what was shown may have used up something. */
  spend?(now: Moment, row: number, i: number, out: Float32Array): void;
  forget?(row: number): void;
  /** What it remembers of a row between steps, and the rows of a batch going on from such. Absent: nothing but what the history holds. */
  remember?(row: number): Float64Array;
  recall?(memories: readonly Float64Array[]): void;
}
