import fc from 'fast-check';
import { cpSync, existsSync, readdirSync, readlinkSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ConfigError, StateError } from '../../core/errors.ts';
import { decodeFrame, encodeFrame } from '../../core/frame-codec.ts';
import type { RunResult } from '../../core/run.ts';
import { scenarioFrom } from '../../core/scenario.ts';
import type { TelemetryFrame, TelemetrySchema } from '../../core/telemetry.ts';
import { schema } from '../../evaluation/vocabulary.ts';
import { NotFoundError } from '../../server/problem.ts';
import { openSqlite } from '../../server/sqlite.ts';
import { StoreError } from '../../server/store-error.ts';
import { Store } from '../../server/store.ts';
import { tempFolder } from '../support/server.ts';

const scenario = (name: string, more: object = {}) => scenarioFrom({ name, ...more }, 'test', schema);
const twoChannels: TelemetrySchema = {
  version: 1,
  dt: 3600,
  channels: [
    { name: 'a', unit: 'kWh' },
    { name: 'b', unit: '1' },
  ],
};
const started = { startedAt: 2, schema: twoChannels, totalSteps: 100 };

function frame(seq: number, rows = 4): TelemetryFrame {
  const values = Float32Array.from({ length: 2 * rows }, (_, i) => seq + i / 8);
  return { schema: 1, seq, step0: seq * rows, rows, cols: 2, values, wallTime: seq };
}

function append(store: Store, id: string, { seq, step0, rows, ...rest }: TelemetryFrame): void {
  store.append(id, { seq, step0, rows, body: encodeFrame({ seq, step0, rows, ...rest }) });
}

/** A run with so many frames of four rows, still going on. */
function running(store: Store, id: string, frames: number): void {
  store.create(id, scenario(`run ${id}`), 1);
  store.started(id, started);
  for (let seq = 0; seq < frames; seq++) append(store, id, frame(seq));
}

const framesOf = (store: Store, id: string): TelemetryFrame[] =>
  store.frames(id, 0, 1000).map(({ body }) => decodeFrame(body));

/** libsql gives files back when their statements are collected. */
async function collectGarbage(): Promise<void> {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
  await new Promise((resolve) => setTimeout(resolve, 50));
}

let folder: ReturnType<typeof tempFolder>;
let store: Store;
beforeEach(() => {
  folder = tempFolder();
  store = new Store(join(folder.path, 'store'), 10);
});
afterEach(() => {
  store[Symbol.dispose]();
  folder[Symbol.dispose]();
});

/** The store as a killed server leaves it: the files as they are at this moment, write-ahead logs included. */
function afterKill(damage: (copy: string) => void = () => {}): Store {
  const copy = join(folder.path, 'copy');
  cpSync(join(folder.path, 'store'), copy, { recursive: true });
  damage(copy);
  store[Symbol.dispose]();
  store = new Store(copy, 20);
  return store;
}

describe('frames', () => {
  it('come back to the bit, whatever they hold', () => {
    let runs = 0;
    const row = fc.array(fc.oneof(fc.float(), fc.constantFrom(Number.NaN, -0, Infinity)), {
      minLength: 3,
      maxLength: 3,
    });
    fc.assert(
      fc.property(fc.array(fc.array(row, { minLength: 1, maxLength: 9 }), { maxLength: 12 }), (frames) => {
        const id = `p${runs++}`;
        store.create(id, scenario('p'), 1);
        store.started(id, started);
        let step0 = 0;
        const written = frames.map((rows, seq) => {
          const values = Float32Array.from(rows.flat());
          const made = { schema: 1, seq, step0, rows: rows.length, cols: 3, values, wallTime: 0.5 };
          append(store, id, made);
          step0 += rows.length;
          return made;
        });
        const read = framesOf(store, id);
        expect(read.map(({ values: _values, ...head }) => head)).toEqual(
          written.map(({ values: _values, ...head }) => head),
        );
        read.forEach((one, seq) => {
          const bits = (values: Float32Array): number[] => [...new Uint32Array(values.slice().buffer)];
          expect(bits(one.values)).toEqual(bits(written[seq]!.values));
        });
        expect(store.summary(id)).toMatchObject({ headSeq: frames.length, headStep: step0 });
        store.ended(id, { state: 'done', endedAt: 3 });
        expect(store.summary(id)).toMatchObject({ headSeq: frames.length, headStep: step0 });
      }),
      { numRuns: 12 },
    );
  });

  it('are read from any sequence number, and found by step', () => {
    running(store, 'a', 30);
    expect(store.frames('a', 7, 3).map(({ seq }) => seq)).toEqual([7, 8, 9]);
    expect(store.frames('a', 28, 64).map(({ seq }) => seq)).toEqual([28, 29]);
    expect(store.frames('a', 30, 64)).toEqual([]);
    expect([0, 3, 4, 57, 1000].map((step) => store.seqOf('a', step))).toEqual([0, 0, 1, 14, 29]);
  });

  it('with a hole or twice are refused, and change nothing', () => {
    running(store, 'a', 3);
    for (const seq of [2, 4, 0]) expect(() => append(store, 'a', frame(seq))).toThrow(StateError);
    expect(store.summary('a').headSeq).toBe(3);
    append(store, 'a', frame(3));
    expect(framesOf(store, 'a').map(({ seq }) => seq)).toEqual([0, 1, 2, 3]);
  });

  it('of a run that is no file name are nowhere', () => {
    for (const id of ['../lab', '..', 'a/b', 'a\0b', '', 'x'.repeat(65)]) {
      expect(() => store.frames(id, 0, 1)).toThrow(StoreError);
      expect(() => store.summary(id)).toThrow(NotFoundError);
      expect(() => store.remove(id)).toThrow(NotFoundError);
    }
    expect(existsSync(join(folder.path, 'store', 'lab.db'))).toBe(true);
  });
});

describe('the catalogue', () => {
  it('keeps what a run is and how it ended', () => {
    const result = { format: 'faultline-result', version: 1, seed: 3 } as unknown as RunResult;
    store.create('a', scenario('kept', { seed: 3, attacks: [{ name: 'pgd', label: 'strong' }] }), 1);
    expect(store.summary('a')).toMatchObject({ state: 'queued', attacks: ['strong'], startedAt: null, endedAt: null });
    store.started('a', started);
    store.setState('a', 'paused');
    expect(store.detail('a')).toMatchObject({ state: 'paused', schema: twoChannels, totalSteps: 100, result: null });
    append(store, 'a', frame(0));
    store.ended('a', { state: 'done', endedAt: 9, result });
    expect(store.detail('a')).toMatchObject({
      state: 'done',
      result,
      endedAt: 9,
      headSeq: 1,
      headStep: 4,
      error: null,
    });
  });

  it('pages through five thousand runs, newest first, while others come', () => {
    const count = 5000;
    for (let i = 0; i < count; i++) store.create(`r${i}`, scenario(`run ${i}`), 1000 + Math.floor(i / 7));
    const begun = performance.now();
    const seen: string[] = [];
    for (let cursor: string | undefined, more = true; more;) {
      const page: ReturnType<Store['list']> = store.list({ limit: 200, cursor });
      seen.push(...page.runs.map((run) => run.id));
      cursor = page.cursor ?? undefined;
      more = cursor !== undefined;
      if (seen.length === 200) store.create('latecomer', scenario('late'), 9999);
    }
    expect(performance.now() - begun).toBeLessThan(3000);
    expect(new Set(seen).size).toBe(count);
    expect(seen).toHaveLength(count);
    expect(store.list({ limit: 1 }).runs[0]!.id).toBe('latecomer');
    expect(store.list({ limit: 10, text: 'RUN 4999' }).runs.map((run) => run.id)).toEqual(['r4999']);
    expect(store.list({ limit: 10, text: 'frameSteps' }).runs).toEqual([]);
    expect(store.list({ limit: 10, state: 'done' }).runs).toEqual([]);
  });

  it('knows who prepares until the run starts, and marks a run that its server left at it', () => {
    store.create('a', scenario('slow'), 1);
    store.preparing('a', { attack: 'critic', done: 0.25 });
    store.preparing('a', { attack: 'critic', done: 0.5 });
    const expected = { state: 'preparing', preparing: { attack: 'critic', done: 0.5 } };
    expect(store.summary('a')).toMatchObject(expected);
    expect(store.list({ limit: 5, state: 'preparing' }).runs).toMatchObject([expected]);
    afterKill();
    expect(store.summary('a')).toMatchObject({ state: 'interrupted', preparing: null, headSeq: 0, endedAt: 20 });
    store.create('b', scenario('slow'), 1);
    store.preparing('b', { attack: 'critic', done: 1 });
    store.started('b', started);
    expect(store.summary('b')).toMatchObject({ state: 'running', preparing: null });
  });

  it('is brought up to date from an older version', () => {
    store[Symbol.dispose]();
    const old = join(folder.path, 'old');
    cpSync(join(folder.path, 'store'), old, { recursive: true });
    using database = openSqlite(join(old, 'lab.db'));
    database.exec(`drop index run_listed; drop index run_of_sweep;
      ${['tag', 'token', 'sweep', 'figure', 'sketch', 'step_note'].map((name) => `drop table ${name};`).join(' ')}
      create index run_created on run(created_at desc, id desc);
      ${['search', 'note', 'archived', 'sweep_id', 'compacted'].map((name) => `alter table run drop column ${name};`).join(' ')}
      pragma user_version = 1;`);
    database
      .prepare(`insert into run(id, name, state, scenario, seed, created_at) values ('a', 'Of Old', 'done', ?, 0, 1)`)
      .run(JSON.stringify(scenario('Of Old')));
    database[Symbol.dispose]();
    store = new Store(old, 20);
    expect(store.list({ limit: 5, text: 'of old' }).runs).toMatchObject([{ id: 'a', state: 'done', createdAt: 1 }]);
    store.setState('a', 'preparing');
  });
});

describe('the list', () => {
  it('gives every run once, in one order, however it is paged and filtered', () => {
    let stores = 0;
    const states = ['done', 'failed', 'cancelled'] as const;
    const run = fc.record({ at: fc.integer({ min: 0, max: 5 }), state: fc.constantFrom(...states) });
    fc.assert(
      fc.property(
        fc.array(run, { maxLength: 40 }),
        fc.integer({ min: 1, max: 12 }),
        fc.option(fc.constantFrom(...states), { nil: undefined }),
        fc.option(fc.constantFrom('even', 'odd', 'ODD'), { nil: undefined }),
        (runs, limit, state, text) => {
          using other = new Store(join(folder.path, `s${stores++}`), 0);
          runs.forEach(({ at, state }, i) => {
            other.create(`r${i}`, scenario(i % 2 === 0 ? 'even' : 'odd'), at);
            other.ended(`r${i}`, { state, endedAt: 9 });
          });
          const wanted = runs
            .map((run, i) => ({ ...run, id: `r${i}`, name: i % 2 === 0 ? 'even' : 'odd' }))
            .filter((run) => (state ?? run.state) === run.state && (text?.toLowerCase() ?? run.name) === run.name)
            .sort((a, b) => b.at - a.at || (a.id < b.id ? 1 : -1))
            .map((run) => run.id);
          const got: string[] = [];
          let cursor: string | undefined;
          do {
            const page: ReturnType<Store['list']> = other.list({ limit, state, text, cursor });
            expect(page.runs.length).toBe(Math.min(limit, wanted.length - got.length));
            got.push(...page.runs.map((run) => run.id));
            cursor = page.cursor ?? undefined;
          } while (cursor !== undefined);
          expect(got).toEqual(wanted);
        },
      ),
      { numRuns: 15 },
    );
  });

  it('of five thousand runs with their schemas and results comes in 50 ms', () => {
    const long: TelemetrySchema = {
      ...twoChannels,
      channels: Array.from({ length: 200 }, () => twoChannels.channels[0]!),
    };
    store[Symbol.dispose]();
    {
      using database = openSqlite(join(folder.path, 'store', 'lab.db'));
      const insert = database.prepare(
        `insert into run(id, name, state, scenario, seed, created_at, ended_at, schema, result, search)
         values (?, ?, 'done', ?, 0, ?, 9, ?, ?, ?)`,
      );
      const text = JSON.stringify(scenario('many'));
      database.transaction(() => {
        for (let i = 0; i < 5000; i++)
          insert.run(`r${i}`, `run ${i}`, text, i, JSON.stringify(long), 'null', `run ${i}\npgd`);
      });
    }
    store = new Store(join(folder.path, 'store'), 20);
    for (const query of [{ limit: 100 }, { limit: 100, text: 'run 42' }, { limit: 100, text: 'nothing' }]) {
      const times = [1, 2, 3, 4, 5].map(() => {
        const begun = performance.now();
        store.list(query);
        return performance.now() - begun;
      });
      expect(Math.min(...times), JSON.stringify(query)).toBeLessThan(50);
    }
    // Every word somewhere in the row, in any order.
    const with42 = Array.from({ length: 5000 }, (_, i) => `r${i}`).filter((id) => id.includes('42'));
    const found = store.list({ limit: 500, text: '42 run' });
    expect([found.total, new Set(found.runs.map((run) => run.id))]).toEqual([with42.length, new Set(with42)]);
  });
});

describe('a store that is not for us', () => {
  const open = (name: string): Store => new Store(join(folder.path, name), 30);

  it('is refused by name: a newer format, a file in the way, an owner’s file that is none', () => {
    open('newer')[Symbol.dispose]();
    {
      using database = openSqlite(join(folder.path, 'newer', 'lab.db'));
      database.exec('pragma user_version = 99');
    }
    expect(() => open('newer')).toThrow(ConfigError);
    expect(() => open('newer')).toThrow(/lab\.db: was written by a newer Faultline/);
    writeFileSync(join(folder.path, 'file'), '');
    expect(() => open('file')).toThrow(/the store cannot be kept in .*file/);
    expect(() => open('file/below')).toThrow(ConfigError);
    open('owner')[Symbol.dispose]();
    writeFileSync(join(folder.path, 'owner', 'owner.db'), 'nobody '.repeat(1000));
    expect(() => open('owner')).toThrow(/the store cannot be kept in .*owner\.db/);
  });
});

describe('after a kill', () => {
  it('what went on is interrupted with its true head; what was over is untouched', () => {
    running(store, 'going', 17);
    running(store, 'paused', 2);
    store.setState('paused', 'paused');
    store.create('waiting', scenario('waiting'), 1);
    running(store, 'over', 5);
    store.ended('over', { state: 'done', endedAt: 5 });
    afterKill();
    expect(store.damage).toEqual([]);
    expect(store.summary('going')).toMatchObject({ state: 'interrupted', headSeq: 17, headStep: 68, endedAt: 20 });
    expect(store.summary('paused')).toMatchObject({ state: 'interrupted', headSeq: 2 });
    expect(store.summary('waiting')).toMatchObject({ state: 'interrupted', headSeq: 0, error: null });
    expect(store.summary('over')).toMatchObject({ state: 'done', headSeq: 5, endedAt: 5 });
    expect(framesOf(store, 'going')).toEqual(Array.from({ length: 17 }, (_, seq) => frame(seq)));
  });

  it('a log with a hole counts up to the hole', () => {
    running(store, 'a', 9);
    afterKill((copy) => {
      using database = openSqlite(join(copy, 'live', 'a.db'));
      database.exec('delete from frame where seq = 5');
    });
    expect(store.summary('a')).toMatchObject({ state: 'interrupted', headSeq: 5, headStep: 20 });
  });

  it.each([
    ['no database', (file: string) => writeFileSync(file, 'no database '.repeat(900))],
    ['a cut file', (file: string) => truncateSync(file, 6000)],
    [
      'a frame table of another shape',
      (file: string) => {
        using database = openSqlite(file);
        database.exec('drop table frame; create table frame(x)');
      },
    ],
  ])('a damaged log (%s) is an error of that run alone', (_what, ruin) => {
    running(store, 'bad', 40);
    running(store, 'good', 4);
    afterKill((copy) => {
      const file = join(copy, 'live', 'bad.db');
      openSqlite(file)[Symbol.dispose](); // folds the write-ahead log into the file, so that the damage hits it all
      ruin(file);
    });
    expect(store.damage.join()).toMatch(/bad/);
    expect(store.summary('bad')).toMatchObject({ state: 'interrupted', headSeq: 0 });
    expect(store.summary('bad').error).toMatch(/bad/);
    expect(() => store.frames('bad', 0, 10)).toThrow(StoreError);
    expect(store.summary('good')).toMatchObject({ state: 'interrupted', headSeq: 4, error: null });
    expect(framesOf(store, 'good')).toHaveLength(4);
    store.remove('bad');
    expect(() => store.summary('bad')).toThrow(NotFoundError);
  });

  it('a log that lost its frames, or is gone, is an error to who reads them, not silence', () => {
    for (const id of ['emptied', 'gone']) {
      running(store, id, 5);
      store.ended(id, { state: 'done', endedAt: 5 });
    }
    afterKill((copy) => {
      truncateSync(join(copy, 'live', 'emptied.db'), 0);
      rmSync(join(copy, 'live', 'gone.db'));
    });
    for (const id of ['emptied', 'gone']) {
      expect(store.summary(id)).toMatchObject({ state: 'done', headSeq: 5 });
      expect(() => store.frames(id, 0, 10)).toThrow(StoreError);
      expect(() => store.frames(id, 0, 10)).toThrow(new RegExp(id));
      expect(store.frames(id, 5, 10)).toEqual([]);
    }
  });

  it('a damaged catalogue is set aside, and made anew from the logs', () => {
    running(store, 'going', 6);
    running(store, 'over', 3);
    store.ended('over', { state: 'failed', endedAt: 7, error: 'it broke' });
    const before = store.detail('over');
    afterKill((copy) => {
      for (const name of ['lab.db', 'lab.db-wal']) writeFileSync(join(copy, name), 'no catalogue '.repeat(900));
    });
    expect(store.damage.join()).toMatch(/set aside as .*lab\.db\.damaged-20; 2 of 2 runs/);
    expect(existsSync(join(folder.path, 'copy', 'lab.db.damaged-20'))).toBe(true);
    expect(store.detail('over')).toEqual(before);
    expect(store.summary('going')).toMatchObject({ name: 'run going', state: 'interrupted', headSeq: 6, createdAt: 1 });
    expect(framesOf(store, 'going')).toHaveLength(6);
  });
});

describe('files', () => {
  it('of a run go with it', () => {
    running(store, 'a', 3);
    store.ended('a', { state: 'done', endedAt: 5 });
    store.remove('a');
    expect(readdirSync(join(folder.path, 'store', 'live'))).toEqual([]);
  });

  it('of ended runs are whole in one file, and few are held open', async () => {
    for (let i = 0; i < 60; i++) {
      running(store, `r${i}`, 1);
      store.ended(`r${i}`, { state: 'done', endedAt: 5 });
    }
    const live = join(folder.path, 'store', 'live');
    for (const name of readdirSync(live).filter((name) => name.endsWith('-wal')))
      expect([name, statSync(join(live, name)).size]).toEqual([name, 0]);
    for (let i = 0; i < 60; i++) expect(framesOf(store, `r${i}`)).toHaveLength(1);
    await collectGarbage();
    const open = readdirSync('/proc/self/fd').flatMap((fd) => {
      try {
        const file = readlinkSync(`/proc/self/fd/${fd}`);
        return file.startsWith(live) ? [file.replace(/-(wal|shm)$/, '')] : [];
      } catch {
        return []; // the descriptor of the listing itself
      }
    });
    expect(new Set(open).size).toBeGreaterThan(0);
    expect(new Set(open).size).toBeLessThanOrEqual(33);
  });

  it('belong to one server at a time', () => {
    expect(() => new Store(join(folder.path, 'store'), 30)).toThrow(ConfigError);
    running(store, 'a', 1);
    store[Symbol.dispose]();
    store = new Store(join(folder.path, 'store'), 30);
    expect(store.summary('a').state).toBe('interrupted');
  });
});
