import type { Rng } from '../../core/rng.ts';
import type { Ball } from '../ball/ball.ts';
import type { Intervals } from './intervals.ts';
import type { Part } from './rule.ts';

/** Rounds of alternating projections before a row falls back on a point that is known to be inside. */
const mostRounds = 400;
/** A round that changes no correction by more than this is the last. */
const still = 1e-9;
/** A number beyond this is taken for the end of its interval: an infinite one has no nearest point on a circle. */
const far = 1e6;
/** Halvings of the way back to the truth. */
const halvings = 12;

/** The set that is left of a threat's when its box was narrowed and parts were laid upon it. */
export interface Intersection {
  /** @param x [rows×O] clean, read until the next call */
  around(x: Float32Array, rows: number): void;
  /** As `ThreatSet.project`. */
  project(point: Float32Array | Float64Array, rows?: number, of?: Int32Array): number;
  sample(row: number, rng: Rng, point: Float64Array): void;
  /** Whether the row's last projection found no point in all sets and gave the truth instead. */
  surrendered(row: number): boolean;
}

/**
 * Ball ∩ box ∩ parts. Where the ball is a box and no two parts govern a feature together, the set is a product, and the nearest points of its
 * factors are the nearest point. Else Dykstra's alternating projections find it, the nearest where the parts are convex; where they end
 * outside, the last point on the way back to the truth that is inside.
 *
 * Source: Boyle and Dykstra (1986), "A method for finding projections onto the intersection of convex sets in Hilbert spaces".
 * @param inside whether a row keeps the rules of the parts. @param i of its first number in a batch [rows×O]
 */
export function intersection(
  ball: Ball,
  intervals: Intervals,
  parts: readonly Part[],
  inside: (row: number, i: number, batch: Float32Array) => boolean,
): Intersection {
  const size = intervals.features;
  const governed = parts.flatMap((part) => part.features);
  const isProduct = ball.isBox && parts.every(({ inBox }) => inBox) && new Set(governed).size === governed.length;
  let clean: Float32Array = new Float32Array(0);
  let batch = 0;
  // [rows×O] candidates as the float32 that they will be, each at the place of its row, for what reads a batch.
  let trial = new Float32Array(0);
  let trialRow: Float32Array[] = [];
  let lost = new Uint8Array(0);
  const position = new Float64Array(size);
  const reached = new Float64Array(size);
  const wanted = new Float64Array(size);
  const lowerEnds = new Float32Array(size);
  const upperEnds = new Float32Array(size);
  // One correction for each set that takes turns: the ball, the parts, the box.
  const corrections = Array.from({ length: parts.length + 2 }, () => new Float64Array(size));
  const one = new Int32Array(1);

  function clamp(point: Float32Array | Float64Array, p: number, i: number): void {
    const { lower, upper } = intervals;
    for (let j = 0; j < size; j++) {
      const value = point[p + j]!;
      const single = Math.fround(value);
      const low = lower[i + j]!;
      const high = upper[i + j]!;
      // As in the balls: ends are assigned, so that a masked −0 stays −0.
      if (single > low) point[p + j] = single < high ? value : high;
      else point[p + j] = single <= low ? low : clean[i + j]!;
    }
  }

  /**
   * Turn `k` of a round: the nearest point of the k-th set to the position and what the set took from it the last time. Returns the largest
   * change of what it takes: the position itself may rest for some rounds, and then go on.
   */
  function turn(k: number, row: number, i: number): number {
    const correction = corrections[k]!;
    for (let j = 0; j < size; j++) {
      position[j]! += correction[j]!;
      wanted[j] = position[j]!;
    }
    if (k === 0) {
      one[0] = row;
      ball.project(position, 1, one);
    } else if (k <= parts.length) parts[k - 1]!.project(position, 0, i);
    else clamp(position, 0, i);
    let change = 0;
    for (let j = 0; j < size; j++) {
      const taken = wanted[j]! - position[j]!;
      change = Math.max(change, Math.abs(taken - correction[j]!));
      correction[j] = taken;
    }
    return change;
  }

  function alternate(row: number, i: number): void {
    for (let k = 0; k < corrections.length; k++) corrections[k]!.fill(0);
    for (let round = 0; round < mostRounds; round++) {
      let change = 0;
      for (let k = 0; k < corrections.length; k++) change = Math.max(change, turn(k, row, i));
      if (change <= still) return;
    }
  }

  /** Puts the position into `trial`; whether it is in all sets there, once the ball has had the last word. */
  function holds(row: number, i: number): boolean {
    trialRow[row]!.set(position);
    one[0] = row;
    ball.project(trialRow[row]!, 1, one);
    return within(row, i);
  }

  function within(row: number, i: number): boolean {
    const { lower, upper } = intervals;
    for (let j = i; j < i + size; j++) {
      if (!(trial[j]! >= lower[j]! && trial[j]! <= upper[j]!) && !Object.is(lower[j], Number.NaN)) return false;
    }
    return inside(row, i, trial);
  }

  /** Finds a point of the row's set near `position`, into `trial`; false: there is none that we know. */
  function search(row: number, i: number): boolean {
    reached.set(position);
    alternate(row, i);
    if (holds(row, i)) return true;
    wanted.set(position);
    position.set(reached);
    reached.set(wanted);
    if (holdsFrozen(row, i)) return true;
    for (let j = 0; j < size; j++) position[j] = clean[i + j]!;
    if (!holds(row, i)) {
      // The truth is not in the set, since something else was shown before: the point of the set that is nearest to it.
      alternate(row, i);
      return holds(row, i);
    }
    for (let k = 1; k <= halvings; k++) {
      for (let j = 0; j < size; j++) position[j] = clean[i + j]! + 2 ** -k * (reached[j]! - clean[i + j]!);
      for (let turn = 0; turn < parts.length; turn++) parts[turn]!.project(position, 0, i);
      clamp(position, 0, i);
      if (holds(row, i)) return true;
    }
    trialRow[row]!.set(clean.subarray(i, i + size));
    return true;
  }

  /**
   * Whether there is a point near `position` that moves only the numbers that the ball moves: in a ball that counts sensors the others would
   * have to be moved again and again for the parts' sake.
   */
  function holdsFrozen(row: number, i: number): boolean {
    const { lower, upper } = intervals;
    one[0] = row;
    ball.project(position, 1, one);
    for (let j = 0; j < size; j++) {
      lowerEnds[j] = lower[i + j]!;
      upperEnds[j] = upper[i + j]!;
      const truth = clean[i + j]!;
      if (position[j] === truth && truth >= lower[i + j]! && truth <= upper[i + j]!)
        lower[i + j] = upper[i + j] = truth;
    }
    for (let k = 0; k < parts.length; k++) parts[k]!.project(position, 0, i);
    clamp(position, 0, i);
    lower.set(lowerEnds, i);
    upper.set(upperEnds, i);
    return holds(row, i);
  }

  function projectRow(point: Float32Array | Float64Array, p: number, row: number): number {
    const i = row * size;
    let notNumbers = 0;
    for (let j = 0; j < size; j++) {
      const value = point[p + j]!;
      if (Math.abs(value) <= far) continue;
      if (!Number.isNaN(value)) point[p + j] = value > 0 ? intervals.upper[i + j]! : intervals.lower[i + j]!;
      else {
        if (!Number.isNaN(clean[i + j]!)) notNumbers++;
        point[p + j] = clean[i + j]!;
      }
    }
    lost[row] = 0;
    if (isProduct) {
      for (let k = 0; k < parts.length; k++) parts[k]!.project(point, p, i);
      clamp(point, p, i);
      return notNumbers;
    }
    for (let j = 0; j < size; j++) position[j] = point[p + j]!;
    trialRow[row]!.set(position);
    if (sameAfterBall(row) && within(row, i)) return notNumbers;
    if (!search(row, i)) {
      lost[row] = 1;
      trialRow[row]!.set(clean.subarray(i, i + size));
    }
    for (let j = 0; j < size; j++) point[p + j] = trial[i + j]!;
    return notNumbers;
  }

  /** Whether the ball leaves the trial row as it is. */
  function sameAfterBall(row: number): boolean {
    one[0] = row;
    ball.project(trialRow[row]!, 1, one);
    for (let j = 0; j < size; j++) if (trialRow[row]![j] !== Math.fround(position[j]!)) return false;
    return true;
  }

  return {
    around(x, rows) {
      clean = x;
      batch = rows;
      if (lost.length === rows && trial.length === rows * size) return;
      trial = new Float32Array(rows * size);
      trialRow = Array.from({ length: rows }, (_, row) => trial.subarray(row * size, (row + 1) * size));
      lost = new Uint8Array(rows);
    },
    project(point, rows = batch, of) {
      let notNumbers = 0;
      for (let r = 0; r < rows; r++) notNumbers += projectRow(point, r * size, of?.[r] ?? r);
      return notNumbers;
    },
    sample(row, rng, point) {
      if (isProduct) {
        for (let i = row * size; i < (row + 1) * size; i++) {
          const low = intervals.lower[i]!;
          const high = intervals.upper[i]!;
          point[i] = high > low ? Math.min(high, low + rng.uniform() * (high - low)) : low;
        }
      } else ball.sample(row, rng, point);
      projectRow(point, row * size, row);
    },
    surrendered: (row) => lost[row] === 1,
  };
}
