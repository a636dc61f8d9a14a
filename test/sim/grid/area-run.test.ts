import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { AreaModel, AreaSystem } from '../../../sim/grid/frequency/area-model.ts';
import { linearArea } from '../../../sim/grid/frequency/area-model.ts';
import { runAreas } from '../../../sim/grid/frequency/area-run.ts';
import type { AreaRun, AreaRunOptions } from '../../../sim/grid/frequency/area-run.ts';
import { runFrequency } from '../../../sim/grid/frequency/event-run.ts';
import { LinearSystem } from '../../../sim/grid/frequency/linear-system.ts';
import { loadFrequencyModel } from '../../../sim/grid/frequency/load-frequency.ts';
import type { ControlArea } from '../../../sim/grid/frequency/load-frequency.ts';
import { sheddingSchemes } from '../../../sim/grid/frequency/shedding.ts';
import type { SheddingScheme } from '../../../sim/grid/frequency/shedding.ts';
import { stepResponse, systemStates } from '../../../sim/grid/frequency/system-response.ts';
import type { SystemParameters } from '../../../sim/grid/frequency/system-response.ts';
import { sharedMissing, skipWithoutShared } from '../../support/shared.ts';
import { golden } from './golden.ts';
import { oracle } from './area-oracle.ts';

const methods = ['rk4', 'dopri5'] as const;
const typical: SystemParameters = { H: 4, D: 1, R: 0.05, Km: 0.95, FH: 0.3, TR: 8 };
/** One machine as an area: without lags ahead of its reheater. */
const machine = ({ H, D, R, Km, FH, TR }: SystemParameters, f0 = 50): AreaSystem => ({
  areas: [
    {
      M: 2 * H,
      D,
      beta: 0,
      Ki: 0,
      units: [{ R: R / Km, Tg: 0, Tt: 0, reheat: { FH, TR }, participation: 1 }],
      load: 1,
    },
  ],
  tie: [[0]],
  f0,
  unit: f0,
});
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
const asAreas = (areas: readonly ControlArea[], ties: readonly (readonly number[])[], unit = 1): AreaSystem => ({
  areas: areas.map((area) => linearArea(area)),
  tie: ties,
  f0: 50,
  unit,
});
const step = (power: number, area = 0, t = 1): NonNullable<AreaRunOptions['loads']>[number] => ({
  kind: 'step',
  t,
  power,
  area,
});

/** The exact solution at samples, from a step at 0 on. */
function exact(
  areas: readonly ControlArea[],
  ties: typeof tie,
  load: readonly number[],
  h: number,
  steps: number,
): Float64Array[] {
  const { system } = loadFrequencyModel(areas, ties);
  const propagator = system.propagator(h);
  const path = [new Float64Array(system.n)];
  for (let k = 0; k < steps; k++) {
    const next = new Float64Array(system.n);
    system.step(propagator, path[k]!, Float64Array.from(load), next);
    path.push(next);
  }
  return path;
}

describe.each(methods)('areas in the time domain by %s', (method) => {
  const fine = method === 'rk4' ? { method, step: 0.0025 } : { method };

  it('with nothing limited are the linear model', () => {
    const { areas } = loadFrequencyModel(three, tie);
    const got = runAreas(asAreas(three, tie), { ...fine, duration: 20, sample: 0.5, loads: [step(0.05, 0, 0)] });
    const wanted = exact(three, tie, [0.05, 0, 0], 0.5, 40);
    areas.forEach(({ frequency }, i) =>
      wanted.forEach((x, k) => expect(Math.abs(got.areas[i]!.f[k]! - 50 - x[frequency]!)).toBeLessThan(1e-9)),
    );
  });

  it('shed, and reach their lowest, when the exact solution does', () => {
    const { a, b } = systemStates(typical);
    const options = { duration: 6, shedding: sheddingSchemes['colib']! };
    const wanted = runFrequency(
      new LinearSystem(a, b),
      { frequency: 0, input: 0, unit: 50, sign: 1 },
      { ...options, f0: 50, loads: [{ t: 1, power: 0.7 }] },
    );
    const got = runAreas(machine(typical), { ...options, ...fine, loads: [step(0.7)] });
    expect(got.events.map(({ kind, index }) => [kind, index])).toEqual(
      wanted.events.map(({ kind, index }) => [kind, index]),
    );
    got.events.forEach(({ t }, k) => expect(Math.abs(t - wanted.events[k]!.t)).toBeLessThan(3e-9));
    expect(Math.abs(got.areas[0]!.nadir - wanted.nadir)).toBeLessThan(1e-9);
    expect(Math.abs(got.areas[0]!.nadirTime - wanted.nadirTime)).toBeLessThan(3e-9);
  });

  it('trip a relay of the slope when the closed form says', () => {
    const { at } = stepResponse(typical, -0.3);
    const window = 0.5;
    const mean = (t: number): number => (50 * Math.abs(at(t) - (t > window ? at(t - window) : 0))) / window;
    let [low, high] = [0, window];
    while (high - low > 1e-12) {
      const middle = (low + high) / 2;
      if (mean(middle) > 1) high = middle;
      else low = middle;
    }
    const got = runAreas(machine(typical), {
      ...fine,
      duration: 5,
      loads: [step(0.3)],
      relays: [{ area: 0, window, limit: 1, delay: 0.1, power: 0.02 }],
    });
    const trip = got.events.find(({ kind }) => kind === 'rocof-trip')!;
    expect(Math.abs(trip.t - (1 + high + 0.1))).toBeLessThan(5e-9);
  });

  it('do with every limit, sampled control and a late attack what clamped equations do', () => {
    const limits = { valve: [-0.5, 0.35, -0.1, 0.2], turbine: [-0.5, 0.3, -0.06, 0.03] } as const;
    const own = { M: 0.17, D: 0.015, R: 2.8, Tg: 0.08, Tt: 0.4, beta: 0.35, Ki: 0.3 };
    const other = { ...own, M: 0.21, Tt: 0.5, beta: 0.3 };
    const attack = { gain: 0.08, delay: 0.25, low: -0.01, high: 0.015 };
    const h = 1e-3;
    const wanted = oracle(
      [
        { ...own, ...limits, band: 0.03, period: 2, load: (t) => (t >= 1 && t < 9 ? 0.09 : 0) },
        { ...other, ...limits, band: 0.02, period: 4, load: () => 0 },
      ],
      1.2,
      attack,
      h,
      16_000,
    );
    const bounds = ([min, max, fall, rise]: readonly number[]): {
      min: number;
      max: number;
      fall: number;
      rise: number;
    } => ({
      min: min!,
      max: max!,
      fall: fall!,
      rise: rise!,
    });
    const model = (area: typeof own, width: number, period: number): AreaModel => ({
      M: area.M,
      D: area.D,
      beta: area.beta,
      Ki: area.Ki,
      agc: { period, delay: 0, limit: 1 },
      load: 1,
      units: [
        {
          R: area.R,
          Tg: area.Tg,
          Tt: area.Tt,
          participation: 1,
          deadband: { width, shape: 'offset' },
          valve: bounds(limits.valve),
          turbine: bounds(limits.turbine),
        },
      ],
    });
    const system = {
      areas: [model(own, 0.03, 2), model(other, 0.02, 4)],
      tie: [
        [0, 1.2],
        [1.2, 0],
      ],
      f0: 50,
      unit: 1,
    };
    const got = runAreas(system, {
      method,
      duration: 16,
      sample: 0.1,
      loads: [{ kind: 'pulse', t: 1, power: 0.09, width: 8, area: 0 }],
      attacks: [{ sensor: 0, victim: 0, lag: 0, period: 0, from: 0, ...attack }],
    });
    for (const i of [0, 1])
      got.areas[i]!.f.forEach((f, k) => expect(Math.abs(f - 50 - wanted[k * 100]![i]!)).toBeLessThan(2e-5));
    // The limits do act: without them it is another course.
    const free = runAreas(asAreas([own, other], system.tie), { method, duration: 16, loads: [step(0.09)] });
    expect(Math.abs(free.areas[0]!.nadir - got.areas[0]!.nadir)).toBeGreaterThan(0.05);
  });
});

describe('areas with limits', () => {
  const limited = (): AreaSystem => {
    const system = asAreas(three, tie);
    const turbine = { min: -0.2, max: 0.04, fall: -0.02, rise: 0.015 };
    const deadband = { width: 0.02, shape: 'offset' } as const;
    return {
      ...system,
      areas: system.areas.map((area) => ({ ...area, units: [{ ...area.units[0]!, turbine, deadband }] })),
    };
  };

  it('are integrated to the order of the method, across every event', () => {
    const end = (options: Partial<AreaRunOptions>): Float64Array =>
      Float64Array.from(
        runAreas(limited(), { duration: 6, sample: 6, loads: [step(0.07, 0, 0.5)], ...options }).areas,
        ({ settled }) => settled,
      );
    const wanted = end({ method: 'dopri5', step: 0.01, tolerance: { relative: 1e-13, absolute: 1e-14 } });
    const error = (h: number): number => Math.max(...end({ step: h }).map((value, i) => Math.abs(value - wanted[i]!)));
    const errors = [0.04, 0.02, 0.01].map(error);
    expect(Math.log2(errors[0]! / errors[2]!) / 2).toBeGreaterThan(3.6);
    expect(errors[2]).toBeLessThan(1e-7);
  });

  it('of several units are one of their parts together, where these are alike', () => {
    const system = limited();
    const split = {
      ...system,
      areas: system.areas.map((area) => {
        const [{ turbine, R, ...unit }] = area.units as [(typeof area.units)[number]];
        const { min, max, fall, rise } = turbine!;
        const part = (share: number): (typeof area.units)[number] => ({
          ...unit,
          R: R / share,
          participation: share,
          turbine: { min: share * min, max: share * max, fall: share * fall, rise: share * rise },
        });
        return { ...area, units: [part(0.25), part(0.75)] };
      }),
    };
    const options = { duration: 10, loads: [step(0.07)] };
    const [one, two] = [runAreas(system, options), runAreas(split, options)];
    one.areas.forEach(({ f }, i) =>
      f.forEach((value, k) => expect(Math.abs(value - two.areas[i]!.f[k]!)).toBeLessThan(1e-9)),
    );
  });

  it('shed shares of what there is where they are told to', () => {
    const shedding = { ...sheddingSchemes['colib']!, delay: 0 };
    const amounts = (shedBase: 'initial' | 'atTrip'): number[] =>
      runAreas(machine(typical), { duration: 4, shedding, shedBase, loads: [step(0.5)] })
        .events.filter(({ kind }) => kind === 'shed')
        .map(({ power }) => power);
    expect(amounts('initial').every((power) => Math.abs(power - 0.1) < 1e-12)).toBe(true);
    let there = 1.5;
    for (const power of amounts('atTrip')) {
      expect(power).toBeCloseTo(0.1 * there, 12);
      there -= power;
    }
  });

  it('never leave their ranges and rates, nor shed more than there is; events come in order', () => {
    const power = fc.double({ min: -0.5, max: 0.5, noNaN: true });
    fc.assert(
      fc.property(power, power, fc.constantFrom(...methods), (a, b, method) => {
        const got = runAreas(limited(), {
          method,
          duration: 8,
          loads: [step(a, 0), { kind: 'square', t: 2, power: b, back: 0, period: 1.3, until: 5, area: 1 }],
          shedding: sheddingSchemes['ce']!,
          survival: { low: 47.5, high: 51.5 },
        });
        got.events.slice(1).forEach(({ t }, k) => expect(t).toBeGreaterThanOrEqual(got.events[k]!.t));
        expect(got.shed).toBeLessThanOrEqual(3 * 0.45 + 1e-12);
        expect(got.ended === 'time' || got.ended === 'blackout').toBe(true);
        for (const { nadir, zenith, f } of got.areas) {
          expect(nadir).toBeGreaterThan(47.5 - 1e-6);
          expect(zenith).toBeLessThan(51.5 + 1e-6);
          for (const value of f) expect(value >= nadir - 1e-9 && value <= zenith + 1e-9).toBe(true);
        }
      }),
      { numRuns: 20 },
    );
  });

  it('refuse what cannot be', () => {
    const [area] = asAreas([three[0]!], [[0]]).areas;
    const odd =
      (unit: Partial<AreaModel['units'][number]>): (() => AreaRun) =>
      () =>
        runAreas(
          { areas: [{ ...area!, units: [{ ...area!.units[0]!, ...unit }] }], tie: [[0]], f0: 50, unit: 1 },
          { duration: 1 },
        );
    expect(odd({ participation: 0.5 })).toThrow('participations add up to 0.5');
    const bounds = { min: 0, max: 1, fall: -1, rise: 1 };
    expect(odd({ Tg: 0, valve: bounds })).toThrow('a valve with limits and a lag of 0 s');
    expect(odd({ turbine: { ...bounds, rise: 0 } })).toThrow('expected ranges around 0');
    expect(() => runAreas(machine(typical), { duration: 0 })).toThrow('a run of 0 s');
  });
});

interface GoldenRuns {
  readonly ufls: readonly {
    readonly name: string;
    readonly params: SystemParameters;
    readonly f0: number;
    readonly P: number;
    readonly tStep: number;
    readonly delay: number;
    readonly stages: readonly (readonly [number, number])[];
    readonly kind: 'conv' | 'L' | 'E';
    readonly Mset: readonly number[] | null;
    readonly fLimit: number;
    readonly events: readonly { readonly stage: number; readonly t: number; readonly f: number }[];
    readonly nadirHz: number;
    readonly fEnd: number;
  }[];
  readonly sfr: readonly {
    readonly params: SystemParameters;
    readonly f0: number;
    readonly P: number;
    readonly nadirHz: number;
    readonly tNadir: number;
  }[];
  readonly single_area: readonly {
    readonly params: ControlArea;
    readonly dPL: number;
    readonly t: readonly number[];
    readonly dw?: readonly number[];
  }[];
  readonly two_area: readonly {
    readonly areas: readonly ControlArea[];
    readonly Ps_pu_per_rad: number;
    readonly dPL: readonly number[];
    readonly t: readonly number[];
    readonly dw1: readonly number[];
    readonly dw2: readonly number[];
  }[];
  readonly three_area: readonly {
    readonly areas: readonly ControlArea[];
    readonly Tij: readonly (readonly number[])[];
    readonly dPL: readonly number[];
    readonly t: readonly number[];
    readonly df: readonly (readonly number[])[];
  }[];
}

const reference = sharedMissing ? undefined : (golden('freq-lfc') as GoldenRuns);
skipWithoutShared('areas in the time domain against references');
describe.skipIf(reference === undefined)('areas in the time domain, against references', () => {
  it.each((reference?.ufls ?? []).map((each) => [each.name, each] as const))('with shedding: %s', (_, wanted) => {
    const shedding: SheddingScheme = {
      stages: wanted.stages.map(([threshold, share]) => ({ threshold, share })),
      delay: wanted.delay,
      pickUp:
        wanted.kind === 'conv'
          ? { by: 'frequency' }
          : { by: 'margin', shape: wanted.kind === 'L' ? 'L' : 'ellipse', limit: wanted.fLimit, margins: wanted.Mset! },
    };
    const got = runAreas(machine(wanted.params, wanted.f0), {
      duration: 10,
      loads: [step(-wanted.P, 0, wanted.tStep)],
      shedding,
    });
    const sheds = got.events.filter(({ kind }) => kind === 'shed');
    expect(sheds.map(({ index }) => index)).toEqual(wanted.events.map(({ stage }) => stage));
    sheds.forEach(({ t }, k) => expect(Math.abs(t - wanted.events[k]!.t)).toBeLessThan(1e-6));
    expect(Math.abs(got.areas[0]!.nadir - wanted.nadirHz)).toBeLessThan(1e-6);
    expect(Math.abs(got.areas[0]!.settled - wanted.fEnd)).toBeLessThan(1e-8);
  });

  it('after steps, of one machine and of areas', () => {
    for (const { params, f0, P, nadirHz, tNadir } of reference!.sfr.filter((_, k) => k % 4 === 0)) {
      const [area] = runAreas(machine(params, f0), { method: 'dopri5', duration: 8, loads: [step(-P, 0, 0)] }).areas;
      expect(Math.abs(area!.nadir - nadirHz)).toBeLessThan(1e-9);
      expect(Math.abs(area!.nadirTime - tNadir)).toBeLessThan(1e-6);
    }
    for (const { params, dPL, t, dw } of reference!.single_area) {
      if (dw === undefined) continue;
      const got = runAreas(asAreas([params], [[0]]), {
        method: 'dopri5',
        duration: t.at(-1)!,
        sample: t[1]!,
        loads: [step(dPL, 0, 0)],
      });
      got.areas[0]!.f.forEach((f, k) => expect(Math.abs(f - 50 - dw[k]!)).toBeLessThan(1e-9));
    }
    for (const { areas, Ps_pu_per_rad: Ps, dPL, t, dw1, dw2 } of reference!.two_area) {
      const got = runAreas(
        asAreas(areas, [
          [0, Ps],
          [Ps, 0],
        ]),
        {
          method: 'dopri5',
          duration: t.at(-1)!,
          sample: t[1]!,
          loads: [step(dPL[0]!, 0, 0)],
        },
      );
      for (const [i, wanted] of [dw1, dw2].entries())
        got.areas[i]!.f.forEach((f, k) => expect(Math.abs(f - 50 - wanted[k]!)).toBeLessThan(1e-9));
    }
    for (const { areas, Tij, dPL, t, df } of reference!.three_area) {
      const ties = Tij.map((row) => row.map((T) => 2 * Math.PI * T));
      const got = runAreas(asAreas(areas, ties), {
        method: 'dopri5',
        duration: t.at(-1)!,
        sample: t[1]!,
        loads: dPL.map((power, i) => step(power, i, 0)),
      });
      got.areas.forEach(({ f }, i) =>
        f.forEach((value, k) => expect(Math.abs(value - 50 - df[i]![k]!)).toBeLessThan(1e-9)),
      );
    }
  });
});
