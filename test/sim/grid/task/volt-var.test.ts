import { describe, expect, it } from 'vitest';
import { rng } from '../../../../core/rng.ts';
import { builtinGrid } from '../../../../sim/grid/builtin/index.ts';
import { withColumns } from '../../../../sim/grid/grid-case.ts';
import { powerFlow } from '../../../../sim/grid/power-flow.ts';
import { feederYear } from '../../../../sim/grid/task/feeder-year.ts';
import { Feeder } from '../../../../sim/grid/task/feeder.ts';
import { ReactiveHour } from '../../../../sim/grid/task/reactive-hour.ts';
import { voltVar, voltVarConfig } from '../../../../sim/grid/task/volt-var.ts';
import { lockstepEnv } from '../../../../sim/lockstep-env.ts';

const year = feederYear();
const defaults = voltVarConfig.parse({});
const grid = builtinGrid('case33bw');

/** An hour by Newton's method on the case's own tables. @param mvar by bus number */
function costByNewton(hour: number, mvar: Readonly<Record<number, number>>): number {
  const rows = [...grid.bus.bus.keys()];
  const share = (row: number): number => year.load[row % 2 === 1 ? 0 : 1][hour]!;
  const sun = (bus: number): number =>
    year.solar[hour]! * defaults.inverters.reduce((sum, one) => sum + (one.bus === bus ? one.mw : 0), 0);
  const Pd = Float64Array.from(rows, (row) => grid.bus.Pd[row]! * share(row) - sun(grid.bus.bus[row]!));
  const Qd = Float64Array.from(rows, (row) => grid.bus.Qd[row]! * share(row) - (mvar[grid.bus.bus[row]!] ?? 0));
  const flow = powerFlow(withColumns(grid, { bus: { Pd, Qd } }), { tolerance: 1e-11 });
  if (!flow.ok) throw new Error('no solution');
  const outside = [...flow.vm].slice(1).reduce((sum, v) => sum + Math.max(0, 0.95 - v) + Math.max(0, v - 1.05), 0);
  return year.price[hour]! * flow.lossMw + defaults.violation_price * outside;
}

describe('volt-var', () => {
  it('is paid what was saved, recomputed by Newton’s method, capacitors and all', () => {
    const { kernel } = voltVar({ capacitors: [{ bus: 30, mvar: 0.4 }] }, 'train');
    expect(kernel.actions).toHaveLength(4);
    using env = lockstepEnv(kernel, 1);
    const stream = rng(5);
    env.reset(rng(2));
    const state = new Float64Array(kernel.state.length);
    env.probe(0, state);
    for (let step = 0; step < 24; step++) {
      const hour = state[0]! * 24 + step;
      const points = Float64Array.from(kernel.actions, ({ low, high }) => low + 1.2 * (high - low) * stream.uniform());
      const mvar: Record<number, number> = { 30: points[3]! >= 0.5 ? 0.4 : 0 };
      defaults.inverters.forEach(({ bus, mw, mva }, i) => {
        const room = Math.sqrt(mva ** 2 - (year.solar[hour]! * mw) ** 2);
        mvar[bus] = Math.min(1, points[i]!) * room;
      });
      const { reward } = env.step(points);
      expect(reward[0]).toBeCloseTo(costByNewton(hour, {}) - costByNewton(hour, mvar), 4);
    }
  });

  it('has a best hour that no draw beats, nor a fine grid', () => {
    const feeder = new Feeder('case33bw', defaults.inverters, defaults.band);
    const hours = new ReactiveHour(feeder, defaults.inverters, [], false, defaults.violation_price);
    const stream = rng(1);
    for (const hour of [19, 24 * 100 + 12, 24 * 200 + 18, 24 * 300 + 3]) {
      const { cost, points } = hours.best(hour);
      expect(hours.of(hour, points)).toBe(cost);
      let least = Infinity;
      for (let k = 0; k < 500; k++)
        least = Math.min(
          least,
          hours.of(
            hour,
            Float64Array.from(points, () => 2 * stream.uniform() - 1),
          ),
        );
      for (let k = 0; k < 500; k++)
        // and near it
        least = Math.min(
          least,
          hours.of(
            hour,
            points.map((value) => value + 0.05 * stream.normal()),
          ),
        );
      expect(least).toBeGreaterThan(cost - 1e-3 * Math.abs(cost) - 1e-6);
    }
  });

  it('is saved by a constant injection already, and by the optimum more', () => {
    const { kernel, references } = voltVar({ control: 'together' }, 'judge');
    expect(kernel.actions).toHaveLength(1);
    using env = lockstepEnv(kernel, 1);
    let [constant, optimum] = [0, 0];
    for (const seed of [0, 1, 2]) {
      env.reset(rng(seed));
      const state = new Float64Array(kernel.state.length);
      env.probe(0, state);
      optimum += references['optimum']!(state);
      for (let step = 0; step < 24; step++) constant += env.step(Float64Array.of(0.5)).reward[0]!;
    }
    expect(constant).toBeGreaterThan(0);
    expect(optimum).toBeGreaterThan(constant);
  });
});
