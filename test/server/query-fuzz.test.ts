import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Store } from '../../server/store.ts';
import type { Problem } from '../../server/events.ts';
import { mostChildMemory } from '../support/child-memory.ts';
import { writeRecordedRuns } from '../support/recorded-run.ts';
import { api, openServer, posted, tempFolder } from '../support/server.ts';
import type { TestServer } from '../support/server.ts';

/** Stands in files and in the environment, and must stand in no answer. */
const secret = 'canary-4c1f7a';
const patience = 600_000;
/** Of a question of one second: its limit, the grace of its process, and what the request itself may take on a loaded machine. */
const longestMs = 30_000;

let folder: ReturnType<typeof tempFolder>;
let server: TestServer;
let store: string;
let before: string;

beforeAll(async () => {
  process.env['FAULTLINE_SECRET'] = secret;
  folder = tempFolder();
  store = join(folder.path, 'store');
  writeRecordedRuns(store, [
    { id: 'a', frames: 3, kpis: { cost: 1.5 } },
    { id: 'b', frames: 1, kpis: { cost: 1.25 } },
  ]);
  const opened = new Store(store, 0);
  for (const id of ['a', 'b']) await opened.compact(id);
  await opened.warehouse[Symbol.asyncDispose]();
  opened[Symbol.dispose]();
  mkdirSync(join(folder.path, 'outside'));
  for (const name of ['secret.csv', 'secret.json', 'secret.txt', 'secret.parquet'])
    writeFileSync(join(folder.path, 'outside', name), JSON.stringify({ secret }));
  server = await openServer({ maxConcurrent: 0, store, writesPerMinute: 1e6 });
  before = listing();
});
afterAll(async () => {
  delete process.env['FAULTLINE_SECRET'];
  await server[Symbol.asyncDispose]();
  folder[Symbol.dispose]();
});

/** Every file that a question may not touch, with its size and contents; the catalogue is the server's own to write. */
function listing(): string {
  const files = readdirSync(folder.path, { recursive: true, encoding: 'utf8' }).toSorted();
  return files
    .filter((name) => !/(lab|owner)\.db/.test(name))
    .map((name) => {
      const path = join(folder.path, name);
      return statSync(path).isFile() ? `${name} ${readFileSync(path).toString('base64')}` : name;
    })
    .join('\n');
}

interface Answer extends Partial<Problem> {
  readonly rows?: readonly unknown[];
}

async function ask(sql: string): Promise<{ readonly status: number; readonly body: Answer }> {
  const begun = performance.now();
  const { status, body } = await api<Answer>(server.url, '/query', posted({ sql, limit: 100, seconds: 1 }));
  const took = performance.now() - begun;
  // 429 is for who does not wait for the answer; 5xx is for nobody.
  expect([sql, status, status === 200 || status === 422]).toEqual([sql, status, true]);
  expect([sql, took < longestMs ? 'in time' : took]).toEqual([sql, 'in time']);
  const text = JSON.stringify(body);
  // Where the store lies is no secret to an administrator, who may ask for DuckDB's settings, but no message says it.
  for (const told of [secret, 'root:x:0', ...(status === 422 ? [`${store}/runs`] : [])])
    expect([sql, text.includes(told) && !sql.includes(told)]).toEqual([sql, false]);
  return { status, body };
}

/** It answers, the tables are what they were, and so are the files. */
async function unharmed(): Promise<void> {
  expect(
    (await ask("select (select count(*) from runs), (select count(*) from kpis), count(*) from telemetry('a')")).body
      .rows,
  ).toEqual([[2, 4, 12]]);
  expect(
    (await ask("select current_setting('enable_external_access'), current_setting('lock_configuration')")).body.rows,
  ).toEqual([[false, true]]);
  expect(listing()).toBe(before);
  expect(existsSync('/tmp/faultline-fuzz.out')).toBe(false);
}

const path = fc.constantFrom(
  '/etc/passwd',
  '/proc/self/environ',
  '/proc/self/cmdline',
  '/proc/self/maps',
  '/dev/zero',
  '/dev/stdin',
  '/etc/*',
  '**',
  '.',
  '',
  '~/.ssh/id_rsa',
  'OUTSIDE/secret.csv',
  'OUTSIDE/secret.json',
  'OUTSIDE/*',
  'STORE/lab.db',
  'STORE/runs/../lab.db',
  'STORE/runs/../../outside/secret.txt',
  'STORE/runs//../../outside/secret.csv',
  'STORE/runs/a/telemetry.parquet',
  'STORE/runs/new.parquet',
  'STORE/runs/a/../x.csv',
  'file:///etc/passwd',
  'file://localhost/etc/passwd',
  '/tmp/faultline-fuzz.out',
  'https://localhost:1/x.parquet',
  'http://169.254.169.254/latest/meta-data',
  's3://bucket/x.parquet',
  'gcs://b/x',
  'hf://datasets/x',
  'az://c/x',
  '\\\\host\\share',
  '/etc/passwd\0.parquet',
  '..\\..\\etc',
  'a',
  '../../lab',
);
const text = path.map((one) => `'${one}'`);
const number = fc.constantFrom(
  '0',
  '-1',
  '1',
  '9223372036854775807',
  '1e308',
  "'nan'::double",
  'null',
  '0.1',
  '3::utinyint',
);
const name = fc.constantFrom(
  'runs',
  'kpis',
  'x',
  '"Building_1/clean/a"',
  'main.runs',
  'information_schema.tables',
  '"a""b"',
  'temp.t',
  'system.main.x',
);
const value = fc.oneof(
  text,
  number,
  name,
  fc.constantFrom(
    'id',
    'now()',
    '[1, 2]',
    "{'a': 1}",
    '$1',
    '?',
    '$sql',
    ':x',
    '*',
    'true',
    "repeat('x', 1000)",
    '(select 1)',
    "'x'::blob",
    'x -> x + 1',
  ),
);

const reader = fc.constantFrom(
  'read_text',
  'read_blob',
  'read_csv',
  'read_csv_auto',
  'sniff_csv',
  'read_json',
  'read_json_auto',
  'read_ndjson',
  'read_json_objects',
  'read_ndjson_objects',
  'read_parquet',
  'parquet_scan',
  'parquet_metadata',
  'parquet_schema',
  'parquet_file_metadata',
  'parquet_kv_metadata',
  'parquet_bloom_probe',
  'glob',
  'sqlite_scan',
  'postgres_scan',
  'mysql_scan',
  'iceberg_scan',
  'delta_scan',
  'st_read',
  'read_xlsx',
  'arrow_scan',
  'telemetry',
  'query',
  'query_table',
  'pragma_storage_info',
  'pragma_table_info',
  'which_secret',
  'json_execute_serialized_sql',
  'load_aws_credentials',
);
const source = fc.oneof(
  name,
  text,
  path.map((one) => `"${one}"`),
  fc.tuple(reader, text).map(([read, file]) => `${read}(${file})`),
  fc.tuple(reader, text, text).map(([read, one, other]) => `${read}([${one}, ${other}])`),
  fc.tuple(reader, fc.array(value, { maxLength: 3 })).map(([read, all]) => `${read}(${all.join(', ')})`),
  fc.constantFrom(
    'duckdb_settings()',
    'duckdb_secrets()',
    'duckdb_extensions()',
    'duckdb_logs()',
    'duckdb_memory()',
    'pragma_database_list()',
    'duckdb_temporary_files()',
    'test_all_types()',
  ),
  fc.constantFrom(
    'range(1000)',
    'generate_series(1, 100)',
    'unnest([1, 2])',
    'repeat_row(1, num_rows = 10)',
    '(values (1), (2)) v',
    'checkpoint()',
    'force_checkpoint()',
  ),
);
const expression = fc.oneof(
  value,
  fc
    .tuple(
      fc.constantFrom(
        'getenv',
        'current_setting',
        'getvariable',
        'set_config',
        'pg_read_file',
        'load_extension',
        'system',
        'nextval',
        'parse_path',
        'encode',
        'decode',
        'from_base64',
        'md5',
        'regexp_matches',
        'json_extract',
        'in_search_path',
        'write_log',
        'error',
        'sleep_ms',
        'enable_logging',
        'read_text',
      ),
      fc.array(value, { maxLength: 2 }),
    )
    .map(([call, all]) => `${call}(${all.join(', ')})`),
  source.map((from) => `(select count(*) from ${from})`),
);
const sound = fc.constantFrom('runs', 'kpis', "telemetry('a')", 'range(10)', '(values (1), (2)) v', 'duckdb_tables()');
const select = fc.oneof(
  sound.map((from) => `select count(*) from ${from}`),
  fc.tuple(source, sound).map(([one, other]) => `select count(*) from ${other} where 1 not in (select 2 from ${one})`),
  fc.tuple(expression, sound).map(([what, from]) => `select ${what} from ${from}`),
  fc.tuple(expression, source).map(([what, from]) => `select ${what} from ${from}`),
  source.map((from) => `from ${from}`),
  fc.tuple(source, source).map(([one, other]) => `select count(*) from ${one}, ${other}`),
  expression.map((what) => `select ${what}`),
);
const command = fc.oneof(
  fc
    .tuple(
      select,
      text,
      fc.constantFrom('', '(format csv)', '(format parquet, partition_by (id))', '(format json, overwrite true)'),
    )
    .map(([what, to, how]) => `copy (${what}) to ${to} ${how}`),
  fc.tuple(name, text).map(([table, from]) => `copy ${table} from ${from}`),
  text.map((file) => `export database ${file}`),
  text.map((file) => `import database ${file}`),
  fc
    .tuple(text, fc.constantFrom('', 'as y', '(type sqlite)', '(read_only)'))
    .map(([file, how]) => `attach ${file} ${how}`),
  text.map((file) => `install ${file}`),
  fc
    .constantFrom('httpfs', 'sqlite', 'postgres', 'spatial', "'/tmp/x.duckdb_extension'")
    .chain((one) =>
      fc.constantFrom(
        `install ${one}`,
        `load ${one}`,
        `force install ${one} from core_nightly`,
        `update extensions (${one})`,
      ),
    ),
  fc
    .tuple(
      fc.constantFrom('set', 'set global', 'set session', 'pragma', 'reset', 'set variable'),
      fc.constantFrom(
        'enable_external_access = true',
        "allowed_directories = ['/']",
        "allowed_paths = ['/etc/passwd']",
        "memory_limit = '64GB'",
        'threads = 64',
        "temp_directory = '/tmp'",
        'lock_configuration = false',
        "home_directory = '/'",
        "search_path = 'main'",
        'autoinstall_known_extensions = true',
        "custom_user_agent = 'x'",
        "log_query_path = '/tmp/faultline-fuzz.out'",
        "profiling_output = '/tmp/faultline-fuzz.out'",
        "enable_profiling = 'json'",
      ),
    )
    .map(([how, what]) => `${how} ${what}`),
  fc
    .tuple(
      fc.constantFrom(
        'create table t as',
        'create or replace table runs as',
        'create temp view runs as',
        'create macro telemetry(id) as table',
        'insert into runs',
        'explain analyze',
        'explain',
        'describe',
        'summarize',
        'prepare p as',
      ),
      select,
    )
    .map(([how, what]) => `${how} ${what}`),
  fc.constantFrom(
    'drop table runs',
    'delete from runs',
    'truncate runs',
    'alter table runs add column y int',
    'update runs set id = 1',
    'drop macro table telemetry',
    'checkpoint',
    'vacuum',
    'begin',
    'rollback',
    'execute p',
    'deallocate p',
    'use temp',
    'call pragma_version()',
    'show tables',
    "create secret (type s3, key_id 'x')",
    'create sequence s',
    "create type m as enum ('a')",
    'pivot runs on state using count(*)',
    "comment on table runs is 'x'",
    'detach main',
    'kill 1',
  ),
  // Statements that write, where a table may stand.
  fc
    .constantFrom(
      "insert into runs(id) values ('x') returning id",
      'delete from runs returning id',
      "update runs set id = 'x' returning id",
      "copy runs to '/tmp/faultline-fuzz.out'",
      'drop table runs',
    )
    .map((inner) => `with w as (${inner}) select * from w`),
);
const disguise = fc.constantFrom<(sql: string) => string>(
  (sql) => sql,
  (sql) => `/* ${sql} */ ${sql}`,
  (sql) => `--\n${sql}\n--`,
  (sql) => `/*/**/${sql}`,
  (sql) => sql.replaceAll(' ', '/**/'),
  (sql) => sql.replaceAll(' ', '\u00a0'),
  (sql) => sql.replaceAll(' ', '\u2028'),
  (sql) => `\ufeff${sql}`,
  (sql) => `${sql};`,
  (sql) => `select 1; ${sql}`,
  (sql) => `${sql}; drop table runs`,
  (sql) => `;;;${sql};;;`,
  (sql) => `${sql}\uff1b select 1`,
  (sql) => sql.replaceAll("'", '\u2019'),
  (sql) => sql.replaceAll("'", '$$'),
  (sql) => sql.replace("'", "E'\\x27"),
  (sql) => `${sql}\0`,
  (sql) => sql.split('').join('\u200b'),
  (sql) => `\u202e${sql}`,
  (sql) => sql.toUpperCase(),
  (sql) => `(${sql})`,
  (sql) => `select * from (${sql})`,
  (sql) => `select * from query('${sql.replaceAll("'", "''")}')`,
  (sql) => `with w as materialized (${sql}) select * from w`,
  (sql) => `with recursive r(n) as (select 1 union all select n + 1 from r where n < 5) ${sql}`,
  (sql) => `${sql} union all ${sql}`,
  (sql) => sql.slice(0, sql.length >> 1),
  (sql) => `from json_execute_serialized_sql(json_serialize_sql('${sql.replaceAll("'", "''")}'))`,
  (sql) => `${sql} limit (select count(*) from runs)`,
);

describe('a question in SQL, whatever it is', () => {
  it(
    'is answered or refused, in time; nothing outside is read, nothing is written',
    { timeout: patience },
    async () => {
      const statuses: Record<number, number> = {};
      await fc.assert(
        fc.asyncProperty(
          fc.oneof({ arbitrary: select, weight: 3 }, { arbitrary: command, weight: 2 }),
          fc.array(disguise, { maxLength: 2 }),
          async (plain, disguises) => {
            const sql = disguises
              .reduce((one, put) => put(one), plain)
              .replaceAll('STORE', store)
              .replaceAll('OUTSIDE', join(folder.path, 'outside'));
            const { status } = await ask(sql.slice(0, 19_000) || 'x');
            statuses[status] = (statuses[status] ?? 0) + 1;
          },
        ),
        { numRuns: Number(process.env['FAULTLINE_QUERIES'] ?? 600) },
      );
      // It came through to what is answered, not only to the parser.
      expect(statuses[200]).toBeGreaterThan(30);
      expect(statuses[422]).toBeGreaterThan(100);
      await unharmed();
    },
  );

  it(
    'has no function of DuckDB that reads or writes elsewhere, or ends the server',
    { timeout: patience },
    async () => {
      const { body } = await api<Answer>(
        server.url,
        '/query',
        posted({
          sql: "select distinct function_name, function_type from duckdb_functions() where function_type in ('table', 'table_macro', 'pragma', 'scalar') and function_name similar to '[a-z_0-9]+' order by all",
          limit: 10_000,
          seconds: 30,
        }),
      );
      const functions = body.rows as readonly (readonly [string, string])[];
      expect(functions.length).toBeGreaterThan(500);
      const secrets = join(folder.path, 'outside', 'secret.csv');
      // Many at once: one that does not exist with these arguments must not hide another.
      const tables = functions.filter(([, type]) => type !== 'scalar');
      for (const [call] of tables)
        for (const all of [`'${secrets}'`, `'${secrets}', '${secrets}'`, '', '1'])
          await ask(`select * from ${call}(${all}) limit 5`);
      const scalars = functions.filter(([, type]) => type === 'scalar').map(([call]) => call);
      for (const call of scalars) await ask(`select ${call}('${secrets}')`);
      await unharmed();
    },
  );

  const bombs = [
    'with recursive t(n) as (select 1 union all select n + 1 from t) select max(n) from t',
    'with recursive t(n) as (select 1 union all select n from t, range(1000)) select count(*) from t',
    'with recursive t(n) as (select [1] union all select n || n from t) select count(*) from t',
    'select count(*) from range(1000000) a, range(1000000) b, range(1000000) c',
    'select a.range * b.range from range(1000000) a, range(1000000) b order by 1 desc',
    'select count(distinct a.range * 1000003 + b.range) from range(100000) a, range(100000) b',
    'select list(range) from range(1000000000)',
    'select unnest(range(10000000000))',
    "select length(string_agg(repeat('x', 1000000), '')) from range(100000)",
    "select repeat('x', 1000000000) || repeat('y', 1000000000)",
    "select md5(repeat(repeat('x', 1000000), 2000))",
    "select regexp_replace(repeat('a', 10000000), '(a+)+$', 'b', 'g')",
    "select regexp_matches(repeat('a', 1000000), '(.*a){50}b')",
    'select list_sort(list(random())) from range(1000000000)',
    "select json_extract(repeat('[', 1000000) || repeat(']', 1000000), '$[0]')",
    'select histogram(range) from range(100000000)',
    'select range, lead(range, 1000) over (partition by range % 2 order by random()) from range(100000000)',
    "select map_from_entries(list((range, repeat('x', 1000)))) from range(10000000)",
    'select reduce(range(100000000), (x, y) -> x + y)',
    "select levenshtein(repeat('a', 1000000), repeat('b', 1000000))",
    'select factorial(20) ** a.range from range(1000000000) a where a.range < 0',
    `select ${'('.repeat(4000)}1${')'.repeat(4000)}`,
    `select ${'['.repeat(4000)}1${']'.repeat(4000)}`,
    `select ${'1 + '.repeat(4000)}1`,
    `select ${'case when true then '.repeat(800)} 1 ${' end'.repeat(800)}`,
    `select * from ${Array(60).fill('range(10)').join(', ')}`,
    `select * from ${Array(200).fill('runs').join(' natural join ')}`,
    `with ${Array.from({ length: 25 }, (_, k) => `t${k + 1} as (select * from t${k} union all select * from t${k})`)
      .join(', ')
      .replace(
        't1 as (select * from t0 union all select * from t0)',
        't1 as (select 1)',
      )} select count(*) from t25 a, t25 b`,
    `select 1 where 1 in (${'1, '.repeat(6000)}1)`,
  ];
  it('that is a bomb costs its own time and memory alone', { timeout: patience }, async () => {
    const most = await mostChildMemory(async () => {
      for (const sql of bombs) await ask(sql);
    });
    expect(most).toBeGreaterThan(50 * 2 ** 20); // it was looked at
    expect(most).toBeLessThan(2.5 * 2 ** 30); // 2 GB of data by the operating system, and the programs themselves
    await unharmed();
  });
});
