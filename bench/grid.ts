// The network: one power flow, and a feeder-year.
//
// The floor of a Newton step on case118 (118 buses, 476 entries of Ybus, LU with 1.3 times its entries): the assembly reads 476 entries of 40 bytes and writes 32 each, 34 kB; the factors are
// 2 × 520 blocks of 32 bytes, 33 kB, with some 1300 block updates of 16 multiply-adds, 21 000; the solve 4 200. So 50 000 floating-point operations and 100 kB in the second cache: 15 to 20 µs at
// 3 GFLOP/s of scalar code, 118 sines and cosines 5 µs more: four iterations, 90 µs.
// A sweep of case33bw is 33 buses × 5 sweeps × some 35 operations with two divisions each: 5 800 operations and 330 divisions of 4 ns, 3 µs; side by side the divisions overlap: 2 µs.
// Peers (specs/grid.md 8): lightsim2grid with KLU 0.09, 0.34–0.44 and 6.3 ms for case33bw, case118 and case1354pegase; pandapower 9–15, 16–19, 120–156 ms.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { branchAdmittance, busAdmittance } from '../sim/grid/admittance.ts';
import { builtinGrid } from '../sim/grid/builtin/index.ts';
import { parseGridJson } from '../sim/grid/case-json.ts';
import { plannedGeneration, specifyInto } from '../sim/grid/generation.ts';
import type { GridCase } from '../sim/grid/grid-case.ts';
import { networkOf } from '../sim/grid/network.ts';
import { NewtonPowerFlow } from '../sim/grid/newton.ts';
import { startOf } from '../sim/grid/power-flow.ts';
import { spreadHomes } from '../sim/grid/placed/homes.ts';
import { placeDistrict } from '../sim/grid/placed/placement.ts';
import type { DistrictPlacement } from '../sim/grid/placed/placement.ts';
import { seriesOf, solvePlaced } from '../sim/grid/placed/solve-placed.ts';
import { radialFeeder } from '../sim/grid/radial.ts';
import { powerFlowSeries } from '../sim/grid/series.ts';
import { PowerSweep } from '../sim/grid/sweep.ts';
import { voltVarCurve, voltVarDefaults } from '../sim/grid/volt-var.ts';
import { cpuMs, median } from './cpu-time.ts';

export interface GridBenchRow {
  readonly case: string;
  /** Median CPU milliseconds of one. */
  readonly ms: number;
  /** What it may take at most on one core of the reference machine: the bounds of issue "grid impact". */
  readonly most?: number;
}

const repeats = 9;

/** Newton's method cold and on a known topology, sweeps one by one, and a year of them. */
export function run(): Promise<readonly GridBenchRow[]> {
  const large = join(import.meta.dirname, '..', '..', 'shared', 'golden', 'grid', 'case1354pegase.json');
  const rows = [
    ...newton(builtinGrid('case33bw'), 400, 0.03),
    ...newton(builtinGrid('case118'), 100, 0.2),
    // A dataset of its own that is not ours to ship.
    ...(existsSync(large) ? newton(parseGridJson(readFileSync(large, 'utf8'), large), 5, 3.5) : []),
    ...feeder(builtinGrid('case33bw')),
    ...district(builtinGrid('case33bw')),
    ...scenarios(builtinGrid('case33bw'), 256),
  ];
  return Promise.resolve(rows);
}

/** Median CPU milliseconds of one of `count` runs. */
function timed(count: number, work: () => void, rounds = repeats): number {
  const times: number[] = [];
  for (let k = 0; k <= rounds; k++) {
    const before = cpuMs();
    for (let i = 0; i < count; i++) work();
    // The first round is the compiler's.
    if (k > 0) times.push((cpuMs() - before) / count);
  }
  return median(times);
}

function newton(grid: GridCase, count: number, most: number): GridBenchRow[] {
  const island = networkOf(grid).islands[0]!;
  const n = island.buses.length;
  const y = busAdmittance(grid, island, branchAdmittance(grid, island));
  const [p, q] = [new Float64Array(n), new Float64Array(n)];
  specifyInto(grid, island, plannedGeneration(grid, island), p, q);
  const flat = startOf(grid, island, 'flat');
  const solver = new NewtonPowerFlow(y, island.roles);
  const solve = (on: NewtonPowerFlow): void => {
    on.vm.set(flat.vm);
    on.va.set(flat.va);
    if (on.solve(p, q) !== 'converged') throw new Error(`${grid.name} did not converge`);
  };
  return [
    { case: `${grid.name}: flat start, known topology`, ms: timed(count, () => solve(solver)), most },
    {
      case: `${grid.name}: flat start, topology included`,
      ms: timed(count, () => solve(new NewtonPowerFlow(y, island.roles))),
    },
    {
      case: `${grid.name}: topology (ordering, pattern, buffers)`,
      ms: timed(count, () => void new NewtonPowerFlow(y, island.roles)),
    },
  ];
}

function feeder(grid: GridCase): GridBenchRow[] {
  const island = networkOf(grid).islands[0]!;
  const radial = radialFeeder(grid, island)!;
  const sweep = new PowerSweep(radial);
  const [p, q] = [new Float64Array(radial.n), new Float64Array(radial.n)];
  for (let k = 0; k < radial.n; k++) {
    p[k] = grid.bus.Pd[island.buses[radial.bus[k]!]!]! / grid.baseMva;
    q[k] = grid.bus.Qd[island.buses[radial.bus[k]!]!]! / grid.baseMva;
  }
  const steps = 8760;
  const { Pd, Qd } = grid.bus;
  const year = (): void => {
    const work = powerFlowSeries(grid, {
      steps,
      fill: (step, into, reactive, offset, stride) => {
        const by = 0.6 + 0.4 * Math.sin(step);
        for (let row = 0; row < Pd.length; row++) {
          into[offset + row * stride] = Pd[row]! * by;
          reactive[offset + row * stride] = Qd[row]! * by;
        }
      },
    });
    while (work.next().done !== true);
  };
  return [
    { case: `${grid.name}: one sweep`, ms: timed(5000, () => void sweep.solve(p, q, 1)), most: 0.006 },
    { case: `${grid.name}: one sweep of a batch, with its step's results`, ms: timed(1, year) / steps, most: 0.004 },
    { case: `${grid.name}: a year of ${steps} steps`, ms: timed(1, year), most: 60 },
  ];
}

/** A year of homes on a feeder, with what there may be beside constant powers. */
function district(grid: GridCase): GridBenchRow[] {
  const buildings = 5;
  const steps = 8760;
  const net = Array.from({ length: buildings }, (_, b) =>
    Float64Array.from({ length: steps }, (__, t) => 1 + Math.sin(t + b)),
  );
  const series = seriesOf(
    net,
    net.map((kwh) => kwh.map((each) => each - 1.5)),
    1,
  );
  const homes = spreadHomes(grid, 1500, buildings);
  const tap = { from: 6, to: 7, target: 1, band: 0.02, step: 0.00625, least: -16, most: 16, delay: 1, start: 0 };
  const kinds: readonly (readonly [string, Partial<DistrictPlacement>])[] = [
    ['constant power', {}],
    ['constant power, loadings', { ratingMva: 5 }],
    ['ZIP loads', { zip: { p: [0.4, 0.3, 0.3], q: [0.4, 0.3, 0.3] } }],
    ['volt-var', { inverter: { ratingKva: 6, curve: voltVarCurve(voltVarDefaults['ieee1547-b']) } }],
    ['a tap changer, step after step', { tapChangers: [tap] }],
  ];
  return kinds.map(([kind, more]) => {
    const placed = placeDistrict(grid, { homes, background: { scale: 0.5 }, ...more }, buildings);
    const year = (): void => {
      const work = solvePlaced(placed, [series]);
      while (work.next().done !== true);
    };
    return { case: `${grid.name}: a year of 1500 homes of ${buildings} buildings, ${kind}`, ms: timed(1, year) };
  });
}

/** Years of many scenarios side by side, each with loads of its own. */
function scenarios(grid: GridCase, count: number): GridBenchRow[] {
  const steps = 8760;
  const buildings = 5;
  const placed = placeDistrict(
    grid,
    { homes: spreadHomes(grid, 1500, buildings), background: { scale: 0.5 } },
    buildings,
  );
  const all = Array.from({ length: count }, (_, scenario) => {
    const net = Array.from({ length: buildings }, (__, b) =>
      Float64Array.from({ length: steps }, (___, t) => 1 + Math.sin(t + b + 0.1 * scenario)),
    );
    const load = net.map((kwh) => kwh.map((each) => each - 1.5));
    return seriesOf(net, load, 1);
  });
  const years = (): void => {
    const work = solvePlaced(placed, all);
    while (work.next().done !== true);
  };
  return [{ case: `${grid.name}: a year of 1500 homes, ${count} scenarios`, ms: timed(1, years, 1), most: 12_000 }];
}
