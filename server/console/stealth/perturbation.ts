import type { TelemetrySchema } from '../../../core/telemetry.ts';
import type { Columns } from '../live/columns.ts';
import { signalsOf } from '../../../core/lane.ts';
import type { Lane } from '../../../core/lane.ts';

const truePrefix = 'true.';
const reportedPrefix = 'reported.';

/** A feature of an attacked lane whose true and reported values are recorded. */
export interface Told {
  readonly name: string;
  readonly unit: string;
  readonly truth: string;
  readonly reported: string;
  /** Physical units in 1 of the normalised scale; NaN for runs whose schema does not say. */
  readonly span: number;
}

/** The features of a lane in the order in which the policy observes them. */
export function toldFeatures(schema: TelemetrySchema, lane: Lane | undefined): readonly Told[] {
  if (lane === undefined) return [];
  const signals = signalsOf(schema, lane.name);
  return schema.channels.flatMap((channel) => {
    const { signal = '', unit, range } = channel;
    if (channel.lane !== lane.name || !signal.startsWith(truePrefix)) return [];
    const name = signal.slice(truePrefix.length);
    if (!signals.has(reportedPrefix + name)) return [];
    const span = range === undefined || range[0] === range[1] ? Number.NaN : range[1] - range[0];
    return [{ name, unit, truth: channel.name, reported: `${lane.name}/${reportedPrefix}${name}`, span }];
  });
}

/** How far a feature was moved over some rows. */
export interface Moved extends Told {
  /** Mean and largest |reported − true|, physical; the largest as a share of the range, and where it was. */
  readonly mean: number;
  readonly most: number;
  readonly mostShare: number;
  readonly at: number;
  /** Share of the rows on which it was moved at all. */
  readonly rate: number;
}

/** @param from of the rows [from, to) */
export function movedFeatures(columns: Columns, features: readonly Told[], from: number, to: number): readonly Moved[] {
  return features.map((feature) => {
    const [truth, reported] = [columns.column(feature.truth)!, columns.column(feature.reported)!];
    let [sum, most, at, count] = [0, 0, -1, 0];
    for (let row = from; row < to; row++) {
      const delta = Math.abs(reported[row]! - truth[row]!);
      if (!(delta > 0)) continue;
      sum += delta;
      count++;
      if (delta > most) [most, at] = [delta, row];
    }
    const rows = Math.max(1, to - from);
    return { ...feature, mean: sum / rows, most, mostShare: most / feature.span, at, rate: count / rows };
  });
}

/** A picture of what was done to each feature: [features × columns] of the largest change in a column's rows with its sign, normalised. */
export interface Heat {
  readonly width: number;
  readonly height: number;
  readonly values: Float32Array;
  /** The largest size there is. */
  readonly most: number;
}

/** @param width columns, at most one a row */
export function heatOf(columns: Columns, features: readonly Told[], from: number, to: number, most: number): Heat {
  const width = Math.max(1, Math.min(most, to - from));
  const values = new Float32Array(width * features.length);
  let largest = 0;
  features.forEach((feature, f) => {
    const [truth, reported] = [columns.column(feature.truth)!, columns.column(feature.reported)!];
    // Without a range the largest change of the feature itself is the measure.
    const unit = Number.isNaN(feature.span) ? movedFeatures(columns, [feature], from, to)[0]!.most || 1 : feature.span;
    for (let row = from; row < to; row++) {
      const place = f * width + Math.floor(((row - from) * width) / (to - from));
      const delta = (reported[row]! - truth[row]!) / unit;
      if (Math.abs(delta) > Math.abs(values[place]!)) values[place] = delta;
      if (Math.abs(delta) > largest) largest = Math.abs(delta);
    }
  });
  return { width, height: features.length, values, most: largest };
}

/** What a heat-map shows, in a sentence: which features are moved the most, and which never. */
export function finding(moved: readonly Moved[]): string {
  const ranked = moved.filter(({ most }) => most > 0).sort((a, b) => b.mostShare - a.mostShare || b.rate - a.rate);
  const still = moved.length - ranked.length;
  if (ranked.length === 0) return `none of ${moved.length} features is moved`;
  const [first] = ranked;
  const share = Number.isNaN(first!.mostShare) ? '' : ` by up to ${(100 * first!.mostShare).toFixed(1)} % of its range`;
  return (
    `${ranked.length} of ${moved.length} features are moved, ${first!.name} the most${share}` +
    (still === 0 ? '' : `; ${still} never ${still === 1 ? 'is' : 'are'}`)
  );
}
