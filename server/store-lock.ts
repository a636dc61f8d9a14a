import { join } from 'node:path';
import { ConfigError } from '../core/errors.ts';
import { openSqlite } from './sqlite.ts';

/**
 * Makes this process the owner of a store until it is disposed or dies: an exclusive transaction on `owner.db`, which the
 * system ends with the process, however that ends.
 * @throws {ConfigError} when another server has it.
 */
export function lockStore(folder: string): Disposable {
  const database = openSqlite(join(folder, 'owner.db'));
  try {
    database.exec('pragma busy_timeout = 0; begin exclusive;');
  } catch (cause) {
    database[Symbol.dispose]();
    throw new ConfigError(
      `the store ${folder} belongs to another server that is running: stop it, or choose another folder with --store`,
      { cause },
    );
  }
  return database;
}
