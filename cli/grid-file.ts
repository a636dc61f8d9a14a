import { readFileSync } from 'node:fs';
import { DataError } from '../core/errors.ts';
import { builtinGrids } from '../sim/grid/builtin/index.ts';
import { gridOf, isGridFile } from '../sim/grid/case-text.ts';
import type { GridCase } from '../sim/grid/grid-case.ts';

/** A network by the name of one that ships, or by its file: MATPOWER's `.m`, or `.json`. @throws {DataError} @throws {GridCaseError} @throws {UnknownNameError} */
export function readGrid(source: string): GridCase {
  if (!isGridFile(source)) return gridOf(source, undefined);
  let text: string;
  try {
    text = readFileSync(source, 'utf8');
  } catch (cause) {
    throw new DataError(
      `cannot be read: ${cause instanceof Error ? cause.message : String(cause)}. Networks that ship: ${builtinGrids.join(', ')}`,
      { place: { file: source }, cause },
    );
  }
  return gridOf(source, text);
}
