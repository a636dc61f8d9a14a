import { z } from 'zod';
import { ConfigError } from '../../core/errors.ts';
import { toNormalised, toPhysical } from '../../core/space.ts';
import type { Rule, Setting } from './rule.ts';
import { rounding } from './intervals.ts';
import { span } from './selection.ts';

const standardHours = [6, 12, 24];

export const forecastConfig = z.strictObject({
  tolerance: z.number().min(0).max(1).default(0.01).meta({
    title: 'Tolerance',
    description: 'How far a value may miss what was forecast for it, as a share of the feature’s range.',
  }),
  hours: z
    .array(z.number().positive())
    .length(3)
    .default(standardHours)
    .meta({ title: 'Hours', description: 'Horizons of features that are numbered …_predicted_1, _2 and _3.' }),
});

/** What one feature says of the hour that another one spoke of `lag` steps ago. */
interface Link {
  readonly now: number;
  readonly said: number;
  readonly lag: number;
}

/** `temperature_predicted_6h` or `temperature_predicted_1`: of which series, its number, and how many hours ahead by its name. */
function horizonOf(name: string, hours: readonly number[]): { series: string; number: number; ahead: number } {
  const match = /^(.+)_predicted_(?:(6|12|24)h|([123]))$/.exec(name);
  if (match === null) return { series: name, number: 0, ahead: 0 };
  const number = match[3] === undefined ? standardHours.indexOf(Number(match[2])) + 1 : Number(match[3]);
  return { series: match[1]!, number, ahead: match[3] === undefined ? Number(match[2]) : hours[number - 1]! };
}

/** Mean distance of a forecast from what came so many steps later; ∞ where that is no whole number of steps. */
function meanMiss(forecast: Float64Array, series: Float64Array, steps: number): number {
  if (!Number.isInteger(steps) || steps >= series.length) return Infinity;
  let sum = 0;
  for (let row = 0; row + steps < series.length; row++) sum += Math.abs(forecast[row]! - series[row + steps]!);
  return sum / (series.length - steps);
}

/**
 * Pairs of features that speak of the same hour at different times. Prices of CityLearn's 2023 data are forecast 1, 2 and 3 h ahead under the
 * names of 6, 12 and 24: where the data are known, the horizon is the one that fits them better.
 */
export function forecastLinks({ features, plant }: Setting, hours: readonly number[] = standardHours): Link[] {
  const hoursPerStep = plant?.hoursPerStep ?? 1;
  const horizons = features.map(({ name }) => {
    const { series, number, ahead } = horizonOf(name, hours);
    const [forecast, truth] = [plant?.series(name), plant?.series(series)];
    if (number === 0 || forecast === undefined || truth === undefined) return { series, ahead };
    const miss = (hoursAhead: number): number => meanMiss(forecast, truth, hoursAhead / hoursPerStep);
    return { series, ahead: miss(number) < miss(ahead) ? number : ahead };
  });
  return horizons.flatMap(({ series, ahead }, said) =>
    horizons.flatMap(({ series: other, ahead: nearer }, now) => {
      const lag = (ahead - nearer) / hoursPerStep;
      const speaks = series === other && Number.isInteger(lag) && lag > 0;
      return speaks && span(features[now]!) !== 0 && span(features[said]!) !== 0 ? [{ now, said, lag }] : [];
    }),
  );
}

/**
 * What was forecast must come true: with f the feature that spoke `lag` steps ago of the hour that feature j shows now, physical,
 * `min(−τ, e) ≤ x'_j − x'_f ≤ max(τ, e)`, e being the true forecast's error and τ the tolerance.
 *
 * A forecast may lie by no more than what the nearer features can keep up later: `|x'_f − x_f| ≤ ε_j + τ` and within j's range; so a lie
 * that was told can be told on, and the rule hardly ever gives way.
 */
export function forecastRule({ tolerance, hours }: z.output<typeof forecastConfig>, setting: Setting): Rule {
  const { features, threat } = setting;
  const links = forecastLinks(setting, hours);
  if (links.length === 0)
    throw new ConfigError('constraint forecast: no observed feature is a forecast of another one', {
      place: { path: '/threat/constraints/forecast' },
    });
  const physicalEpsilon = (j: number): number => threat.epsilon[j]! * Math.abs(span(features[j]!));
  const tolerances = features.map((feature) => tolerance * Math.abs(span(feature)));
  return {
    phase: 'interval',
    lag: Math.max(...links.map(({ lag }) => lag)),
    narrow({ x, history }, row, i, intervals) {
      for (let k = 0; k < links.length; k++) {
        const { now, said, lag } = links[k]!;
        const feature = features[now]!;
        const source = features[said]!;
        const room = (physicalEpsilon(now) + tolerances[now]!) / Math.abs(span(source));
        const clean = x[i + said]!;
        const ends = toNormalised(source, feature.low);
        const others = toNormalised(source, feature.high);
        intervals.keep(
          i + said,
          Math.max(clean - room, Math.min(clean, ends, others)),
          Math.min(clean + room, Math.max(clean, ends, others)),
        );
        const before = history.at(row, lag);
        if (before < 0) continue;
        const error = toPhysical(feature, x[i + now]!) - toPhysical(source, history.truth[before + said]!);
        const forecast = toPhysical(source, history.shown[before + said]!);
        const low = toNormalised(feature, forecast + Math.min(-tolerances[now]!, error));
        const high = toNormalised(feature, forecast + Math.max(tolerances[now]!, error));
        intervals.keep(i + now, Math.min(low, high), Math.max(low, high));
      }
    },
    broken({ x, history }, row, i, out) {
      const broken = links.find(({ now, said, lag }) => {
        const before = history.at(row, lag);
        if (before < 0) return false;
        const [feature, source] = [features[now]!, features[said]!];
        const slack = rounding * (Math.abs(span(feature)) + Math.abs(span(source)));
        const miss = (shown: number, forecast: number): number =>
          toPhysical(feature, shown) - toPhysical(source, forecast);
        const error = miss(x[i + now]!, history.truth[before + said]!);
        const shown = miss(out[i + now]!, history.shown[before + said]!);
        return shown < Math.min(-tolerances[now]!, error) - slack || shown > Math.max(tolerances[now]!, error) + slack;
      });
      return broken?.now ?? -1;
    },
  };
}
