import type { ThreatModel } from '../../core/attack.ts';
import type { Rng } from '../../core/rng.ts';
import type { Ball } from './ball.ts';
import { boxAround } from './ball.ts';

/** The F free features of one row in the scaled metric, d = (x' − x) ⊘ ε; signs are kept elsewhere. Arrays are [≥ F]. */
export interface ScaledRow {
  count: number;
  /** |d| that was wished for. */
  size: Float64Array;
  /** How far the box reaches that way, ≥ 0. */
  reach: Float64Array;
  /** |d| of the nearest point, 0 … min(size, reach). */
  length: Float64Array;
}

/** Room for a row of so many features. */
export function scaledRow(features: number): ScaledRow {
  const values = () => new Float64Array(features);
  return { count: 0, size: values(), reach: values(), length: values() };
}

/** What tells one norm from another. */
export interface ScaledNorm {
  /** Size of the ball: 1, or a number of features. */
  radius(threat: ThreatModel): number;
  /** Norm of the first `count` of `length`. */
  measure(length: Float64Array, count: number): number;
  /** Fills `length` with the point of {measure ≤ radius, length ≤ reach} nearest to `size` in the Euclidean metric. */
  nearest(row: ScaledRow, radius: number): void;
  /** Fills `length` with a random point of the ball, signs included. */
  draw(row: ScaledRow, radius: number, rng: Rng): void;
}

/** No wish is longer: its square must stay finite. */
const longest = 1e100;

/**
 * `{x' : ‖(x' − x) ⊘ ε‖ ≤ radius} ∩ box` for a norm that is no box. Nearest is meant in the scaled metric, `Σ ((x'_j − p_j) / ε_j)²`.
 *
 * What is handed out is inside in exact arithmetic once it is rounded to float32: its norm in float64 stays under `1 − (F + 8)·2⁻⁵²`, more
 * than F additions can lose; where rounding would lead outside, the point is drawn in by as much. Masks and clean values that are not
 * finite or outside their box are as in `linfBall`.
 */
export function scaledBall(norm: ScaledNorm): Ball {
  let lower = new Float32Array(0);
  let upper = new Float32Array(0);
  let clean: Float32Array = lower;
  let epsilon: Float32Array = lower;
  let rowsHeld = 0;
  let features = 0;
  let radius = 1;
  let feature = new Int32Array(0); // of each free one
  let sign = new Float64Array(0);
  const row: ScaledRow = { count: 0, size: sign, reach: sign, length: sign };

  /** Puts the offsets of the free features of batch row `own` in `feature`. */
  const gather = (own: number): void => {
    row.count = 0;
    for (let j = 0; j < features; j++)
      if (upper[own * features + j]! > lower[own * features + j]!) feature[row.count++] = j;
  };

  /** The norm of a row of `point` that begins at `from`, as the float32 numbers that it will be. */
  const measure = (point: Float32Array | Float64Array, from: number, at: number): number => {
    for (let f = 0; f < row.count; f++) {
      const j = feature[f]!;
      row.length[f] = Math.abs(Math.fround(point[from + j]!) - clean[at + j]!) / epsilon[j]!;
    }
    return norm.measure(row.length, row.count);
  };

  /** To the box, compared as the float32 that it will be; ends are assigned, so that they keep their bits. */
  const clip = (point: Float32Array | Float64Array, p: number, i: number): void => {
    const single = Math.fround(point[p]!);
    if (!(single > lower[i]!)) point[p] = lower[i]!;
    else if (!(single < upper[i]!)) point[p] = upper[i]!;
  };

  const confine = (point: Float32Array | Float64Array, from: number, own: number): number => {
    const at = own * features;
    let notNumbers = 0;
    gather(own);
    for (let j = 0; j < features; j++) {
      if (!Number.isNaN(point[from + j]!)) continue;
      if (!Number.isNaN(clean[at + j]!)) notNumbers++;
      point[from + j] = clean[at + j]!;
    }
    for (let f = 0; f < row.count; f++) {
      const j = feature[f]!;
      const wished = (point[from + j]! - clean[at + j]!) / epsilon[j]!;
      sign[f] = wished < 0 ? -1 : 1;
      row.size[f] = Math.min(longest, Math.abs(wished));
      row.reach[f] = (wished < 0 ? clean[at + j]! - lower[at + j]! : upper[at + j]! - clean[at + j]!) / epsilon[j]!;
    }
    for (let j = 0; j < features; j++) clip(point, from + j, at + j);
    const limit = radius - (radius === 1 ? (row.count + 8) * 2 ** -52 : 0);
    let within = limit;
    for (let tries = 0; ; tries++) {
      const excess = measure(point, from, at) - limit;
      if (!(excess > 0)) return notNumbers;
      if (tries > 0) within -= excess * 2 ** tries;
      norm.nearest(row, Math.max(0, within));
      for (let f = 0; f < row.count; f++) {
        const j = feature[f]!;
        const i = at + j;
        const length = row.length[f]!;
        if (length === 0) point[from + j] = clean[i]!;
        else if (length >= row.reach[f]!) point[from + j] = sign[f]! < 0 ? lower[i]! : upper[i]!;
        else {
          point[from + j] = clean[i]! + sign[f]! * length * epsilon[j]!;
          clip(point, from + j, i);
        }
      }
    }
  };

  return {
    isBox: false,
    around(x, rows, threat) {
      features = threat.epsilon.length;
      rowsHeld = rows;
      if (lower.length < rows * features) {
        lower = new Float32Array(rows * features);
        upper = new Float32Array(rows * features);
      }
      if (feature.length < features) {
        feature = new Int32Array(features);
        sign = new Float64Array(features);
        row.size = new Float64Array(features);
        row.reach = new Float64Array(features);
        row.length = new Float64Array(features);
      }
      clean = x;
      epsilon = threat.epsilon;
      radius = norm.radius(threat);
      boxAround(x, rows, threat, lower, upper);
    },
    project(point, rows = rowsHeld, of) {
      let notNumbers = 0;
      for (let r = 0; r < rows; r++) notNumbers += confine(point, r * features, of?.[r] ?? r);
      return notNumbers;
    },
    bounds(low, high) {
      low.set(lower.subarray(0, rowsHeld * features));
      high.set(upper.subarray(0, rowsHeld * features));
    },
    sample(own, rng, point) {
      const at = own * features;
      gather(own);
      norm.draw(row, radius, rng);
      for (let j = 0; j < features; j++) point[at + j] = clean[at + j]!;
      for (let f = 0; f < row.count; f++) {
        const j = feature[f]!;
        point[at + j] = clean[at + j]! + row.length[f]! * epsilon[j]!;
      }
      confine(point, at, own);
    },
    free: (i) => upper[i]! > lower[i]!,
  };
}
