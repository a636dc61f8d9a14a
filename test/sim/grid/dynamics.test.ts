import { describe, expect, it } from 'vitest';
import { builtinGrid } from '../../../sim/grid/builtin/index.ts';
import { runMachines } from '../../../sim/grid/frequency/multi-machine.ts';
import type { LoadModel, Machine } from '../../../sim/grid/frequency/machine-network.ts';
import type { MachineRun } from '../../../sim/grid/frequency/multi-machine.ts';
import { criticalGain, eigenvalues, spectralAbscissa } from '../../../sim/grid/frequency/stability.ts';
import { swingMatrix } from '../../../sim/grid/frequency/swing-network.ts';
import type { SwingParameters } from '../../../sim/grid/frequency/swing-network.ts';
import { powerFlow } from '../../../sim/grid/power-flow.ts';
import { sharedMissing, skipWithoutShared } from '../../support/shared.ts';
import { apart, golden } from './golden.ts';
import { wscc9, wscc9Machines } from './wscc9.ts';
import type { GoldenMachines } from './wscc9.ts';

interface GoldenAttack {
  readonly genBuses: readonly number[];
  readonly M: readonly number[];
  readonly KP: readonly number[];
  readonly KI: readonly number[];
  readonly DG: readonly number[];
  readonly DL: readonly number[];
  readonly baseEigenvalues: readonly (readonly [number, number])[];
  readonly thresholds: readonly {
    readonly sensor: string;
    readonly victimBus: number;
    readonly Kcrit_pu_per_rad_s: number;
  }[];
}

const reference = sharedMissing ? undefined : (golden('freq-wscc9-andes') as GoldenMachines);

skipWithoutShared('machines against ANDES');
describe.each((reference?.runs ?? []).map((each) => [each.id, each] as const))('%s, run by ANDES', (_, wanted) => {
  it('has the same speeds', () => {
    const { params, network, step, loadModel } = wanted;
    const grid = wscc9(network);
    const solution = powerFlow(grid, { tolerance: 1e-12 });
    if (!solution.ok) throw new Error(solution.reason);
    expect(apart(solution.vm, network.V0)).toBeLessThan(1e-6);
    const got = runMachines(grid, solution, wscc9Machines(params), {
      f0: 60,
      loads: loadModel.startsWith('constant impedance') ? 'impedance' : 'power',
      steps: [{ t: step.t, bus: step.bus, power: step.dP_pu }],
      duration: wanted.t.at(-1)!,
      sample: wanted.t[1]!,
    });
    expect(got.collapse).toBeNull();
    const allowed = step.dP_pu < 0.2 ? 1e-5 : 5e-5;
    got.speed.forEach((w, g) => expect(apart(w, wanted.omega[g]!)).toBeLessThan(allowed));
  });
});

describe('machines', () => {
  const grid = builtinGrid('case9');
  const solution = powerFlow(grid);
  if (!solution.ok) throw new Error(solution.reason);
  const machine = (M: number, xd: number, R: number): Machine => ({ M, D: 0, xd, R, T1: 0.5, T2: 1, T3: 5, Dt: 0 });
  const machines = [machine(47.28, 0.0608, 0.02), machine(12.8, 0.1198, 0.025), machine(6.02, 0.1813, 1 / 30)];
  const run = (loads: LoadModel, power: number, more: { h?: number; duration?: number } = {}): MachineRun =>
    runMachines(grid, solution, machines, { f0: 60, loads, steps: [{ t: 0.5, bus: 5, power }], duration: 5, ...more });

  it('stay where they are without a step', () => {
    for (const loads of ['impedance', 'power'] as const) {
      const { speed, settled, collapse } = run(loads, 0);
      expect(collapse).toBeNull();
      expect(settled).toBeCloseTo(60, 6);
      for (const w of speed) expect(Math.max(...w.map((v) => Math.abs(v - 1)))).toBeLessThan(1e-8);
    }
  });

  it('are integrated to the fourth order', () => {
    const at = (h: number): number => run('impedance', 0.3, { h, duration: 1 }).speed[2]!.at(-1)!;
    const exact = at(1 / 1600);
    const [coarse, fine] = [Math.abs(at(1 / 100) - exact), Math.abs(at(1 / 200) - exact)];
    expect(Math.log2(coarse / fine)).toBeGreaterThan(3.5);
  });

  it('fall less where loads are impedances, and end in a collapse where there is no voltage for a load', () => {
    expect(run('power', 0.5).nadir).toBeLessThan(run('impedance', 0.5).nadir);
    const { collapse, speed } = run('power', 9);
    expect(collapse).not.toBeNull();
    expect(collapse).toBeGreaterThan(0.499);
    expect(speed[0]!.at(-1)).toBeNaN();
  });

  it('name a bus that is not there and a machine too few', () => {
    expect(() =>
      runMachines(grid, solution, machines.slice(1), { f0: 60, loads: 'power', steps: [], duration: 1 }),
    ).toThrow('machines has 2 values, expected 3');
    const steps = [{ t: 0, bus: 99, power: 0.1 }];
    expect(() => runMachines(grid, solution, machines, { f0: 60, loads: 'power', steps, duration: 1 })).toThrow(
      'bus 99',
    );
  });
});

const attack = sharedMissing ? undefined : (golden('dlaa-case39') as GoldenAttack);

describe.skipIf(attack === undefined)('a load of case39 that answers to a machine', () => {
  const grid = builtinGrid('case39');
  const parameters = (): SwingParameters => ({ ...attack!, generators: attack!.genBuses });

  it('meets the same modes', () => {
    const sorted = (of: readonly (readonly [number, number])[]): number[] =>
      of.map(([re]) => re).toSorted((a, b) => a - b);
    const [got, wanted] = [sorted(eigenvalues(swingMatrix(grid, parameters()))), sorted(attack!.baseEigenvalues)];
    expect(got).toHaveLength(49);
    got.forEach((re, k) => expect(Math.abs(re - wanted[k]!)).toBeLessThan(1e-6 * Math.max(1, Math.abs(wanted[k]!))));
    expect(spectralAbscissa(swingMatrix(grid, parameters()))).toBeLessThan(0);
  });

  it('destabilises the system at the same gains', () => {
    for (const { sensor, victimBus: victim, Kcrit_pu_per_rad_s: wanted } of attack!.thresholds.slice(0, 12)) {
      const from = Number(sensor.replace('bus ', ''));
      const gain = criticalGain((K) => swingMatrix(grid, parameters(), [{ sensor: from, victim, gain: K }]), {
        first: 1,
      });
      expect(Math.abs(gain! / wanted - 1)).toBeLessThan(1e-6);
    }
  });
});
