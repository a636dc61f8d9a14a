import { chargerCommandField, chargerConsumptionField } from './fleet-layout.ts';
import {
  BATTERY_BALANCE,
  BATTERY_SOC,
  COOLING,
  COST,
  DHW,
  EMISSION,
  HEATING,
  LOAD_CONSUMPTION,
  NET,
  SOLAR,
  TANK_BALANCE,
} from './hour.ts';
import type { BuildingModel } from './model.ts';
import type { Profile } from './profile.ts';

/** What a building's export files show, [rows] each. kWh, $, kgCO2, fraction. */
export interface ExportSeries {
  readonly net: Float64Array;
  readonly cost: Float64Array;
  readonly emission: Float64Array;
  readonly loadConsumption: Float64Array;
  readonly solar: Float64Array;
  readonly batterySoc: Float64Array;
  readonly batteryBalance: Float64Array;
  readonly coolingBalance: Float64Array;
  readonly heatingBalance: Float64Array;
  readonly dhwBalance: Float64Array;
  /** One a charger: what it drew, and what it was told to move. */
  readonly chargers: readonly { readonly consumption: Float64Array; readonly command: Float64Array }[];
}

/** Rows of an episode of T rows that CityLearn exports: master and v3, which act first, leave the last hour out. */
export function exportedRows({ alignment }: Profile, rows: number): number {
  return alignment === 'now' || alignment === 'lagged' ? rows - 1 : rows;
}

/** Keeps what export files need of every hour of a district. */
export interface ExportRecorder {
  /** @param building index  @param t of the episode; hours that are not exported are passed over  @param soc [cars] of this hour, wherever they are */
  push(building: number, hours: Float64Array, at: number, t: number, soc?: ArrayLike<number>): void;
  readonly series: readonly ExportSeries[];
  /** [cars] of [rows]; NaN where no SoC was pushed. */
  readonly carSoc: readonly Float64Array[];
}

/** @param rows to keep, see `exportedRows`  @param cars how many electric vehicles the district has */
export function exportRecorder(models: readonly BuildingModel[], rows: number, cars = 0): ExportRecorder {
  const column = (): Float64Array => new Float64Array(rows);
  const series = models.map(({ data }): ExportSeries => ({
    net: column(),
    cost: column(),
    emission: column(),
    loadConsumption: column(),
    solar: column(),
    batterySoc: column(),
    batteryBalance: column(),
    coolingBalance: column(),
    heatingBalance: column(),
    dhwBalance: column(),
    chargers: data.chargers.map(() => ({ consumption: column(), command: column() })),
  }));
  const carSoc = Array.from({ length: cars }, () => column().fill(Number.NaN));
  return {
    series,
    carSoc,
    push(building, hours, at, t, soc) {
      if (t >= rows) return;
      const one = series[building]!;
      const { data } = models[building]!;
      one.net[t] = hours[at + NET]!;
      one.cost[t] = hours[at + COST]!;
      one.emission[t] = hours[at + EMISSION]!;
      one.loadConsumption[t] = hours[at + LOAD_CONSUMPTION]!;
      one.solar[t] = hours[at + SOLAR]!;
      one.batterySoc[t] = hours[at + BATTERY_SOC]!;
      one.batteryBalance[t] = hours[at + BATTERY_BALANCE]!;
      one.coolingBalance[t] = hours[at + COOLING + TANK_BALANCE]!;
      one.heatingBalance[t] = hours[at + HEATING + TANK_BALANCE]!;
      one.dhwBalance[t] = hours[at + DHW + TANK_BALANCE]!;
      for (let c = 0; c < one.chargers.length; c++) {
        one.chargers[c]!.consumption[t] = hours[at + chargerConsumptionField(data, c)]!;
        one.chargers[c]!.command[t] = hours[at + chargerCommandField(data, c)]!;
      }
      if (soc === undefined) return;
      for (let e = 0; e < carSoc.length; e++) carSoc[e]![t] = soc[e]!;
    },
  };
}
