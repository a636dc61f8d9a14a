import { describe, expect, it } from 'vitest';
import { powerFlow } from '../../../sim/grid/power-flow.ts';
import type { PowerFlowOptions } from '../../../sim/grid/power-flow.ts';
import type { PowerFlowSolution } from '../../../sim/grid/solution.ts';
import type { GridCase } from '../../../sim/grid/grid-case.ts';
import { withColumns } from '../../../sim/grid/grid-case.ts';
import { builtinGrid } from '../../../sim/grid/builtin/index.ts';
import { sharedMissing, skipWithoutShared } from '../../support/shared.ts';
import { apart, golden, goldenCases, goldenGrid } from './golden.ts';
import type { GoldenCase } from './golden.ts';

function solved(grid: GridCase, options: PowerFlowOptions = {}): PowerFlowSolution {
  const result = powerFlow(grid, options);
  if (!result.ok) throw new Error(`${grid.name}: ${result.reason}`);
  return result;
}

skipWithoutShared('Newton against MATPOWER');
describe.each(goldenCases)('%s, solved by MATPOWER', (name) => {
  const reference = golden(name) as GoldenCase;
  const grid = goldenGrid(name);
  const { solution, newton } = reference;

  it.each(['case', 'flat'] as const)('has the same solution from the %s start', (start) => {
    const got = solved(grid, { start, tolerance: 1e-10 });
    expect(apart(got.vm, solution.Vm)).toBeLessThan(1e-9);
    expect(apart(got.va, solution.Va_deg)).toBeLessThan(1e-7);
    const column = (c: number): number[] => solution.branchFlow.map((row) => row[c]!);
    for (const [c, flow] of [got.pFrom, got.qFrom, got.pTo, got.qTo].entries())
      expect(apart(flow, column(c))).toBeLessThan(1e-6);
    expect(
      apart(
        got.pGen,
        solution.gen.map((row) => row[0]!),
      ),
    ).toBeLessThan(1e-6);
    expect(
      apart(
        got.qGen,
        solution.gen.map((row) => row[1]!),
      ),
    ).toBeLessThan(1e-6);
    expect(got.lossMw).toBeCloseTo(solution.totalLossMW, 7);
  });

  it('takes as many steps', () => {
    expect(solved(grid).islands[0]!.iterations).toBe(solution.iterationsAt1e8);
    expect(solved(grid, { start: 'flat' }).islands[0]!.iterations).toBe(newton.flatIterationsAt1e8);
  });

  it.each([
    ['case', newton.residualFromCaseStart],
    ['flat', newton.residualFromFlatStart],
  ] as const)('goes the same way from the %s start', (start, wanted) => {
    const { residuals, shortened } = solved(grid, { start, tolerance: 1e-10 }).islands[0]!;
    expect(shortened).toBe(0);
    wanted.forEach((residual, step) => {
      if (residual > 1e-9) expect(Math.abs(residuals[step]! / residual - 1)).toBeLessThan(0.01);
    });
  });

  const { qLimits } = reference;
  it.skipIf(qLimits === undefined).each([
    ['all', 'allViolatorsAtOnce'],
    ['worst', 'worstViolatorFirst'],
  ] as const)('fixes the same generators at their limits, %s', (rule, key) => {
    const wanted = qLimits![key];
    const got = solved(grid, { qLimits: rule });
    expect([...got.islands[0]!.changed].map((row) => grid.bus.bus[row])).toEqual(wanted.busesTypeChanged);
    if (wanted.Vm === undefined) return; // no bus changed: the plain solution
    expect(got.islands[0]!.iterations).toBe(wanted.totalIterations);
    expect(apart(got.vm, wanted.Vm)).toBeLessThan(1e-9);
    expect(apart(got.va, wanted.Va_deg!)).toBeLessThan(1e-7);
    expect(
      apart(
        got.qGen,
        wanted.gen!.map((row) => row[1]!),
      ),
    ).toBeLessThan(1e-6);
  });
});

describe('the power flow', () => {
  /** Newton's solution of the built-in networks: known figures of the literature. */
  it.each([
    ['case33bw', 0.202677, 0.91309, 18],
    ['case69', 0.224992, 0.909188, 65],
    ['case14', 13.393272, 1.01, 3],
    ['case39', 43.641126, 0.982, 31],
    ['case118', 132.862872, 0.943, 76],
  ])('of %s loses %d MW', (name, loss, least, bus) => {
    const grid = builtinGrid(name);
    const got = solved(grid);
    expect(got.lossMw).toBeCloseTo(loss, 5);
    const lowest = got.vm.indexOf(Math.min(...got.vm));
    expect(got.vm[lowest]).toBeCloseTo(least, 5);
    expect(grid.bus.bus[lowest]).toBe(bus);
  });

  it('balances at every bus', () => {
    const grid = builtinGrid('case118');
    const got = solved(grid);
    const p = grid.bus.Pd.map((load, row) => -load - grid.bus.Gs[row]! * got.vm[row]! ** 2);
    const q = grid.bus.Qd.map((load, row) => -load + grid.bus.Bs[row]! * got.vm[row]! ** 2);
    const row = (number: number): number => grid.bus.bus.indexOf(number);
    grid.gen.bus.forEach((bus, g) => {
      p[row(bus)]! += got.pGen[g]!;
      q[row(bus)]! += got.qGen[g]!;
    });
    for (let k = 0; k < grid.branch.rows; k++) {
      p[row(grid.branch.from[k]!)]! -= got.pFrom[k]!;
      q[row(grid.branch.from[k]!)]! -= got.qFrom[k]!;
      p[row(grid.branch.to[k]!)]! -= got.pTo[k]!;
      q[row(grid.branch.to[k]!)]! -= got.qTo[k]!;
    }
    expect(Math.max(...p.map(Math.abs), ...q.map(Math.abs))).toBeLessThan(1e-6);
  });

  it('beyond the nose has no solution, hands on no voltages, and says where it is worst', () => {
    const grid = builtinGrid('case9');
    const got = powerFlow(
      withColumns(grid, { bus: { Pd: grid.bus.Pd.map((p) => 5 * p), Qd: grid.bus.Qd.map((q) => 5 * q) } }),
    );
    expect(got.ok).toBe(false);
    expect(got).not.toHaveProperty('vm');
    if (!got.ok) expect([...grid.bus.bus]).toContain(got.worstBus);
  });

  it.skipIf(sharedMissing)('lets a bus hold its voltage again where that takes less than its limit', () => {
    // All violators at once fix bus 2 at Qmax, where its voltage then is above what it would hold.
    const grid = goldenGrid('case_ieee30');
    const needless = ({ qGen, vm, islands }: PowerFlowSolution): number[] =>
      [...islands[0]!.changed]
        .filter((row) => {
          const g = grid.gen.bus.indexOf(grid.bus.bus[row]!);
          const off = vm[row]! - grid.gen.Vg[g]!;
          return qGen[g]! >= grid.gen.Qmax[g]! - 1e-5 ? off > 1e-6 : off < -1e-6;
        })
        .map((row) => grid.bus.bus[row]!);
    expect(needless(solved(grid, { qLimits: 'all' }))).toEqual([2]);
    const back = solved(grid, { qLimits: 'all', switchBack: true });
    expect(needless(back)).toEqual([]);
    expect([...back.islands[0]!.changed].map((row) => grid.bus.bus[row])).toEqual([1, 5]);
    const row = grid.bus.bus.indexOf(2);
    expect(back.vm[row]).toBeCloseTo(grid.gen.Vg[grid.gen.bus.indexOf(2)]!, 12);
  });

  it('without loads takes no step', () => {
    const grid = builtinGrid('case33bw');
    const none = new Float64Array(grid.bus.rows);
    expect(solved(withColumns(grid, { bus: { Pd: none, Qd: none } })).islands[0]!.iterations).toBe(0);
  });
});
