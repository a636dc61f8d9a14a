import { existsSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { inflateRawSync } from 'node:zlib';
import type { ImportSource } from '../../../nn/import/imported-model.ts';

/** Bytes under a name, with nothing beside them. */
export function bytesSource(name: string, bytes: Uint8Array): ImportSource {
  return {
    name,
    bytes,
    companion: () => undefined,
    inflate: (packed, atMost) => inflateRawSync(packed, { maxOutputLength: Math.max(1, atMost) }),
  };
}

/** A file with what lies beside it. */
export function fileSource(file: string): ImportSource {
  const beside = (name: string): string => join(dirname(file), basename(name));
  return {
    ...bytesSource(file, readFileSync(file)),
    companion: (name) => (existsSync(beside(name)) ? readFileSync(beside(name)) : undefined),
  };
}
