import type { z } from 'zod';
import type { Channel } from '../../../core/telemetry.ts';
import type { Kernel } from '../../lockstep-env.ts';
import type { DayUse } from './feeder-year.ts';

/** A number of the last step that a task keeps in its state, and how the numbers of many steps become one. */
export interface Measure extends Channel {
  /** Its place in the state. */
  readonly at: number;
  readonly fold: 'sum' | 'mean' | 'least' | 'most';
}

/** The measure that every task has first, and a controller is to make small. */
export const headline = 'cost';

/** A control task on a grid: one lane's dynamics, what is measured in it, and what to judge a controller by. */
export interface GridTask {
  /** A step leaves its measures in the state, where they stay readable after an episode has begun anew. */
  readonly kernel: Kernel;
  readonly secondsPerStep: number;
  /** The first is `headline`. */
  readonly measures: readonly Measure[];
  /** What others reach from the state in which an episode begins: returns, by their names. They do not move the state. */
  readonly references: Readonly<Record<string, (state: Float64Array) => number>>;
}

/** A task by name: what it is, its options, and how it is opened on the days for a use. */
export interface GridTaskDefinition {
  readonly title: string;
  readonly source: string;
  readonly config: z.ZodObject;
  /** KPIs of its lanes, whatever its options. */
  readonly measures: readonly Omit<Measure, 'at'>[];
  /** Environment steps after which the learners that suit it have learnt it, about. */
  readonly steps: number;
  readonly open: (config: unknown, use: DayUse) => GridTask;
}
