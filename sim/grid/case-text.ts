import { builtinGrid } from './builtin/index.ts';
import { parseGridJson } from './case-json.ts';
import type { GridCase } from './grid-case.ts';
import { parseMatpower } from './matpower.ts';

/** Whether a network is named by its file: MATPOWER's `.m`, or `.json`. */
export function isGridFile(name: string): boolean {
  return /\.(m|json)$/i.test(name);
}

/** A network that ships, or that of a file. @param text of the file  @throws {GridCaseError} @throws {UnknownNameError} */
export function gridOf(name: string, text: string | undefined): GridCase {
  if (text === undefined) return builtinGrid(name);
  return /\.m$/i.test(name) ? parseMatpower(text, name) : parseGridJson(text, name);
}
