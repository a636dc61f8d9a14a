import { DataError } from '../core/errors.ts';
import type { Inflate, ZipArchive } from '../core/zip.ts';
import { openZip } from '../core/zip.ts';
import type { ImportSource } from '../evaluation/import-policy.ts';

/** A policy's files: a TensorFlow.js model of 20 MB comes in five shards. */
const mostFiles = 64;
/** Bytes that all files which are read may come to. */
const mostBytes = 64 * 2 ** 20;
const fileName = /^\w[\w. -]{0,99}$/;
/** A file of these is what the others belong to. */
const mainFiles = ['policy.safetensors', 'model.json', 'model.safetensors', 'model.onnx'];

/** The files of a set by their names; nothing is read before it is asked for. */
export interface PolicySet {
  /** What is imported, the others beside it. */
  readonly source: ImportSource;
  /** Another file of the set. @throws {DataError} where there is none of this name */
  file(name: string): Uint8Array;
}

/**
 * Reads a ZIP archive of a policy's files, alone or in one folder.
 * @param main name of the file that the others belong to; absent: the one that can be it
 * @throws {DataError} for an archive that is damaged, or has too many files, folders in folders, or names that are no plain ones
 */
export function policySet(bytes: Uint8Array, main: string | undefined, inflate: Inflate): PolicySet {
  const archive = openZip(bytes, 'the set', { inflate, mostBytes });
  const entries = plainNames(archive);
  const read = (name: string): Uint8Array | undefined => {
    const entry = entries.get(name);
    return entry === undefined ? undefined : archive.find(entry)!.read();
  };
  const file = (name: string): Uint8Array => {
    const found = read(name);
    if (found !== undefined) return found;
    const names = [...entries.keys()].map((one) => `'${one}'`).join(', ');
    throw fail(`has no file '${name}', but ${names}`);
  };
  const name = main ?? mainOf([...entries.keys()]);
  return { source: { name, bytes: file(name), companion: read, inflate }, file };
}

/** Entries by the names of their files, without the folder that all of them are in. */
function plainNames(archive: ZipArchive): ReadonlyMap<string, string> {
  // Folders are entries, and some programs add a folder of their own.
  const names = archive.names.filter((name) => !name.endsWith('/') && !name.startsWith('__MACOSX/'));
  if (names.length === 0) throw fail('has no files');
  if (names.length > mostFiles) throw fail(`has ${names.length} files, expected at most ${mostFiles}`);
  const folder = /^[^/]+\//.exec(names[0]!)?.[0] ?? '';
  const cut = names.every((name) => name.startsWith(folder)) ? folder.length : 0;
  const plain = new Map(names.map((name) => [name.slice(cut), name]));
  for (const name of plain.keys())
    if (!fileName.test(name))
      throw fail(`has a file ${JSON.stringify(name.slice(0, 120))}, expected plain names, in one folder at most`);
  return plain;
}

function mainOf(names: readonly string[]): string {
  const [only] = names;
  if (names.length === 1) return only!;
  const found = mainFiles.filter((name) => names.includes(name));
  if (found.length === 1) return found[0]!;
  const said = names.map((name) => `'${name}'`).join(', ');
  if (names.includes('data') || names.some((name) => name.endsWith('.pkl') && name.startsWith('data')))
    throw fail(`has the files ${said}: where it is itself the policy, send it as application/octet-stream`);
  throw fail(`has the files ${said}: say by 'file' which of them is the policy`);
}

function fail(message: string): DataError {
  return new DataError(message, { place: { file: 'the set' } });
}
