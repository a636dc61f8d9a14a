import { builtinGrid } from '../sim/grid/builtin/index.ts';
import { cascade } from '../sim/grid/cascade/cascade.ts';
import { dcPowerFlow } from '../sim/grid/dc.ts';
import { runFrequency } from '../sim/grid/frequency/event-run.ts';
import { LinearSystem } from '../sim/grid/frequency/linear-system.ts';
import { loadFrequencyModel } from '../sim/grid/frequency/load-frequency.ts';
import type { ControlArea } from '../sim/grid/frequency/load-frequency.ts';
import { runMachines } from '../sim/grid/frequency/multi-machine.ts';
import { systemStates } from '../sim/grid/frequency/system-response.ts';
import type { SystemParameters } from '../sim/grid/frequency/system-response.ts';
import { withColumns } from '../sim/grid/grid-case.ts';
import { powerFlow } from '../sim/grid/power-flow.ts';
import { branchOutages } from '../sim/grid/screening.ts';
import type { BranchOutage } from '../sim/grid/screening.ts';
import { powerFlowSeries } from '../sim/grid/series.ts';
import { golden } from '../test/sim/grid/golden.ts';
import { wscc9, wscc9Machines } from '../test/sim/grid/wscc9.ts';
import type { GoldenMachines } from '../test/sim/grid/wscc9.ts';
import { panel } from './grid-panel.ts';
import type { Point } from './grid-panel.ts';

type Place = readonly [number, number];

function last<Value>(work: Generator<unknown, Value>): Value {
  for (;;) {
    const { done, value } = work.next();
    if (done === true) return value;
  }
}

export function shedding(place: Place): string {
  const { ufls } = golden('freq-lfc') as {
    readonly ufls: readonly {
      readonly name: string;
      readonly params: SystemParameters;
      readonly f0: number;
      readonly P: number;
      readonly tStep: number;
      readonly kind: string;
      readonly delay: number;
      readonly stages: readonly (readonly [number, number])[];
      readonly t: readonly number[];
      readonly f_Hz: readonly number[];
    }[];
  };
  const runs = ufls.filter(({ kind, delay }) => kind === 'conv' && delay < 0.2).slice(0, 3);
  const named = ({ stages, delay }: (typeof runs)[number]): string =>
    stages.length === 0 ? 'none' : `after ${delay} s`;
  const ours = runs.flatMap((run) => {
    const { a, b } = systemStates(run.params);
    const { t, f } = runFrequency(
      new LinearSystem(a, b),
      { frequency: 0, input: 0, unit: run.f0, sign: 1 },
      {
        duration: 10,
        f0: run.f0,
        loads: [{ t: run.tStep, power: -run.P }],
        shedding: {
          stages: run.stages.map(([threshold, share]) => ({ threshold, share })),
          delay: run.delay,
          pickUp: { by: 'frequency' },
        },
      },
    );
    return Array.from(t, (x, k): Point => ({ x, y: f[k]!, of: named(run) })).filter((_, k) => k % 5 === 0);
  });
  const wanted = runs.flatMap((run) =>
    run.t.flatMap((x, k): Point[] => (k % 3 === 0 ? [{ x, y: run.f_Hz[k]!, of: named(run) }] : [])),
  );
  return panel(place, 'Shedding after a loss of 0.7 p.u.', { x: 's', y: 'Hz' }, ours, wanted);
}

export function twoAreas(place: Place): string {
  const { two_area: runs } = golden('freq-lfc') as {
    readonly two_area: readonly {
      readonly areas: readonly ControlArea[];
      readonly Ps_pu_per_rad: number;
      readonly dPL: readonly number[];
      readonly t: readonly number[];
      readonly dw1: readonly number[];
      readonly f0: number;
    }[];
  };
  const named = ({ areas }: (typeof runs)[number]): string => (areas[0]!.Ki === 0 ? 'no AGC' : 'AGC');
  const ours = runs.flatMap((run) => {
    const tie = [
      [0, run.Ps_pu_per_rad],
      [run.Ps_pu_per_rad, 0],
    ];
    const { system, areas } = loadFrequencyModel(run.areas, tie);
    const propagator = system.propagator(0.1);
    let x = new Float64Array(system.n);
    return Array.from({ length: 400 }, (_, k): Point => {
      const point = { x: k / 10, y: run.f0 * x[areas[0]!.frequency]!, of: named(run) };
      const next = new Float64Array(system.n);
      system.step(propagator, x, Float64Array.from(run.dPL), next);
      x = next;
      return point;
    });
  });
  const wanted = runs.flatMap((run) => run.t.map((x, k): Point => ({ x, y: run.f0 * run.dw1[k]!, of: named(run) })));
  return panel(place, 'Two areas, area 1 after a step of load', { x: 's', y: 'Hz' }, ours, wanted);
}

export function machines(place: Place): string {
  const { runs } = golden('freq-wscc9-andes') as GoldenMachines;
  const chosen = runs.filter(({ step }) => step.dP_pu > 0.2);
  const named = (id: string): string => (id.includes('_Z_') ? 'impedances' : 'powers');
  const ours = chosen.flatMap(({ id, params, network, step, loadModel, t }) => {
    const grid = wscc9(network);
    const solution = powerFlow(grid, { tolerance: 1e-12 });
    if (!solution.ok) throw new Error(solution.reason);
    const { speed } = runMachines(grid, solution, wscc9Machines(params), {
      f0: 60,
      loads: loadModel.startsWith('constant impedance') ? 'impedance' : 'power',
      steps: [{ t: step.t, bus: step.bus, power: step.dP_pu }],
      duration: t.at(-1)!,
      sample: t[1]!,
    });
    return t.map((x, k): Point => ({ x, y: 60 * speed[0]![k]!, of: named(id) }));
  });
  const wanted = chosen.flatMap(({ id, t, omega }) =>
    t.flatMap((x, k): Point[] => (k % 8 === 0 ? [{ x, y: 60 * omega[0]![k]!, of: named(id) }] : [])),
  );
  return panel(place, 'Nine buses, machine 1 after 50 MW', { x: 's', y: 'Hz' }, ours, wanted);
}

export function outages(place: Place): string {
  const { cases } = golden('n-1') as {
    readonly cases: readonly { readonly case: string; readonly rows: readonly (readonly (number | null)[])[] }[];
  };
  const { rows } = cases.find((each) => each.case === 'case39')!;
  const found: readonly BranchOutage[] = last(branchOutages(builtinGrid('case39')));
  const ours = found.flatMap(({ branch, solution }): Point[] =>
    solution === null ? [] : [{ x: branch + 1, y: Math.min(...solution.vm), of: 'case39' }],
  );
  const wanted = rows.flatMap((row): Point[] => (row[2] === 1 ? [{ x: row[0]!, y: row[3]!, of: 'case39' }] : []));
  return panel(place, 'Lowest voltage, one branch out', { x: 'branch', y: 'p.u.' }, ours, wanted);
}

export function week(place: Place): string {
  const grid = builtinGrid('case33bw');
  const { profiles, weights, pvcapMW } = golden('case33bw-profiles') as {
    readonly profiles: readonly (readonly number[])[];
    readonly weights: readonly (readonly number[])[];
    readonly pvcapMW: readonly number[];
  };
  const { allSteps } = golden('case33bw-timeseries') as { readonly allSteps: readonly (readonly number[])[] };
  const steps = 168;
  const { vmin } = last(
    powerFlowSeries(grid, {
      steps,
      fill: (t, p, q, offset, stride) => {
        for (let row = 0; row < grid.bus.rows; row++) {
          const share = weights[row]!.reduce((sum, w, k) => sum + w * profiles[k]![t]!, 0);
          p[offset + row * stride] = grid.bus.Pd[row]! * share - pvcapMW[row]! * profiles[5]![t]!;
          q[offset + row * stride] = grid.bus.Qd[row]! * share;
        }
      },
    }),
  );
  const ours = Array.from(vmin, (y, x): Point => ({ x, y, of: 'case33bw' }));
  const wanted = allSteps.slice(0, steps).map((row, x): Point => ({ x, y: row[2]!, of: 'case33bw' }));
  return panel(place, 'Lowest voltage, first week of the year', { x: 'hour', y: 'p.u.' }, ours, wanted);
}

export function cascades(place: Place): string {
  const { cases } = golden('cascade-dc') as {
    readonly cases: readonly {
      readonly case: string;
      readonly rates: string;
      readonly rate: readonly number[] | null;
      readonly loadScaling: readonly { readonly scale: number; readonly servedFraction: number }[];
    }[];
  };
  const chosen = [
    { case: 'case39', rates: 'rateA', of: 'case39, rate A' },
    { case: 'case118', rates: 'synthetic', of: 'case118, 1.25 × flow' },
  ].map(({ of, ...wanted }) => ({
    of,
    ...cases.find((each) => each.case === wanted.case && each.rates.startsWith(wanted.rates))!,
  }));
  const ours = chosen.flatMap(({ of, case: name, rate }) => {
    const grid = builtinGrid(name);
    const options = {
      dispatch: dcPowerFlow(grid).pGen,
      rate: rate === null ? grid.branch.rateA : Float64Array.from(rate),
    };
    return Array.from({ length: 51 }, (_, k): Point => {
      const x = 1 + k / 100;
      const loaded = withColumns(grid, { bus: { Pd: grid.bus.Pd.map((p) => p * x) } });
      return { x, y: cascade(loaded, options).servedFraction, of };
    });
  });
  const wanted = chosen.flatMap(({ of, loadScaling }) =>
    loadScaling.map(({ scale: x, servedFraction: y }): Point => ({ x, y, of })),
  );
  return panel(place, 'DC cascades', { x: 'multiple of the loads', y: 'share served' }, ours, wanted);
}
