import { ConfigError } from '../../core/errors.ts';

/** What a month is here, days. */
const month = 30;

/** Scores of clean steps by whole days, and which of those days may be used. */
export interface ScoredDays {
  /** [steps] from the first step of a day on */
  readonly scores: Float64Array;
  readonly stepsPerDay: number;
  /** Days, counted from 0, that are whole and were held out. */
  readonly days: readonly number[];
}

/** The greatest score of each of the days. */
export function dailyPeaks({ scores, stepsPerDay, days }: ScoredDays): Float64Array {
  return Float64Array.from(days, (day) =>
    scores.subarray(day * stepsPerDay, (day + 1) * stepsPerDay).reduce((most, score) => Math.max(most, score), 0),
  );
}

/**
 * The threshold that one more clean day is above with probability `alarmsPerMonth/30` at most: an alarm is a day whose greatest score is
 * above it, one a day at most. Of n calibration days it is peak number `⌈(n + 1)(1 − alarmsPerMonth/30)⌉` in ascending order (conformal,
 * exact for exchangeable days, whatever the hours of a day have to do with each other).
 * @throws {ConfigError} when the days are too few for so rare an alarm.
 */
export function threshold(peaks: Float64Array, alarmsPerMonth: number): number {
  const rank = Math.ceil((peaks.length + 1) * (1 - alarmsPerMonth / month) - 1e-9);
  if (rank > peaks.length) {
    const needed = Math.ceil(month / alarmsPerMonth) - 1;
    throw new ConfigError(
      `${peaks.length} clean days to calibrate ${alarmsPerMonth} alarms a month on, expected at least ${needed}`,
    );
  }
  return peaks.toSorted()[Math.max(0, rank - 1)]!;
}

/** Alarms per month of 30 days among days with these greatest scores. */
export function alarmsPerMonth(peaks: Float64Array, threshold: number): number {
  return (month * peaks.filter((peak) => peak > threshold).length) / peaks.length;
}
