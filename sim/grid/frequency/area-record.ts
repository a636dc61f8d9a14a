import type { AreaSystem } from './area-model.ts';
import type { AreaPlant } from './area-plant.ts';
import type { StepMethod } from './runge-kutta.ts';

/** Marks below the nominal frequency, Hz, under which time is counted. */
const marks = [0.2, 0.5, 0.8, 1] as const;

/** What became of an area's frequency: Hz, s, Hz/s. */
export interface AreaRecord {
  /** Samples */
  readonly f: Float64Array;
  readonly nadir: number;
  readonly nadirTime: number;
  readonly zenith: number;
  /** Steepest slopes: at a moment, and as a mean over half a second. */
  readonly rocof: number;
  readonly rocof500: number;
  readonly settled: number;
  /** s below each mark, Hz below the nominal */
  readonly timeBelow: Readonly<Record<string, number>>;
}

/** Keeps samples and extremes of the areas' frequencies during a run. */
export class AreaRecorder {
  readonly times: Float64Array;
  private readonly system: AreaSystem;
  private readonly plant: AreaPlant;
  private readonly sampled: readonly Float64Array[];
  private readonly trial: Float64Array;
  private taken = 0;
  private readonly low: Float64Array;
  private readonly lowTime: Float64Array;
  private readonly high: Float64Array;
  private readonly steep: Float64Array;
  private readonly steep500: Float64Array;
  private readonly below: Float64Array;
  private readonly last: Float64Array;

  constructor(system: AreaSystem, plant: AreaPlant, duration: number, sample: number) {
    const n = system.areas.length;
    const samples = Math.floor(duration / sample + 1e-9) + 1;
    this.times = Float64Array.from({ length: samples }, (_, k) => k * sample);
    this.system = system;
    this.plant = plant;
    this.sampled = system.areas.map(() => new Float64Array(samples).fill(Number.NaN));
    this.trial = new Float64Array(plant.n);
    const nominal = (): Float64Array => new Float64Array(n).fill(system.f0);
    [this.low, this.high, this.last] = [nominal(), nominal(), nominal()];
    [this.lowTime, this.steep, this.steep500] = [0, 1, 2].map(() => new Float64Array(n)) as [
      Float64Array,
      Float64Array,
      Float64Array,
    ];
    this.below = new Float64Array(n * marks.length);
    this.samples(0, 0, undefined);
  }

  hertz(area: number, x: Float64Array): number {
    return this.system.f0 + this.system.unit * x[this.plant.places[area]!.frequency]!;
  }

  /** A moment: after an event, at the end of a step, at an extreme. */
  note(t: number, x: Float64Array): void {
    for (let i = 0; i < this.low.length; i++) {
      const f = this.hertz(i, x);
      if (f < this.low[i]!) [this.low[i], this.lowTime[i]] = [f, t];
      this.high[i] = Math.max(this.high[i]!, f);
      const slope = this.system.unit * this.plant.slope(i, t, x);
      if (Math.abs(slope) > Math.abs(this.steep[i]!)) this.steep[i] = slope;
      this.last[i] = f;
    }
  }

  /** Mean slope of an area over the last half second. */
  note500(area: number, slope: number): void {
    if (Math.abs(slope) > Math.abs(this.steep500[area]!)) this.steep500[area] = slope;
  }

  /** A step of `length` s from t to x; samples within it come from the method. */
  step(t: number, length: number, x: Float64Array, sampleAt: (t: number, out: Float64Array) => void): void {
    this.samples(t, length, sampleAt);
    for (let i = 0; i < this.last.length; i++) {
      // The part of a step below a mark, along the line through its ends.
      const [a, b] = [this.system.f0 - this.last[i]!, this.system.f0 - this.hertz(i, x)];
      for (const [k, mark] of marks.entries()) {
        const part = a > mark && b > mark ? 1 : a > mark !== b > mark ? (Math.max(a, b) - mark) / Math.abs(a - b) : 0;
        this.below[i * marks.length + k]! += part * length;
      }
    }
  }

  record(area: number): AreaRecord {
    return {
      f: this.sampled[area]!,
      nadir: this.low[area]!,
      nadirTime: this.lowTime[area]!,
      zenith: this.high[area]!,
      rocof: this.steep[area]!,
      rocof500: this.steep500[area]!,
      settled: this.last[area]!,
      timeBelow: Object.fromEntries(marks.map((mark, k) => [`-${mark}`, this.below[area * marks.length + k]!])),
    };
  }

  /** How many samples there are: fewer than asked for where the run ended early. */
  get count(): number {
    return this.taken;
  }

  private samples(t: number, length: number, sampleAt: ((t: number, out: Float64Array) => void) | undefined): void {
    while (this.taken < this.times.length && this.times[this.taken]! <= t + length + 1e-12) {
      const at = this.times[this.taken]!;
      if (sampleAt === undefined) this.trial.fill(0);
      else sampleAt(at, this.trial);
      for (let i = 0; i < this.sampled.length; i++) this.sampled[i]![this.taken] = this.hertz(i, this.trial);
      this.taken++;
    }
  }
}

/** The state at a time within a step that a method made. */
export function withinStep(method: StepMethod, t: number, h: number): (at: number, out: Float64Array) => void {
  return (at, out) => method.at(Math.min(1, Math.max(0, (at - t) / h)), out);
}
