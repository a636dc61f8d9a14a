import { ConfigError } from '../../../core/errors.ts';
import type { LinearSystem } from './linear-system.ts';
import { checkScheme, noShedding, pickUpValue } from './shedding.ts';
import type { SheddingScheme } from './shedding.ts';

/** A relay that takes generation off when the frequency's mean slope over a window is too steep (loss of mains): what it takes off, p.u., makes things worse. */
export interface RocofRelay {
  /** s, Hz/s, s */
  readonly window: number;
  readonly limit: number;
  readonly delay: number;
  /** p.u. of generation behind it */
  readonly power: number;
}

/** Load that is added, p.u. of the system's base, from a time on (below 0: taken away). */
export interface LoadStep {
  readonly t: number;
  readonly power: number;
  /** Input of the model that it acts on; default: that of shedding and relays. */
  readonly input?: number;
}

export interface FrequencyEvent {
  readonly t: number;
  readonly kind: 'load' | 'shed' | 'rocof-trip';
  /** Stage of shedding, or place of the relay or the step, from 1. */
  readonly index: number;
  /** Hz */
  readonly f: number;
  /** p.u. that the balance gains by it */
  readonly power: number;
}

export interface FrequencyRun {
  readonly events: readonly FrequencyEvent[];
  /** Samples, s and Hz */
  readonly t: Float64Array;
  readonly f: Float64Array;
  readonly nadir: number;
  readonly nadirTime: number;
  readonly zenith: number;
  /** Steepest slopes, Hz/s: at a moment, and as a mean over half a second. */
  readonly rocof: number;
  readonly rocof500: number;
  readonly settled: number;
  /** p.u. of load that was shed */
  readonly shed: number;
  /** s below each of these, Hz below the nominal: 0.2, 0.5, 0.8, 1 */
  readonly timeBelow: Readonly<Record<string, number>>;
}

/** Where a model has its frequency and its power. */
export interface FrequencyPlace {
  readonly frequency: number;
  readonly input: number;
  /** Hz */
  readonly unit: number;
  readonly sign: 1 | -1;
}

export interface FrequencyRunOptions {
  /** s */
  readonly duration: number;
  /** Hz */
  readonly f0: number;
  readonly loads: readonly LoadStep[];
  readonly shedding?: SheddingScheme;
  readonly relays?: readonly RocofRelay[];
  /** s between samples */
  readonly sample?: number;
}

/** Events are looked for every so many seconds, then located to `exact`. */
const scan = 0.005;
const exact = 1e-9;
const marks = [0.2, 0.5, 0.8, 1] as const;

/**
 * Runs a linear model of the frequency through steps of load, shedding and relays: between events the solution is exact, events are located by bisection on it (slopes over a
 * window, which a relay samples, to 5 ms).
 * @param frequency the state that is the deviation  @param unit what 1 of it is in Hz  @param input the input of shedding and relays, p.u.
 * @param sign 1: inputs are added power; −1: they are added load
 * @throws {ConfigError} Source: specs/grid.md 4.3, 4.4
 */
export function runFrequency(
  system: LinearSystem,
  { frequency, input, unit, sign }: FrequencyPlace,
  options: FrequencyRunOptions,
): FrequencyRun {
  const { duration, f0, loads, shedding = noShedding, relays = [], sample = 0.1 } = options;
  checkScheme(shedding);
  if (!(duration > 0 && sample > 0)) throw new ConfigError(`a run of ${duration} s with samples every ${sample} s`);
  const { n } = system;
  let x = new Float64Array(n);
  let next = new Float64Array(n);
  const trial = new Float64Array(n);
  const u = new Float64Array(system.m);
  const events: FrequencyEvent[] = [];
  const hertz = (of: Float64Array): number => f0 + unit * of[frequency]!;
  const slope = (of: Float64Array): number => unit * system.slope(frequency, of, u);
  const propagators = new Map<number, ReturnType<LinearSystem['propagator']>>();
  const advance = (h: number, out: Float64Array, keep = false): void => {
    let propagator = propagators.get(h);
    if (propagator === undefined) {
      propagator = system.propagator(h);
      if (keep) propagators.set(h, propagator);
    }
    system.step(propagator, x, u, out);
  };
  /** The least time in (0, h] at which `value`, not below 0 at 0 and below it at h, is below 0. */
  const crossing = (h: number, value: (of: Float64Array) => number): number => {
    let [low, high] = [0, h];
    while (high - low > exact) {
      const middle = (low + high) / 2;
      advance(middle, trial);
      if (value(trial) < 0) high = middle;
      else low = middle;
    }
    return high;
  };

  const samples = Math.floor(duration / sample + 1e-9) + 1;
  const [times, values] = [new Float64Array(samples), new Float64Array(samples)];
  let taken = 0;
  const stages = shedding.stages.map(() => ({ picked: Infinity, tripped: false }));
  const guards = relays.map(() => ({ since: Infinity, tripped: false }));
  const pending = loads.map((step, k) => ({ ...step, index: k + 1 })).toSorted((a, b) => a.t - b.t);
  let [t, shed] = [0, 0];
  let [nadir, nadirTime, zenith, rocof, rocof500] = [f0, 0, f0, 0, 0];
  const below = new Map(marks.map((mark) => [mark, 0]));
  /** Frequencies every `scan` s, for slopes over windows. */
  const history: number[] = [f0];
  const past = (seconds: number): number | undefined => history[history.length - 1 - Math.round(seconds / scan)];

  const note = (at: number, of: Float64Array): void => {
    const f = hertz(of);
    if (f < nadir) [nadir, nadirTime] = [f, at];
    zenith = Math.max(zenith, f);
    const steep = slope(of);
    if (Math.abs(steep) > Math.abs(rocof)) rocof = steep;
  };
  const happen = (kind: FrequencyEvent['kind'], index: number, power: number, at = input): void => {
    u[at]! += sign * power;
    events.push({ t, kind, index, f: hertz(x), power });
    note(t, x);
  };
  const pickedUp = (k: number, of: Float64Array): number => pickUpValue(shedding, k, hertz(of), slope(of));

  for (let tick = 0; ; tick++) {
    const until = (tick + 1) * scan;
    // Everything up to the next tick, event by event.
    for (;;) {
      while (pending.length > 0 && pending[0]!.t <= t + exact) {
        const { index, power, input: at } = pending.shift()!;
        happen('load', index, -power, at);
      }
      stages.forEach((stage, k) => {
        if (stage.tripped) return;
        if (pickedUp(k, x) >= 0) stage.picked = Infinity;
        else if (stage.picked === Infinity) stage.picked = t;
        if (stage.picked + shedding.delay > t + exact) return;
        stage.tripped = true;
        shed += shedding.stages[k]!.share;
        happen('shed', k + 1, shedding.stages[k]!.share);
      });
      if (t >= until - exact) break;
      // The next moment at which something may be due.
      let h = until - t;
      if (pending.length > 0) h = Math.min(h, pending[0]!.t - t);
      for (const stage of stages)
        if (!stage.tripped && stage.picked < Infinity)
          h = Math.min(h, Math.max(stage.picked + shedding.delay - t, exact));
      const whole = h === scan;
      advance(h, next, whole);
      for (const [k, stage] of stages.entries()) {
        if (stage.tripped || stage.picked < Infinity || pickedUp(k, next) >= 0) continue;
        const at = crossing(h, (of) => pickedUp(k, of));
        if (at < h) {
          h = at;
          advance(h, next);
        }
      }
      if (slope(x) < 0 && slope(next) >= 0) {
        const at = crossing(h, (of) => -slope(of));
        advance(at, trial);
        note(t + at, trial);
      }
      while (taken < samples && taken * sample <= t + h + exact) {
        advance(Math.max(0, taken * sample - t), trial);
        times[taken] = taken * sample;
        values[taken++] = hertz(trial);
      }
      const depth = f0 - (hertz(x) + hertz(next)) / 2;
      for (const mark of marks) if (depth > mark) below.set(mark, below.get(mark)! + h);
      t += h;
      [x, next] = [next, x];
      note(t, x);
    }
    history.push(hertz(x));
    const half = past(0.5);
    if (half !== undefined) {
      const mean = (hertz(x) - half) / 0.5;
      if (Math.abs(mean) > Math.abs(rocof500)) rocof500 = mean;
    }
    relays.forEach((relay, k) => {
      const guard = guards[k]!;
      const before = past(relay.window);
      if (guard.tripped || before === undefined) return;
      if (Math.abs((hertz(x) - before) / relay.window) <= relay.limit) guard.since = Infinity;
      else if (guard.since === Infinity) guard.since = t;
      if (guard.since + relay.delay > t + exact) return;
      guard.tripped = true;
      happen('rocof-trip', k + 1, -relay.power);
    });
    if (t >= duration - exact) break;
  }
  return {
    events,
    t: times,
    f: values,
    nadir,
    nadirTime,
    zenith,
    rocof,
    rocof500,
    settled: hertz(x),
    shed,
    timeBelow: Object.fromEntries([...below].map(([mark, seconds]) => [`-${mark}`, seconds])),
  };
}
