import type { EpisodeWindow } from './episode.ts';
import { BATTERY_BALANCE, BATTERY_CAPACITY, BATTERY_SOC, NET, NET_WITHOUT_STORAGE } from './hour.ts';
import type { OpenBuilding } from './lane.ts';
import type { SeriesColumn } from './series.ts';

/** What a lane's episode has recorded, by time index. kWh, fractions, $/kWh, kgCO2/kWh. */
export interface LaneSeries {
  readonly net: Float64Array;
  readonly soc: Float64Array;
  readonly battery: Float64Array;
  /** What the battery's capacity has degraded to. */
  readonly degraded: Float64Array;
  readonly netWithoutStorage: Float64Array;
  readonly price: Float64Array;
  readonly carbon: Float64Array;
  /** Every recorded series, with its values. */
  readonly columns: readonly (SeriesColumn & { readonly values: Float64Array })[];
}

/** All hours of every lane's episode. */
export class History {
  readonly #values: Float64Array[][];
  readonly #fields: Int32Array[];
  readonly #buildings: readonly OpenBuilding[];
  readonly #start: Int32Array;
  readonly #rows: Int32Array;

  constructor(buildings: readonly OpenBuilding[], windows: readonly EpisodeWindow[]) {
    const longest = Math.max(...windows.map(({ rows }) => rows));
    this.#buildings = buildings;
    this.#fields = buildings.map(({ columns }) =>
      // Kept beside the columns: the battery's fraction (in v1 the column of that name is in kWh) and its wear.
      Int32Array.from([...columns.map(({ field }) => field), BATTERY_SOC, BATTERY_CAPACITY]),
    );
    this.#values = this.#fields.map((fields) => Array.from(fields, () => new Float64Array(longest)));
    this.#start = new Int32Array(buildings.length);
    this.#rows = new Int32Array(buildings.length);
  }

  open(lane: number, start: number, rows: number): void {
    this.#start[lane] = start;
    this.#rows[lane] = rows;
  }

  write(lane: number, hours: Float64Array, at: number, t: number): void {
    const values = this.#values[lane]!;
    const fields = this.#fields[lane]!;
    for (let c = 0; c < fields.length; c++) values[c]![t] = hours[at + fields[c]!]!;
  }

  series(lane: number): LaneSeries {
    const building = this.#buildings[lane]!;
    const { columns, model } = building;
    const rows = building.recordedRows(this.#rows[lane]!);
    const fields = this.#fields[lane]!;
    const values = this.#values[lane]!;
    const of = (field: number): Float64Array => values[fields.lastIndexOf(field)]!.subarray(0, rows);
    const start = this.#start[lane]!;
    return {
      net: of(NET),
      soc: of(BATTERY_SOC),
      battery: of(BATTERY_BALANCE),
      degraded: of(BATTERY_CAPACITY),
      netWithoutStorage: of(NET_WITHOUT_STORAGE),
      price: model.columns.price.subarray(start, start + rows),
      carbon: model.columns.carbon.subarray(start, start + rows),
      columns: columns.map((column, c) => ({ ...column, values: values[c]!.subarray(0, rows) })),
    };
  }
}
