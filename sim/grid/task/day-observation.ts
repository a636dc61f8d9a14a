import type { Feature } from '../../../core/space.ts';
import { hoursPerDay, priceRange } from './feeder-year.ts';
import type { FeederYear } from './feeder-year.ts';

/** p.u., of features that are voltages */
export const voltageRange = { low: 0.85, high: 1.1 } as const;

/** Features of an hour of a feeder's year, in the order in which `DayObservation` writes them. @param prices how many hours of the price are shown, from this one on */
export function hourFeatures(prices: number): Feature[] {
  return [
    { name: 'hour_cos', unit: '1', low: -1, high: 1 },
    { name: 'hour_sin', unit: '1', low: -1, high: 1 },
    ...Array.from({ length: prices }, (_, ahead) => ({
      name: ahead === 0 ? 'electricity_pricing' : `electricity_pricing_predicted_${ahead}`,
      unit: '$/MWh',
      ...priceRange,
    })),
    { name: 'load_homes', unit: '1', low: 0, high: 1.5 },
    { name: 'load_mixed', unit: '1', low: 0, high: 1.5 },
    { name: 'solar_generation', unit: '1', low: 0, high: 1 },
  ];
}

/** Writes the observations of a task that goes by days: the hour's features, then some of the state's numbers, each in [0, 1] between its feature's low and high. Allocates nothing. */
export class DayObservation {
  private readonly features: readonly Feature[];
  private readonly year: FeederYear;
  private readonly prices: number;
  private out: Float32Array = new Float32Array(0);
  private next = 0;

  /** @param features those of `hourFeatures(prices)`, then those of the state's numbers */
  constructor(features: readonly Feature[], year: FeederYear, prices: number) {
    this.features = features;
    this.year = year;
    this.prices = prices;
  }

  /** @param state day and hour first  @param from @param to places of the numbers that are shown, the last one too; hours after the day's end have the mean price */
  write(state: Float64Array, from: number, to: number, out: Float32Array): void {
    const { year, prices } = this;
    const hour = state[1]!;
    const at = Math.min(state[0]! * hoursPerDay + hour, year.price.length - 1);
    const turn = (2 * Math.PI * hour) / hoursPerDay;
    this.out = out;
    this.next = 0;
    this.put(Math.cos(turn));
    this.put(Math.sin(turn));
    for (let ahead = 0; ahead < prices; ahead++)
      this.put(hour + ahead < hoursPerDay ? year.price[at + ahead]! : year.meanPrice);
    this.put(year.load[0][at]!);
    this.put(year.load[1][at]!);
    this.put(year.solar[at]!);
    for (let i = from; i <= to; i++) this.put(state[i]!);
  }

  private put(value: number): void {
    const { low, high } = this.features[this.next]!;
    this.out[this.next++] = Math.min(1, Math.max(0, (value - low) / (high - low)));
  }
}
