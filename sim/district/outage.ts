import { ConfigError, UnknownNameError } from '../../core/errors.ts';
import type { Place } from '../../core/errors.ts';
import type { OutageData } from '../data/dataset.ts';
import { RandomState } from './numpy-random.ts';

const models = ['PowerOutage', 'ReliabilityMetricsPowerOutage'];

const daysAYear = 365;

/** A stochastic model's constants; `starts` null: each step is one for itself, with probability ½. */
interface OutageModel {
  /** null: the episode's. */
  readonly seed: number | null;
  readonly saifi: number;
  /** minutes */
  readonly caidi: number;
  readonly stepsPerDay: number;
  readonly starts: readonly number[] | null;
}

/**
 * @param place of the model's attributes, for messages
 * @throws {ConfigError} for an attribute that makes no sense, {UnknownNameError} for another model.
 */
export function outageModel(outage: OutageData, hoursPerStep: number, place: Place = {}): OutageModel {
  const model = outage.model ?? 'PowerOutage';
  if (!models.includes(model)) throw new UnknownNameError('power outage model', model, models, place);
  const stepsPerDay = 86400 / (hoursPerStep * 3600);
  const given = outage.attributes['random_seed'];
  return {
    seed: given === undefined || given === null ? null : amount(outage, 'random_seed', 0, 0xffff_ffff, place),
    saifi: amount(outage, 'saifi', 1.436, daysAYear, place),
    caidi: amount(outage, 'caidi', 331.2, Infinity, place),
    stepsPerDay,
    starts: model === 'PowerOutage' ? null : startSteps(outage, stepsPerDay, place),
  };
}

/**
 * Power outages of an episode as CityLearn's stochastic models draw them, [steps], 1 in an outage.
 *
 * `ReliabilityMetricsPowerOutage`: each whole day has an outage with probability saifi/365 (the first one's is dropped, but its start and duration are
 * drawn and go to the next), which begins at one of `start_time_steps` (all of the day's, if none are given) and lasts Exp(caidi) minutes,
 * cut to whole steps. `PowerOutage`, and no model: each step with probability ½. Source: specs/citylearn.md 8.
 *
 * @param fallbackSeed for a model that the schema gives no seed, in [0, 2^32)
 * @throws {ConfigError} for an attribute that makes no sense, {UnknownNameError} for another model.
 */
export function outageSignal(
  outage: OutageData,
  steps: number,
  hoursPerStep: number,
  fallbackSeed: number,
): Float64Array {
  const { seed, saifi, caidi, stepsPerDay, starts } = outageModel(outage, hoursPerStep);
  const random = new RandomState(seed ?? fallbackSeed);
  const signal = new Float64Array(steps);
  if (starts === null) return signal.map(() => random.choice(2));
  const days: number[] = [];
  let hits = 0;
  for (let day = 0; day < Math.trunc(steps / stepsPerDay); day++) {
    if (random.binomial(1, saifi / daysAYear) === 0) continue;
    hits++;
    if (day > 0) days.push(day);
  }
  const seconds = hoursPerStep * 3600;
  const begins = Array.from({ length: hits }, () => starts[random.choice(starts.length)]!);
  const lengths = Array.from({ length: hits }, () => random.exponential(caidi) * (60 / seconds));
  days.forEach((day, i) => {
    const begin = day * stepsPerDay + begins[i]!;
    signal.fill(1, Math.trunc(begin), Math.trunc(begin + lengths[i]!));
  });
  return signal;
}

function attribute(place: Place, name: string): Place {
  return place.path === undefined ? place : { ...place, path: `${place.path}/${name}` };
}

function amount({ attributes }: OutageData, name: string, absent: number, most: number, place: Place): number {
  const value = attributes[name] ?? absent;
  if (typeof value === 'number' && value >= 0 && value <= most) return value;
  throw new ConfigError(
    `power outage ${name} is ${JSON.stringify(value)}, expected a number ≥ 0${most < Infinity ? ` of at most ${most}` : ''}`,
    { place: attribute(place, name) },
  );
}

function startSteps({ attributes }: OutageData, stepsPerDay: number, place: Place): readonly number[] {
  const given = attributes['start_time_steps'] ?? Array.from({ length: Math.trunc(stepsPerDay) }, (_, step) => step);
  if (typeof given !== 'number' && given.length > 0 && given.every((step) => step >= 0 && step < stepsPerDay))
    return given;
  throw new ConfigError(
    `power outage start_time_steps is ${JSON.stringify(given)}, expected steps of a day, 0 … ${Math.ceil(stepsPerDay) - 1}`,
    { place: attribute(place, 'start_time_steps') },
  );
}
