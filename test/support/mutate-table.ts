import type { Rng } from '../../core/rng.ts';
import { ofTable, pick } from './folder-mutation.ts';
import type { Cells, Mutation } from './folder-mutation.ts';

const junkCells = ['', ' ', 'nan', 'NaN', 'inf', '-Infinity', '-1', '0', '-0', '1', '2', '1.5', '25', '1e12', '1e308', '1e999', '-1e9', '1000000000', '0x10', '1e-320', 'x', '"', '[]', '[1', '[0.1, 2]', '１', '1_000', '3,5', 'true', '\0']; // prettier-ignore
const anyColumn = (cells: Cells, draw: Rng): number => draw.int(cells[0]!.length);
const anyRow = (cells: Cells, draw: Rng): number => 1 + draw.int(cells.length - 1);

/** Heads, rows, columns and cells of a table. */
export const tableMutations: readonly Mutation[] = [
  ofTable((cells, draw) => {
    const column = anyColumn(cells, draw);
    const [name] = cells[0]!.slice(column);
    for (const row of cells) row.splice(column, 1);
    return `column '${name}' dropped`;
  }),
  ofTable((cells, draw) => {
    const column = anyColumn(cells, draw);
    for (const row of cells) row.splice(draw.int(2) * row.length, 0, row[column] ?? '');
    return `column '${cells[0]![column]}' doubled`;
  }),
  ofTable((cells, draw) => {
    const [one, other] = [anyColumn(cells, draw), anyColumn(cells, draw)];
    [cells[0]![one], cells[0]![other]] = [cells[0]![other]!, cells[0]![one]!];
    return `heads ${one} and ${other} swapped`;
  }),
  ofTable((cells, draw) => {
    const [one, other] = [anyColumn(cells, draw), anyColumn(cells, draw)];
    for (const row of cells) [row[one], row[other]] = [row[other] ?? '', row[one] ?? ''];
    return `columns ${one} and ${other} swapped`;
  }),
  ofTable((cells, draw) => {
    const column = anyColumn(cells, draw);
    const name = pick(['__proto__', 'constructor', 'x', '', 'hour', 'comfort_band', `${cells[0]![column]}s`], draw);
    cells[0]![column] = name;
    return `head ${column} is '${name}'`;
  }),
  ofTable((cells) => {
    cells[0] = cells[0]!.map((name) => `${name.toUpperCase()} [unit]`);
    return 'an older head';
  }),
  ofTable((cells) => {
    cells.shift();
    return 'without its head';
  }),
  ...[1, 2, 3, 4].map(() =>
    ofTable((cells, draw) => {
      const [row, column, cell] = [anyRow(cells, draw), anyColumn(cells, draw), pick(junkCells, draw)];
      cells[row]![column] = cell;
      return `line ${row + 1}, column ${column + 1} is ${JSON.stringify(cell)}`;
    }),
  ),
  ofTable((cells, draw) => {
    const [column, cell] = [anyColumn(cells, draw), pick(junkCells, draw)];
    for (const row of cells.slice(1)) row[column] = cell;
    return `column '${cells[0]![column]}' is ${JSON.stringify(cell)}`;
  }),
  ofTable((cells, draw) => {
    const [column, factor] = [anyColumn(cells, draw), pick([-1, 0, 1e-12, 0.001, 3, 1e6, 1e9, 1e300], draw)];
    for (const row of cells.slice(1)) {
      const value = Number(row[column]);
      if (row[column] !== '' && Number.isFinite(value)) row[column] = String(value * factor);
    }
    return `column '${cells[0]![column]}' times ${factor}`;
  }),
  ofTable((cells, draw) => {
    const row = draw.int(cells.length);
    cells.splice(row, 1);
    return `line ${row + 1} dropped`;
  }),
  ofTable((cells, draw) => {
    const row = anyRow(cells, draw);
    cells.splice(row, 0, [...cells[row]!]);
    return `line ${row + 1} doubled`;
  }),
  ofTable((cells) => {
    cells.pop();
    return 'a row short';
  }),
  ofTable((cells) => {
    cells.push([...cells.at(-1)!]);
    return 'a row long';
  }),
  ofTable((cells, draw) => {
    const row = anyRow(cells, draw);
    if (draw.int(2) === 0) cells[row]!.pop();
    else cells[row]!.push('1');
    return `line ${row + 1} is ragged`;
  }),
  ofTable((cells, draw) => {
    const row = anyRow(cells, draw);
    cells.splice(row, 0, ['']);
    return `a blank line ${row + 1}`;
  }),
  ofTable((cells, draw) => {
    for (let row = cells.length - 1; row > 1; row--) {
      const other = 1 + draw.int(row);
      [cells[row], cells[other]] = [cells[other]!, cells[row]!];
    }
    return 'its rows shuffled';
  }),
  ofTable((cells) => {
    const columns = ['cooling_demand', 'heating_demand'].map((name) => cells[0]!.indexOf(name));
    if (columns.some((column) => column < 0)) return null;
    for (const column of columns) cells[5]![column] = '1.5';
    return 'cooling and heating in one hour';
  }),
];
