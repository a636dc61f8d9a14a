/**
 * Draws docs/img/grid.svg: models of the network beside their references of ../shared/golden/grid.
 *
 *     npx tsx docs/plot-grid.ts
 */
import { writeFileSync } from 'node:fs';
import * as Plot from '@observablehq/plot';
import { builtinGrid } from '../sim/grid/builtin/index.ts';
import { acMeters, estimate } from '../sim/grid/estimation/estimator.ts';
import { falseData, linearFalseData } from '../sim/grid/estimation/false-data.ts';
import { metersOf } from '../sim/grid/estimation/measurement.ts';
import { loadFrequencyModel } from '../sim/grid/frequency/load-frequency.ts';
import { spectralAbscissa } from '../sim/grid/frequency/stability.ts';
import { stepResponse } from '../sim/grid/frequency/system-response.ts';
import type { SystemParameters } from '../sim/grid/frequency/system-response.ts';
import { withColumns } from '../sim/grid/grid-case.ts';
import { networkOf } from '../sim/grid/network.ts';
import { powerFlow } from '../sim/grid/power-flow.ts';
import type { PowerFlowSolution } from '../sim/grid/solution.ts';
import type { GridCase } from '../sim/grid/grid-case.ts';
import { golden, goldenGrid } from '../test/sim/grid/golden.ts';
import type { GoldenCase } from '../test/sim/grid/golden.ts';
import { cascades, machines, outages, shedding, twoAreas, week } from './grid-dynamics-panels.ts';
import { ink, panel } from './grid-panel.ts';
import type { Point } from './grid-panel.ts';

function solved(grid: GridCase): PowerFlowSolution | null {
  const flow = powerFlow(grid, { start: 'flat', tolerance: 1e-10 });
  return flow.ok ? flow : null;
}

function residuals(): string {
  const names = ['case118', 'case300', 'case1354pegase'];
  const ours = names.flatMap((of) =>
    solved(goldenGrid(of))!.islands[0]!.residuals.map((y, x): Point => ({ x, y, of })),
  );
  const wanted = names.flatMap((of) =>
    (golden(of) as GoldenCase).newton.residualFromFlatStart.map((y, x): Point => ({ x, y: Math.max(y, 1e-14), of })),
  );
  const axes = { x: 'step of Newton’s method', y: '‖mismatch‖, p.u.', log: true };
  return panel([0, 0], 'Residuals from a flat start', axes, ours, wanted);
}

const feeder = builtinGrid('case33bw');

function profile(): string {
  const flow = solved(feeder)!;
  const ours = Array.from(flow.vm, (y, r): Point => ({ x: feeder.bus.bus[r]!, y, of: 'case33bw' }));
  const { Vm } = (golden('case33bw') as GoldenCase).solution;
  const wanted = Vm.map((y, r): Point => ({ x: feeder.bus.bus[r]!, y, of: 'case33bw' }));
  return panel([1, 0], 'Voltages of case33bw', { x: 'bus', y: 'p.u.' }, ours, wanted);
}

function nose(): string {
  const stress = golden('stress') as {
    readonly scaling: readonly { readonly case: string; readonly lam: number; readonly nr: { readonly converged: boolean; readonly minVm: number } }[];
    readonly loadability: readonly { readonly case: string; readonly lambdaNose_continuation: number; readonly minVmNearNose: number }[];
  };
  const end = stress.loadability.find((each) => each.case === 'case33bw')!;
  const scales = Array.from({ length: 60 }, (_, k) => end.lambdaNose_continuation * Math.sqrt(k / 59.0001));
  const ours = scales.flatMap((x): Point[] => {
    const { Pd, Qd } = feeder.bus;
    const flow = solved(withColumns(feeder, { bus: { Pd: Pd.map((p) => p * x), Qd: Qd.map((q) => q * x) } }));
    return flow === null ? [] : [{ x, y: Math.min(...flow.vm), of: 'case33bw' }];
  });
  const wanted = stress.scaling
    .filter((each) => each.case === 'case33bw' && each.nr.converged)
    .map((each): Point => ({ x: each.lam, y: each.nr.minVm, of: 'case33bw' }));
  wanted.push({ x: end.lambdaNose_continuation, y: end.minVmNearNose, of: 'case33bw' });
  return panel([2, 0], 'Lowest voltage up to the nose', { x: 'multiple of the loads', y: 'p.u.' }, ours, wanted);
}

function step(): string {
  const { sfr } = golden('freq-lfc') as {
    readonly sfr: readonly { readonly name: string; readonly params: SystemParameters; readonly f0: number; readonly P: number; readonly t: readonly number[]; readonly f_Hz: readonly number[] }[];
  };
  const runs = sfr.filter(({ name, P }) => P === -0.1 && name !== 'colib SFRM');
  const ours = runs.flatMap(({ name: of, params, f0, P, t }) => {
    const response = stepResponse(params, P);
    return Array.from({ length: 200 }, (_, k): Point => {
      const x = (t.at(-1)! * k) / 199;
      return { x, y: f0 * response.at(x), of };
    });
  });
  const wanted = runs.flatMap(({ name: of, f0, t, f_Hz: f }) =>
    t.map((x, k): Point => ({ x, y: f[k]! - f0, of })),
  );
  return panel([0, 1], 'A step of 0.1 p.u. of load', { x: 's', y: 'Hz' }, ours, wanted);
}

function attack(): string {
  const { dlaa } = golden('freq-lfc') as {
    readonly dlaa: readonly { readonly model: string; readonly Ki?: number; readonly lag_s?: number | null; readonly criticalGain_pu_per_pu?: number }[];
  };
  const area = { M: 10, D: 0.8, R: 0.05, Tg: 0.2, Tt: 0.5, beta: 1 };
  const kinds = [
    { of: 'no AGC', Ki: 0 },
    { of: 'AGC', Ki: 7 },
  ];
  const ours = kinds.flatMap(({ of, Ki }) =>
    Array.from({ length: 60 }, (_, k): Point => {
      const gain = (18 * k) / 59;
      const { a } = loadFrequencyModel([{ ...area, Ki }], undefined, [{ sensor: 0, victim: 0, gain, lag: 0 }]);
      return { x: gain, y: spectralAbscissa(a), of };
    }),
  );
  const wanted = kinds.map(({ of, Ki }): Point => {
    const found = dlaa.find((each) => each.model.startsWith('single') && each.Ki === Ki && (each.lag_s ?? 0) === 0)!;
    return { x: found.criticalGain_pu_per_pu!, y: 0, of };
  });
  const axes = { x: 'gain of the load that answers, p.u./p.u.', y: 'largest Re λ, 1/s' };
  return panel([1, 1], 'Load-altering attack, one area', axes, ours, wanted, [Plot.ruleY([0])]);
}

function invisible(): string {
  const { ac } = golden('state-estimation') as {
    readonly ac: { readonly z: readonly number[]; readonly chi2_95: number; readonly linearAttack: { readonly rows: readonly { readonly c_rad: number; readonly J_linear: number; readonly J_exact: number }[] } };
  };
  const grid = builtinGrid('case14');
  const island = networkOf(grid).islands[0]!;
  const model = acMeters(grid, island, metersOf(island));
  const z = Float64Array.from(ac.z);
  const { x } = estimate(model, z);
  const flat = model.flat();
  const J = (a: Float64Array): number => estimate(model, z.map((value, r) => value + a[r]!)).tests.J;
  const ours = Array.from({ length: 40 }, (_, k) => 0.005 * (k + 1)).flatMap((c): Point[] => {
    const move = new Float64Array(model.states);
    move[3] = c;
    return [
      { x: c, y: J(linearFalseData(model, flat, move)), of: 'a = Hc' },
      { x: c, y: J(falseData(model, x, move)), of: 'a = h(x + c) − h(x)' },
    ];
  });
  const wanted = ac.linearAttack.rows.flatMap((row): Point[] => [
    { x: row.c_rad, y: row.J_linear, of: 'a = Hc' },
    { x: row.c_rad, y: row.J_exact, of: 'a = h(x + c) − h(x)' },
  ]);
  const axes = { x: 'shift of an angle, rad', y: 'J', log: true };
  return panel([2, 1], 'False data and the AC estimator of case14', axes, ours, wanted, [Plot.ruleY([ac.chi2_95], { strokeDasharray: '3,3' })]);
}

const body = [
  residuals(),
  profile(),
  nose(),
  step(),
  attack(),
  invisible(),
  shedding([0, 2]),
  twoAreas([1, 2]),
  machines([2, 2]),
  outages([0, 3]),
  week([1, 3]),
  cascades([2, 3]),
].join('\n');
const head = `<text x="6" y="22" font-size="13">Lines: this simulator. Circles: MATPOWER, ANDES, numpy and scipy (golden/grid). Dashed: the chi-square threshold.</text>`;
writeFileSync(
  new URL('img/grid.svg', import.meta.url),
  `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1230 1100" font-family="system-ui, sans-serif" fill="${ink}"><rect width="1230" height="1100" fill="#fff"/>${head}${body}</svg>\n`,
);
