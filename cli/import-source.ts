import { createHash } from 'node:crypto';
import { closeSync, existsSync, openSync, readFileSync, readSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { inflateRawSync } from 'node:zlib';
import type { ByteRange } from '../core/byte-range.ts';
import { DataError } from '../core/errors.ts';
import type { ImportSource } from '../evaluation/import-policy.ts';

/** A description that stands beside weights, or the observations of a check. */
const largestText = 64 * 2 ** 20;
/** Weights with what is not read of them: critics, and an optimiser's moments. */
const largestFile = 256 * 2 ** 20;

/** A policy file with the files of its folder; a folder stands for what it holds under a name that importers know. @throws {DataError} */
export function importSource(path: string): ImportSource {
  const file = isFolder(path) ? inFolder(path) : path;
  const folder = dirname(file);
  return {
    name: file,
    bytes: fileBytes(file),
    // What a downloaded file names is looked for beside it and nowhere else.
    companion: (name) =>
      name === basename(name) && !['', '.', '..'].includes(name) && isFile(join(folder, name))
        ? readWhole(join(folder, name))
        : undefined,
    // In one piece: pieces would be joined, in twice the room.
    inflate: (bytes, atMost) =>
      inflateRawSync(bytes, { maxOutputLength: Math.max(1, atMost), chunkSize: Math.max(64, atMost) }),
  };
}

/** A file to be read in parts: what is not asked for is never in memory. @throws {DataError} when it cannot be read or is larger than any policy. */
export function fileBytes(file: string): ByteRange {
  return {
    length: sizeOf(file, largestFile),
    subarray: (begin, end) =>
      reading(file, () => {
        const bytes = new Uint8Array(end - begin);
        const opened = openSync(file, 'r');
        try {
          for (let at = 0; at < bytes.length;) {
            const got = readSync(opened, bytes, at, bytes.length - at, begin + at);
            if (got === 0) throw new DataError(`ends at byte ${begin + at}, expected ${end}`, { place: { file } });
            at += got;
          }
        } finally {
          closeSync(opened);
        }
        return bytes;
      }),
  };
}

/** A file's bytes. @throws {DataError} when it cannot be read or is larger than what is read whole. */
export function readWhole(file: string): Uint8Array {
  sizeOf(file, largestText);
  return reading(file, () => readFileSync(file));
}

/** SHA-256 of a file, hex. @throws {DataError} */
export function sha256OfFile(file: string): string {
  const bytes = fileBytes(file);
  const hash = createHash('sha256');
  const part = 2 ** 20;
  for (let at = 0; at < bytes.length; at += part) hash.update(bytes.subarray(at, Math.min(bytes.length, at + part)));
  return hash.digest('hex');
}

function sizeOf(file: string, most: number): number {
  const { size } = reading(file, () => statSync(file));
  if (size > most) throw new DataError(`has ${size} bytes, expected at most ${most}`, { place: { file } });
  return size;
}

function reading<T>(file: string, read: () => T): T {
  try {
    return read();
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
