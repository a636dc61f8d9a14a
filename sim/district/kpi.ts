import { ShapeError } from '../../core/errors.ts';

/** The nine KPIs of CityLearn 2.0, each the controlled value over that without storage (with PV): 1.0 is no battery, lower is better. */
export const kpiNames = [
  'electricity_consumption_total',
  'cost_total',
  'carbon_emissions_total',
  'zero_net_energy',
  'ramping_average',
  'daily_peak_average',
  'annual_peak_average',
  'daily_one_minus_load_factor_average',
  'monthly_one_minus_load_factor_average',
] as const;
export type KpiName = (typeof kpiNames)[number];
export type KpiValues = Record<KpiName, number | null>;

const dayHours = 24;
const monthHours = 730;

/** One series' numerators, built an hour at a time. */
class Totals {
  consumption = 0;
  cost = 0;
  carbon = 0;
  net = 0;
  ramping = 0;
  peak = -Infinity;
  readonly day = new Blocks(dayHours);
  readonly month = new Blocks(monthHours);
  #last = Number.NaN;

  push(net: number, price: number, carbon: number): void {
    this.consumption += Math.max(net, 0);
    this.cost += Math.max(net * price, 0);
    this.carbon += Math.max(net * carbon, 0);
    this.net += net;
    if (!Number.isNaN(this.#last)) this.ramping += Math.abs(net - this.#last);
    this.#last = net;
    if (net > this.peak) this.peak = net;
    this.day.push(net);
    this.month.push(net);
  }
}

/** Means over consecutive blocks counted from index 0; the tail block is shorter. */
class Blocks {
  readonly #window: number;
  #hours = 0;
  #sum = 0;
  #max = -Infinity;
  #blocks = 0;
  #peaks = 0;
  #oneMinusLoadFactors = 0;

  constructor(window: number) {
    this.#window = window;
  }

  push(net: number): void {
    this.#hours++;
    this.#sum += net;
    if (net > this.#max) this.#max = net;
    if (this.#hours === this.#window) {
      this.#blocks++;
      this.#peaks += this.#max;
      this.#oneMinusLoadFactors += 1 - this.#sum / this.#hours / this.#max;
      this.#hours = 0;
      this.#sum = 0;
      this.#max = -Infinity;
    }
  }

  /** Mean over blocks of the largest value. */
  get peak(): number {
    return this.#hours === 0 ? this.#peaks / this.#blocks : (this.#peaks + this.#max) / (this.#blocks + 1);
  }

  /** Mean over blocks of 1 − mean/max. */
  get oneMinusLoadFactor(): number {
    const tail = 1 - this.#sum / this.#hours / this.#max;
    return this.#hours === 0
      ? this.#oneMinusLoadFactors / this.#blocks
      : (this.#oneMinusLoadFactors + tail) / (this.#blocks + 1);
  }
}

const numerators: Record<KpiName, (totals: Totals) => number> = {
  electricity_consumption_total: (totals) => totals.consumption,
  cost_total: (totals) => totals.cost,
  carbon_emissions_total: (totals) => totals.carbon,
  zero_net_energy: (totals) => totals.net,
  ramping_average: (totals) => totals.ramping,
  daily_peak_average: (totals) => totals.day.peak,
  annual_peak_average: (totals) => totals.peak,
  daily_one_minus_load_factor_average: (totals) => totals.day.oneMinusLoadFactor,
  monthly_one_minus_load_factor_average: (totals) => totals.month.oneMinusLoadFactor,
};

/**
 * KPIs of a running episode, O(1) an hour.
 *
 * `Σmax(E,0), Σmax(E·price,0), Σmax(E·ci,0), ΣE, Σ|Eₜ−Eₜ₋₁|, mean daily max, max, mean(1 − mean/max)` over 24 h and 730 h blocks,
 * each divided by the same of the series without storage; null where that is 0. Source: specs/bifurcation.md 3.3.
 */
export class KpiAccumulator {
  readonly #control = new Totals();
  readonly #baseline = new Totals();

  /** @param net, netWithoutStorage kWh  @param price $/kWh  @param carbon kgCO2/kWh, all of one hour */
  push(net: number, netWithoutStorage: number, price: number, carbon: number): void {
    this.#control.push(net, price, carbon);
    this.#baseline.push(netWithoutStorage, price, carbon);
  }

  value(name: KpiName): number | null {
    const ratio = numerators[name](this.#control) / numerators[name](this.#baseline);
    return Number.isFinite(ratio) ? ratio : null;
  }

  values(): KpiValues {
    return Object.fromEntries(kpiNames.map((name) => [name, this.value(name)])) as KpiValues;
  }
}

/** What KPIs are computed from, all [T]: kWh, kWh, $/kWh, kgCO2/kWh. */
export interface KpiSeries {
  readonly net: Float64Array;
  readonly netWithoutStorage: Float64Array;
  readonly price: Float64Array;
  readonly carbon: Float64Array;
}

/** KPIs of whole series [T], all of one length. */
export function kpis(series: KpiSeries): KpiValues {
  const { net, netWithoutStorage, price, carbon } = series;
  for (const [name, column] of Object.entries({ netWithoutStorage, price, carbon })) {
    if (column.length < net.length)
      throw new ShapeError(`kpis: ${name} has ${column.length} values, net has ${net.length}`);
  }
  const accumulator = new KpiAccumulator();
  for (let t = 0; t < net.length; t++) accumulator.push(net[t]!, netWithoutStorage[t]!, price[t]!, carbon[t]!);
  return accumulator.values();
}

/** One line of `kpis.csv`, as CityLearn's `evaluate()` names them. */
export interface KpiRow {
  readonly level: 'district' | 'building';
  readonly name: string;
  readonly costFunction: KpiName;
  readonly value: number | null;
}

/** KPIs that CityLearn computes on the district's summed series; the others are the plain mean over its buildings. */
const ofTheSum: ReadonlySet<KpiName> = new Set([
  'ramping_average',
  'daily_peak_average',
  'annual_peak_average',
  'daily_one_minus_load_factor_average',
  'monthly_one_minus_load_factor_average',
]);

/** KPIs of each building and of the district. Source: specs/citylearn.md 14, as of 2.0. */
export function kpiRows(names: readonly string[], series: readonly KpiSeries[]): KpiRow[] {
  const own = series.map(kpis);
  const length = series[0]?.net.length ?? 0;
  const sum = (pick: (one: KpiSeries) => Float64Array): Float64Array =>
    Float64Array.from({ length }, (_, t) => series.reduce((total, one) => total + pick(one)[t]!, 0));
  const zeros = new Float64Array(length);
  const together = kpis({
    net: sum((one) => one.net),
    netWithoutStorage: sum((one) => one.netWithoutStorage),
    price: zeros,
    carbon: zeros,
  });
  const mean = (name: KpiName): number | null => {
    const values = own.map((values) => values[name]).filter((value) => value !== null);
    return values.length === 0 ? null : values.reduce((total, value) => total + value, 0) / values.length;
  };
  const district = kpiNames.map((name): KpiRow => ({
    level: 'district',
    name: 'District',
    costFunction: name,
    value: ofTheSum.has(name) ? together[name] : mean(name),
  }));
  const buildings = own.flatMap((values, i) =>
    kpiNames
      .filter((name) => !ofTheSum.has(name))
      .map((name): KpiRow => ({ level: 'building', name: names[i]!, costFunction: name, value: values[name] })),
  );
  return [...district, ...buildings];
}
