import { UnknownNameError } from '../../../core/errors.ts';
import type { GridCase } from '../grid-case.ts';
import { parseMatpower } from '../matpower.ts';
import { case118 } from './case118.ts';
import { case14 } from './case14.ts';
import { case30 } from './case30.ts';
import { case33bw } from './case33bw.ts';
import { case39 } from './case39.ts';
import { case57 } from './case57.ts';
import { case69 } from './case69.ts';
import { case9 } from './case9.ts';

/** Networks that ship, as the text of their MATPOWER files. */
const texts: Readonly<Record<string, string>> = { case9, case14, case30, case33bw, case39, case57, case69, case118 };

/** Names of the networks that ship. */
export const builtinGrids: readonly string[] = Object.keys(texts);

/** A network that ships. @throws {UnknownNameError} */
export function builtinGrid(name: string): GridCase {
  if (!Object.hasOwn(texts, name)) throw new UnknownNameError('grid case', name, builtinGrids);
  return parseMatpower(texts[name]!, name);
}
