import fc from 'fast-check';
import { expm, matrix } from 'mathjs';
import { describe, expect, it } from 'vitest';
import { runFrequency } from '../../../sim/grid/frequency/event-run.ts';
import type { FrequencyRun } from '../../../sim/grid/frequency/event-run.ts';
import { LinearSystem, exponential } from '../../../sim/grid/frequency/linear-system.ts';
import { loadFrequencyModel } from '../../../sim/grid/frequency/load-frequency.ts';
import type { ControlArea } from '../../../sim/grid/frequency/load-frequency.ts';
import { noShedding, sheddingSchemes } from '../../../sim/grid/frequency/shedding.ts';
import type { SheddingScheme } from '../../../sim/grid/frequency/shedding.ts';
import { criticalGain, eigenvalues, spectralAbscissa } from '../../../sim/grid/frequency/stability.ts';
import { powerToReach, stepResponse, systemStates } from '../../../sim/grid/frequency/system-response.ts';
import type { SystemParameters } from '../../../sim/grid/frequency/system-response.ts';
import { sharedMissing, skipWithoutShared } from '../../support/shared.ts';
import { golden } from './golden.ts';

interface GoldenFrequency {
  readonly sfr: readonly {
    readonly name: string;
    readonly params: SystemParameters;
    readonly f0: number;
    readonly P: number;
    readonly t: readonly number[];
    readonly f_Hz: readonly number[];
    readonly nadirHz: number;
    readonly tNadir: number;
    readonly ssHz: number;
    readonly rocof0_Hz_s: number;
  }[];
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
    readonly totalShed: number;
  }[];
  readonly single_area: readonly {
    readonly params: ControlArea;
    readonly dPL: number;
    readonly eigs: readonly (readonly [number, number])[];
    readonly t: readonly number[];
    readonly dw: readonly number[];
  }[];
  readonly two_area: readonly {
    readonly areas: readonly ControlArea[];
    readonly Ps_pu_per_rad: number;
    readonly dPL: readonly number[];
    readonly t: readonly number[];
    readonly dw1: readonly number[];
    readonly dw2: readonly number[];
    readonly ptie12: readonly number[];
    readonly final: Readonly<Record<'dw' | 'Pm1' | 'Pm2' | 'P12', number>>;
    readonly ssClosed?: Readonly<Record<'dw' | 'Pm1' | 'Pm2' | 'P12', number>>;
  }[];
  readonly three_area: readonly {
    readonly name: string;
    readonly areas: readonly ControlArea[];
    readonly Tij: readonly (readonly number[])[];
    readonly dPL: readonly number[];
    readonly t: readonly number[];
    readonly df: readonly (readonly number[])[];
    readonly ptie: readonly (readonly number[])[];
  }[];
  readonly dlaa: readonly {
    readonly model: string;
    readonly Ki?: number;
    readonly lag_s?: number | null;
    readonly area?: number;
    readonly criticalGain_pu_per_pu?: number;
    readonly criticalGain_pu_per_Hz?: number;
  }[];
}

interface GoldenBand {
  readonly f0: number;
  readonly machines: {
    readonly M_sysbase: readonly number[];
    readonly R_sysbase: readonly number[];
    readonly T1: number;
    readonly T2: number;
    readonly T3: number;
  };
  readonly runs: readonly {
    readonly loadModel: string;
    readonly fraction: number;
    readonly P0_pu: number;
    readonly extremeHz: number;
    readonly completed: boolean;
  }[];
}

const reference = sharedMissing ? undefined : (golden('freq-lfc') as GoldenFrequency);
const typical: SystemParameters = { H: 4, D: 1, R: 0.05, Km: 0.95, FH: 0.3, TR: 8 };
const machine = (of: SystemParameters): LinearSystem => {
  const { a, b } = systemStates(of);
  return new LinearSystem(a, b);
};
const states = { frequency: 0, input: 0, unit: 50, sign: 1 } as const;
/** Data of Saadat's single area. */
const saadat: ControlArea = { M: 10, D: 0.8, R: 0.05, Tg: 0.2, Tt: 0.5, beta: 1, Ki: 0 };

/** States of a model at the times of a grid, from rest, under a constant load. */
function trajectory(system: LinearSystem, load: readonly number[], times: readonly number[]): Float64Array[] {
  const propagator = system.propagator(times[1]! - times[0]!);
  const u = Float64Array.from(load);
  const found = [new Float64Array(system.n)];
  for (let k = 1; k < times.length; k++) {
    const next = new Float64Array(system.n);
    system.step(propagator, found[k - 1]!, u, next);
    found.push(next);
  }
  return found;
}

skipWithoutShared('frequency against references');
describe.skipIf(reference === undefined)('the frequency, against published and computed references', () => {
  it.each((reference?.sfr ?? []).map((each) => [`${each.name}, H ${each.params.H}, P ${each.P}`, each] as const))(
    'after a step: %s',
    (_, wanted) => {
      const got = stepResponse(wanted.params, wanted.P);
      wanted.t.forEach((t, k) => expect(wanted.f0 * (1 + got.at(t))).toBeCloseTo(wanted.f_Hz[k]!, 6));
      expect(wanted.f0 * (1 + got.nadir!)).toBeCloseTo(wanted.nadirHz, 9);
      expect(got.nadirTime).toBeCloseTo(wanted.tNadir, 9);
      expect(wanted.f0 * (1 + got.settled)).toBeCloseTo(wanted.ssHz, 9);
      expect(wanted.f0 * got.rocof).toBeCloseTo(wanted.rocof0_Hz_s, 9);
    },
  );

  it.each((reference?.ufls ?? []).map((each) => [each.name, each] as const))('with shedding: %s', (_, wanted) => {
    const { kind, stages, delay, fLimit: limit, Mset } = wanted;
    const shedding: SheddingScheme = {
      stages: stages.map(([threshold, share]) => ({ threshold, share })),
      delay,
      pickUp:
        kind === 'conv'
          ? { by: 'frequency' }
          : { by: 'margin', shape: kind === 'L' ? 'L' : 'ellipse', limit, margins: Mset! },
    };
    const got = runFrequency(
      machine(wanted.params),
      { ...states, unit: wanted.f0 },
      {
        duration: 10,
        f0: wanted.f0,
        loads: [{ t: wanted.tStep, power: -wanted.P }],
        shedding,
      },
    );
    const sheds = got.events.filter((event) => event.kind === 'shed');
    expect(sheds.map(({ index }) => index)).toEqual(wanted.events.map(({ stage }) => stage));
    sheds.forEach(({ t, f }, k) => {
      expect(Math.abs(t - wanted.events[k]!.t)).toBeLessThan(1e-6);
      expect(Math.abs(f - wanted.events[k]!.f)).toBeLessThan(1e-6);
    });
    // The reference's nadir is the lowest of its samples.
    expect(got.nadir).toBeLessThan(wanted.nadirHz + 1e-8);
    expect(got.nadir).toBeCloseTo(wanted.nadirHz, 6);
    expect(got.settled).toBeCloseTo(wanted.fEnd, 9);
    expect(got.shed).toBeCloseTo(wanted.totalShed, 12);
  });

  it('of one area has the same eigenvalues and trajectory', () => {
    for (const { params, dPL, eigs, t, dw } of reference!.single_area.filter((each) => 'eigs' in each)) {
      const { system, areas, a } = loadFrequencyModel([params]);
      const sorted = (of: readonly (readonly [number, number])[]): (readonly [number, number])[] =>
        [...of].toSorted((x, y) => x[0] - y[0] || x[1] - y[1]);
      const found = sorted(eigenvalues(a));
      sorted(eigs).forEach(([re, im], k) => {
        expect(found[k]![0]).toBeCloseTo(re, 9);
        expect(Math.abs(found[k]![1])).toBeCloseTo(Math.abs(im), 9);
      });
      trajectory(system, [dPL], t).forEach((x, k) => expect(x[areas[0]!.frequency]).toBeCloseTo(dw[k]!, 9));
    }
  });

  it('of two areas has the same trajectories, and ends where the textbook says', () => {
    for (const { areas, Ps_pu_per_rad: Ps, dPL, t, dw1, dw2, ptie12, final, ssClosed } of reference!.two_area) {
      const model = loadFrequencyModel(areas, [
        [0, Ps],
        [Ps, 0],
      ]);
      const found = trajectory(model.system, dPL, t);
      const [first, second] = model.areas;
      found.forEach((x, k) => {
        expect(Math.abs(x[first!.frequency]! - dw1[k]!)).toBeLessThan(1e-9);
        expect(Math.abs(x[second!.frequency]! - dw2[k]!)).toBeLessThan(1e-9);
        expect(Math.abs(x[first!.tie!]! - ptie12[k]!)).toBeLessThan(1e-9);
      });
      const end = found.at(-1)!;
      expect(end[first!.frequency]).toBeCloseTo(final.dw, 9);
      expect(end[first!.mechanical]).toBeCloseTo(final.Pm1, 9);
      expect(end[second!.mechanical]).toBeCloseTo(final.Pm2, 9);
      // Long after the step: without AGC where the droops share it, with AGC at nothing.
      const late = trajectory(model.system, dPL, [0, 200, 400, 600]).at(-1)!;
      const droop = areas[0]!.Ki === 0;
      expect(late[first!.frequency]).toBeCloseTo(droop ? ssClosed!.dw : 0, 8);
      expect(late[first!.mechanical]).toBeCloseTo(droop ? ssClosed!.Pm1 : dPL[0]!, 7);
      expect(late[second!.mechanical]).toBeCloseTo(droop ? ssClosed!.Pm2 : 0, 7);
      expect(late[first!.tie!]).toBeCloseTo(droop ? ssClosed!.P12 : 0, 7);
    }
  });

  it('of one area is stable down to the droop of the reference', () => {
    const { criticalDroop, criticalGain, routhClosedForm } = reference!.single_area.find(
      (each) => 'criticalDroop' in each,
    ) as unknown as Record<'criticalDroop' | 'criticalGain' | 'routhClosedForm', number>;
    const damping = (R: number): number =>
      Math.max(...eigenvalues(loadFrequencyModel([{ ...saadat, R }]).a).map(([re]) => re));
    expect(Math.abs(damping(criticalDroop))).toBeLessThan(1e-9);
    expect(damping(criticalDroop * 1.001)).toBeLessThan(0);
    expect(damping(criticalDroop * 0.999)).toBeGreaterThan(0);
    expect(1 / criticalDroop).toBeCloseTo(criticalGain, 6);
    expect(criticalGain).toBeCloseTo(routhClosedForm, 9);
  });

  it('of three areas has the same trajectories and flows between them', () => {
    for (const { areas, Tij, dPL, t, df, ptie } of reference!.three_area) {
      const model = loadFrequencyModel(
        areas,
        Tij.map((row) => row.map((T) => 2 * Math.PI * T)),
      );
      trajectory(model.system, dPL, t).forEach((x, k) => {
        model.areas.forEach(({ frequency, tie }, area) => {
          expect(Math.abs(x[frequency]! - df[area]![k]!)).toBeLessThan(1e-9);
          expect(Math.abs(x[tie!]! - ptie[area]![k]!)).toBeLessThan(1e-9);
        });
      });
    }
  });

  it('of one machine in place of ten falls about as far as the 39-bus system of ANDES with loads of constant power', () => {
    const { machines, runs, f0 } = golden('freq-ieee39-andes') as GoldenBand;
    const M = machines.M_sysbase.reduce((sum, m) => sum + m);
    const stiffness = machines.R_sysbase.reduce((sum, R) => sum + 1 / R, 0);
    const { T1, T2, T3 } = machines;
    // w, and TGOV1's two states; Pm = x2 + T2/T3 (x1 − x2)
    const system = new LinearSystem(
      [
        [0, T2 / T3 / M, (1 - T2 / T3) / M],
        [-stiffness / T1, -1 / T1, 0],
        [0, 1 / T3, -1 / T3],
      ],
      [[1 / M], [0], [0]],
    );
    for (const { loadModel, fraction, P0_pu: load, extremeHz, completed } of runs) {
      if (loadModel !== 'P' || !completed || fraction < 0 || fraction > 0.1) continue;
      const place = { frequency: 0, input: 0, unit: f0, sign: 1 } as const;
      const got = runFrequency(system, place, { duration: 30, f0, loads: [{ t: 1, power: fraction * load }] });
      expect(Math.abs((f0 - got.nadir) / (f0 - extremeHz) - 1)).toBeLessThan(0.1);
    }
  });

  it('becomes unstable at the same gains of a load that answers to it', () => {
    const three = reference!.three_area.find(({ name }) => name === 'AGC all areas 10 pct')!;
    const tie = three.Tij.map((row) => row.map((T) => 2 * Math.PI * T));
    for (const { model, Ki, lag_s: lag, area, ...wanted } of reference!.dlaa) {
      const inAreas = area === undefined ? [0, 1, 2] : [area - 1];
      const gain = model.startsWith('single')
        ? criticalGain(
            (K) =>
              loadFrequencyModel([{ ...saadat, Ki: Ki! }], undefined, [
                { sensor: 0, victim: 0, gain: K, lag: lag ?? 0 },
              ]).a,
          )
        : criticalGain(
            (K) =>
              loadFrequencyModel(
                three.areas,
                tie,
                inAreas.map((at) => ({ sensor: at, victim: at, gain: K, lag: 0 })),
              ).a,
          );
      const published = wanted.criticalGain_pu_per_pu ?? wanted.criticalGain_pu_per_Hz!;
      expect(Math.abs(gain! / published - 1)).toBeLessThan(1e-6);
    }
  });
});

describe('the frequency', () => {
  it('after a step is that of the differential equations, whatever the damping', () => {
    const positive = fc.double({ min: 0.2, max: 12, noNaN: true });
    fc.assert(
      fc.property(
        positive,
        fc.double({ min: 0, max: 2, noNaN: true }),
        fc.double({ min: 0.02, max: 0.12, noNaN: true }),
        fc.double({ min: 0.1, max: 0.9, noNaN: true }),
        positive,
        (H, D, R, FH, TR) => {
          const parameters = { H, D, R, Km: 0.95, FH, TR };
          const { at, nadir, nadirTime } = stepResponse(parameters, -0.1);
          const system = machine(parameters);
          const out = new Float64Array(2);
          for (const t of [0.1, 1, 7]) {
            system.step(system.propagator(t), new Float64Array(2), Float64Array.of(-0.1), out);
            expect(Math.abs(at(t) - out[0]!)).toBeLessThan(1e-9);
          }
          // Nothing along the way is below the nadir.
          if (nadirTime !== null) for (let t = 0; t < 60; t += 0.25) expect(at(t)).toBeGreaterThan(nadir! - 1e-12);
        },
      ),
      { numRuns: 50 },
    );
  });

  it('reaches a threshold by the power that is said to reach it', () => {
    const power = powerToReach(typical, 50, 49);
    expect(power).toBeCloseTo(0.1846, 4);
    expect(50 * (1 + stepResponse(typical, -power).nadir!)).toBeCloseTo(49, 12);
  });

  it('one area settles and is destabilised as the textbook says', () => {
    // Saadat, examples 12.1 and 12.3: Routh's bound on 1/R, and Routh's gain of the feedback attack.
    const droop = criticalGain((inverse) => loadFrequencyModel([{ ...saadat, R: 1 / Math.max(inverse, 1e-9) }]).a);
    expect(droop).toBeCloseTo(7.08 * 10.56 - 0.8, 5);
    const attack = criticalGain(
      (gain) => loadFrequencyModel([saadat], undefined, [{ sensor: 0, victim: 0, gain, lag: 0 }]).a,
    );
    const d = 0.8 - attack!;
    expect(0.07 * d * d + 4.9 * d + 50).toBeCloseTo(0, 6);
    expect(spectralAbscissa(loadFrequencyModel([saadat]).a)).toBeLessThan(0);
  });

  const run = (power: number, more: Partial<Parameters<typeof runFrequency>[2]> = {}): FrequencyRun =>
    runFrequency(machine(typical), states, { duration: 20, f0: 50, loads: [{ t: 1, power }], ...more });

  it('without load stays where it is, and is the mirror image of itself under less load', () => {
    const still = run(0);
    expect(still.f.every((f) => f === 50)).toBe(true);
    expect([still.nadir, still.zenith, still.rocof]).toEqual([50, 50, 0]);
    const [more, less] = [run(0.1), run(-0.1)];
    expect(less.zenith - 50).toBeCloseTo(50 - more.nadir, 4);
    expect(more.nadir).toBeCloseTo(50 * (1 + stepResponse(typical, -0.1).nadir!), 9);
    expect(more.nadirTime).toBeCloseTo(1 + stepResponse(typical, -0.1).nadirTime!, 6);
  });

  it('is not shed for where it recovers before the delay is over', () => {
    const shedding = { ...noShedding, stages: [{ threshold: 49.46, share: 0.1 }], delay: 3 };
    expect(run(0.1, { shedding }).shed).toBe(0);
    expect(run(0.1, { shedding: { ...shedding, delay: 0.3 } }).shed).toBe(0.1);
  });

  it('trips relays by its slope over their window, not by the slope of a moment', () => {
    const relay = { window: 0.5, limit: 1, delay: 0, power: 0.02 };
    // 0.16 p.u.: 1 Hz/s at first, 0.81 Hz/s over half a second
    expect(run(0.165, { relays: [relay] }).rocof).toBeLessThan(-1);
    expect(run(0.165, { relays: [relay] }).events.filter(({ kind }) => kind === 'rocof-trip')).toEqual([]);
    const tripped = run(0.3, { relays: [relay] });
    expect(tripped.events.map(({ kind }) => kind)).toEqual(['load', 'rocof-trip']);
    expect(tripped.settled).toBeLessThan(run(0.3).settled);
  });

  it('refuses schemes that cannot be', () => {
    const shedding = { ...sheddingSchemes['ce']!, stages: [{ threshold: 49, share: 1.2 }] };
    expect(() => run(0.1, { shedding })).toThrow('shares add up to 1.2');
    expect(() => run(0.1, { duration: 0 })).toThrow('a run of 0 s');
  });
});

describe('the exponential of a matrix', () => {
  it('is that of mathjs', () => {
    const entry = fc.double({ min: -3, max: 3, noNaN: true });
    fc.assert(
      fc.property(
        fc.array(entry, { minLength: 9, maxLength: 9 }),
        fc.double({ min: 0.01, max: 1, noNaN: true }),
        (values, by) => {
          const a = values.map((value) => value * by);
          const wanted = expm(matrix([a.slice(0, 3), a.slice(3, 6), a.slice(6)]))
            .toArray()
            .flat() as number[];
          const largest = Math.max(1, ...wanted.map(Math.abs));
          exponential(Float64Array.from(a), 3).forEach((value, k) =>
            expect(Math.abs(value - wanted[k]!) / largest).toBeLessThan(1e-9),
          );
        },
      ),
      { numRuns: 50 },
    );
  });
});
