import { existsSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { Catalogue } from './catalogue.ts';
import type { Notes } from './catalogue.ts';
import { nothing } from './frame-log.ts';
import type { FrameLogs } from './frame-logs.ts';
import type { Warehouse } from './warehouse.ts';

interface StoreFiles {
  readonly folder: string;
  readonly logs: FrameLogs;
  readonly warehouse: Warehouse;
}

/** The catalogue of a store; one that is damaged is set aside and made anew from the logs and files of its runs. @param damage is told of it */
export function openCatalogue(files: StoreFiles, now: number, damage: string[]): Catalogue {
  const file = join(files.folder, 'lab.db');
  try {
    return new Catalogue(file);
  } catch (error) {
    if (!/not a database|malformed|corrupt/i.test(messageOf(error))) throw error;
    const aside = `${file}.damaged-${now}`;
    for (const suffix of ['', '-wal', '-shm']) if (existsSync(file + suffix)) renameSync(file + suffix, aside + suffix);
    const catalogue = new Catalogue(file);
    const ids = [...new Set([...files.logs.ids(), ...files.warehouse.ids()])];
    const rebuilt = ids.filter((id) => rebuild(catalogue, files, id, damage));
    damage.push(
      `the catalogue was damaged (${messageOf(error)}) and set aside as ${aside}; ${rebuilt.length} of ${ids.length} runs were made anew from their files`,
    );
    return catalogue;
  }
}

/** Makes a run's row from its file's manifest, or from what its log notes. */
function rebuild(catalogue: Catalogue, { logs, warehouse }: StoreFiles, id: string, damage: string[]): boolean {
  try {
    const manifest = warehouse.manifest(id);
    const { run, start, outcome } = manifest ?? (logs.get(id)?.notes() as Notes | undefined) ?? {};
    if (run === undefined) return false;
    catalogue.insert(id, run.scenario, run.createdAt);
    if (start !== undefined) catalogue.start(id, start);
    if (outcome !== undefined) catalogue.end(id, outcome, manifest?.head ?? logs.get(id)!.head());
    if (manifest !== undefined) catalogue.setCompacted(id);
    return true;
  } catch (error) {
    damage.push(messageOf(error));
    return false;
  }
}

/** Runs that a server left under way are interrupted, with the head that their logs really have. */
export function interruptUnfinished(catalogue: Catalogue, logs: FrameLogs, now: number, damage: string[]): void {
  for (const id of catalogue.unfinished()) {
    const interrupted = { state: 'interrupted', endedAt: now } as const;
    try {
      catalogue.end(id, interrupted, logs.get(id)?.scan() ?? nothing);
    } catch (cause) {
      damage.push(messageOf(cause));
      catalogue.end(id, { ...interrupted, error: messageOf(cause) }, nothing);
    }
    logs.close(id);
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
