import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { ConfigError } from '../core/errors.ts';
import { openSqlite } from './sqlite.ts';
import type { Sqlite } from './sqlite.ts';

/**
 * Makes this process the owner of a store until it is disposed or dies: an exclusive transaction on `owner.db`, which the
 * system ends with the process, however that ends.
 * @throws {ConfigError} when another server has it or nothing can be written there.
 */
export function lockStore(folder: string): Disposable {
  const database = opened(folder);
  try {
    database.exec('pragma busy_timeout = 0; begin exclusive;');
  } catch (cause) {
    database[Symbol.dispose]();
    if (!/locked|busy/i.test(messageOf(cause))) throw cause;
    throw new ConfigError(
      `the store ${folder} belongs to another server that is running: stop it, or choose another folder with --store`,
      { cause },
    );
  }
  return database;
}

function opened(folder: string): Sqlite {
  try {
    mkdirSync(folder, { recursive: true });
    return openSqlite(join(folder, 'owner.db'));
  } catch (cause) {
    throw new ConfigError(`the store cannot be kept in ${folder}: ${messageOf(cause)}`, { cause });
  }
}

function messageOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
