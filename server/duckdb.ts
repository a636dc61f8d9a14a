import { mkdirSync } from 'node:fs';
import type { DuckDBInstance } from '@duckdb/node-api';

/**
 * An in-memory DuckDB that reads and writes below one folder and nowhere else, whatever it is asked: in this order it cannot be undone.
 * @param before statements to run while it is still open
 */
export async function confinedDuckDb(
  folder: string,
  options: Readonly<Record<string, string>>,
  before: readonly string[] = [],
): Promise<DuckDBInstance> {
  mkdirSync(folder, { recursive: true });
  const { DuckDBInstance } = await import('@duckdb/node-api');
  const instance = await DuckDBInstance.create(':memory:', { temp_directory: '', ...options });
  const connection = await instance.connect();
  for (const statement of before) await connection.run(statement);
  await connection.run(`set allowed_directories = [${sqlText(`${folder}/`)}]`);
  await connection.run('set enable_external_access = false');
  await connection.run('set lock_configuration = true');
  connection.closeSync();
  return instance;
}

/** A text as SQL writes it. */
export function sqlText(value: string): string {
  return `'${value.replaceAll("'", "''")}'`;
}

/** A name as SQL writes it. */
export function sqlName(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
