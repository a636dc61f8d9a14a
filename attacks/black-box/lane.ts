import type { AttackContext } from '../../core/attack.ts';
import type { Rng } from '../../core/rng.ts';
import type { Answers } from './oracle.ts';

/** One row of a batch as a black-box search has it before it. */
export interface Lane extends Answers {
  /** In the batch. */
  readonly row: number;
  readonly rng: Rng;
  /** [O] */
  readonly clean: Float32Array;
  /** [O] the ends of the smallest box around the row's threat set, and of all that a sensor can show. */
  readonly low: Float32Array;
  readonly high: Float32Array;
  readonly lowest: Float32Array;
  readonly highest: Float32Array;
  /** [O] what a feature's steps are measured in: its epsilon, or its range where that is smaller. */
  readonly scale: Float64Array;
  /** [O] the features that may move are its first `movable`. */
  readonly free: Int32Array;
  readonly movable: number;
  /** What is maximised, at the clean row. */
  readonly cleanValue: number;
  /** Queries that may still be asked. */
  readonly left: number;
  /** Room for `count` points [count×O], to be filled and asked about by yielding `count`. */
  points(count: number): Float32Array;
  /** Moves a point [O] to the nearest of the threat set. */
  project(point: Float32Array | Float64Array): void;
  /** A random point of the threat set. */
  sample(point: Float64Array): void;
  /** Point `k` of those that were just asked about is what the attack would hand out now. */
  propose(k: number): void;
}

/** Searches one row: yields how many points it asks about, and finds the answers in the lane when it goes on. */
export type RowSearch = (lane: Lane) => Generator<number, void, void>;

/** The lane that the driver fills; a search sees it as `Lane`. */
export class LaneRoom implements Lane {
  readonly row: number;
  readonly clean: Float32Array;
  readonly low: Float32Array;
  readonly high: Float32Array;
  readonly lowest: Float32Array;
  readonly highest: Float32Array;
  readonly scale: Float64Array;
  readonly free: Int32Array;
  readonly best: Float32Array;
  movable = 0;
  cleanValue = 0;
  left = 0;
  asked = 0;
  value = new Float32Array(0);
  hit = new Uint8Array(0);
  changed = new Uint8Array(0);
  #points = new Float32Array(0);
  #context: AttackContext | undefined;
  readonly #of: Int32Array;

  constructor(row: number, size: number) {
    this.row = row;
    this.#of = Int32Array.of(row);
    [this.clean, this.low, this.high, this.lowest, this.highest, this.best] = Array.from(
      { length: 6 },
      () => new Float32Array(size),
    ) as [Float32Array, Float32Array, Float32Array, Float32Array, Float32Array, Float32Array];
    this.scale = new Float64Array(size);
    this.free = new Int32Array(size);
  }

  get rng(): Rng {
    return this.#context!.rngs[this.row]!;
  }

  /** @param x [all×O]  @param low, high [all×O] the boxes around the threat sets */
  begin(x: Float32Array, low: Float32Array, high: Float32Array, context: AttackContext, left: number): void {
    const { threat, set } = context;
    const size = this.clean.length;
    this.#context = context;
    this.left = left;
    this.movable = 0;
    for (let j = 0, i = this.row * size; j < size; j++, i++) {
      const clean = x[i]!;
      this.clean[j] = clean;
      this.best[j] = clean;
      this.low[j] = low[i]!;
      this.high[j] = high[i]!;
      const free = set.free(i);
      this.lowest[j] = free ? Math.min(threat.low[j]!, clean) : clean;
      this.highest[j] = free ? Math.max(threat.high[j]!, clean) : clean;
      this.scale[j] = Math.min(threat.epsilon[j]!, this.highest[j]! - this.lowest[j]!);
      if (free) this.free[this.movable++] = j;
    }
  }

  points(count: number): Float32Array {
    const size = this.clean.length;
    if (this.#points.length < count * size) {
      this.#points = new Float32Array(count * size);
      this.value = new Float32Array(count);
      this.hit = new Uint8Array(count);
      this.changed = new Uint8Array(count);
    }
    for (let k = 0; k < count; k++) this.#points.set(this.clean, k * size);
    return this.#points;
  }

  /** The points being asked about, as `points` last gave them. */
  get asking(): Float32Array {
    return this.#points;
  }

  project(point: Float32Array | Float64Array): void {
    this.#context!.set.project(point, 1, this.#of);
  }

  sample(point: Float64Array): void {
    for (let j = 0; j < point.length; j++) {
      const low = this.low[j]!;
      const high = this.high[j]!;
      point[j] = high > low ? Math.min(high, low + this.rng.uniform() * (high - low)) : this.clean[j]!;
    }
    if (!this.#context!.set.isBox) this.project(point);
  }

  propose(k: number): void {
    const size = this.clean.length;
    for (let j = 0; j < size; j++) this.best[j] = this.#points[k * size + j]!;
    if (this.changed[k] === 1) this.#context!.found?.(this.row);
  }
}
