import type { Lane } from './lane.ts';

/** How far a point is from the clean row, features in units of their scale. */
export type Metric = 'l2' | 'linf';

/** What searches along the decision boundary share. Offsets [m] are those of the movable features, `(x' − x) ⊘ scale`. */
export interface Walk {
  readonly metric: Metric;
  /** Random points of the threat set, then of the whole box, that are tried for a start. */
  readonly tries: number;
  /** `inside`: stop at the first point of the threat set; `nearest`: go on as long as there are queries. */
  readonly until: 'inside' | 'nearest';
  /** What was recorded: starts that are tried before random ones. [count×O] */
  readonly recorded: () => Float32Array | undefined;
}

export function length(metric: Metric, offset: Float64Array, m: number): number {
  let sum = 0;
  let largest = 0;
  for (let f = 0; f < m; f++) {
    const size = Math.abs(offset[f]!);
    sum += size * size;
    if (size > largest) largest = size;
  }
  return metric === 'l2' ? Math.sqrt(sum) : largest;
}

/** Writes `x + offset ⊙ scale`, kept in the box, as point `k` of `points`. */
export function place(lane: Lane, offset: Float64Array, points: Float32Array, k: number): void {
  const { clean, free, movable, scale, lowest, highest } = lane;
  for (let f = 0; f < movable; f++) {
    const j = free[f]!;
    const value = clean[j]! + offset[f]! * scale[j]!;
    points[k * clean.length + j] = Math.min(highest[j]!, Math.max(lowest[j]!, value));
  }
}

/** The offset of point `k` of `points`. */
export function offsetOf(lane: Lane, points: Float32Array, k: number, offset: Float64Array): void {
  const { clean, free, movable, scale } = lane;
  for (let f = 0; f < movable; f++) {
    const j = free[f]!;
    offset[f] = (points[k * clean.length + j]! - clean[j]!) / scale[j]!;
  }
}

/** Nearer is what is so by more than float32 numbers round: a step along the sphere is not. */
const nearer = 1 - 1e-6;

/** Proposes the nearest points of the threat set that are what is wanted. */
export class Nearest {
  #distance = Infinity;
  readonly #walk: Walk;
  readonly #confined: Float32Array;

  constructor(walk: Walk, size: number) {
    this.#walk = walk;
    this.#confined = new Float32Array(size);
  }

  begin(): void {
    this.#distance = Infinity;
  }

  /** Looks at point `k` of those that were asked about, of length `distance`. */
  consider(lane: Lane, points: Float32Array, k: number, distance: number): void {
    if (lane.hit[k] !== 1 || !(distance < this.#distance * nearer)) return;
    const size = lane.clean.length;
    for (let j = 0; j < size; j++) this.#confined[j] = points[k * size + j]!;
    lane.project(this.#confined);
    for (let j = 0; j < size; j++) if (this.#confined[j] !== points[k * size + j]) return;
    this.#distance = distance;
    lane.propose(k);
  }

  /** Whether there is nothing left to look for. */
  get done(): boolean {
    return this.#walk.until === 'inside' && this.#distance < Infinity;
  }
}

/** Tries a few at a time, so that a round trip brings several answers. */
const together = 5;

/**
 * A point with what is wanted: the recorded rows next to the clean one, then corners of the threat set, then points of the whole box; half
 * of the tries each of the latter two. Fills `offset`; whether there is one.
 */
export function* findStart(
  lane: Lane,
  walk: Walk,
  nearest: Nearest,
  offset: Float64Array,
): Generator<number, boolean, void> {
  const { rng, free, movable, low, high, lowest, highest, clean } = lane;
  const recorded = walk.recorded();
  let pool = recorded === undefined ? [] : nearestRows(lane, recorded);
  for (let tried = 0; tried < walk.tries || pool.length > 0;) {
    const count = Math.min(together, lane.left, pool.length > 0 ? pool.length : walk.tries - tried);
    if (count < 1) return false;
    const points = lane.points(count);
    for (let k = 0; k < count; k++) {
      const row = pool[k];
      const corner = tried + k < walk.tries / 2;
      for (let f = 0; f < movable; f++) {
        const j = free[f]!;
        let value: number;
        if (row !== undefined) value = Math.min(highest[j]!, Math.max(lowest[j]!, recorded![row * clean.length + j]!));
        else if (corner) value = (rng.uniform() < 0.5 ? low : high)[j]!;
        else value = lowest[j]! + rng.uniform() * (highest[j]! - lowest[j]!);
        points[k * clean.length + j] = value;
      }
    }
    yield count;
    let found = -1;
    let best = Infinity;
    for (let k = 0; k < count; k++) {
      if (lane.hit[k] !== 1) continue;
      offsetOf(lane, points, k, offset);
      const distance = length(walk.metric, offset, movable);
      nearest.consider(lane, points, k, distance);
      if (distance < best) {
        best = distance;
        found = k;
      }
    }
    if (found >= 0) {
      offsetOf(lane, points, found, offset);
      return true;
    }
    if (pool.length > 0) pool = pool.slice(count);
    else tried += count;
  }
  return false;
}

/** The recorded rows next to the clean one, the nearest first. */
function nearestRows(lane: Lane, recorded: Float32Array): number[] {
  const size = lane.clean.length;
  const distances = Array.from({ length: recorded.length / size }, (_, row) => {
    let sum = 0;
    for (let f = 0; f < lane.movable; f++) {
      const j = lane.free[f]!;
      sum += ((recorded[row * size + j]! - lane.clean[j]!) / lane.scale[j]!) ** 2;
    }
    return sum;
  });
  // Neighbours in time are alike: every third of the nearest, so that the tries differ.
  const order = distances.map((_, row) => row).sort((a, b) => distances[a]! - distances[b]!);
  return Array.from({ length: Math.min(3 * together, order.length) }, (_, k) => order[k * 3]).filter(
    (row): row is number => row !== undefined,
  );
}
