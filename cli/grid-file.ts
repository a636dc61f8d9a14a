import { readFileSync } from 'node:fs';
import { DataError } from '../core/errors.ts';
import { builtinGrid, builtinGrids } from '../sim/grid/builtin/index.ts';
import { parseGridJson } from '../sim/grid/case-json.ts';
import type { GridCase } from '../sim/grid/grid-case.ts';
import { parseMatpower } from '../sim/grid/matpower.ts';

/** A network by the name of one that ships, or by its file: MATPOWER's `.m`, or `.json`. @throws {DataError} @throws {GridCaseError} @throws {UnknownNameError} */
export function readGrid(source: string): GridCase {
  const isMatpower = /\.m$/i.test(source);
  if (!isMatpower && !/\.json$/i.test(source)) return builtinGrid(source);
  let text: string;
  try {
    text = readFileSync(source, 'utf8');
  } catch (cause) {
    throw new DataError(
      `cannot be read: ${cause instanceof Error ? cause.message : String(cause)}. Networks that ship: ${builtinGrids.join(', ')}`,
      { place: { file: source }, cause },
    );
  }
  return isMatpower ? parseMatpower(text, source) : parseGridJson(text, source);
}
