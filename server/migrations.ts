import { ConfigError } from '../core/errors.ts';
import type { Sqlite } from './sqlite.ts';

/** Each brings the catalogue from version i to i+1; never edited once landed. */
const migrations = [
  `create table run(
     id text primary key, name text not null, state text not null
       check(state in ('queued','running','paused','done','failed','cancelled','interrupted')),
     scenario text not null, seed integer not null, created_at integer not null, started_at integer, ended_at integer,
     head_seq integer not null default 0, head_step integer not null default 0, total_steps integer not null default 0,
     schema text, result text, error text) strict;
   create index run_created on run(created_at desc, id desc);
   create table idempotency(key text primary key, run_id text not null) strict;`,
  `alter table run add column search text not null default '';
   update run set search = lower(name);`,
  // Covers filters and paging: a scan of the rows would walk over every schema and result.
  `drop index run_created; create index run_listed on run(created_at desc, id desc, state, search);`,
  // A check cannot be altered: the table is made anew with the state 'preparing'.
  `create table run_anew(
     id text primary key, name text not null, state text not null
       check(state in ('queued','preparing','running','paused','done','failed','cancelled','interrupted')),
     scenario text not null, seed integer not null, created_at integer not null, started_at integer, ended_at integer,
     head_seq integer not null default 0, head_step integer not null default 0, total_steps integer not null default 0,
     schema text, result text, error text, search text not null default '') strict;
   insert into run_anew(id, name, state, scenario, seed, created_at, started_at, ended_at, head_seq, head_step,
       total_steps, schema, result, error, search)
     select id, name, state, scenario, seed, created_at, started_at, ended_at, head_seq, head_step,
       total_steps, schema, result, error, search from run;
   drop table run; alter table run_anew rename to run;
   create index run_listed on run(created_at desc, id desc, state, search);`,
  // What people say of runs, sweeps, tokens, and whether a run's telemetry has become a file.
  `alter table run add column note text not null default '';
   alter table run add column archived integer not null default 0;
   alter table run add column sweep_id text;
   alter table run add column compacted integer not null default 0;
   create table tag(run_id text not null, tag text not null, primary key(run_id, tag)) strict, without rowid;
   create table sweep(id text primary key, name text not null, spec text not null, created_at integer not null) strict;
   create table token(id text primary key, name text not null, hash text not null unique, scopes text not null,
     created_at integer not null, expires_at integer) strict;
   drop index run_listed;
   create index run_listed on run(created_at desc, id desc, archived, state, search, sweep_id);
   create index run_of_sweep on run(sweep_id, created_at, id);`,
  // Figures of results and sketches of telemetry, so that lists need neither.
  `create table figure(metric text not null, run_id text not null, count integer not null, mean real, std real, min real, max real,
     primary key(metric, run_id)) strict, without rowid;
   create table sketch(metric text not null, run_id text not null, points text not null,
     primary key(metric, run_id)) strict, without rowid;
   create index figure_of_run on figure(run_id);
   create index sketch_of_run on sketch(run_id);`,
  // Runs of sweeps as jobs of an executor: their key, who did them, how often they were begun; and the code that all runs of a sweep are of.
  `alter table run add column job text;
   alter table run add column executor text not null default 'local';
   alter table run add column worker text;
   alter table run add column attempts integer not null default 0;
   alter table sweep add column executor text not null default 'local';
   alter table sweep add column code text;`,
  // Notes at steps. One that was removed stays as a row without a text, so that who was away hears of it.
  `create table step_note(run_id text not null, id integer not null, seq integer not null, step integer not null, text text,
     created_at integer not null, changed_at integer, key text, asked text, primary key(run_id, id)) strict, without rowid;
   create unique index step_note_change on step_note(run_id, seq);
   create unique index step_note_key on step_note(run_id, key) where key is not null;`,
];

/** Brings a catalogue to the newest version, each step whole or not at all. @throws {ConfigError} for one of a newer Faultline */
export function migrate(database: Sqlite, file: string): void {
  const { userVersion } = database;
  if (userVersion > migrations.length)
    throw new ConfigError(
      `was written by a newer Faultline (version ${userVersion} of its format, ${migrations.length} is known)`,
      { place: { file } },
    );
  for (let version = userVersion; version < migrations.length; version++)
    database.exec(`begin; ${migrations[version]!} pragma user_version = ${version + 1}; commit;`);
}
