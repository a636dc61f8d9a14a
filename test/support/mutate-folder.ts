import type { Rng } from '../../core/rng.ts';
import { pick } from './folder-mutation.ts';
import type { FolderBytes, Mutation } from './folder-mutation.ts';
import { fileMutations } from './mutate-bytes.ts';
import { weightMutations } from './mutate-equipment.ts';
import { schemaMutations } from './mutate-schema.ts';
import { tableMutations } from './mutate-table.ts';
import { valueMutations } from './mutate-values.ts';

export type { FolderBytes };

/** Drawn by family first, so that each kind of damage is as common whatever its variants are. */
const families: readonly (readonly Mutation[])[] = [
  fileMutations,
  tableMutations,
  schemaMutations,
  schemaMutations,
  valueMutations,
  valueMutations,
  valueMutations,
  weightMutations,
];

/** One random change of a dataset folder. @returns what was done */
export function mutateFolder(files: FolderBytes, draw: Rng): string {
  for (;;) {
    const done = pick(pick(families, draw), draw)(files, draw);
    if (done !== null) return done;
  }
}
