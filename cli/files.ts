import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { parseNumbers } from '../core/csv.ts';
import type { NumberTable } from '../core/csv.ts';
import { DataError } from '../core/errors.ts';

/** Reads a CSV file of numbers, plain or gzipped. @throws {DataError} */
export function readNumbers(file: string): NumberTable {
  let bytes: Uint8Array;
  try {
    bytes = readFileSync(file);
    if (file.endsWith('.gz')) bytes = gunzipSync(bytes, { maxOutputLength: 1 << 30 });
  } catch (cause) {
    throw new DataError(`cannot be read: ${cause instanceof Error ? cause.message : String(cause)}`, {
      place: { file },
      cause,
    });
  }
  return parseNumbers(new TextDecoder().decode(bytes), file);
}

/** Writes a file, making its folder. */
export function writeFile(file: string, content: string | Uint8Array): void {
  makeFolderOf(file);
  writeFileSync(file, content);
}

/** Writes a file so that whoever reads it, even after a kill or a power cut, finds the old content or the new, whole. */
export function replaceFile(file: string, content: string | Uint8Array): void {
  makeFolderOf(file);
  // Flushed before it is renamed: a name must not reach the disk before what it names.
  writeFileSync(`${file}.tmp`, content, { flush: true });
  renameSync(`${file}.tmp`, file);
}

/** By its whole path: once the working directory is gone Node looks for the parents of a relative one for ever, and no signal ends it. */
function makeFolderOf(file: string): void {
  mkdirSync(dirname(resolve(file)), { recursive: true });
}
