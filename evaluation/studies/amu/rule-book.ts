import type { CleanSteps } from '../../../core/detector.ts';
import { detectors } from '../../../defenses/detector/index.ts';
import { daysFor } from '../../../core/detector-days.ts';
import { scoresOf } from '../../stealth/detection.ts';
import type { BuildingYear, Lane } from './building-year.ts';
import { cleanSignature, equations } from './incident-types.ts';
import type { Equation, IncidentType } from './incident-types.ts';

/** The detectors behind the equations that are about what is shown; ramp and direction are about what the controller does with it. */
const posted = {
  tariff: 'tariff-whitelist',
  night: 'night-irradiance',
  forecast: 'forecast-consistency',
  energy: 'energy-balance',
  soc: 'soc-balance',
} as const;

/** A violation counts from this share of the clean days' peaks on. */
const quantile = 0.95;
/** A threshold counts as at least this: where the clean days never break a rule it would be 0. */
const least = 1e-3;

/**
 * How much each day of each class violates each equation, as a number in [−1, 1]: `(s − h)/(s + h)`, s the day's greatest score and h its 0.95-quantile over
 * clean calibration days; of the ramp, s is the day's mean change of the action; the direction is `(ā − mean)/(2 sd)` of clean days, clipped.
 * The rules learn on half of the building's clean weeks and are calibrated on a quarter, as detectors everywhere here.
 * @returns of a class and a day, [7] in the order of `equations`
 */
export function ruleBook(year: BuildingYear): (lane: number, day: number) => Float64Array {
  const { features, steps, stepsPerDay, lanes } = year;
  const days = Math.floor(steps / stepsPerDay);
  const learn = new Uint8Array(steps);
  for (const day of daysFor('learn', days)) learn.fill(1, day * stepsPerDay, (day + 1) * stepsPerDay);
  const stepsOf = ({ observation, action }: Lane): CleanSteps => ({
    features,
    actionSize: 1,
    stepsPerDay,
    steps,
    observation,
    action,
    learn,
  });
  const calibration = daysFor('calibrate', days);
  const alarms = new Map<Equation, (lane: number, day: number) => number>();
  const alarm = (equation: Equation, scores: readonly Float64Array[]): void => {
    const threshold = Math.max(least, quantileOf(calibration.map((day) => scores[0]![day]!)));
    alarms.set(equation, (lane, day) => {
      const score = scores[lane]![day]!;
      return (score - threshold) / (score + threshold);
    });
  };
  for (const [equation, name] of Object.entries(posted)) {
    const fitted = detectors[name].make({}).fit(stepsOf(lanes[0]!));
    alarm(
      equation as Equation,
      lanes.map((lane) => perDay(scoresOf(fitted.watch(), stepsOf(lane)), stepsPerDay, days, peak)),
    );
  }
  const ramps = lanes.map(({ action }) => action.map((value, t) => (t === 0 ? 0 : Math.abs(value - action[t - 1]!))));
  alarm(
    'ramp',
    ramps.map((ramp) => perDay(ramp, stepsPerDay, days, mean)),
  );
  const means = lanes.map(({ action }) => perDay(action, stepsPerDay, days, mean));
  const usual = calibration.map((day) => means[0]![day]!);
  const centre = mean(usual);
  const spread = Math.max(least, Math.sqrt(mean(usual.map((value) => (value - centre) ** 2))));
  alarms.set('direction', (lane, day) => Math.max(-1, Math.min(1, (means[lane]![day]! - centre) / (2 * spread))));
  return (lane, day) => Float64Array.from(equations, (equation) => alarms.get(equation)!(lane, day));
}

/** What the rules say of each class by its description: [C×7], the clean one first. */
export function rulePrototypes(types: readonly IncidentType[]): Float64Array {
  return Float64Array.from(
    [cleanSignature, ...types.map(({ signature }) => signature)].flatMap((signature) =>
      equations.map((equation) => signature[equation]),
    ),
  );
}

function perDay(
  scores: Float64Array,
  stepsPerDay: number,
  days: number,
  of: (values: ArrayLike<number>) => number,
): Float64Array {
  return Float64Array.from({ length: days }, (_, day) =>
    of(scores.subarray(day * stepsPerDay, (day + 1) * stepsPerDay)),
  );
}

function peak(values: ArrayLike<number>): number {
  let most = 0;
  for (let i = 0; i < values.length; i++) most = Math.max(most, values[i]!);
  return most;
}

function mean(values: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i]!;
  return sum / values.length;
}

function quantileOf(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.ceil(quantile * values.length) - 1]!;
}
