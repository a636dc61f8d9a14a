import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { ConfigError, DataError } from '../core/errors.ts';
import type { WorkspaceFolders } from '../evaluation/workspace.ts';

/** What evaluation reads datasets and policies through. */
type FolderReader = ReturnType<WorkspaceFolders['dataset']>;

/** Largest file we unpack: a hostile .gz must not fill the memory. */
const maxBytes = 1 << 30;

/**
 * Reads files of one folder; `name.gz` stands in for `name`.
 * @throws {ConfigError} for a name that would leave the folder, {DataError} for a damaged .gz.
 */
export function folderReader(path: string): FolderReader {
  return {
    label: path,
    async read(name) {
      if (name === '' || name !== basename(name) || name === '..' || name === '.' || name.includes('\0')) {
        throw new ConfigError(`file name '${name}' leaves the folder ${path}; expected a plain name`);
      }
      const plain = join(path, name);
      if (existsSync(plain)) return bytesOf(plain);
      if (!existsSync(`${plain}.gz`)) return undefined;
      try {
        return gunzipSync(await bytesOf(`${plain}.gz`), { maxOutputLength: maxBytes });
      } catch (cause) {
        if (cause instanceof DataError) throw cause;
        throw new DataError(`is not a whole gzip file: ${messageOf(cause)}`, {
          place: { file: `${plain}.gz` },
          cause,
        });
      }
    },
  };
}

/** @throws {DataError} for what is there and cannot be read: a folder of that name, no permission. */
async function bytesOf(file: string): Promise<Uint8Array> {
  try {
    return await readFile(file);
  } catch (cause) {
    throw new DataError(`cannot be read: ${messageOf(cause)}`, { place: { file }, cause });
  }
}

function messageOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
