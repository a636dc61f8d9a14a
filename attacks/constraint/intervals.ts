import { sumDown } from '../ball/next-float32.ts';

/** What float32 numbers and their conversion may lose, as a share of a feature's range. */
export const rounding = 1e-6;

/** Who set an end of an interval: the threat's own set. */
const byThreat = -1;

/**
 * The box of every row while rules narrow it, one after another. A rule that leaves nothing of an interval gets the end that is nearest to
 * it instead and gives way: the box is never empty, and what came first holds.
 */
export class Intervals {
  /** [rows×O] */
  lower = new Float32Array(0);
  upper = new Float32Array(0);
  readonly features: number;
  readonly #rules: number;
  /** [rules×rows] 1 where a rule could not be kept. */
  #gaveWay = new Uint8Array(0);
  #lowerBy = new Int16Array(0);
  #upperBy = new Int16Array(0);
  #rows = 0;
  #rule = 0;

  constructor(features: number, rules: number) {
    this.features = features;
    this.#rules = rules;
  }

  /** Begins a step of so many rows; `lower` and `upper` are the caller's to fill. */
  open(rows: number): void {
    if (rows !== this.#rows) {
      this.#rows = rows;
      this.lower = new Float32Array(rows * this.features);
      this.upper = new Float32Array(rows * this.features);
      this.#lowerBy = new Int16Array(rows * this.features);
      this.#upperBy = new Int16Array(rows * this.features);
      this.#gaveWay = new Uint8Array(this.#rules * rows);
    }
    this.#lowerBy.fill(byThreat);
    this.#upperBy.fill(byThreat);
    this.#gaveWay.fill(0);
  }

  /** The rule whose calls of `keep` follow. */
  enter(rule: number): void {
    this.#rule = rule;
  }

  /** Keeps number `i` of the batch within [low, high], normalised; a NaN keeps nothing. */
  keep(i: number, low: number, high: number): void {
    const { lower, upper } = this;
    let from = -sumDown(-low, 0);
    let to = sumDown(high, 0);
    // Narrower than a float32: the number nearest to it.
    if (from > to) from = to = Math.fround(0.5 * (low + high));
    // Two ways of rounding the same number may leave an ulp between them.
    if (from > upper[i]! + rounding / 2 || to < lower[i]! - rounding / 2) this.giveWay(Math.floor(i / this.features));
    if (from > lower[i]!) {
      lower[i] = Math.min(from, upper[i]!);
      this.#lowerBy[i] = this.#rule;
    }
    if (to < upper[i]!) {
      upper[i] = Math.max(to, lower[i]!);
      this.#upperBy[i] = this.#rule;
    }
  }

  /** The rule at hand cannot be kept on a row. */
  giveWay(row: number): void {
    this.#gaveWay[this.#rule * this.#rows + row] = 1;
  }

  hasGivenWay(rule: number, row: number): boolean {
    return this.#gaveWay[rule * this.#rows + row] === 1;
  }

  /** Whether number `i`, now `value`, stands at an end that this rule has set. */
  stopped(rule: number, i: number, value: number): boolean {
    return (
      (this.#lowerBy[i] === rule && value <= this.lower[i]!) || (this.#upperBy[i] === rule && value >= this.upper[i]!)
    );
  }
}
