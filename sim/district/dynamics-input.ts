import { ConfigError, UnknownNameError } from '../../core/errors.ts';
import { outputPerInput } from './converter.ts';
import {
  BATTERY_CONSUMPTION,
  BATTERY_SOC,
  CONSUMPTION,
  COOLING,
  COOLING_SET_POINT,
  DHW,
  FROM_DEVICE,
  HEATING,
  HEATING_SET_POINT,
  INDOOR_TEMPERATURE,
  POWER_OUTAGE,
  TANK_BALANCE,
  TANK_SOC,
} from './hour.ts';
import type { BuildingModel } from './model.ts';

/** Where an input comes from: known before the simulation, or out of the hour's block. */
type Source =
  | { readonly kind: 'column'; readonly values: Float64Array }
  | { readonly kind: 'field'; readonly field: number }
  /** kWh thermal that reached the rooms */
  | { readonly kind: 'delivered'; readonly block: number }
  /** °C above a set point */
  | { readonly kind: 'difference'; readonly setPoint: number };

const kinds = { column: 0, field: 1, delivered: 2, difference: 3 } as const;
const uses = { cooling: COOLING, heating: HEATING, dhw: DHW } as const;
const fields: ReadonlyMap<string, number> = new Map(
  Object.entries({
    indoor_dry_bulb_temperature: INDOOR_TEMPERATURE,
    indoor_dry_bulb_temperature_set_point: COOLING_SET_POINT,
    indoor_dry_bulb_temperature_cooling_set_point: COOLING_SET_POINT,
    indoor_dry_bulb_temperature_heating_set_point: HEATING_SET_POINT,
    power_outage: POWER_OUTAGE,
    electrical_storage_soc: BATTERY_SOC,
    electrical_storage_electricity_consumption: BATTERY_CONSUMPTION,
  }),
);
const differences: ReadonlyMap<string, number> = new Map(
  Object.entries({
    indoor_dry_bulb_temperature_cooling_delta: COOLING_SET_POINT,
    indoor_dry_bulb_temperature_heating_delta: HEATING_SET_POINT,
  }),
);

/**
 * The inputs of a building's network, normalised to its limits: `(x − min)/(max − min)` in float64, then float32.
 *
 * Cyclic observations enter as the sine and cosine of 2πx/x_max under `…_sin` and `…_cos`. What is known beforehand is normalised once, in a
 * table that all lanes share. Source: specs/citylearn.md 7.3.
 */
export class DynamicsInput {
  /** Which one is the indoor temperature. */
  readonly temperature: number;
  readonly #minimum: Float64Array;
  readonly #span: Float64Array;
  readonly #kinds: Uint8Array;
  readonly #fields: Int32Array;
  /** [rows × columns], normalised */
  readonly #table: Float32Array;
  /** Of which input each column of the table is. */
  readonly #columns: Int32Array;
  /** The inputs that come out of the hour. */
  readonly #simulated: Int32Array;
  readonly #single: boolean;
  /** head keeps the temperature in float64. */
  readonly #singleTemperature: boolean;

  constructor(model: BuildingModel) {
    const { profile, rows } = model;
    const dynamics = model.dynamics!;
    const names = dynamics.inputNames;
    const path = `/buildings/${model.data.name}/dynamics/attributes`;
    const file = model.district.name;
    this.#single = profile.float32;
    this.#singleTemperature = profile.float32 && !profile.wideColumns;
    this.temperature = names.indexOf('indoor_dry_bulb_temperature');
    if (this.temperature < 0)
      throw new ConfigError(
        'indoor_dry_bulb_temperature is not among the inputs, and it is what the network predicts',
        {
          place: { file, path: `${path}/input_observation_names` },
        },
      );
    this.#minimum = Float64Array.from(dynamics.minimum);
    this.#span = Float64Array.from(dynamics.maximum, (high, i) => high - dynamics.minimum[i]!);
    this.#span.forEach((span, i) => {
      if (!(span !== 0 && Number.isFinite(span)))
        throw new ConfigError(
          `${names[i]!} is normalised from ${dynamics.minimum[i]} to ${dynamics.maximum[i]}, expected two different numbers`,
          { place: { file, path: `${path}/input_normalization_maximum/${i}` } },
        );
    });
    const sources = names.map((name, i) => {
      const source = sourceOf(name, model);
      if (source === undefined)
        throw new UnknownNameError('input of the dynamics', name, knownNames(model), {
          file,
          path: `${path}/input_observation_names/${i}`,
        });
      return source;
    });
    this.#kinds = Uint8Array.from(sources, ({ kind }) => kinds[kind]);
    this.#fields = Int32Array.from(sources, (source) => {
      if (source.kind === 'field') return source.field;
      if (source.kind === 'delivered') return source.block;
      return source.kind === 'difference' ? source.setPoint : 0;
    });
    const places = names.map((_, i) => i);
    this.#columns = Int32Array.from(places.filter((i) => sources[i]!.kind === 'column'));
    this.#simulated = Int32Array.from(places.filter((i) => sources[i]!.kind !== 'column'));
    this.#table = new Float32Array(rows * this.#columns.length);
    this.#columns.forEach((input, column) => {
      const source = sources[input]!;
      if (source.kind !== 'column') return;
      for (let row = 0; row < rows; row++)
        this.#table[row * this.#columns.length + column] = this.#normalise(input, source.values[row]!);
    });
  }

  /** Writes an hour's inputs to `out` [inputs]. */
  read(hours: Float64Array, at: number, row: number, out: Float64Array): void {
    const columns = this.#columns;
    const from = row * columns.length;
    for (let c = 0; c < columns.length; c++) out[columns[c]!] = this.#table[from + c]!;
    for (let s = 0; s < this.#simulated.length; s++) {
      const input = this.#simulated[s]!;
      out[input] = this.#normalise(input, this.#value(input, hours, at));
    }
  }

  #normalise(input: number, value: number): number {
    return Math.fround((value - this.#minimum[input]!) / this.#span[input]!);
  }

  #value(input: number, hours: Float64Array, at: number): number {
    const field = at + this.#fields[input]!;
    switch (this.#kinds[input]) {
      case kinds.field:
        return hours[field]!;
      case kinds.delivered: {
        const heat = hours[field + FROM_DEVICE]! + Math.abs(Math.min(hours[field + TANK_BALANCE]!, 0));
        return this.#single ? Math.fround(heat) : heat;
      }
      default: {
        const difference = hours[at + INDOOR_TEMPERATURE]! - hours[field]!;
        return this.#singleTemperature ? Math.fround(difference) : difference;
      }
    }
  }
}

/** Largest value of a cycle. */
function periods(model: BuildingModel): Readonly<Record<string, number>> {
  return { hour: 24, month: 12, day_type: model.profile.dayTypes, minutes: 60 };
}

function sourceOf(name: string, model: BuildingModel): Source | undefined {
  const field = fields.get(name);
  if (field !== undefined) return { kind: 'field', field };
  const setPoint = differences.get(name);
  if (setPoint !== undefined) return { kind: 'difference', setPoint };
  const use = /^(cooling|heating|dhw)_(demand|storage_soc|electricity_consumption)$/.exec(name);
  if (use !== null) {
    const block = uses[use[1] as keyof typeof uses];
    if (use[2] === 'demand') return { kind: 'delivered', block };
    return { kind: 'field', field: block + (use[2] === 'storage_soc' ? TANK_SOC : CONSUMPTION) };
  }
  const values = columnOf(name, model);
  return values === undefined ? undefined : { kind: 'column', values };
}

const horizons: Readonly<Record<string, string>> = { '6h': '1', '12h': '2', '24h': '3' };

/** What the data decide, [rows of the range]. */
function columnOf(name: string, model: BuildingModel): Float64Array | undefined {
  const { columns, devices, rows } = model;
  const cycle = /^(hour|month|day_type|minutes)_(sin|cos)$/.exec(name);
  if (cycle !== null) {
    const period = periods(model)[cycle[1]!]!;
    const wave = cycle[2] === 'sin' ? Math.sin : Math.cos;
    return columns.named[cycle[1]!]?.map((value) => wave((2 * Math.PI * value) / period));
  }
  // Plain cyclic observations are gone once they are waves.
  if (Object.hasOwn(periods(model), name)) return undefined;
  if (name === 'solar_generation') return columns.solar.map(Math.abs);
  // The hour's net is booked after the network has run.
  if (name === 'net_electricity_consumption') return new Float64Array(rows);
  const device = /^(cooling|heating|dhw)_device_efficiency$/.exec(name);
  if (device !== null) {
    const use = device[1] as keyof typeof uses;
    return outputPerInput(devices[use], use === 'cooling' ? 'cooling' : 'heating', columns.outdoor, false);
  }
  const plain = name.replace(/(?<=_predicted_)(?:6h|12h|24h)$/, (hours) => horizons[hours]!);
  return Object.hasOwn(columns.named, plain) ? columns.named[plain] : undefined;
}

function knownNames(model: BuildingModel): string[] {
  const cyclic = Object.keys(periods(model));
  return [
    ...Object.keys(model.columns.named).filter((name) => !cyclic.includes(name)),
    ...cyclic.flatMap((name) => [`${name}_sin`, `${name}_cos`]),
    ...fields.keys(),
    ...differences.keys(),
    ...Object.keys(uses).flatMap((use) => [
      `${use}_storage_soc`,
      `${use}_electricity_consumption`,
      `${use}_device_efficiency`,
    ]),
    'solar_generation',
    'net_electricity_consumption',
  ];
}
