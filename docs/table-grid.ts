/**
 * Writes the table of docs/grid-cases.md between its markers.
 *
 *     npx tsx docs/table-grid.ts
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { builtinGrid, builtinGrids } from '../sim/grid/builtin/index.ts';
import { networkOf } from '../sim/grid/network.ts';
import { powerFlow } from '../sim/grid/power-flow.ts';
import { radialFeeder } from '../sim/grid/radial.ts';
import { loadability } from '../sim/grid/screening.ts';

const head = ['case', 'buses', 'branches', 'generators', 'kind', 'load MW, MVAr', 'shunts', 'taps', 'limits', 'losses MW', 'lowest V @ bus', 'highest V @ bus', 'steps', 'nose'];
const rows = builtinGrids.map((name) => {
  const grid = builtinGrid(name);
  const { bus, branch, gen } = grid;
  const flow = powerFlow(grid);
  if (!flow.ok) throw new Error(`${name} has no solution`);
  const sum = (of: Float64Array): number => of.reduce((total, value) => total + value, 0);
  const count = (of: Float64Array, is: (value: number) => boolean): number => of.filter(is).length;
  const extreme = (sign: 1 | -1): string => {
    const at = flow.vm.reduce((best, v, r) => (sign * v > sign * flow.vm[best]! ? r : best), 0);
    return `${flow.vm[at]!.toFixed(6)} @ ${bus.bus[at]}`;
  };
  const sources = count(gen.status, (status) => status > 0);
  const isRadial = radialFeeder(grid, networkOf(grid).islands[0]!) !== null;
  const out = count(branch.status, (status) => !(status > 0));
  return [
    name,
    bus.rows,
    out === 0 ? branch.rows : `${branch.rows} (${out} open)`,
    sources,
    isRadial ? 'radial' : 'meshed',
    `${sum(bus.Pd).toFixed(3)}, ${sum(bus.Qd).toFixed(3)}`,
    count(bus.Bs, (b) => b !== 0) + count(bus.Gs, (g) => g !== 0),
    count(branch.ratio, (ratio) => ratio !== 0 && ratio !== 1),
    count(branch.rateA, (rate) => rate > 0),
    flow.lossMw.toFixed(6),
    extreme(-1),
    extreme(1),
    flow.islands[0]!.iterations,
    loadability(grid, sources > 1).lambda!.toFixed(6),
  ];
});
const line = (cells: readonly (string | number)[]): string => `| ${cells.join(' | ')} |`;
const table = [line(head), line(head.map((_, k) => (k === 0 ? '---' : '---:'))), ...rows.map(line)].join('\n');
const page = new URL('grid-cases.md', import.meta.url);
const [before, after] = readFileSync(page, 'utf8').split(/<!-- table -->[\s\S]*<!-- \/table -->/) as [string, string];
writeFileSync(page, `${before}<!-- table -->\n\n${table}\n\n<!-- /table -->${after}`);
