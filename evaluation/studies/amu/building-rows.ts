import type { Rng } from '../../../core/rng.ts';
import { shuffle } from '../../../core/shuffle.ts';
import { daysFor } from '../../../core/detector-days.ts';
import type { BuildingYear } from './building-year.ts';
import type { IncidentType } from './incident-types.ts';
import { unitRows } from './problem.ts';
import type { Rows } from './problem.ts';
import { ruleBook } from './rule-book.ts';
import type { WindowEncoder } from './window-encoder.ts';

/** A building's days of every class that nothing was learned from, as both encoders see them; class after class, days in order. */
export interface BuildingRows {
  readonly rows: Omit<Rows, 'z0'>;
  readonly daysPerClass: number;
}

/** Only days of test weeks: the rules learned on the others. */
export function buildingRows(year: BuildingYear, types: readonly IncidentType[], encoder: WindowEncoder): BuildingRows {
  const { stepsPerDay, features, lanes } = year;
  const days = daysFor('test', Math.floor(year.steps / stepsPerDay));
  const rules = ruleBook(year);
  const classes = 1 + types.length;
  const day = stepsPerDay * features.length;
  const windows = new Float32Array(classes * days.length * day);
  const signatures: number[] = [];
  const labels = new Int32Array(classes * days.length);
  let row = 0;
  for (let c = 0; c < classes; c++)
    for (const at of days) {
      windows.set(lanes[c]!.observation.subarray(at * day, (at + 1) * day), row * day);
      signatures.push(...rules(c, at));
      labels[row++] = c;
    }
  return {
    rows: {
      classes,
      f0: unitRows(signatures, labels.length),
      f1: unitRows(encoder.features(windows), labels.length),
      labels,
    },
    daysPerClass: days.length,
  };
}

/** Draws so many days of each class to learn from; the others are what is judged on. */
export function drawShots(
  { daysPerClass, rows }: { readonly daysPerClass: number; readonly rows: Rows },
  shots: number,
  random: Rng,
): { readonly shots: Rows; readonly rest: Rows } {
  const [own, rest]: [number[], number[]] = [[], []];
  for (let c = 0; c < rows.classes; c++) {
    const days = Int32Array.from({ length: daysPerClass }, (_, day) => c * daysPerClass + day);
    shuffle(days, random);
    own.push(...days.subarray(0, shots));
    rest.push(...days.subarray(shots));
  }
  return { shots: rowsAt(rows, own), rest: rowsAt(rows, rest) };
}

/** Some of the rows, in that order. */
export function rowsAt({ classes, z0, f0, f1, labels }: Rows, at: readonly number[]): Rows {
  const total = labels.length;
  const take = (from: Float64Array): Float64Array => {
    const width = from.length / total;
    const out = new Float64Array(at.length * width);
    at.forEach((row, i) => out.set(from.subarray(row * width, (row + 1) * width), i * width));
    return out;
  };
  return { classes, z0: take(z0), f0: take(f0), f1: take(f1), labels: Int32Array.from(at, (row) => labels[row]!) };
}

/** Rows one after the other. */
export function joined(parts: readonly Rows[]): Rows {
  const join = (of: (rows: Rows) => Float64Array): Float64Array => Float64Array.from(parts.flatMap((p) => [...of(p)]));
  return {
    classes: parts[0]!.classes,
    z0: join(({ z0 }) => z0),
    f0: join(({ f0 }) => f0),
    f1: join(({ f1 }) => f1),
    labels: Int32Array.from(parts.flatMap(({ labels }) => [...labels])),
  };
}
