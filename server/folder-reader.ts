import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { ConfigError, DataError } from '../core/errors.ts';
import type { FolderReader } from '../sim/data/dataset.ts';

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
      if (name !== basename(name) || name === '..' || name === '.' || name.includes('\0')) {
        throw new ConfigError(`file name '${name}' leaves the folder ${path}; expected a plain name`);
      }
      const plain = join(path, name);
      if (existsSync(plain)) return readFile(plain);
      if (!existsSync(`${plain}.gz`)) return undefined;
      try {
        return gunzipSync(await readFile(`${plain}.gz`), { maxOutputLength: maxBytes });
      } catch (cause) {
        throw new DataError(`is not a whole gzip file: ${cause instanceof Error ? cause.message : String(cause)}`, {
          place: { file: `${plain}.gz` },
          cause,
        });
      }
    },
  };
}
