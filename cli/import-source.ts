import { existsSync, readFileSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { inflateRawSync } from 'node:zlib';
import { DataError } from '../core/errors.ts';
import type { ImportSource } from '../evaluation/import-policy.ts';

/** 64 MiB of weights and as much again for what is not read: an optimiser's moments. */
const largestFile = 128 * 2 ** 20;

/** A policy file with the files of its folder; a folder stands for what it holds under a name that importers know. @throws {DataError} */
export function importSource(path: string): ImportSource {
  const file = isFolder(path) ? inFolder(path) : path;
  const folder = dirname(file);
  return {
    name: file,
    bytes: readWhole(file),
    // What a downloaded file names is looked for beside it and nowhere else.
    companion: (name) =>
      name === basename(name) && !['', '.', '..'].includes(name) && isFile(join(folder, name))
        ? readWhole(join(folder, name))
        : undefined,
    inflate: (bytes, atMost) => inflateRawSync(bytes, { maxOutputLength: Math.max(1, atMost) }),
  };
}

/** A file's bytes. @throws {DataError} when it cannot be read or is larger than any policy. */
export function readWhole(file: string): Uint8Array {
  try {
    const { size } = statSync(file);
    if (size > largestFile)
      throw new DataError(`has ${size} bytes, expected at most ${largestFile}`, { place: { file } });
    return readFileSync(file);
  } catch (cause) {
    if (cause instanceof DataError) throw cause;
    throw new DataError(`cannot be read: ${cause instanceof Error ? cause.message : String(cause)}`, {
      place: { file },
      cause,
    });
  }
}

function inFolder(path: string): string {
  const names = ['policy.safetensors', 'model.json', 'model.safetensors', 'model.onnx'];
  const found = names.find((name) => existsSync(join(path, name)));
  if (found === undefined)
    throw new DataError(`is a folder without ${names.join(', ')}; name the file`, { place: { file: path } });
  return join(path, found);
}

function isFolder(path: string): boolean {
  return existsSync(path) && statSync(path).isDirectory();
}

function isFile(path: string): boolean {
  return existsSync(path) && statSync(path).isFile();
}
