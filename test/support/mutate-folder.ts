import type { Rng } from '../../core/rng.ts';
import { pick } from './folder-mutation.ts';
import type { FolderBytes, Mutation } from './folder-mutation.ts';
import { fileMutations } from './mutate-bytes.ts';
import { weightMutations } from './mutate-equipment.ts';
import { schemaMutations } from './mutate-schema.ts';
import { tableMutations } from './mutate-table.ts';
import { valueMutations } from './mutate-values.ts';

export type { FolderBytes };

/** The more of a kind there are, the more often it is its turn. */
const mutations: readonly Mutation[] = [
  ...fileMutations,
  ...tableMutations,
  ...schemaMutations,
  ...valueMutations,
  ...valueMutations,
  ...weightMutations,
];

/** One random change of a dataset folder. @param turn the kind of change, where one applies: each has its turn @returns what was done */
export function mutateFolder(files: FolderBytes, draw: Rng, turn: number): string {
  let mutation = mutations[turn % mutations.length]!;
  for (;;) {
    const done = mutation(files, draw);
    if (done !== null) return done;
    mutation = pick(mutations, draw);
  }
}
