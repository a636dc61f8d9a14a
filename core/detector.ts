import type { Feature } from './space.ts';

/** Clean steps of one lane in order: what a detector learns from. */
export interface CleanSteps {
  readonly features: readonly Feature[];
  readonly actionSize: number;
  readonly stepsPerDay: number;
  readonly steps: number;
  /** [steps×O] normalised */
  readonly observation: Float32Array;
  /** [steps×A] physical: what the controller did on each row. */
  readonly action: Float64Array;
  /** [steps] 1 where a row may be learnt from; the others are held out for calibration and test. */
  readonly learn: Uint8Array;
}

/** A detector on duty: watches one lane from its first step on. */
export interface Watch {
  /**
   * The score of what the controller is about to see, higher is stranger; nothing is remembered. In units of the detector's own.
   * @param x the row is [O] from `at` on
   * @param gradient [O] from `gradientAt` on is d score / d x afterwards, where the score has one; absent: nobody asks
   */
  score(x: Float32Array, at: number, gradient?: Float32Array, gradientAt?: number): number;
  /** The controller saw this row and did this. @param action [A] from `actionAt` on, physical */
  push(x: Float32Array, at: number, action: Float64Array, actionAt: number): void;
}

/** What has learnt what clean steps look like. */
export interface FittedDetector {
  /** A watch of its own for each lane, at the step that the clean steps began with. */
  watch(): Watch;
}

/** Says how strange an observation is. It never sees the true one, and may not know which attack it meets. */
export interface Detector {
  /** @throws {ConfigError} naming what it needs and the policy does not observe, or of what there is too little. */
  fit(clean: CleanSteps): FittedDetector;
}
