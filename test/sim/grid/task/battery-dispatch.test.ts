import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ConfigError, UnknownNameError } from '../../../../core/errors.ts';
import { rng } from '../../../../core/rng.ts';
import { builtinGrid } from '../../../../sim/grid/builtin/index.ts';
import { withColumns } from '../../../../sim/grid/grid-case.ts';
import { powerFlow } from '../../../../sim/grid/power-flow.ts';
import { HourCost } from '../../../../sim/grid/task/battery.ts';
import { batteryDispatch, batteryDispatchConfig } from '../../../../sim/grid/task/battery-dispatch.ts';
import { bestSchedule } from '../../../../sim/grid/task/battery-optimum.ts';
import { feederYear } from '../../../../sim/grid/task/feeder-year.ts';
import { Feeder } from '../../../../sim/grid/task/feeder.ts';
import { lockstepEnv } from '../../../../sim/lockstep-env.ts';

const year = feederYear();
const defaults = batteryDispatchConfig.parse({});
const grid = builtinGrid('case33bw');

/** What an hour costs, by Newton's method on the case's own tables: no line is shared with the task. @param mw battery power by bus number */
function costByNewton(hour: number, mw: Readonly<Record<number, number>>) {
  const rows = [...grid.bus.bus.keys()];
  const share = (row: number): number => year.load[row % 2 === 1 ? 0 : 1][hour]!;
  const sun = (bus: number): number =>
    year.solar[hour]! * defaults.panels.reduce((sum, panel) => sum + (panel.bus === bus ? panel.mw : 0), 0);
  const Pd = Float64Array.from(rows, (row) => {
    const bus = grid.bus.bus[row]!;
    return grid.bus.Pd[row]! * share(row) - sun(bus) + (mw[bus] ?? 0);
  });
  const Qd = Float64Array.from(rows, (row) => grid.bus.Qd[row]! * share(row));
  const flow = powerFlow(withColumns(grid, { bus: { Pd, Qd } }), { tolerance: 1e-11 });
  if (!flow.ok) throw new Error('no solution');
  const outside = [...flow.vm].slice(1).reduce((sum, v) => sum + Math.max(0, 0.95 - v) + Math.max(0, v - 1.05), 0);
  const cost = year.price[hour]! * flow.pGen[0]! + defaults.violation_price * outside;
  return { cost, outside, lossMw: flow.lossMw, slackMw: flow.pGen[0]!, vm: flow.vm };
}

const one = { bus: 18, mw: 0.4, mwh: 1.6, efficiency: 0.95 };
const costOf = (battery = one): HourCost => {
  const feeder = new Feeder('case33bw', defaults.panels, defaults.band);
  return new HourCost(feeder, [{ ...battery, order: feeder.order(battery.bus) }], defaults.violation_price);
};

describe('an hour of the feeder', () => {
  it('is what Newton’s method says: voltages, losses, and what the reference gives', () => {
    const cost = costOf();
    for (const [hour, mw] of [
      [19 + 24 * 10, -0.4],
      [12 + 24 * 170, 0.4],
      [3, 0],
      [8759, 0.1],
    ] as const) {
      const dollars = cost.of(hour, Float64Array.of(mw));
      const wanted = costByNewton(hour, { 18: mw });
      expect(cost.feeder.slackMw).toBeCloseTo(wanted.slackMw, 6);
      expect(cost.feeder.lossMw).toBeCloseTo(wanted.lossMw, 6);
      expect(cost.feeder.violation).toBeCloseTo(wanted.outside, 6);
      expect(dollars).toBeCloseTo(wanted.cost, 3);
      for (const bus of [2, 18, 25, 33])
        expect(cost.feeder.voltage(cost.feeder.order(bus))).toBeCloseTo(wanted.vm[bus - 1]!, 7);
    }
  });

  it('beyond what the feeder can carry is a result', () => {
    const cost = costOf({ ...one, mw: 100 });
    const dollars = cost.of(19, Float64Array.of(100));
    expect(cost.feeder.converged).toBe(false);
    expect(cost.violation).toBeCloseTo(32 * 0.95, 12);
    expect(dollars).toBeGreaterThan(costOf().of(19, Float64Array.of(0.4)));
  });

  it('refuses what is no feeder', () => {
    expect(() => batteryDispatch({ case: 'case14' }, 'train')).toThrow(ConfigError);
    expect(() => batteryDispatch({ case: 'case34bw' }, 'train')).toThrow(UnknownNameError);
    expect(() => batteryDispatch({ batteries: [{ bus: 99 }] }, 'train')).toThrow(/no bus 99/);
    expect(() => batteryDispatch({ batteries: [{ bus: 5 }, { bus: 5 }] }, 'train')).toThrow(/two batteries/);
  });
});

describe('batteries', () => {
  it('are paid what they saved, recomputed by Newton’s method, and keep their limits', () => {
    const batteries = [
      { bus: 18, mw: 0.4, mwh: 1.6 },
      { bus: 33, mw: 0.3, mwh: 0.5 },
    ];
    const { kernel } = batteryDispatch({ batteries }, 'train');
    fc.assert(
      fc.property(
        fc.nat(1000),
        fc.array(fc.double({ min: -1, max: 1, noNaN: true }), { minLength: 6 }),
        (seed, wish) => {
          using env = lockstepEnv(kernel, 1);
          env.reset(rng(seed));
          const state = new Float64Array(kernel.state.length);
          env.probe(0, state);
          for (let step = 0; step < 3; step++) {
            const hour = state[0]! * 24 + state[1]!;
            const before = state.slice();
            const action = Float64Array.from(batteries, ({ mw }, b) => 1.5 * mw * wish[2 * step + b]!);
            const { reward } = env.step(action);
            env.probe(0, state);
            let held = 0;
            const power: Record<number, number> = {};
            batteries.forEach(({ bus, mw, mwh }, b) => {
              const [soc, was] = [state[2 + b]!, before[2 + b]!];
              expect(soc >= 0 && soc <= 1).toBe(true);
              const more = (soc - was) * mwh;
              const taken = more > 0 ? more / 0.95 : more * 0.95;
              expect(Math.abs(taken)).toBeLessThanOrEqual(mw + 1e-9);
              expect(Math.abs(taken)).toBeLessThanOrEqual(Math.abs(action[b]!) + 1e-9);
              // Short of what it was told only where its rating or its charge stops it.
              if (Math.abs(taken - action[b]!) > 1e-9)
                expect(Math.abs(taken) > mw - 1e-9 || soc < 1e-9 || soc > 1 - 1e-9).toBe(true);
              power[bus] = taken;
              held += more;
            });
            const saving = costByNewton(hour, {}).cost - costByNewton(hour, power).cost + year.meanPrice * 0.95 * held;
            expect(reward[0]).toBeCloseTo(saving, 3);
          }
        },
      ),
      { numRuns: 15 },
    );
  });
});

describe('the optimum', () => {
  const cost = costOf();
  const worth = year.meanPrice * 0.95;

  it('can be done: the schedule earns in the environment what was foreseen', () => {
    const { kernel, references } = batteryDispatch({}, 'judge');
    using env = lockstepEnv(kernel, 1);
    for (const seed of [0, 1, 2]) {
      env.reset(rng(seed));
      const state = new Float64Array(kernel.state.length);
      env.probe(0, state);
      const { saving, power } = bestSchedule(cost, state[0]! * 24, state[2]!, worth);
      expect(references['optimum']!(state)).toBe(saving);
      let earned = 0;
      for (const mw of power) earned += env.step(Float64Array.of(mw)).reward[0]!;
      expect(earned).toBeCloseTo(saving, 6);
      expect(saving).toBeGreaterThan(20);
    }
  });

  it('is what a search forwards finds, on costs by Newton’s method', () => {
    const levels = 5;
    const [first, soc] = [24 * 33, 0.5];
    const step = one.mwh / (levels - 1);
    const powerOf = (more: number): number => (more > 0 ? more / 0.95 : more * 0.95);
    let reached = new Map([[2, 0]]);
    for (let t = 0; t < 24; t++) {
      const idle = costByNewton(first + t, {}).cost;
      const gains = new Map<number, number>();
      for (const move of [-1, 0, 1]) {
        const mw = powerOf(move * step);
        if (Math.abs(mw) > one.mw) continue;
        gains.set(move, idle - costByNewton(first + t, { 18: mw }).cost + worth * move * step);
      }
      const next = new Map<number, number>();
      for (const [level, value] of reached)
        for (const [move, gain] of gains) {
          const to = level + move;
          if (to >= 0 && to < levels) next.set(to, Math.max(next.get(to) ?? -Infinity, value + gain));
        }
      reached = next;
    }
    const slow = costOf();
    expect(bestSchedule(slow, first, soc, worth, levels).saving).toBeCloseTo(Math.max(...reached.values()), 2);
  });

  it('grows with its grid, by less and less', () => {
    const [first, soc] = [24 * 200, 0.25];
    const found = [21, 41, 81, 161, 321].map((levels) => bestSchedule(cost, first, soc, worth, levels).saving);
    for (let k = 1; k < found.length; k++) expect(found[k]!).toBeGreaterThanOrEqual(found[k - 1]! - 1e-9);
    expect(found[4]! - found[3]!).toBeLessThan(0.005 * found[4]!);
  });
});
