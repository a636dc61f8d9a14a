import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { rng } from '../../../core/rng.ts';
import { mutateFolder } from '../../support/mutate-folder.ts';
import type { FolderBytes } from '../../support/mutate-folder.ts';
import { baseFolders } from './base-folders.ts';

export interface DamagedFolder {
  readonly files: FolderBytes;
  /** What was done to it. */
  readonly what: string;
  /** Profiles that may simulate it; absent: any. */
  readonly allowed?: readonly string[];
}

/** The folder of a case. */
export function damagedFolder(number: number): DamagedFolder {
  const base = baseFolders[number % baseFolders.length]!;
  const draw = rng(2026).split('folders').split(number);
  const files: FolderBytes = new Map(base.files);
  // The first of each kind is sound; a third has more than one fault.
  const faults = number < baseFolders.length ? 0 : draw.int(3) === 0 ? 2 + draw.int(3) : 1;
  const turn = Math.floor(number / baseFolders.length);
  const done = Array.from({ length: faults }, (_, k) => mutateFolder(files, draw, k === 0 ? turn : draw.int(1000)));
  return { files, what: `case ${number}, ${base.name}: ${done.join('; ') || 'sound'}` };
}

/** @returns where it lies */
export function writeFolder(parent: string, number: number, files: FolderBytes): string {
  const path = join(parent, `case-${number}`);
  mkdirSync(path, { recursive: true });
  for (const [name, bytes] of files) {
    if (bytes === null) mkdirSync(join(path, name), { recursive: true });
    else writeFileSync(join(path, name), bytes);
  }
  return path;
}
