import { ConfigError } from '../core/errors.ts';
import type { RunState } from './events.ts';
import type { Row, Sqlite } from './sqlite.ts';

/** What a list of runs can be ordered by, with the value behind it; `-` before a name turns it round. */
const orders = {
  created: 'created_at',
  started: 'coalesce(started_at, 0)',
  ended: 'coalesce(ended_at, 0)',
  duration: 'coalesce(ended_at - started_at, 0)',
  policy: "json_extract(scenario, '$.victim.policy')",
  name: 'lower(name)',
  state: 'state',
  seed: 'seed',
  steps: 'head_step',
  // Runs without the metric stand last, whichever way the others are.
  metric: 'coalesce((select mean from figure where metric = ?11 and run_id = run.id), ?12)',
} as const;

type Order = keyof typeof orders;
export type RunSort = Order | `-${Order}`;
export const runSorts = Object.keys(orders).flatMap((name) => [name, `-${name}`]) as readonly RunSort[];

export interface RunQuery {
  readonly state?: RunState | undefined;
  /** Words: each is part of the name, policy, dataset, a building, a module or an attack, or it is a state, a tag or how an id begins. */
  readonly text?: string | undefined;
  readonly policy?: string | undefined;
  /** Created at this time or later, ms since the epoch. */
  readonly since?: number | undefined;
  /** Name or label of an attack of the panel. */
  readonly attack?: string | undefined;
  readonly tag?: string | undefined;
  readonly sweep?: string | undefined;
  /** Absent: those that are not archived. */
  readonly archived?: boolean | 'all' | undefined;
  /** Default: the newest first. */
  readonly sort?: RunSort | undefined;
  /** What `metric` sorts by. */
  readonly metric?: string | undefined;
  /** Opaque: where the page before ended. */
  readonly cursor?: string | undefined;
  readonly limit: number;
}

/** What a list shows: not the schema and the result, which are most of a row. */
export const listed = `id, name, state, scenario, seed, created_at, started_at, ended_at, head_seq, head_step, total_steps, error,
  note, archived, sweep_id, executor, worker, attempts, (select json_group_array(tag order by tag) from tag where run_id = run.id) as tags`;

/** What a row must be to be on any page. */
const matching = `(?3 is null or state = ?3) and (?5 is null or archived = ?5) and (?6 is null or sweep_id = ?6)
  and (?10 is null or created_at >= ?10)
  and (?7 is null or exists(select 1 from tag where run_id = run.id and tag = ?7))
  and (?9 is null or (instr(search, lower(?9)) > 0 and json_extract(scenario, '$.victim.policy') = ?9))
  and (?8 is null or (instr(search, lower(?8)) > 0 and exists(select 1 from json_each(scenario, '$.attacks')
    where ?8 in (json_extract(value, '$.name'), json_extract(value, '$.label')))))`;

/** The same of a word of the text, as parameter `at`. */
const holding = (at: number): string => `(instr(search, ?${at}) > 0 or state = ?${at} or instr(id, ?${at}) = 1
  or id in (select run_id from tag where lower(tag) = ?${at}))`;
/** More words than this are one word, blanks and all. */
const maxWords = 8;

/** A page of rows; paging is by key, so runs that come meanwhile move nothing. */
export function selectRuns(
  database: Sqlite,
  query: RunQuery,
): { readonly rows: readonly Row[]; readonly cursor: string | null; /** Runs on all pages. */ readonly total: number } {
  const sort = query.sort ?? '-created';
  const descending = sort.startsWith('-');
  const by = orders[sort.replace('-', '') as Order];
  const [after, id] = query.cursor === undefined ? [null, null] : splitCursor(query.cursor, sort);
  const direction = descending ? 'desc' : 'asc';
  const archived = query.archived === 'all' ? null : Number(query.archived ?? false);
  // Both sides of a cursor are compared in one go where it is there, so that the index is entered at the right place.
  const beyond = after === null ? '?1 is ?2' : `(${by}, id) ${descending ? '<' : '>'} (?1, ?2)`;
  const text = query.text?.toLowerCase() ?? '';
  const split = text.split(/\s+/).filter(Boolean);
  const words = split.length > maxWords ? [text] : split;
  const values = [
    after,
    id,
    query.state ?? null,
    query.limit + 1,
    archived,
    query.sweep ?? null,
    query.tag ?? null,
    query.attack ?? null,
    query.policy ?? null,
    query.since ?? null,
    query.metric ?? null,
    descending ? -Number.MAX_VALUE : Number.MAX_VALUE,
    ...words,
  ] as const;
  const wanted = [matching, ...words.map((_, at) => holding(values.length - words.length + 1 + at))].join(' and ');
  const found = database
    .prepare(
      `select ${listed}, ${by} as sorted from run where id in (
         select id from run where ${beyond} and ${wanted}
         order by ${by} ${direction}, id ${direction} limit ?4)
       order by ${by} ${direction}, id ${direction}`,
    )
    .all(...values);
  const whole = after === null && found.length <= query.limit;
  const total = whole ? found.length : count(database, wanted, values);
  const rows = found.slice(0, query.limit);
  const last = rows.at(-1);
  if (found.length === rows.length || last === undefined) return { rows, cursor: null, total };
  return { rows, cursor: Buffer.from(JSON.stringify([sort, last['sorted'], last['id']])).toString('base64url'), total };
}

/** A walk of its own over the index, as far as that reaches: a window over the page’s carries every row through a sort, a scan reads every result. */
function count(database: Sqlite, wanted: string, values: readonly (string | number | null)[]): number {
  const others = '?1 is ?1 and ?2 is ?2 and ?4 is ?4 and ?11 is ?11 and ?12 is ?12';
  return Number(
    database
      .prepare(`select count(*) as total from run indexed by run_listed where ${others} and ${wanted}`)
      .get(...values)!['total'],
  );
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
