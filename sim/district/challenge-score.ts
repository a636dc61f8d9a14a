import type { EpisodeWindow } from './episode.ts';
import { COST, EMISSION, NET, NET_WITHOUT_STORAGE } from './hour.ts';
import { DistrictMeter } from './kpi-district.ts';
import type { Kpi } from './kpi-district.ts';
import { kpiNames } from './kpi.ts';
import { ShapeMeter } from './kpi-shape.ts';
import { addTo } from './kpi-sum.ts';
import type { BuildingModel } from './model.ts';

/*
 * Scores of the CityLearn challenges, an hour at a time like the KPIs. They are no KPIs of a release: 2022 looks at sums over the district, 2023 has a
 * comfort band of its own, 2020 and 2021 compare with a rule-based controller. Lower is better. Source: specs/citylearn.md 14.
 */

/* Compensated sums, two words each. */
const PRICE = 0;
const BASE_PRICE = 2;
const EMISSIONS = 4;
const BASE_EMISSIONS = 6;
const CONSUMPTION = 0;
const CARBON = 2;

const windows = { day: 24, month: 730, year: 8760 };

/** What all of these meters take in: every hour of a district. @param ats [buildings] of each building's block in `hours` */
interface DistrictHours {
  push(hours: Float64Array, ats: ArrayLike<number>, row: number): void;
}

/** Each the district's, over the same without storage; null where that is 0. */
export interface Score2022 {
  readonly priceCost: number | null;
  readonly emissionCost: number | null;
  /** Mean of ramping and of the monthly load factor's complement. */
  readonly gridCost: number | null;
  /** Mean of the first two in phase 1, of all three from phase 2 on. */
  readonly score: number | null;
}

/**
 * The 2022 challenge: `Σmax(Σᵢcostᵢ, 0), Σmax(Σᵢemissionᵢ, 0)`, `Σ|Eₜ − Eₜ₋₁|` and mean(1 − mean/max) over 730 h of the district's net, over the same of the
 * nets without storage; here cost is signed, so that one building's export pays another's import. Source: CityLearn 1.3.6, evaluate().
 */
export interface Meter2022 extends DistrictHours {
  score(phase: 1 | 2 | 3): Score2022;
}

export function challenge2022Meter(models: readonly BuildingModel[]): Meter2022 {
  const sums = new Float64Array(8);
  const control = new ShapeMeter(windows, true, false);
  const baseline = new ShapeMeter(windows, true, false);
  return {
    push(hours, ats, row) {
      let net = 0;
      let base = 0;
      let price = 0;
      let basePrice = 0;
      let emission = 0;
      let baseEmission = 0;
      for (let i = 0; i < models.length; i++) {
        const at = ats[i]!;
        const { columns } = models[i]!;
        const without = hours[at + NET_WITHOUT_STORAGE]!;
        net += hours[at + NET]!;
        base += without;
        price += hours[at + COST]!;
        basePrice += columns.price[row]! * without;
        emission += hours[at + EMISSION]!;
        baseEmission += Math.max(columns.carbon[row]! * without, 0);
      }
      addTo(sums, PRICE, Math.max(price, 0));
      addTo(sums, BASE_PRICE, Math.max(basePrice, 0));
      addTo(sums, EMISSIONS, emission);
      addTo(sums, BASE_EMISSIONS, baseEmission);
      control.push(net);
      baseline.push(base);
    },
    score(phase) {
      const priceCost = ratio(sums[PRICE]!, sums[BASE_PRICE]!);
      const emissionCost = ratio(sums[EMISSIONS]!, sums[BASE_EMISSIONS]!);
      const gridCost = mean([
        ratio(control.ramping, baseline.ramping),
        ratio(control.monthlyOneMinusLoadFactor, baseline.monthlyOneMinusLoadFactor),
      ]);
      const parts = phase === 1 ? [priceCost, emissionCost] : [priceCost, emissionCost, gridCost];
      return { priceCost, emissionCost, gridCost, score: mean(parts) };
    },
  };
}

/** The KPIs of the 2023 challenge with their weights; the peak is the episode's. */
const weights2023 = {
  carbon_emissions_total: 0.1,
  discomfort_proportion: 0.3,
  ramping_average: 0.075,
  daily_one_minus_load_factor_average: 0.075,
  daily_peak_average: 0.075,
  all_time_peak_average: 0.075,
  one_minus_thermal_resilience_proportion: 0.15,
  power_outage_normalized_unserved_energy_total: 0.15,
} as const satisfies Partial<Record<Kpi, number>>;
export type Kpi2023 = keyof typeof weights2023 | 'annual_peak_average';

export interface Score2023 {
  readonly parts: readonly { readonly kpi: Kpi2023; readonly weight: number; readonly value: number | null }[];
  /** `Σ weight·value`, float32 as CityLearn adds it up; a value that is not defined (no outage) adds nothing and keeps its weight. */
  readonly score: number;
}

/** The 2023 challenge: the district's KPIs for a comfort band of 1 °C against no storage and no control of devices. Source: CityLearn 2.1.2. */
export interface Meter2023 extends DistrictHours {
  score(): Score2023;
}

export function challenge2023Meter(models: readonly BuildingModel[], episode: EpisodeWindow): Meter2023 {
  const meter = new DistrictMeter(models, episode, { comfort: true, comfortBand: 1, baseline: 'without partial load' });
  // 2.1 and before call the peak annual: a mean of years' peaks, for an episode of up to a year the same number.
  const annual = kpiNames(models[0]!.profile).includes('annual_peak_average');
  return {
    push(hours, ats, row) {
      meter.push(hours, ats, row);
    },
    score(): Score2023 {
      const parts = (Object.keys(weights2023) as (keyof typeof weights2023)[]).map((name) => {
        const kpi: Kpi2023 = annual && name === 'all_time_peak_average' ? 'annual_peak_average' : name;
        return { kpi, weight: weights2023[name], value: meter.value(kpi) };
      });
      const weighted = parts.map(({ weight, value }) => Math.fround(value === null ? 0 : weight * value));
      const all = pairwiseOfEight(weighted);
      return { parts, score: Math.fround(all / pairwiseOfEight(parts.map(({ weight }) => Math.fround(weight)))) };
    },
  };
}

/** NumPy's order of a float32 sum of eight. */
function pairwiseOfEight(values: readonly number[]): number {
  let sums = [...values];
  while (sums.length > 1)
    sums = Array.from({ length: sums.length / 2 }, (_, i) => Math.fround(sums[2 * i]! + sums[2 * i + 1]!));
  return sums[0]!;
}

/** What the 2020 and 2021 challenges sum up of a district: kWh, shares, kgCO2. */
export interface Costs2021 {
  readonly ramping: number;
  readonly oneMinusLoadFactor: number;
  readonly averageDailyPeak: number;
  readonly peakDemand: number;
  readonly netElectricityConsumption: number;
  /** 2021 only. */
  readonly carbonEmissions: number;
}

/** Absolute costs of one controller's run. Source: CityLearn 1.0.0, cost(). */
export interface Meter2021 extends DistrictHours {
  costs(): Costs2021;
}

export function challenge2021Meter(models: readonly BuildingModel[]): Meter2021 {
  const sums = new Float64Array(4);
  const shape = new ShapeMeter(windows, true, false);
  const { carbon } = models[0]!.columns;
  return {
    push(hours, ats, row) {
      let net = 0;
      for (let i = 0; i < models.length; i++) net += hours[ats[i]! + NET]!;
      shape.push(net);
      addTo(sums, CONSUMPTION, Math.max(net, 0));
      addTo(sums, CARBON, Math.max(net * carbon[row]!, 0));
    },
    costs: () => ({
      ramping: shape.ramping,
      oneMinusLoadFactor: shape.monthlyOneMinusLoadFactor,
      averageDailyPeak: shape.dailyPeak,
      peakDemand: shape.allTimePeak,
      netElectricityConsumption: sums[CONSUMPTION]!,
      carbonEmissions: sums[CARBON]!,
    }),
  };
}

export type CostName2021 = keyof Costs2021;

/** A score of the 2020 or the 2021 challenge: each cost over the rule-based controller's, and their mean. */
export function relativeScore(
  year: 2020 | 2021,
  own: Costs2021,
  ruleBased: Costs2021,
): { readonly ratios: Readonly<Partial<Record<CostName2021, number | null>>>; readonly score: number | null } {
  const names = (Object.keys(own) as CostName2021[]).filter((name) => year === 2021 || name !== 'carbonEmissions');
  const ratios = Object.fromEntries(names.map((name) => [name, ratio(own[name], ruleBased[name])]));
  return { ratios, score: mean(Object.values(ratios)) };
}

function ratio(over: number, under: number): number | null {
  const value = over / under;
  return Number.isFinite(value) ? value : null;
}

/** null where any is. */
function mean(values: readonly (number | null)[]): number | null {
  let sum = 0;
  for (const value of values) {
    if (value === null) return null;
    sum += value;
  }
  return sum / values.length;
}
