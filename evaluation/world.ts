import type { VectorEnv } from '../core/environment.ts';
import type { PlantModel } from '../core/plant-model.ts';
import type { KnownPlant } from '../core/plant.ts';
import type { Feature } from '../core/space.ts';
import type { Channel } from '../core/telemetry.ts';
import type { Recorder } from './recorder.ts';

/** Lanes that a controller acts in for so many steps; each may have features and actions of its own, padded to the widest. */
export interface LaneEnv extends VectorEnv {
  readonly episodeSteps: number;
  readonly secondsPerTimeStep: number;
  /** Widths of a row of observations and of actions. */
  readonly observationSize: number;
  readonly actionSize: number;
  laneFeatures(lane: number): readonly Feature[];
  laneActions(lane: number): readonly Feature[];
}

/** The same, with what may be known of what is behind a lane. */
export interface WorldEnv extends LaneEnv {
  /** For constraints; undefined where there is no model of it. */
  plantModel(lane: number): PlantModel | undefined;
  /** To plan with. @throws {ConfigError} where nobody can know enough */
  knownPlant(lane: number): KnownPlant;
}

/** One lane's KPIs so far; null where one has no meaning yet. */
export interface LaneKpis {
  value(name: string): number | null;
  values(): Readonly<Record<string, number | null>>;
}

/** Writes what a step of a lane came to into the columns that it was made for. @param action of the lane */
export type StepWriter = (recorder: Recorder, action: Float64Array, reward: number) => void;

/** Adds a column to a lane by name and unit. @returns its place */
export type AddSignal = (signal: string, unit: string, more?: Pick<Channel, 'range'>) => number;

/** What is measured in the lanes of an environment. */
export interface Gauges {
  /** [N] */
  readonly kpis: readonly LaneKpis[];
  /** KPIs of a lane that mean something before the run is over, with their units. */
  runningKpis(lane: number): readonly { readonly name: string; readonly unit: string }[];
  /** Columns of a lane, each added by name and unit, and what writes them from within a tap. */
  columns(lane: number, clean: boolean, add: AddSignal): StepWriter;
  /** Hears of every step of every lane once, KPIs counted, before an ended episode starts anew. */
  tap(listener: (lane: number, reward: number) => void): void;
}

/** Where a victim acts and is attacked: lane `g·S + s` is site s (a building, an episode) of group g. */
export interface World {
  readonly env: WorldEnv;
  readonly gauges: Gauges;
  /** Of a district: hears of the hour of every step of every lane once, at `at` of `hours`, before an ended episode starts anew. */
  hours?(listener: (lane: number, hours: Float64Array, at: number) => void): void;
  /** SHA-256 of the data behind it. */
  readonly hash: string;
  /** One more environment, a lane for each of the scenario's sites, whichever of them are here. */
  rehearsal(): WorldEnv;
  /** The same to learn in: a district's whole year, the days of a task that are no test. */
  practice(): WorldEnv;
}
