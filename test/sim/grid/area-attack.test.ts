import { describe, expect, it } from 'vitest';
import type { AreaSystem } from '../../../sim/grid/frequency/area-model.ts';
import { linearArea } from '../../../sim/grid/frequency/area-model.ts';
import { runAreas } from '../../../sim/grid/frequency/area-run.ts';
import type { AreaRunOptions } from '../../../sim/grid/frequency/area-run.ts';
import type { FeedbackLoad } from '../../../sim/grid/frequency/feedback-load.ts';
import { loadFrequencyModel } from '../../../sim/grid/frequency/load-frequency.ts';
import type { ControlArea } from '../../../sim/grid/frequency/load-frequency.ts';
import { modalGain, modesOf } from '../../../sim/grid/frequency/modes.ts';
import { criticalGain, eigenvalues, spectralAbscissa } from '../../../sim/grid/frequency/stability.ts';

/** Saadat's single area, and Bevrani's three. */
const saadat: ControlArea = { M: 10, D: 0.8, R: 0.05, Tg: 0.2, Tt: 0.5, beta: 1, Ki: 0 };
const three: readonly ControlArea[] = [
  { M: 0.1667, D: 0.015, R: 3, Tg: 0.08, Tt: 0.4, beta: 0.3483, Ki: 0.3 },
  { M: 0.2017, D: 0.014, R: 2.73, Tg: 0.06, Tt: 0.44, beta: 0.3803, Ki: 0.2 },
  { M: 0.1247, D: 0.015, R: 2.82, Tg: 0.07, Tt: 0.3, beta: 0.3692, Ki: 0.4 },
];
const tie = [
  [0, 1.2566, 1.5708],
  [1.2566, 0, 0.754],
  [1.5708, 0.754, 0],
];
const one: AreaSystem = { areas: [linearArea(saadat)], tie: [[0]], f0: 50, unit: 1 };
const all: AreaSystem = { areas: three.map((area) => linearArea(area)), tie, f0: 50, unit: 1 };
const attack = (gain: number, more: Partial<FeedbackLoad> = {}): FeedbackLoad => ({
  sensor: 0,
  victim: 0,
  gain,
  lag: 0,
  delay: 0,
  period: 0,
  low: -Infinity,
  high: Infinity,
  from: 0,
  ...more,
});
const kick: NonNullable<AreaRunOptions['loads']>[number] = { kind: 'pulse', t: 0, power: 0.01, width: 0.3, area: 0 };
/** Deviations of an area, every 0.02 s. */
function course(system: AreaSystem, options: Partial<AreaRunOptions>, area = 0): Float64Array {
  const got = runAreas(system, { method: 'dopri5', duration: 40, sample: 0.02, loads: [kick], ...options });
  expect(got.ended).toBe('time');
  return got.areas[area]!.f.map((f) => f - 50);
}
const largest = (of: Float64Array, from: number, to: number): number =>
  of.subarray(Math.round(from / 0.02), Math.round(to / 0.02)).reduce((most, f) => Math.max(most, Math.abs(f)), 0);
const oneMatrix = (gain: number): readonly (readonly number[])[] =>
  loadFrequencyModel([saadat], undefined, [{ sensor: 0, victim: 0, gain, lag: 0 }]).a;
const threeMatrix =
  (sensor: number, victim: number) =>
  (gain: number): readonly (readonly number[])[] =>
    loadFrequencyModel(three, tie, [{ sensor, victim, gain, lag: 0 }]).a;

describe('a load that answers to the frequency', () => {
  it('makes it grow above the critical gain and decay below, as fast as the eigenvalue says', () => {
    const critical = criticalGain(oneMatrix)!;
    for (const part of [0.9, 1.1]) {
      const f = course(one, { attacks: [attack(part * critical)] });
      const rate = Math.log(largest(f, 30, 38) / largest(f, 15, 23)) / 15;
      const wanted = spectralAbscissa(oneMatrix(part * critical));
      expect(Math.sign(rate)).toBe(Math.sign(part - 1));
      expect(Math.abs(rate / wanted - 1)).toBeLessThan(0.05);
    }
  });

  it('that is limited ends in a cycle, of the size that its describing function foretells', () => {
    const critical = criticalGain(oneMatrix)!;
    const [gain, cap] = [1.1 * critical, 0.02];
    const f = course(one, { duration: 200, attacks: [attack(gain, { low: -cap, high: cap })] });
    const [before, after] = [largest(f, 150, 170), largest(f, 180, 200)];
    expect(Math.abs(after / before - 1)).toBeLessThan(1e-3);
    // K (2/π)(asin r + r √(1 − r²)) = K_c, r = cap/(K E)
    let [low, high] = [0, 1];
    while (high - low > 1e-12) {
      const r = (low + high) / 2;
      if (((2 * gain) / Math.PI) * (Math.asin(r) + r * Math.sqrt(1 - r * r)) > critical) high = r;
      else low = r;
    }
    expect(Math.abs(after / (cap / (gain * low)) - 1)).toBeLessThan(0.03);
    // Twice the load that it can move, twice the cycle.
    const twice = course(one, {
      duration: 200,
      loads: [{ ...kick, power: 0.02 }],
      attacks: [attack(gain, { low: -2 * cap, high: 2 * cap })],
    });
    expect(Math.abs(largest(twice, 180, 200) / after - 2)).toBeLessThan(0.01);
  });

  it('that hears late needs the gain of the characteristic equation with its delay', () => {
    const { M, D, R, Tg, Tt } = saadat;
    const delay = 0.3;
    // K e^(−jωd) = jωM + D + 1/(R (1 + jωTg)(1 + jωTt)): the least positive K at which the phase fits
    const needed = (w: number): readonly [number, number] => {
      const [re, im] = [1 - w * w * Tg * Tt, w * (Tg + Tt)];
      const size = R * (re * re + im * im);
      const [x, y] = [D + re / size, w * M - im / size];
      const [c, s] = [Math.cos(w * delay), Math.sin(w * delay)];
      return [x * c - y * s, x * s + y * c];
    };
    let critical = Infinity;
    for (let w = 1e-3; w < 20; w += 1e-3) {
      const [[, before], [gain, now]] = [needed(w - 1e-3), needed(w)];
      if (before! <= 0 !== now! <= 0 && gain! > 0) critical = Math.min(critical, gain!);
    }
    for (const [part, sign] of [
      [0.95, -1],
      [1.05, 1],
    ] as const) {
      const f = course(one, { duration: 60, attacks: [attack(part * critical, { delay })] });
      expect(Math.sign(Math.log(largest(f, 45, 60) / largest(f, 20, 35)))).toBe(sign);
    }
  });

  it('that is read now and then is one that hears half of its period late', () => {
    const gain = 0.5 * criticalGain(oneMatrix)!;
    const sampled = course(one, { duration: 10, attacks: [attack(gain, { period: 0.04 })] });
    const late = course(one, { duration: 10, attacks: [attack(gain, { delay: 0.02 })] });
    const size = largest(late, 0, 10);
    sampled.forEach((f, k) => expect(Math.abs(f - late[k]!)).toBeLessThan(2e-3 * size));
    const prompt = course(one, { duration: 10, attacks: [attack(gain)] });
    expect(Math.max(...sampled.map((f, k) => Math.abs(f - prompt[k]!)))).toBeGreaterThan(4e-3 * size);
  });
});

describe('modes', () => {
  const modes = modesOf(threeMatrix(2, 2)(0));
  const swinging = modes.filter(({ im }) => im > 0.1);

  it('are the eigenvalues, the least damped swinging one first', () => {
    const found = eigenvalues(threeMatrix(2, 2)(0)).filter(([, im]) => im >= 0);
    expect(modes).toHaveLength(found.length);
    expect(swinging.length).toBeGreaterThan(2);
    swinging.slice(1).forEach(({ damping }, k) => expect(damping).toBeGreaterThanOrEqual(swinging[k]!.damping));
  });

  it('cross the axis at gains of which the least is the critical one', () => {
    for (const [sensor, victim] of [
      [2, 2],
      [0, 0],
      [0, 1],
    ] as const) {
      const matrix = threeMatrix(sensor, victim);
      const gains = modesOf(matrix(0)).map((mode) => modalGain(matrix, mode, { most: 50 }));
      const least = Math.min(...gains.map((gain) => gain ?? Infinity));
      expect(Math.abs(least / criticalGain(matrix)! - 1)).toBeLessThan(1e-6);
      gains.forEach((gain) => {
        if (gain === null) return;
        // One eigenvalue stands on the axis there.
        expect(Math.min(...eigenvalues(matrix(gain)).map(([re]) => Math.abs(re)))).toBeLessThan(1e-6);
      });
    }
  });

  it('that an attack chooses are what the time domain shows', () => {
    const matrix = threeMatrix(2, 2);
    const gains = swinging.map((mode) => modalGain(matrix, mode, { most: 5 }));
    const chosen = gains.findIndex((gain) => gain !== null);
    const gain = 1.15 * gains[chosen]!;
    const [re, im] = eigenvalues(matrix(gain)).toSorted(([x], [y]) => y - x)[0]!;
    expect(re).toBeGreaterThan(0);
    const f = course(all, { duration: 60, attacks: [attack(gain, { sensor: 2, victim: 2 })] }, 2);
    let turns = 0;
    const [from, to] = [Math.round(30 / 0.02), Math.round(60 / 0.02)];
    for (let k = from + 1; k < to; k++) if (f[k - 1]! < 0 !== f[k]! < 0) turns++;
    expect(Math.abs(turns / 2 / 30 - Math.abs(im) / (2 * Math.PI))).toBeLessThan(0.03);
    expect(Math.abs(Math.log(largest(f, 50, 60) / largest(f, 30, 40)) / 20 / re - 1)).toBeLessThan(0.1);
  });

  it('are pumped up by a square wave at their frequency, more than by one beside it', () => {
    const [mode] = swinging;
    const swing = (hertz: number): number =>
      largest(
        course(all, {
          duration: 60,
          loads: [{ kind: 'square', t: 1, power: 0.01, back: -0.01, period: 1 / hertz, until: 60, area: 0 }],
        }),
        40,
        60,
      );
    const tuned = swing(mode!.frequency);
    expect(tuned).toBeGreaterThan(1.5 * swing(1.8 * mode!.frequency));
    expect(tuned).toBeGreaterThan(1.5 * swing(0.4 * mode!.frequency));
  });
});
