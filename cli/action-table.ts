import { DataError } from '../core/errors.ts';
import type { ActionTable } from '../evaluation/simulate.ts';
import { readNumbers } from './files.ts';

/**
 * Actions to replay: columns `<i>.<action>` of building i, in any order; for one building its plain names too, and `action` for an only one.
 * @param names of each building's actions @throws {DataError} for a missing column or a cell that is no finite number.
 */
export function readActions(file: string, names: readonly (readonly string[])[]): ActionTable {
  const { head, columns } = readNumbers(file);
  const rows = columns[0]!.length;
  const wanted = names.flatMap((own, i) =>
    own.map((name) => [
      `${i}.${name}`,
      ...(names.length === 1 ? [name] : []),
      ...(names.length === 1 && own.length === 1 ? ['action'] : []),
    ]),
  );
  const values = new Float64Array(rows * wanted.length);
  wanted.forEach((titles, j) => {
    const at = head.findIndex((name) => titles.includes(name));
    if (at < 0)
      throw new DataError(`no column '${titles[0]}'; the file has ${head.join(', ')}`, { place: { file, line: 1 } });
    columns[at]!.forEach((value, row) => {
      if (!Number.isFinite(value))
        throw new DataError(`action is ${value}, expected a finite number`, {
          place: { file, line: row + 2, column: at + 1 },
        });
      values[row * wanted.length + j] = value;
    });
  });
  return { file, rows, values };
}
