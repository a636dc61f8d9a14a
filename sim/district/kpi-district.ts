import { NET, NET_WITHOUT_PARTIAL_LOAD, NET_WITHOUT_STORAGE } from './hour.ts';
import type { EpisodeWindow } from './episode.ts';
import { BuildingMeter, countKpis, ratioKpis } from './kpi-building.ts';
import type { CountKpi, RatioKpi } from './kpi-building.ts';
import { ShapeMeter } from './kpi-shape.ts';
import type { BuildingModel } from './model.ts';
import type { Profile } from './profile.ts';

/** KPIs of the district's summed net. */
const shapes = {
  ramping_average: (meter: ShapeMeter): number => meter.ramping,
  daily_one_minus_load_factor_average: (meter: ShapeMeter): number => meter.dailyOneMinusLoadFactor,
  monthly_one_minus_load_factor_average: (meter: ShapeMeter): number => meter.monthlyOneMinusLoadFactor,
  daily_peak_average: (meter: ShapeMeter): number => meter.dailyPeak,
  annual_peak_average: (meter: ShapeMeter): number => meter.annualPeak,
  all_time_peak_average: (meter: ShapeMeter): number => meter.allTimePeak,
};
type ShapeKpi = keyof typeof shapes;

/** Every KPI by the name that its newest release has for it. */
export type Kpi = RatioKpi | CountKpi | ShapeKpi;

const ratioNames: ReadonlySet<string> = new Set(ratioKpis);
const countNames: ReadonlySet<string> = new Set(countKpis);

const isRatio = (kpi: Kpi): kpi is RatioKpi => ratioNames.has(kpi);
const isCount = (kpi: Kpi): kpi is CountKpi => countNames.has(kpi);

export interface DistrictMeterOptions {
  /** °C, see `BuildingCount`. */
  readonly comfortBand: number;
  /** Whether comfort and unserved energy count. */
  readonly comfort: boolean;
  /** Which baseline: as `evaluate` chooses it by default, or always the one without control of the devices. */
  readonly baseline: 'default' | 'without partial load';
}

/** CityLearn's default comfort band, °C. */
export const defaultComfortBand = 2;

/** Meters of every building and of their sum, an hour at a time. Source: specs/citylearn.md 14. */
export class DistrictMeter {
  readonly profile: Profile;
  readonly buildings: readonly BuildingMeter[];
  readonly #control: ShapeMeter;
  readonly #baseline: ShapeMeter;
  readonly #baselineField: number;
  readonly #idleRow: number;
  #rows = 0;

  constructor(models: readonly BuildingModel[], episode: EpisodeWindow, options: DistrictMeterOptions) {
    const [first] = models;
    const { profile, hoursPerStep } = first!;
    this.profile = profile;
    // The first building decides for all. v3 looks at each, but a building without dynamics has no partial load to leave out.
    const partial = options.baseline === 'without partial load' || first!.dynamics !== null || isV3(profile);
    this.#baselineField = partial ? NET_WITHOUT_PARTIAL_LOAD : NET_WITHOUT_STORAGE;
    const { comfort, comfortBand } = options;
    this.buildings = models.map(
      (model) => new BuildingMeter(model, { baseline: this.#baselineField, comfort, comfortBand }),
    );
    const scale = isV3(profile) ? hoursPerStep : 1;
    const windows = {
      day: Math.max(1, Math.round(24 / scale)),
      month: Math.max(1, Math.round(730 / scale)),
      year: 8760,
    };
    const absolute = profile.kpis === 'v1' || profile.kpis === 'v2.0' || profile.kpis === 'v2.1';
    // CityLearn adds the booked nets up as Python floats, and the baselines as float32 columns.
    this.#control = new ShapeMeter(windows, absolute, false);
    this.#baseline = new ShapeMeter(windows, absolute, profile.float32);
    this.#idleRow = profile.defects['last-hour-idle'] ? episode.start + episode.rows - 1 : -1;
  }

  /** @param ats of each building's block in `hours` */
  push(hours: Float64Array, ats: ArrayLike<number>, row: number): void {
    const { buildings } = this;
    const { float32 } = this.profile;
    let net = 0;
    let base = 0;
    for (let i = 0; i < buildings.length; i++) {
      const at = ats[i]!;
      buildings[i]!.push(hours, at, row);
      net += hours[at + NET]!;
      base += hours[at + this.#baselineField]!;
      if (float32) base = Math.fround(base);
    }
    if (row !== this.#idleRow) this.#control.push(net);
    this.#baseline.push(base);
    this.#rows++;
  }

  /** One building's KPI; null where it is not defined. */
  ofBuilding(index: number, kpi: RatioKpi | CountKpi): number | null {
    if (this.#rows === 0) return null;
    const building = this.buildings[index]!;
    return isRatio(kpi) ? this.#ratio(building.booked(kpi), building.baseline(kpi)) : finite(building.value(kpi));
  }

  /** The district's KPI: of the summed net, or the mean over the buildings that have a value. */
  value(kpi: Kpi): number | null {
    if (this.#rows === 0) return null;
    if (!isRatio(kpi) && !isCount(kpi)) return this.#ratio(shapes[kpi](this.#control), shapes[kpi](this.#baseline));
    let sum = 0;
    let count = 0;
    for (let i = 0; i < this.buildings.length; i++) {
      const value = this.ofBuilding(i, kpi);
      if (value === null) continue;
      sum += value;
      count++;
    }
    return count === 0 ? null : sum / count;
  }

  /** head and v3 call nothing over nothing 1. */
  #ratio(booked: number, baseline: number): number | null {
    if (this.profile.kpis !== 'head') return finite(booked / baseline);
    const smallest = isV3(this.profile) ? 1e-6 : 0;
    const over = Number.isFinite(booked) ? booked : 0;
    const under = Number.isFinite(baseline) ? baseline : 0;
    if (Math.abs(under) > smallest) return over / under;
    return Math.abs(over) > smallest ? null : 1;
  }
}

function finite(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}

function isV3(profile: Profile): boolean {
  return profile.alignment === 'lagged';
}
