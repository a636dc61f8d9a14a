import { z } from 'zod';
import { parseDocumentAs } from '../core/document.ts';
import { DataError } from '../core/errors.ts';
import type { Feature } from '../core/space.ts';
import type { EquivalenceCase } from '../evaluation/import-policy.ts';
import { readNumbers } from './files.ts';
import { readWhole } from './import-source.ts';

const matrix = z.array(z.array(z.number()).max(65_536)).max(1_000_000);
const document = z.strictObject({
  observations: matrix,
  outputs: matrix.optional(),
  actions: matrix.optional(),
});

/**
 * Observations with what the source makes of them. JSON: `observations`, `outputs`, `actions`, each [rows][…]. CSV: a column per feature by its
 * name, then `output_0…` and `action_0…`; columns that are neither, in the order of the features, where no name is one.
 * @throws {DataError}
 */
export function readCheck(file: string, features: readonly Feature[]): EquivalenceCase {
  if (file.endsWith('.json')) return parseDocumentAs(new TextDecoder().decode(readWhole(file)), file, document);
  const { head, columns } = readNumbers(file);
  const numbered = (prefix: string): number[] => {
    const found: number[] = [];
    for (let i = 0; head.includes(`${prefix}_${i}`); i++) found.push(head.indexOf(`${prefix}_${i}`));
    return found;
  };
  const outputs = numbered('output');
  const actions = numbered('action');
  const taken = new Set([...outputs, ...actions]);
  const rest = head.map((_, column) => column).filter((column) => !taken.has(column));
  const named = features.map((feature) => head.indexOf(feature.name));
  const chosen = named.every((column) => column < 0) ? rest : named;
  if (chosen.length !== features.length || chosen.includes(-1))
    throw new DataError(
      `the columns are ${head.join(', ').slice(0, 300)}; expected one for each of the ${features.length} features`,
      { place: { file, line: 1 } },
    );
  const rows = columns[0]?.length ?? 0;
  const pick = (from: readonly number[]): number[][] =>
    Array.from({ length: rows }, (_, row) => from.map((column) => columns[column]![row]!));
  return {
    observations: pick(chosen),
    ...(outputs.length === 0 ? {} : { outputs: pick(outputs) }),
    ...(actions.length === 0 ? {} : { actions: pick(actions) }),
  };
}
