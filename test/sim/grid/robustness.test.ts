import { lusolve, matrix, slu, sparse } from 'mathjs';
import { describe, expect, it } from 'vitest';
import { rng } from '../../../core/rng.ts';
import { branchAdmittance, busAdmittance } from '../../../sim/grid/admittance.ts';
import { dcPowerFlow } from '../../../sim/grid/dc.ts';
import { eliminate } from '../../../sim/grid/elimination.ts';
import type { GridCase } from '../../../sim/grid/grid-case.ts';
import { parseGridJson, writeGridJson } from '../../../sim/grid/case-json.ts';
import { parseMatpower } from '../../../sim/grid/matpower.ts';
import { networkOf } from '../../../sim/grid/network.ts';
import { solveWithPivoting } from '../../../sim/grid/pivoting-lu.ts';
import { powerFlow } from '../../../sim/grid/power-flow.ts';
import type { PowerFlowOptions } from '../../../sim/grid/power-flow.ts';
import type { PowerFlowSolution } from '../../../sim/grid/solution.ts';
import { apart } from './golden.ts';
import { meshedText, radialText } from './synthetic.ts';

function solved(grid: GridCase, options: PowerFlowOptions = {}): PowerFlowSolution {
  const result = powerFlow(grid, options);
  if (!result.ok) throw new Error(`${grid.name}: ${result.reason}`);
  return result;
}

/** Largest imbalance of generators, loads, shunts and branches at a bus with a voltage, MVA. */
function imbalance({ bus, gen, branch }: GridCase, flow: PowerFlowSolution): number {
  const rowOf = new Map(Array.from(bus.bus, (id, r) => [id, r] as const));
  const p = bus.Pd.map((load, r) => -load - bus.Gs[r]! * flow.vm[r]! ** 2);
  const q = bus.Qd.map((load, r) => -load + bus.Bs[r]! * flow.vm[r]! ** 2);
  gen.bus.forEach((id, g) => {
    p[rowOf.get(id)!]! += flow.pGen[g]!;
    q[rowOf.get(id)!]! += flow.qGen[g]!;
  });
  for (let r = 0; r < branch.rows; r++) {
    p[rowOf.get(branch.from[r]!)!]! -= flow.pFrom[r]!;
    q[rowOf.get(branch.from[r]!)!]! -= flow.qFrom[r]!;
    p[rowOf.get(branch.to[r]!)!]! -= flow.pTo[r]!;
    q[rowOf.get(branch.to[r]!)!]! -= flow.qTo[r]!;
  }
  return bus.bus.reduce(
    (worst, _, r) => (Number.isNaN(flow.vm[r]) ? worst : Math.max(worst, Math.abs(p[r]!), Math.abs(q[r]!))),
    0,
  );
}

describe('a large network that no file of ours has', () => {
  it('is read and solved with all that transmission cases hold: 3000 buses', () => {
    const { text, branches } = meshedText(3000, rng(3));
    const grid = parseMatpower(text, 'meshed.m');
    expect([grid.bus.rows, grid.branch.rows, grid.busNames?.length]).toEqual([3000, branches, 3000]);
    expect(grid.busNames![0]).toBe(`BUS 10 % "n°0"; it's`);
    expect(grid.branch.x.some((x) => x < 0)).toBe(true);
    const flow = solved(grid, { start: 'flat' });
    expect(flow.islands).toHaveLength(1);
    expect(flow.islands[0]!.fallbacks).toBe(0);
    expect(flow.vm.filter((v) => Number.isNaN(v))).toHaveLength(2);
    expect(imbalance(grid, flow)).toBeLessThan(2e-6);
    expect(Math.min(...flow.vm.filter((v) => !Number.isNaN(v)))).toBeGreaterThan(0.9);
    // Generators at one bus stand at the same part of their range; those out of service give nothing.
    grid.gen.status.forEach((status, g) => status === 0 && expect(flow.qGen[g]).toBe(0));
    expect(
      apart(
        solved(parseGridJson(writeGridJson(grid), 'meshed.json'), { start: 'flat' }).vm.slice(8, 2990),
        flow.vm.slice(8, 2990),
      ),
    ).toBe(0);
  });

  it('is the same with the line ends of another system', () => {
    const [unix, windows] = (['\n', '\r\n'] as const).map((end) =>
      parseMatpower(meshedText(60, rng(4), end).text, 'meshed.m'),
    );
    expect({ ...windows, file: '' }).toEqual({ ...unix, file: '' });
  });

  it('is solved as a feeder in ohm and kW by sweep and Newton alike: 3000 buses', () => {
    const grid = parseMatpower(radialText(3000, rng(5), '\r\n').text, 'radial.m');
    expect(grid.baseMva).toBeCloseTo(50 / 3, 12);
    const total = grid.bus.Pd.reduce((sum, p) => sum + p, 0);
    expect(total).toBeGreaterThan(2.8);
    expect(total).toBeLessThan(3.2);
    const newton = solved(grid, { tolerance: 1e-10 });
    expect(apart(solved(grid, { algorithm: 'sweep', tolerance: 1e-12 }).vm, newton.vm)).toBeLessThan(1e-8);
    expect(imbalance(grid, newton)).toBeLessThan(1e-7);
  });
});

const three = (between: string, generators = '2 20 0 99 -99 1.02 100 1 250 10'): string => `function mpc = three()
mpc.version = '2'; mpc.baseMVA = 100;
mpc.bus = [1 3 0 0 0 0 1 1 0 0 1 1.1 .9
2 2 10 5 1 2 1 1 0 0 1 1.1 .9
3 1 50 20 2 3 1 1 0 0 1 1.1 .9
4 1 5 2 0 0 1 1 0 0 1 1.1 .9];
mpc.gen = [1 0 0 99 -99 1.02 100 1 250 10; ${generators}
3 5 1 99 -99 1.5 100 1 250 10; 3 5 1 99 -99 1.4 100 1 250 10];
mpc.branch = [1 2 .01 .1 .02 0 0 0 0 0 1
2 3 ${between} 0 0 0 0 0 1
1 3 .01 .1 0 0 0 0 0 0 1
3 4 ${between} 0 0 0 0 0 1];
mpc.dcline = [1 3 0 10 9 0 0 1 1 1 9 -9 9 -9 9 1 0];
`;
const read = (text: string): GridCase => parseMatpower(text, 'three.m');

describe('a branch of no impedance', () => {
  it('is refused, and merged when asked', () => {
    const grid = read(three('0 0 .04'));
    expect(() => powerFlow(grid)).toThrow('E_ZERO_IMPEDANCE');
    const flow = solved(grid, { mergeZeroImpedance: true });
    expect(flow.findings.map(({ code }) => code)).toContain('W_MERGED');
    expect([flow.vm[1], flow.vm[2], flow.vm[3]]).toEqual([1.02, 1.02, 1.02]);
    expect(imbalance(grid, flow)).toBeLessThan(1e-5);
    expect(flow.pFrom[3]).toBeCloseTo(5, 9);
    // A small impedance in its place tends to the same.
    const near = solved(read(three('1e-5 1e-5 .04')), { start: 'flat' });
    for (const name of ['vm', 'va', 'pFrom', 'pTo'] as const) expect(apart(flow[name], near[name])).toBeLessThan(0.02);
  });

  it('is merged by itself where its impedance is too small for a solution', () => {
    const grid = read(three('1e-14 1e-14 0'));
    const flow = solved(grid);
    expect(flow.findings.map(({ code }) => code)).toEqual(['W_MERGED']);
    expect(imbalance(grid, flow)).toBeLessThan(1e-5);
  });
});

describe('a branch of resistance alone', () => {
  it('is solved by the AC power flow, and refused by name by the DC one', () => {
    const grid = read(three('.01 0 0'));
    expect(imbalance(grid, solved(grid, { start: 'flat' }))).toBeLessThan(1e-5);
    expect(() => dcPowerFlow(grid)).toThrow('E_ZERO_IMPEDANCE: branch 2 (2–3) has x = 0');
  });
});

describe('set-points at one bus', () => {
  it('are refused where they differ, or the last one taken; where nothing is held they are nobody’s', () => {
    const grid = read(three('.01 .1 0', '2 20 0 99 -99 1.02 100 1 250 10; 2 20 0 99 -99 1.03 100 1 250 10'));
    expect(() => powerFlow(grid)).toThrow('E_SETPOINT_CONFLICT: generators 2 and 3 at bus 2');
    const flow = solved(grid, { setPoints: 'last' });
    expect(flow.vm[1]).toBe(1.03);
    expect(flow.findings.map(({ code }) => code)).toEqual(['W_SETPOINT']);
  });
});

describe('a Jacobian without pivots on its diagonal', () => {
  it('is solved with pivoting, and that is counted', () => {
    // Bus 4 stands between a reactance and a series capacitor of the same size, has the fewest neighbours and goes first.
    const bus = [0, 0, 50, 0, 30, 20].map(
      (p, i) => `${i + 1} ${[3, 2, 1, 1, 1, 1][i]} ${p} ${p / 3} 0 0 1 1 0 0 1 1.1 .9`,
    );
    const line = (f: number, t: number, x: number): string => `${f} ${t} 0 ${x} 0 0 0 0 0 0 1`;
    const lines = [
      line(1, 2, 0.1),
      line(1, 3, 0.1),
      line(3, 4, 0.1),
      line(4, 2, -0.1),
      line(2, 5, 0.1),
      line(3, 5, 0.2),
    ];
    lines.push(line(5, 6, 0.1), line(6, 2, 0.1), line(6, 3, 0.3));
    const text = `function mpc = x
mpc.baseMVA = 100;
mpc.bus = [${bus.join('; ')}];
mpc.gen = [1 0 0 99 -99 1 100 1 250 10; 2 20 0 99 -99 1 100 1 250 10];
mpc.branch = [${lines.join('; ')}];
`;
    const grid = read(text);
    const flow = solved(grid, { start: 'flat' });
    expect(flow.islands[0]!.fallbacks).toBeGreaterThan(0);
    expect(imbalance(grid, flow)).toBeLessThan(1e-5);
    // Without bus 4 the two reactances cancel: what it joins has one voltage.
    expect(flow.vm[2]).toBeCloseTo(flow.vm[1]!, 6);
  });

  it('is solved as mathjs solves it', () => {
    const grid = parseMatpower(meshedText(40, rng(6)).text, 'meshed.m');
    const island = networkOf(grid).islands[0]!;
    const y = busAdmittance(grid, island, branchAdmittance(grid, island));
    const plan = eliminate(
      y.rowStart,
      y.column,
      Uint8Array.from({ length: y.n }, (_, i) => (i === 0 ? 0 : 1)),
    );
    const draw = rng(7);
    const blocks = Float64Array.from({ length: 4 * y.column.length }, () => draw.normal());
    const x = Float64Array.from({ length: 2 * y.n }, () => draw.normal());
    const dense = Array.from({ length: 2 * y.n - 2 }, () => Array.from({ length: 2 * y.n - 2 }, () => 0));
    for (let i = 1; i < y.n; i++)
      for (let k = y.rowStart[i]!; k < y.rowStart[i + 1]!; k++)
        for (let e = 0; e < 4 && y.column[k] !== 0; e++)
          dense[2 * i - 2 + (e >> 1)]![2 * y.column[k]! - 2 + (e & 1)] = blocks[4 * k + e]!;
    const wanted = lusolve(slu(sparse(dense), 1, 1), matrix(Array.from(x.slice(2), (value) => [value])));
    expect(solveWithPivoting(plan, y.rowStart, y.column, blocks, x)).toBe(true);
    expect(apart(x.slice(2), (wanted.toArray() as number[][]).flat())).toBeLessThan(1e-8);
  });
});
