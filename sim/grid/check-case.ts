import type { Place } from '../../core/errors.ts';
import { branchColumns, busColumns, genColumns } from './grid-case.ts';
import type { GridCase } from './grid-case.ts';
import { GridCaseError } from './grid-fault.ts';
import type { GridFinding } from './grid-fault.ts';

/** Limits, which may be infinite or not be there at all. */
const maybeInfinite = new Set([
  'Qmax',
  'Qmin',
  'Pmax',
  'Pmin',
  'Vmax',
  'Vmin',
  'rateA',
  'rateB',
  'rateC',
  'angmin',
  'angmax',
]);

/** Impedances below it, p.u., leave a Newton step few digits. */
export const tinyImpedance = 1e-7;

/** Of several set-points at one bus: none is right, or MATPOWER's, the last of the file. */
export type SetPointRule = 'refuse' | 'last';

/** A voltage below it is no start: a file that says so has none. p.u. */
export const leastStart = 0.05;

/**
 * Checks a case before anything is solved: what MATPOWER reports as an index out of bounds, as 30 iterations of NaN, or not at all.
 * @returns what is strange and does no harm
 * @throws {GridCaseError} the first fault, with its line or pointer. Source: specs/grid.md 1.6
 */
export function checkCase(grid: GridCase, setPoints: SetPointRule = 'refuse'): GridFinding[] {
  const { bus, gen, branch } = grid;
  if (!(Number.isFinite(grid.baseMva) && grid.baseMva > 0))
    throw new GridCaseError('E_BASE_MVA', `baseMVA is ${grid.baseMva}, expected MVA above 0`, at(grid));
  finite(grid, 'bus', busColumns);
  finite(grid, 'gen', genColumns);
  finite(grid, 'branch', branchColumns);

  const rowOf = busRows(grid);
  for (let r = 0; r < gen.rows; r++)
    if (!rowOf.has(gen.bus[r]!))
      throw new GridCaseError(
        'E_UNKNOWN_BUS',
        `generator ${r + 1} is at bus ${gen.bus[r]}, which is not there`,
        at(grid, 'gen', r),
      );
  for (let r = 0; r < branch.rows; r++) {
    for (const end of ['from', 'to'] as const)
      if (!rowOf.has(branch[end][r]!))
        throw new GridCaseError(
          'E_UNKNOWN_BUS',
          `branch ${r + 1} goes ${end} bus ${branch[end][r]}, which is not there`,
          at(grid, 'branch', r),
        );
    if (branch.from[r] === branch.to[r])
      throw new GridCaseError(
        'E_SELF_LOOP',
        `branch ${r + 1} has bus ${branch.from[r]} at both ends`,
        at(grid, 'branch', r),
      );
    if (branch.status[r]! > 0 && branch.r[r] === 0 && branch.x[r] === 0)
      throw new GridCaseError(
        'E_ZERO_IMPEDANCE',
        `branch ${r + 1} (${branch.from[r]}–${branch.to[r]}) has r = x = 0: merge its buses (--merge-zero-impedance), or give it an impedance`,
        at(grid, 'branch', r),
      );
  }
  const conflicts = disputedSetPoints(grid, rowOf, setPoints);
  if (!gen.status.some((status, r) => status > 0 && bus.type[rowOf.get(gen.bus[r]!)!] !== 4))
    throw new GridCaseError('E_NO_SOURCE', 'no generator is in service', at(grid));
  return [...conflicts, ...remarks(grid)];
}

/** Rows of buses by their external numbers. @throws {GridCaseError} E_BUS_NUMBER, E_DUPLICATE_BUS, E_BUS_TYPE */
export function busRows(grid: GridCase): Map<number, number> {
  const { bus } = grid;
  const rowOf = new Map<number, number>();
  for (let r = 0; r < bus.rows; r++) {
    const number = bus.bus[r]!;
    if (!(Number.isInteger(number) && number > 0))
      throw new GridCaseError('E_BUS_NUMBER', `bus number ${number}, expected a positive integer`, at(grid, 'bus', r));
    const other = rowOf.get(number);
    if (other !== undefined)
      throw new GridCaseError(
        'E_DUPLICATE_BUS',
        `bus ${number} stands in rows ${other + 1} and ${r + 1}`,
        at(grid, 'bus', r),
      );
    if (![1, 2, 3, 4].includes(bus.type[r]!))
      throw new GridCaseError(
        'E_BUS_TYPE',
        `bus ${number} is of type ${bus.type[r]}, expected 1 (PQ), 2 (PV), 3 (reference) or 4 (isolated)`,
        at(grid, 'bus', r),
      );
    rowOf.set(number, r);
  }
  return rowOf;
}

function finite(grid: GridCase, table: 'bus' | 'gen' | 'branch', columns: readonly string[]): void {
  const rows = grid[table] as unknown as Readonly<Record<string, Float64Array>>;
  for (const column of columns) {
    const bad = rows[column]!.findIndex((x) => (maybeInfinite.has(column) ? Number.isNaN(x) : !Number.isFinite(x)));
    if (bad >= 0)
      throw new GridCaseError(
        'E_NOT_FINITE',
        `${table}.${column} is ${rows[column]![bad]} in row ${bad + 1}`,
        at(grid, table, bad),
      );
  }
}

/**
 * Of several generators at one bus that is held MATPOWER takes the last one's set-point, which few files mean to say. What generators at a bus
 * of type 1 would hold is nobody's.
 */
function disputedSetPoints(
  { gen, bus, ...grid }: GridCase,
  rowOf: Map<number, number>,
  rule: SetPointRule,
): GridFinding[] {
  const of = new Map<number, number>();
  const disputed = new Set<number>();
  for (let r = 0; r < gen.rows; r++) {
    const number = gen.bus[r]!;
    if (!(gen.status[r]! > 0) || bus.type[rowOf.get(number)!] === 1) continue;
    const first = of.get(number);
    if (first === undefined) of.set(number, r);
    else if (Math.abs(gen.Vg[first]! - gen.Vg[r]!) > 1e-9) {
      if (rule === 'refuse')
        throw new GridCaseError(
          'E_SETPOINT_CONFLICT',
          `generators ${first + 1} and ${r + 1} at bus ${number} hold ${gen.Vg[first]} and ${gen.Vg[r]} p.u.; --set-points last takes the last one's, as MATPOWER does`,
          at({ gen, bus, ...grid }, 'gen', r),
        );
      disputed.add(number);
    }
  }
  if (disputed.size === 0) return [];
  const message = `generators at ${disputed.size} buses hold different voltages: the last one's is taken`;
  return [{ code: 'W_SETPOINT', message, buses: [...disputed] }];
}

function remarks({ bus, gen, branch, baseMva }: GridCase): GridFinding[] {
  const findings: GridFinding[] = [];
  const tiny: number[] = [];
  for (let r = 0; r < branch.rows; r++)
    if (branch.status[r]! > 0 && Math.hypot(branch.r[r]!, branch.x[r]!) < tinyImpedance)
      tiny.push(branch.from[r]!, branch.to[r]!);
  if (tiny.length > 0)
    findings.push({
      code: 'W_TINY_IMPEDANCE',
      message: `${tiny.length / 2} branches have less than ${tinyImpedance} p.u.: the residual has a floor`,
      buses: tiny,
    });
  const unset = bus.bus.filter((_, r) => bus.type[r] !== 4 && bus.Vm[r]! <= leastStart);
  if (unset.length > 0)
    findings.push({
      code: 'W_START',
      message: `${unset.length} buses start at 1 p.u. in place of at most ${leastStart}`,
      buses: [...unset],
    });
  const load = bus.Pd.reduce((sum, p, r) => sum + (bus.type[r] === 4 ? 0 : Math.max(0, p)), 0);
  const source = gen.Pmax.reduce((sum, p, r) => sum + (gen.status[r]! > 0 ? p : 0), 0);
  if (load > 5 * source && source > 0)
    findings.push({
      code: 'W_UNITS',
      message: `${load} MW of load on ${source} MW of generators (base ${baseMva} MVA): are these kW?`,
      buses: [],
    });
  return findings;
}

function at(
  grid: Pick<GridCase, 'file' | 'bus' | 'gen' | 'branch'>,
  table?: 'bus' | 'gen' | 'branch',
  row?: number,
): Place {
  const line = table === undefined || row === undefined ? undefined : grid[table].lines?.[row];
  return {
    ...(grid.file === undefined ? {} : { file: grid.file }),
    ...(line === undefined ? {} : { line }),
    ...(table === undefined || row === undefined || line !== undefined ? {} : { path: `/${table}/${row}` }),
  };
}
