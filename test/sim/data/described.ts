import type { FolderReader } from '../../../sim/data/dataset.ts';
import { describeFolder } from '../../../sim/data/describe.ts';
import type { FolderDescription } from '../../../sim/data/describe.ts';
import { problemText } from '../../../sim/data/describe-problem.ts';
import { schema } from './damage.ts';
import type { Change, Schema } from './damage.ts';
import { soundFolder } from './sound-folder.ts';
import type { Files } from './sound-folder.ts';

export const readerOf = (files: Files): FolderReader => ({
  label: 'folder',
  read: async (name) => {
    const text = files.get(name);
    return text === undefined ? undefined : new TextEncoder().encode(text);
  },
});
/** What is said of the sound folder after these changes. */
export async function described(...changes: readonly Change[]): Promise<FolderDescription> {
  const files = soundFolder();
  for (const change of changes) change(files);
  return (await describeFolder(readerOf(files), [...files.keys()])).description;
}
export const said = (description: FolderDescription, severity: 'error' | 'warning'): string[] =>
  description.problems.filter((problem) => problem.severity === severity).map(problemText);
export const building = (change: (building: Schema) => void): Change =>
  schema((all) => {
    change(all.buildings.Building_1);
  });
