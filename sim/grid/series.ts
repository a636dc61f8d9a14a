import { ConfigError } from '../../core/errors.ts';
import { branchAdmittance, busAdmittance } from './admittance.ts';
import { checkCase } from './check-case.ts';
import { plannedGeneration, solveGeneration, specifyInto } from './generation.ts';
import type { GridCase } from './grid-case.ts';
import { networkOf, role } from './network.ts';
import type { Island } from './network.ts';
import { NewtonPowerFlow } from './newton.ts';
import { startOf } from './power-flow.ts';
import { radialFeeder } from './radial.ts';
import type { RadialFeeder } from './radial.ts';
import { batchWidth, SweepBatch } from './sweep-batch.ts';

/** Loads of a series: what every bus takes at every step, MW and MVAr, in place of the case's. */
export interface SeriesLoads {
  readonly steps: number;
  /** Writes the loads of a step: of row r at `p[offset + r·stride]`. */
  fill(step: number, p: Float64Array, q: Float64Array, offset: number, stride: number): void;
}

/** What a series of power flows comes to, a number a step; NaN where a step has no solution. */
export interface SeriesSummary {
  readonly converged: Uint8Array;
  /** p.u., and rows of the buses */
  readonly vmin: Float64Array;
  readonly vminBus: Int32Array;
  readonly vmax: Float64Array;
  readonly vmaxBus: Int32Array;
  /** MW, MVAr */
  readonly lossMw: Float64Array;
  readonly lossMvar: Float64Array;
  /** What the reference gives: MW, MVAr; below 0 where power flows back */
  readonly slackMw: Float64Array;
  readonly slackMvar: Float64Array;
}

/**
 * Solves a step after the other on one topology. A radial feeder whose reference alone is held is swept, `batchWidth` steps side by side; anything else is Newton's, from the case's own start
 * at every step. Either way a step's numbers do not depend on the others, so that a series can be cut anywhere. Dead buses stay dead.
 * @param voltages called with each step's voltages [rows of the case, p.u.; NaN where there is none]; the array is used again
 * @throws {GridCaseError} @throws {ConfigError} of a network of several islands. Yields the share done. Source: specs/grid.md 3
 */
export function* powerFlowSeries(
  grid: GridCase,
  loads: SeriesLoads,
  voltages?: (step: number, vm: Float64Array) => void,
): Generator<number, SeriesSummary, undefined> {
  checkCase(grid);
  const { islands } = networkOf(grid);
  if (islands.length !== 1)
    throw new ConfigError(`${grid.name} has ${islands.length} islands with a source, expected one for a series`);
  const island = islands[0]!;
  const summary = emptySummary(loads.steps);
  const feeder = radialFeeder(grid, island);
  if (feeder === null) yield* byNewton(grid, island, loads, summary, voltages);
  else yield* bySweep(grid, island, feeder, loads, summary, voltages);
  return summary;
}

function emptySummary(steps: number): SeriesSummary {
  const none = (): Float64Array => new Float64Array(steps).fill(Number.NaN);
  const nowhere = (): Int32Array => new Int32Array(steps).fill(-1);
  return {
    converged: new Uint8Array(steps),
    vmin: none(),
    vminBus: nowhere(),
    vmax: none(),
    vmaxBus: nowhere(),
    lossMw: none(),
    lossMvar: none(),
    slackMw: none(),
    slackMvar: none(),
  };
}

/** Notes a step's voltages in the summary. */
function note(summary: SeriesSummary, step: number, island: Island, vm: ArrayLike<number>): void {
  let [low, high] = [0, 0];
  for (let i = 1; i < island.buses.length; i++) {
    if (vm[i]! < vm[low]!) low = i;
    if (vm[i]! > vm[high]!) high = i;
  }
  summary.converged[step] = 1;
  summary.vmin[step] = vm[low]!;
  summary.vminBus[step] = island.buses[low]!;
  summary.vmax[step] = vm[high]!;
  summary.vmaxBus[step] = island.buses[high]!;
}

function* bySweep(
  grid: GridCase,
  island: Island,
  feeder: RadialFeeder,
  loads: SeriesLoads,
  summary: SeriesSummary,
  voltages: ((step: number, vm: Float64Array) => void) | undefined,
): Generator<number, void, undefined> {
  const { baseMva } = grid;
  const { n, bus } = feeder;
  const w = batchWidth;
  const batch = new SweepBatch(feeder, w);
  const { bus: table } = grid;
  const all = table.rows;
  const [pRows, qRows] = [new Float64Array(all * w), new Float64Array(all * w)];
  const [p, q] = [new Float64Array(n * w), new Float64Array(n * w)];
  // Generators that hold nothing give what the case says.
  const [pGen, qGen] = [new Float64Array(n), new Float64Array(n)];
  island.gens.forEach((row, g) => {
    if (island.roles[island.genBus[g]!] !== role.pq) return;
    pGen[feeder.order[island.genBus[g]!]!]! += grid.gen.Pg[row]! / baseMva;
    qGen[feeder.order[island.genBus[g]!]!]! += grid.gen.Qg[row]! / baseMva;
  });
  const reference = startOf(grid, island, 'case').vm[bus[0]!]!;
  const vm = new Float64Array(n);
  const rows = new Float64Array(all).fill(Number.NaN);
  for (let first = 0; first < loads.steps; first += w) {
    const count = Math.min(w, loads.steps - first);
    for (let s = 0; s < count; s++) loads.fill(first + s, pRows, qRows, s, w);
    for (let k = 0; k < n; k++) {
      const row = island.buses[bus[k]!]! * w;
      for (let s = 0; s < count; s++) {
        p[k * w + s] = pRows[row + s]! / baseMva - pGen[k]!;
        q[k * w + s] = qRows[row + s]! / baseMva - qGen[k]!;
      }
    }
    batch.solve(p, q, reference, count);
    for (let s = 0; s < count; s++) {
      if (batch.sweeps[s] === 0) continue;
      const step = first + s;
      let [pTaken, qTaken] = [0, 0];
      for (let k = 0; k < n; k++) {
        const v2 = batch.v2[k * w + s]!;
        vm[bus[k]!] = Math.sqrt(v2);
        pTaken += p[k * w + s]! + feeder.g[k]! * v2;
        qTaken += q[k * w + s]! - feeder.b[k]! * v2;
      }
      note(summary, step, island, vm);
      // Shunts are no losses; half of a line's charging is at each of its ends, and counts as the bus's.
      summary.lossMw[step] = (batch.p[s]! - pTaken) * baseMva;
      summary.lossMvar[step] = (batch.q[s]! - qTaken) * baseMva;
      summary.slackMw[step] = batch.p[s]! * baseMva;
      summary.slackMvar[step] = batch.q[s]! * baseMva;
      if (voltages !== undefined) {
        for (let i = 0; i < n; i++) rows[island.buses[i]!] = vm[i]!;
        voltages(step, rows);
      }
    }
    yield Math.min(1, (first + w) / loads.steps);
  }
}

function* byNewton(
  grid: GridCase,
  island: Island,
  loads: SeriesLoads,
  summary: SeriesSummary,
  voltages: ((step: number, vm: Float64Array) => void) | undefined,
): Generator<number, void, undefined> {
  const { baseMva, bus } = grid;
  const n = island.buses.length;
  const newton = new NewtonPowerFlow(busAdmittance(grid, island, branchAdmittance(grid, island)), island.roles);
  const start = startOf(grid, island, 'case');
  const planned = plannedGeneration(grid, island);
  const generation = { ...planned, p: planned.p.slice(), q: planned.q.slice() };
  const [pRows, qRows] = [new Float64Array(bus.rows), new Float64Array(bus.rows)];
  const [p, q] = [new Float64Array(n), new Float64Array(n)];
  const rows = new Float64Array(bus.rows).fill(Number.NaN);
  const loaded: GridCase = { ...grid, bus: { ...bus, Pd: pRows, Qd: qRows } };
  const atReference = [...island.gens.keys()].filter((g) => island.roles[island.genBus[g]!] === role.ref);
  for (let step = 0; step < loads.steps; step++) {
    loads.fill(step, pRows, qRows, 0, 1);
    newton.vm.set(start.vm);
    newton.va.set(start.va);
    generation.p.set(planned.p);
    generation.q.set(planned.q);
    specifyInto(loaded, island, generation, p, q);
    if (newton.solve(p, q) === 'converged') {
      solveGeneration(loaded, island, island.roles, generation, newton.p, newton.q);
      note(summary, step, island, newton.vm);
      let [pLoss, qLoss] = [0, 0];
      for (let i = 0; i < n; i++) {
        const v2 = newton.vm[i]! ** 2;
        pLoss += newton.p[i]! * baseMva - bus.Gs[island.buses[i]!]! * v2;
        qLoss += newton.q[i]! * baseMva + bus.Bs[island.buses[i]!]! * v2;
      }
      summary.lossMw[step] = pLoss;
      summary.lossMvar[step] = qLoss;
      summary.slackMw[step] = atReference.reduce((sum, g) => sum + generation.p[g]!, 0);
      summary.slackMvar[step] = atReference.reduce((sum, g) => sum + generation.q[g]!, 0);
      if (voltages !== undefined) {
        for (let i = 0; i < n; i++) rows[island.buses[i]!] = newton.vm[i]!;
        voltages(step, rows);
      }
    }
    if (step % batchWidth === batchWidth - 1) yield (step + 1) / loads.steps;
  }
}
