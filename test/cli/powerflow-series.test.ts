import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { solveSeries } from '../../cli/powerflow-series.ts';
import { readSeriesLoads } from '../../cli/series-file.ts';
import { parseNumbers } from '../../core/csv.ts';
import { builtinGrid } from '../../sim/grid/builtin/index.ts';
import { withColumns } from '../../sim/grid/grid-case.ts';
import { powerFlow } from '../../sim/grid/power-flow.ts';

const folder = mkdtempSync(join(tmpdir(), 'faultline-series-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const file = (text: string): string => {
  const path = join(folder, 'loads.csv');
  writeFileSync(path, text);
  return path;
};

describe('faultline powerflow --series', () => {
  it.each(['case33bw', 'case14'])('solves every row as that network by itself: %s', (name) => {
    const grid = builtinGrid(name);
    const rows = [
      [0.5, 0.1, 0.05],
      [1.2, 0.3, 0.1],
      [1, -0.2, 0],
    ];
    const loads = readSeriesLoads(
      file(`step,scale,p_9,q_9\n${rows.map((row, k) => [k, ...row].join(',')).join('\n')}\n`),
      grid,
    );
    const { kpis, csv, text } = solveSeries(grid, loads, 0.5);
    const { head, columns } = parseNumbers(csv, 'series.csv');
    const column = (of: string): Float64Array => columns[head.indexOf(of)]!;
    const at = grid.bus.bus.indexOf(9);
    let losses = 0;
    rows.forEach(([scale, p, q], k) => {
      const put = (of: Float64Array, value: number): Float64Array =>
        of.map((own, r) => (r === at ? value : own * scale!));
      const flow = powerFlow(withColumns(grid, { bus: { Pd: put(grid.bus.Pd, p!), Qd: put(grid.bus.Qd, q!) } }));
      if (!flow.ok) throw new Error(flow.reason);
      expect(column('vminPu')[k]).toBeCloseTo(Math.min(...flow.vm), 7);
      expect(column('lossMw')[k]).toBeCloseTo(flow.lossMw, 6);
      losses += 0.5 * flow.lossMw;
    });
    expect(kpis).toMatchObject({ steps: 3, solvedSteps: 3 });
    expect(kpis['lossesMwh']).toBeCloseTo(losses, 6);
    expect(text).toContain(`${name}: 3 steps of 0.5 h, 3 with a solution`);
  });

  it('takes a year, and tells of rows without a solution', () => {
    const grid = builtinGrid('case33bw');
    const rows = Array.from({ length: 8760 }, (_, t) => (t === 100 ? 9 : 0.6 + 0.4 * Math.sin(t / 3.8)).toFixed(6));
    const { kpis, csv } = solveSeries(
      grid,
      readSeriesLoads(file(`hour,scale\n${rows.map((x, t) => `${t},${x}`).join('\n')}`), grid),
      1,
    );
    expect(kpis['solvedSteps']).toBe(8759);
    expect(kpis['hoursBelow']).toBeGreaterThan(1000);
    expect(kpis['importMwh']).toBeGreaterThan(15_000);
    expect(csv.split('\n')[101]).toBe('100,0,,,,,,,,');
    expect(csv.split('\n')).toHaveLength(8762);
  });

  it('keeps the power factor of a bus that is given P alone', () => {
    const grid = builtinGrid('case33bw');
    const loads = readSeriesLoads(file('p_30\n0.4\n'), grid);
    const [p, q] = [new Float64Array(33), new Float64Array(33)];
    loads.fill(0, p, q, 0, 1);
    expect(p[29]).toBe(0.4);
    expect(q[29]).toBeCloseTo(1.2, 12); // 600 kVAr on 200 kW
    expect(p[1]).toBe(0.1);
  });

  it.each([
    ['a bus that there is not', 'p_18,p_99\n1,2\n', "loads.csv:1:2: column 'p_99': case33bw has no bus 99"],
    ['a column of another kind', 'step,load\n1,2\n', "loads.csv:1:2: column 'load', expected p_BUS"],
    ['a cell that is no number', 'p_18\n1\nx\n', 'loads.csv:3:1'],
    ['a blank', 'p_18,scale\n1,1\n,1\n', 'loads.csv:3:1: p_18 is NaN'],
    ['a short row', 'p_18,scale\n1\n', 'loads.csv:2'],
    ['no loads', 'step\n1\n', 'has no column of loads'],
  ])('refuses with line and column: %s', (_, text, message) => {
    expect(() => readSeriesLoads(file(text), builtinGrid('case33bw'))).toThrow(message);
  });
});
