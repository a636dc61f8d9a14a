import type { Rng } from '../../../core/rng.ts';
import { builtinGrid } from '../../../sim/grid/builtin/index.ts';
import { acMeters, dcMeters, estimate } from '../../../sim/grid/estimation/estimator.ts';
import type { MeterModel } from '../../../sim/grid/estimation/estimator.ts';
import { falseData, linearFalseData } from '../../../sim/grid/estimation/false-data.ts';
import { metersOf } from '../../../sim/grid/estimation/measurement.ts';
import { networkOf, role } from '../../../sim/grid/network.ts';
import { powerFlow } from '../../../sim/grid/power-flow.ts';

/** Alarms of the chi-square test on case14, as shares of draws of the meters' errors; and what false data does to J. */
export interface Invisibility {
  /** without an attack, DC and AC; nominal 0.05 */
  readonly falseAlarms: { readonly dc: number; readonly ac: number };
  /** |J of a = Hc − J| at most, DC */
  readonly dcGrowth: number;
  /** Of a shift of one angle: alarms, and J in the mean, by its size in rad. */
  readonly ac: readonly {
    readonly shift: number;
    readonly linear: number;
    readonly exact: number;
    readonly linearJ: number;
    readonly exactJ: number;
  }[];
}

export const shifts = [0.01, 0.03, 0.05, 0.08, 0.12, 0.2];

/** One seed of the check that false data is not seen. @param draws of the meters' errors */
export function invisibility(rng: Rng, draws: number): Invisibility {
  const grid = builtinGrid('case14');
  const island = networkOf(grid).islands[0]!;
  const flow = powerFlow(grid);
  if (!flow.ok) throw new Error('case14 has no solution');
  const meters = metersOf(island);
  const dc = dcMeters(
    grid,
    island,
    meters.filter(({ kind }) => kind === 'p' || kind === 'pf'),
  );
  const ac = acMeters(grid, island, meters);
  const rad = Array.from(island.buses, (row) => (flow.va[row]! * Math.PI) / 180);
  const angles = rad.filter((_, i) => island.roles[i] !== role.ref);
  const reference = rad[island.roles.indexOf(role.ref)]!;
  const state = {
    dc: Float64Array.from(angles, (a) => a - reference),
    ac: Float64Array.from([...angles.map((a) => a - reference), ...Array.from(island.buses, (row) => flow.vm[row]!)]),
  };
  const readings = (model: MeterModel, x: Float64Array, draw: Rng): Float64Array => {
    const z = new Float64Array(model.meters.length);
    model.at(x, z, null);
    return z.map((value, r) => value + model.meters[r]!.sigma * draw.normal());
  };
  const shifted = (model: MeterModel, at: number, by: number): Float64Array => {
    const c = new Float64Array(model.states);
    c[at] = by;
    return c;
  };
  const plus = (z: Float64Array, a: Float64Array): Float64Array => z.map((value, r) => value + a[r]!);
  let [dcAlarms, acAlarms, dcGrowth] = [0, 0, 0];
  const sums = shifts.map((shift) => ({ shift, linear: 0, exact: 0, linearJ: 0, exactJ: 0 }));
  for (let draw = 0; draw < draws; draw++) {
    const stream = rng.split(draw);
    const zDc = readings(dc, state.dc, stream.split('dc'));
    const clean = estimate(dc, zDc).tests;
    if (clean.suspicious) dcAlarms++;
    const c = Float64Array.from({ length: dc.states }, () => 0.05 * stream.normal());
    dcGrowth = Math.max(dcGrowth, Math.abs(estimate(dc, plus(zDc, falseData(dc, state.dc, c))).tests.J - clean.J));
    const zAc = readings(ac, state.ac, stream.split('ac'));
    if (estimate(ac, zAc).tests.suspicious) acAlarms++;
    for (const sum of sums) {
      const move = shifted(ac, 3, sum.shift);
      const linear = estimate(ac, plus(zAc, linearFalseData(ac, state.ac, move))).tests;
      const exact = estimate(ac, plus(zAc, falseData(ac, state.ac, move))).tests;
      sum.linearJ += linear.J / draws;
      sum.exactJ += exact.J / draws;
      if (linear.suspicious) sum.linear += 1 / draws;
      if (exact.suspicious) sum.exact += 1 / draws;
    }
  }
  return { falseAlarms: { dc: dcAlarms / draws, ac: acAlarms / draws }, dcGrowth, ac: sums };
}
