import type { Recording } from '../../core/attack.ts';
import { daysFor } from '../../core/detector-days.ts';
import type { CleanSteps, Detector, Watch } from '../../core/detector.ts';
import { ConfigError } from '../../core/errors.ts';
import type { DetectionReport } from '../../core/run.ts';
import type { DetectorSpec } from '../../core/scenario.ts';
import { labelOf } from '../../core/scenario.ts';
import type { Feature } from '../../core/space.ts';
import type { DifferentiableScore } from '../../core/victim.ts';
import { alarmsPerMonth, dailyPeaks, threshold } from '../../defenses/detector/calibration.ts';
import { detectors } from '../../defenses/detector/index.ts';
import type { DetectorName } from '../../defenses/detector/index.ts';
import { wilson } from '../interval.ts';

/** Clean steps of one lane of a recording. */
export function cleanStepsOf(
  recording: Recording,
  lane: number,
  features: readonly Feature[],
  stepsPerDay: number,
): CleanSteps {
  const { lanes, steps } = recording;
  const size = features.length;
  const actionSize = recording.action.length / (steps * lanes);
  const observation = new Float32Array(steps * size);
  const action = new Float64Array(steps * actionSize);
  for (let t = 0; t < steps; t++) {
    const row = t * lanes + lane;
    observation.set(recording.observation.subarray(row * size, (row + 1) * size), t * size);
    action.set(recording.action.subarray(row * actionSize, (row + 1) * actionSize), t * actionSize);
  }
  const learn = new Uint8Array(steps);
  for (const day of daysFor('learn', Math.floor(steps / stepsPerDay)))
    learn.fill(1, day * stepsPerDay, (day + 1) * stepsPerDay);
  return { features, actionSize, stepsPerDay, steps, observation, action, learn };
}

/** A detector that has learnt from one building and knows when to raise an alarm. */
export interface CalibratedDetector {
  readonly label: string;
  /** Alarms a month that it was calibrated to. */
  readonly nominal: number;
  /** An alarm is a day with a score above it. */
  readonly threshold: number;
  watch(): Watch;
}

/**
 * Learns from a half of the clean weeks and calibrates on a quarter; the last quarter stays for the test.
 * @throws {ConfigError} when the policy does not observe what the detector needs, or the days are too few.
 */
export function calibrated(spec: DetectorSpec, clean: CleanSteps): CalibratedDetector {
  const label = labelOf(spec);
  const days = Math.floor(clean.steps / clean.stepsPerDay);
  const detector: Detector = detectors[spec.name as DetectorName].make(spec.config);
  try {
    const fitted = detector.fit(clean);
    const scores = scoresOf(fitted.watch(), clean);
    const peaks = dailyPeaks({ scores, stepsPerDay: clean.stepsPerDay, days: daysFor('calibrate', days) });
    const { alarms_per_month: nominal, least_threshold: least } = spec;
    return { label, nominal, threshold: Math.max(least, threshold(peaks, nominal)), watch: () => fitted.watch() };
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    throw new ConfigError(`detector '${label}': ${error.message}`, { cause: error, place: { path: '/detectors' } });
  }
}

/** [steps] what a watch says of the steps of one lane, in order. */
export function scoresOf(
  watch: Watch,
  {
    steps,
    features,
    observation,
    action,
    actionSize,
  }: Pick<CleanSteps, 'steps' | 'features' | 'observation' | 'action' | 'actionSize'>,
): Float64Array {
  const size = features.length;
  return Float64Array.from({ length: steps }, (_, t) => {
    const score = watch.score(observation, t * size);
    watch.push(observation, t * size, action, t * actionSize);
    return score;
  });
}

/** Detectors on duty at one lane of a run. */
export interface LaneDuty {
  /** [D] scores of the row that was scored last */
  readonly scores: Float64Array;
  /** Scores what the controller saw, counts alarms and remembers. */
  see(x: Float32Array, at: number, action: Float64Array, actionAt: number): void;
  /**
   * How far a row would go beyond what goes unnoticed: `Σ_d max(0, s_d − margin·h_d) / h_d`; its gradient replaces `gradient`.
   */
  excess(x: Float32Array, at: number, gradient: Float32Array, gradientAt: number): number;
  report(): Readonly<Record<string, DetectionReport>>;
}

/** Share of its threshold that an adaptive attack leaves a score below. */
const margin = 0.9;
/** A threshold counts as at least this where a score is measured by it: a scenario may set it to 0. */
const smallest = 1e-3;

/** @param stepsInAll of the run: days that it does not play are not tested */
export function laneDuty(
  posted: readonly CalibratedDetector[],
  size: number,
  stepsPerDay: number,
  stepsInAll: number,
): LaneDuty {
  const days = Math.floor(stepsInAll / stepsPerDay);
  const tested = daysFor('test', days);
  const watches = posted.map((detector) => detector.watch());
  const scores = new Float64Array(posted.length);
  const peaks = posted.map(() => new Float64Array(days + 1).fill(Number.NEGATIVE_INFINITY));
  const first = posted.map((): number | null => null);
  const slope = new Float32Array(size);
  let step = 0;
  return {
    scores,
    see(x, at, action, actionAt) {
      const day = Math.floor(step / stepsPerDay);
      watches.forEach((watch, d) => {
        const score = watch.score(x, at);
        scores[d] = score;
        if (score > peaks[d]![day]!) peaks[d]![day] = score;
        if (first[d] === null && score > posted[d]!.threshold) first[d] = step;
        watch.push(x, at, action, actionAt);
      });
      step++;
    },
    excess(x, at, gradient, gradientAt) {
      gradient.fill(0, gradientAt, gradientAt + size);
      let excess = 0;
      for (let d = 0; d < watches.length; d++) {
        const { threshold } = posted[d]!;
        const over = watches[d]!.score(x, at, slope, 0) - margin * threshold;
        if (!(over > 0)) continue;
        const unit = Math.max(smallest, threshold);
        excess += over / unit;
        for (let j = 0; j < size; j++) gradient[gradientAt + j]! += slope[j]! / unit;
      }
      return excess;
    },
    report: () =>
      Object.fromEntries(
        posted.map(({ label, nominal, threshold }, d): [string, DetectionReport] => {
          const played = tested.filter((day) => (day + 1) * stepsPerDay <= step);
          const own = Float64Array.from(played, (day) => peaks[d]![day]!);
          const alarmDays = own.filter((peak) => peak > threshold).length;
          return [
            label,
            {
              threshold,
              nominalAlarmsPerMonth: nominal,
              heldOutDays: played.length,
              alarmDays,
              rate: played.length === 0 ? null : alarmDays / played.length,
              interval: wilson(alarmDays, played.length),
              alarmsPerMonth: played.length === 0 ? null : alarmsPerMonth(own, threshold),
              firstAlarm: first[d]!,
            },
          ];
        }),
      ),
  };
}

/** The excess of a batch, as an attack may ask for it. @param dutyOf the duty of the lane behind a row of the attacked batch */
export function excessOf(dutyOf: (row: number) => LaneDuty, size: number): DifferentiableScore {
  return {
    name: 'detectors',
    evaluate(x, rows, score, gradient, of) {
      for (let r = 0; r < rows; r++)
        score[r] = dutyOf(of === undefined ? r : of[r]!).excess(x, r * size, gradient, r * size);
    },
  };
}
