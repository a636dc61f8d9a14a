import { addSingleTo, addTo, sumWith } from './kpi-sum.ts';

/** Rows of the blocks that means of peaks and load factors are taken over, counted from an episode's first row. */
export interface ShapeWindows {
  readonly day: number;
  readonly month: number;
  /** Of the peak demand, which is a mean of these blocks' peaks too. */
  readonly year: number;
}

const RAMPING = 0;
const LAST = 2;
const ALL_TIME_PEAK = 3;
const BLOCKS = 4;
const BLOCK_WORDS = 10;
/* Within a block of words: rows so far, their sum (2), their largest; then blocks closed, Σ of their peaks (2), Σ of 1 − load factor (2), of how many. */
const ROWS = 0;
const SUM = 1;
const PEAK = 3;
const CLOSED = 4;
const PEAKS = 5;
const LOAD_FACTORS = 7;
const LOAD_FACTOR_BLOCKS = 9;

const DAY = BLOCKS;
const MONTH = BLOCKS + BLOCK_WORDS;
const YEAR = BLOCKS + 2 * BLOCK_WORDS;

/**
 * The shape of one net series, O(1) a row: ramping, load factors and peaks.
 *
 * `Σmax(Eₜ − Eₜ₋₁, 0)` or `Σ|Eₜ − Eₜ₋₁|`; over blocks of a window the mean of `1 − mean/max`, and of `max`; the tail block is shorter. A block whose
 * largest value is 0 has no load factor and is left out, as pandas leaves out what is not finite.
 * Source: specs/citylearn.md 14.
 */
export class ShapeMeter {
  readonly #words = new Float64Array(BLOCKS + 3 * BLOCK_WORDS);
  readonly #windows: ShapeWindows;
  readonly #absolute: boolean;
  readonly #single: boolean;

  /** @param absolute whether falls count as ramping too  @param single whether the series is a float32 column to CityLearn */
  constructor(windows: ShapeWindows, absolute: boolean, single: boolean) {
    this.#windows = windows;
    this.#absolute = absolute;
    this.#single = single;
    this.#words[LAST] = Number.NaN;
    this.#words[ALL_TIME_PEAK] = -Infinity;
    for (const at of [DAY, MONTH, YEAR]) this.#words[at + PEAK] = -Infinity;
  }

  /** @param net kWh of the next row */
  push(net: number): void {
    const words = this.#words;
    const { day, month, year } = this.#windows;
    const difference = net - words[LAST]!;
    const ramp = this.#single ? Math.fround(difference) : difference;
    addTo(words, RAMPING, this.#absolute ? Math.abs(ramp) : Math.max(ramp, 0));
    words[LAST] = net;
    if (net > words[ALL_TIME_PEAK]!) words[ALL_TIME_PEAK] = net;
    this.#pushBlock(DAY, day, net);
    this.#pushBlock(MONTH, month, net);
    this.#pushBlock(YEAR, year, net);
  }

  #pushBlock(at: number, window: number, net: number): void {
    const words = this.#words;
    words[at + ROWS]!++;
    if (this.#single) addSingleTo(words, at + SUM, net);
    else addTo(words, at + SUM, net);
    if (net > words[at + PEAK]!) words[at + PEAK] = net;
    if (words[at + ROWS]! < window) return;
    words[at + CLOSED]!++;
    addTo(words, at + PEAKS, words[at + PEAK]!);
    const oneMinus = this.#oneMinusLoadFactor(at);
    if (Number.isFinite(oneMinus)) {
      addTo(words, at + LOAD_FACTORS, oneMinus);
      words[at + LOAD_FACTOR_BLOCKS]!++;
    }
    words[at + ROWS] = 0;
    words[at + SUM] = 0;
    words[at + SUM + 1] = 0;
    words[at + PEAK] = -Infinity;
  }

  /** Of the block that is open. */
  #oneMinusLoadFactor(at: number): number {
    const words = this.#words;
    const mean = words[at + SUM]! / words[at + ROWS]!;
    if (!this.#single) return 1 - mean / words[at + PEAK]!;
    return Math.fround(1 - Math.fround(Math.fround(mean) / words[at + PEAK]!));
  }

  #meanPeak(at: number): number {
    const words = this.#words;
    const closed = words[at + CLOSED]!;
    if (words[at + ROWS] === 0) return words[at + PEAKS]! / closed;
    return sumWith(words, at + PEAKS, words[at + PEAK]!) / (closed + 1);
  }

  #meanOneMinusLoadFactor(at: number): number {
    const words = this.#words;
    const counted = words[at + LOAD_FACTOR_BLOCKS]!;
    const open = words[at + ROWS] === 0 ? Number.NaN : this.#oneMinusLoadFactor(at);
    if (!Number.isFinite(open)) return words[at + LOAD_FACTORS]! / counted;
    return sumWith(words, at + LOAD_FACTORS, open) / (counted + 1);
  }

  get ramping(): number {
    return this.#words[RAMPING]!;
  }

  get dailyOneMinusLoadFactor(): number {
    return this.#meanOneMinusLoadFactor(DAY);
  }

  get monthlyOneMinusLoadFactor(): number {
    return this.#meanOneMinusLoadFactor(MONTH);
  }

  get dailyPeak(): number {
    return this.#meanPeak(DAY);
  }

  get annualPeak(): number {
    return this.#meanPeak(YEAR);
  }

  get allTimePeak(): number {
    return this.#words[ALL_TIME_PEAK]!;
  }
}
