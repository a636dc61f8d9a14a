import { daysFor } from '../../core/detector-days.ts';
import type { CleanSteps } from '../../core/detector.ts';
import { ConfigError } from '../../core/errors.ts';
import { partOf } from '../../core/part-of.ts';
import type { Rng } from '../../core/rng.ts';
import { labelOf } from '../../core/scenario.ts';
import type { DetectorSpec } from '../../core/scenario.ts';
import { dailyPeaks } from '../../defenses/detector/calibration.ts';
import { wilson } from '../interval.ts';
import { blockMmd } from './block-mmd.ts';
import { calibrated, scoresOf } from './detection.ts';
import { differences } from './differences.ts';
import { publishedMmd } from './published-mmd.ts';

/** What a lane was shown under attack, step by step beside its clean steps, and what its controller did. */
export type ShownSteps = Pick<CleanSteps, 'observation' | 'action'>;

/** How often an attack of one budget is noticed. */
export interface PowerPoint {
  /** A detector's label, or a test: `mmd`, `mmd-differences`, `mmd-published`. */
  readonly by: string;
  readonly epsilon: number;
  /** Share of days with an alarm, or of windows with p ≤ level. */
  readonly power: number;
  readonly interval: { readonly low: number; readonly high: number };
  /** The same of clean steps. */
  readonly falseAlarms: number;
  /** Days, or windows. */
  readonly trials: number;
}

const tests = ['mmd', 'mmd-differences', 'mmd-published'] as const;

/**
 * Detection power against budget at one rate of false alarms. Detectors raise an alarm on a share `level` of clean days (conformal, on days of
 * their own) and are tried on the days held out; two-sample tests reject at `level` in windows that do not overlap. Intervals are Wilson's
 * over days or windows, which neighbours make a little too narrow.
 *
 * @param shown what an attack of this epsilon shows, in order, as many steps as are clean
 * @returns yields the share done
 * @throws {ConfigError} when there is no day to try, or no whole window.
 */
export function* powerAgainstBudget(setup: {
  readonly clean: CleanSteps;
  readonly epsilons: readonly number[];
  readonly shown: (epsilon: number) => ShownSteps;
  readonly detectors: readonly Pick<DetectorSpec, 'name' | 'label' | 'config'>[];
  readonly level?: number;
  /** Of a window of the two-sample tests: ten or more. */
  readonly windowDays?: number;
  readonly permutations?: number;
  readonly rng: Rng;
}): Generator<number, readonly PowerPoint[], void> {
  const { clean, epsilons, detectors, level = 0.05, windowDays = 14, permutations = 499 } = setup;
  const days = Math.floor(clean.steps / clean.stepsPerDay);
  const held = daysFor('test', days);
  const windows = Math.floor(days / windowDays);
  if (held.length === 0 || windows === 0)
    throw new ConfigError(`${days} clean days: too few for a window of ${windowDays} and for days held out`);
  const posted = detectors.map((spec) =>
    calibrated({ ...spec, alarms_per_month: 30 * level, least_threshold: 0.001 }, clean),
  );
  const alarmsOf = (shown: ShownSteps): readonly number[] =>
    posted.map((detector) => {
      const scores = scoresOf(detector.watch(), { ...clean, ...shown });
      return dailyPeaks({ scores, stepsPerDay: clean.stepsPerDay, days: held }).filter(
        (peak) => peak > detector.threshold,
      ).length;
    });
  const rejectionsOf = (shown: ShownSteps): Generator<number, readonly number[], void> =>
    rejections(clean, shown.observation, { windows, windowDays, level, permutations, rng: setup.rng });

  const share = 1 / (epsilons.length + 1);
  const falseDays = alarmsOf(clean);
  const falseWindows = yield* partOf(rejectionsOf(clean), 0, share);
  const table: PowerPoint[] = [];
  for (const [e, epsilon] of epsilons.entries()) {
    const shown = setup.shown(epsilon);
    const found = alarmsOf(shown);
    const rejected = yield* partOf(rejectionsOf(shown), (e + 1) * share, share);
    const point = (by: string, hits: number, falsely: number, trials: number): PowerPoint => ({
      by,
      epsilon,
      power: hits / trials,
      interval: wilson(hits, trials)!,
      falseAlarms: falsely / trials,
      trials,
    });
    detectors.forEach((spec, d) => table.push(point(labelOf(spec), found[d]!, falseDays[d]!, held.length)));
    tests.forEach((test, k) => table.push(point(test, rejected[k]!, falseWindows[k]!, windows)));
  }
  return table;
}

/** In how many windows each of the tests rejects. */
function* rejections(
  { observation, features: { length: size }, stepsPerDay }: CleanSteps,
  shown: Float32Array,
  options: {
    readonly windows: number;
    readonly windowDays: number;
    readonly level: number;
    readonly permutations: number;
    readonly rng: Rng;
  },
): Generator<number, readonly number[], void> {
  const { windows, windowDays, level, permutations, rng } = options;
  const counts = tests.map(() => 0);
  const length = windowDays * stepsPerDay * size;
  for (let w = 0; w < windows; w++) {
    const of = (rows: Float32Array): Float32Array => rows.subarray(w * length, (w + 1) * length);
    const [x, y] = [of(observation), of(shown)];
    const block = { rowsPerDay: stepsPerDay, permutations, rng: rng.split(w) };
    const within = (at: number): readonly [number, number] => [(w + at / 3) / windows, 1 / (3 * windows)];
    const rows = yield* partOf(blockMmd(x, y, size, block), ...within(0));
    const steps = yield* partOf(blockMmd(steady(x, size), steady(y, size), size, block), ...within(1));
    const published = yield* partOf(publishedMmd(x, y, size, { permutations, rng: rng.split(w) }), ...within(2));
    if (rows.pValue <= level) counts[0]!++;
    if (steps.pValue <= level) counts[1]!++;
    if (published.pValue <= level) counts[2]!++;
  }
  return counts;
}

/** First differences, the first row's from itself: as many rows as there were, so that days stay days. */
function steady(rows: Float32Array, size: number): Float32Array {
  const out = new Float32Array(rows.length);
  out.set(differences(rows, size), size);
  return out;
}
