import type { Feature } from '../../core/space.ts';
import { FROM_DEVICE, TANK_BALANCE } from './hour.ts';
import type { BuildingModel } from './model.ts';
import type { Normalisation } from './observation-limits.ts';
import { observationTerms } from './observation-terms.ts';
import type { Reading, Term } from './observation-terms.ts';

export type { Normalisation };
export const normalisations: readonly Normalisation[] = ['fixed', 'citylearn-2.0.0'];

/** What a building shows its controller: as CityLearn's normalising wrapper gives it, and raw. */
export interface ObservationPlan {
  /** Of the normalised view: a cyclic observation is two, `_cos` and `_sin`, in its place. */
  readonly features: readonly Feature[];
  /** Of `features`: whether a central agent is shown it once for all buildings. */
  readonly sharedFeatures: readonly boolean[];
  /** Of `features`: their values over the range [rows], physical units; null where the hour decides. */
  readonly series: readonly (Float64Array | null)[];
  /** Of the raw view, in CityLearn's order. */
  readonly names: readonly string[];
  readonly units: readonly string[];
  readonly shared: readonly boolean[];
  /** Of `names`: whether CityLearn gives it as a float32 (or as an integer), so that it prints as such. */
  readonly float32: readonly boolean[];
  /** Of `names`: the limits CityLearn makes its observation space of, before that rounds them to float32. */
  readonly low: Float64Array;
  readonly high: Float64Array;
  /** The hour as normalised float32, [features] from `offset` on. */
  write(hours: Float64Array, at: number, row: number, out: Float32Array, offset: number): void;
  /** The hour's values as CityLearn gives them, [names] from `offset` on. */
  read(hours: Float64Array, at: number, row: number, out: Float64Array, offset: number): void;
}

/** A column of the normalised view: either the data's, or a term of the hour. */
interface Column {
  readonly feature: Feature;
  readonly shared: boolean;
  /** [rows], null: of the hour */
  readonly values: Float64Array | null;
  readonly reading: Reading;
}

/**
 * How a building's hour becomes an observation: `(value − low)/(high − low)`, 0 where low = high and where the data are blank; nothing is clipped.
 * What the data decide is one row of a table that all lanes share. Source: specs/citylearn.md 11.
 * @throws {UnknownNameError} for an active observation that there is not.
 */
export function observationPlan(model: BuildingModel, normalisation: Normalisation): ObservationPlan {
  const terms = observationTerms(model, normalisation);
  const columns = terms.flatMap(columnsOf);
  const size = columns.length;
  const table = new Float32Array(model.rows * size);
  columns.forEach(({ feature: { low, high }, values }, j) => {
    const span = high - low;
    if (values === null || span === 0) return;
    for (let row = 0; row < model.rows; row++) {
      const value = values[row]!;
      if (!Number.isNaN(value)) table[row * size + j] = (value - low) / span;
    }
  });
  const places = columns.flatMap(({ values }, j) => (values === null ? [j] : []));
  const moving = new HourReader(
    places.map((j) => columns[j]!.reading),
    model,
  );
  const lows = Float64Array.from(places, (j) => columns[j]!.feature.low);
  const spans = Float64Array.from(places, (j) => columns[j]!.feature.high - columns[j]!.feature.low);
  const all = new HourReader(
    terms.map(({ reading }) => reading),
    model,
  );
  return {
    features: columns.map(({ feature }) => feature),
    sharedFeatures: columns.map(({ shared }) => shared),
    series: columns.map(({ values }) => values),
    names: terms.map(({ name }) => name),
    units: terms.map(({ unit }) => unit),
    shared: terms.map(({ shared }) => shared),
    float32: terms.map(({ float32 }) => float32),
    low: Float64Array.from(terms, ({ low }) => low),
    high: Float64Array.from(terms, ({ high }) => high),

    write(hours, at, row, out, offset) {
      const from = row * size;
      for (let j = 0; j < size; j++) out[offset + j] = table[from + j]!;
      for (let i = 0; i < places.length; i++) {
        const span = spans[i]!;
        if (span === 0) continue;
        const value = moving.value(i, hours, at, row);
        // A difference from a blank set point, say.
        out[offset + places[i]!] = Number.isNaN(value) ? 0 : (value - lows[i]!) / span;
      }
    },

    read(hours, at, row, out, offset) {
      for (let i = 0; i < terms.length; i++) out[offset + i] = all.value(i, hours, at, row);
    },
  };
}

const waves = [
  ['cos', Math.cos],
  ['sin', Math.sin],
] as const;

function columnsOf({ name, unit, shared, period, reading, low, high }: Term): Column[] {
  const values = reading.kind === 'column' ? reading.values : null;
  if (period === null || values === null) return [{ feature: { name, unit, low, high }, shared, values, reading }];
  return waves.map(([suffix, wave]) => {
    const turn = (value: number): number => wave((2 * Math.PI * value) / period);
    const cycle = Array.from({ length: period }, (_, i) => turn(i + 1));
    const feature = { name: `${name}_${suffix}`, unit: '1', low: Math.min(...cycle), high: Math.max(...cycle) };
    return { feature, shared, values: values.map(turn), reading };
  });
}

const kinds = { column: 0, field: 1, delivered: 2, stored: 3, difference: 4, distance: 5 } as const;

/** Readings laid out in arrays: their values of any lane's hour, without allocation. */
class HourReader {
  readonly #kinds: Uint8Array;
  readonly #fields: Int32Array;
  readonly #others: Int32Array;
  readonly #series: readonly Float64Array[];
  /** CityLearn rounds sums of its float32 state. */
  readonly #single: boolean;
  /** … and differences from a temperature that is a float32 array. */
  readonly #singleTemperature: boolean;

  constructor(readings: readonly Reading[], { profile }: BuildingModel) {
    const none = new Float64Array(0);
    this.#kinds = Uint8Array.from(readings, ({ kind }) => kinds[kind]);
    this.#fields = Int32Array.from(readings, (reading) => {
      if (reading.kind === 'column') return 0;
      return reading.kind === 'delivered' || reading.kind === 'stored' ? reading.block : reading.field;
    });
    this.#others = Int32Array.from(readings, (reading) => ('minus' in reading ? reading.minus : 0));
    this.#series = readings.map((reading) => {
      if (reading.kind === 'column') return reading.values;
      return reading.kind === 'stored' ? reading.output : none;
    });
    this.#single = profile.float32;
    this.#singleTemperature = profile.float32 && !profile.wideColumns;
  }

  value(i: number, hours: Float64Array, at: number, row: number): number {
    const first = at + this.#fields[i]!;
    switch (this.#kinds[i]) {
      case kinds.column:
        return this.#series[i]![row]!;
      case kinds.field:
        return hours[first]!;
      case kinds.delivered: {
        const heat = hours[first + FROM_DEVICE]! - Math.min(hours[first + TANK_BALANCE]!, 0);
        return this.#single ? Math.fround(heat) : heat;
      }
      case kinds.stored: {
        const input = hours[first + TANK_BALANCE]! / this.#series[i]![row]!;
        return this.#single ? Math.fround(input) : input;
      }
      default: {
        const away = hours[first]! - hours[at + this.#others[i]!]!;
        const rounded = this.#singleTemperature ? Math.fround(away) : away;
        return this.#kinds[i] === kinds.distance ? Math.abs(rounded) : rounded;
      }
    }
  }
}
