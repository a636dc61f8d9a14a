import { ConfigError } from '../core/errors.ts';
import type { RunState } from './events.ts';
import type { Row, Sqlite } from './sqlite.ts';

/** What a list of runs can be ordered by, with the value behind it; `-` before a name turns it round. */
const orders = {
  created: 'created_at',
  started: 'coalesce(started_at, 0)',
  ended: 'coalesce(ended_at, 0)',
  name: 'lower(name)',
  state: 'state',
  seed: 'seed',
  steps: 'head_step',
} as const;

type Order = keyof typeof orders;
export type RunSort = Order | `-${Order}`;
export const runSorts = Object.keys(orders).flatMap((name) => [name, `-${name}`]) as readonly RunSort[];

export interface RunQuery {
  readonly state?: RunState | undefined;
  /** Part of the name, policy, dataset, a building, a module or an attack. */
  readonly text?: string | undefined;
  /** Name or label of an attack of the panel. */
  readonly attack?: string | undefined;
  readonly tag?: string | undefined;
  readonly sweep?: string | undefined;
  /** Absent: those that are not archived. */
  readonly archived?: boolean | 'all' | undefined;
  /** Default: the newest first. */
  readonly sort?: RunSort | undefined;
  /** Opaque: where the page before ended. */
  readonly cursor?: string | undefined;
  readonly limit: number;
}

/** What a list shows: not the schema and the result, which are most of a row. */
export const listed = `id, name, state, scenario, seed, created_at, started_at, ended_at, head_seq, head_step, total_steps, error,
  note, archived, sweep_id, (select json_group_array(tag order by tag) from tag where run_id = run.id) as tags`;

/** A page of rows; paging is by key, so runs that come meanwhile move nothing. */
export function selectRuns(
  database: Sqlite,
  query: RunQuery,
): { readonly rows: readonly Row[]; readonly cursor: string | null } {
  const sort = query.sort ?? '-created';
  const descending = sort.startsWith('-');
  const by = orders[sort.replace('-', '') as Order];
  const [after, id] = query.cursor === undefined ? [null, null] : splitCursor(query.cursor, sort);
  const direction = descending ? 'desc' : 'asc';
  const archived = query.archived === 'all' ? null : Number(query.archived ?? false);
  // Both sides of a cursor are compared in one go where it is there, so that the index is entered at the right place.
  const beyond = after === null ? '?1 is ?2' : `(${by}, id) ${descending ? '<' : '>'} (?1, ?2)`;
  const found = database
    .prepare(
      `select ${listed}, ${by} as sorted from run where id in (
         select id from run where ${beyond} and (?3 is null or state = ?3)
           and (?4 is null or instr(search, ?4) > 0) and (?5 is null or archived = ?5) and (?6 is null or sweep_id = ?6)
           and (?7 is null or exists(select 1 from tag where run_id = run.id and tag = ?7))
           and (?8 is null or (instr(search, lower(?8)) > 0 and exists(select 1 from json_each(scenario, '$.attacks')
             where ?8 in (json_extract(value, '$.name'), json_extract(value, '$.label')))))
         order by ${by} ${direction}, id ${direction} limit ?9)
       order by ${by} ${direction}, id ${direction}`,
    )
    .all(
      after,
      id,
      query.state ?? null,
      query.text?.toLowerCase() ?? null,
      archived,
      query.sweep ?? null,
      query.tag ?? null,
      query.attack ?? null,
      query.limit + 1,
    );
  const rows = found.slice(0, query.limit);
  const last = rows.at(-1);
  if (found.length === rows.length || last === undefined) return { rows, cursor: null };
  return { rows, cursor: Buffer.from(JSON.stringify([sort, last['sorted'], last['id']])).toString('base64url') };
}

/** @throws {ConfigError} for a text that no page of this order ended with */
function splitCursor(cursor: string, sort: RunSort): [number | string, string] {
  let parts: unknown;
  try {
    parts = JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'));
  } catch {
    parts = null;
  }
  const [order, value, id] = Array.isArray(parts) ? (parts as unknown[]) : [];
  const known = (typeof value === 'string' || Number.isFinite(value)) && typeof id === 'string';
  if (order === sort && known) return [value as number | string, id];
  throw new ConfigError(
    `'${cursor.slice(0, 80)}' is no cursor of this list; expected the one that its page ended with`,
    {
      place: { path: '/cursor' },
    },
  );
}
