import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { describe, it } from 'vitest';
import { parseNumbers } from '../../core/csv.ts';

/** The project's shared folder of published data and reference results; it is not in the repository. */
const root = resolve(import.meta.dirname, '../../../shared');

/** Title of a suite that reads the shared folder, with the reason when it has to be skipped. */
export const sharedMissing = !existsSync(root);

export function sharedPath(path: string): string {
  return resolve(root, path);
}

/** A CSV of numbers (plain or .gz) as named columns. */
export function numberColumns(path: string): Readonly<Record<string, Float64Array>> {
  const bytes = readFileSync(path);
  const { head, columns } = parseNumbers((path.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8'), path);
  return Object.fromEntries(head.map((name, index) => [name, columns[index]!]));
}

/** Says that a suite over the recorded runs is skipped: a list of none of them is no suite at all. */
export function skipWithoutShared(what: string): void {
  if (sharedMissing) describe.skip(`${what} (needs ../shared)`, () => it('is not compared', () => {}));
}
