import fc from 'fast-check';
import { cpSync, existsSync, readdirSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { encodeFrame } from '../../core/frame-codec.ts';
import { scenarioFrom } from '../../core/scenario.ts';
import { schema } from '../../evaluation/vocabulary.ts';
import { StoreError } from '../../server/store-error.ts';
import { Store } from '../../server/store.ts';
import { recordedSchema, writeRecordedRuns } from '../support/recorded-run.ts';
import { tempFolder } from '../support/server.ts';

let folder: ReturnType<typeof tempFolder>;
let path: string;
let store: Store;
beforeEach(() => {
  folder = tempFolder();
  path = join(folder.path, 'store');
});
afterEach(async () => {
  await closed();
  folder[Symbol.dispose]();
});

async function closed(): Promise<void> {
  await store.warehouse[Symbol.asyncDispose]();
  store[Symbol.dispose]();
}

const opened = (at = path): Store => (store = new Store(at, 20));
const live = (at = path): string[] => readdirSync(join(at, 'live')).filter((name) => name.endsWith('.db'));
const bodies = (id: string): string[] => store.frames(id, 0, 1e6).map(({ body }) => Buffer.from(body).toString('hex'));

/** Reads a run's frames as a viewer does: from its file when its log is gone. */
async function readBack(id: string): Promise<string[]> {
  using _frames = await store.open(id);
  return bodies(id);
}

describe('a file of telemetry', () => {
  it('gives the frames back to the bit, whatever they hold and however they were cut', async () => {
    opened();
    let runs = 0;
    const value = fc.oneof(fc.float(), fc.constantFrom(Number.NaN, -0, Infinity, -Infinity, 1e-45));
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.array(fc.tuple(value, value), { minLength: 1, maxLength: 6 }), { minLength: 1, maxLength: 8 }),
        async (frames) => {
          const id = `r${runs++}`;
          store.create(id, scenarioFrom({}, 'test', schema), 1);
          store.started(id, { startedAt: 1, schema: recordedSchema, totalSteps: 100 });
          let step0 = 0;
          frames.forEach((rows, seq) => {
            const values = Float32Array.from([...rows.map(([a]) => a), ...rows.map(([, b]) => b)]);
            const frame = { schema: 1, seq, step0, rows: rows.length, cols: 2, values, wallTime: seq + 1 / 3 };
            store.append(id, { seq, step0, rows: rows.length, body: encodeFrame(frame) });
            step0 += rows.length;
          });
          store.ended(id, { state: 'done', endedAt: 2 });
          const before = bodies(id);
          await store.compact(id);
          store.warehouse.remove(`${id}-none`);
          await closed();
          opened();
          expect(live()).toEqual([]);
          expect(await readBack(id)).toEqual(before);
        },
      ),
      { numRuns: 6 },
    );
  });

  it('is at most 60 % of the values it holds', async () => {
    writeRecordedRuns(path, [{ id: 'year', frames: 365, rows: 24 }]);
    opened();
    await store.compact('year');
    expect(statSync(store.warehouse.fileOf('year')).size).toBeLessThan(0.6 * 365 * 24 * 2 * 4);
  });

  it('stays when a log is wanted that was dropped, and only a few logs are kept', async () => {
    writeRecordedRuns(
      path,
      Array.from({ length: 24 }, (_, i) => ({ id: `r${i}` })),
    );
    opened();
    using _watched = await store.open('r0');
    for (const id of store.uncompacted()) await store.compact(id);
    expect(store.uncompacted()).toEqual([]);
    expect(live().length).toBeLessThanOrEqual(17);
    expect(live()).toContain('r0.db');
    const dropped = Array.from({ length: 24 }, (_, i) => `r${i}`).find((id) => !live().includes(`${id}.db`))!;
    const first = await readBack('r0');
    const [one, other] = await Promise.all([readBack(dropped), readBack(dropped)]);
    expect(one).toEqual(first);
    expect(other).toEqual(first);
  });
});

describe('a kill', () => {
  it('at any moment of compaction leaves every frame readable', async () => {
    writeRecordedRuns(path, [{ id: 'a' }]);
    opened();
    const before = bodies('a');
    const untouched = join(folder.path, 'untouched');
    cpSync(path, untouched, { recursive: true });
    await store.compact('a');
    const file = store.warehouse.fileOf('a');
    const moments: Record<string, (at: string) => void> = {
      'before the file has its name': (at) => {
        renameSync(file.replace(path, at), `${file.replace(path, at)}.tmp`);
      },
      'in the middle of writing it': (at) => {
        renameSync(file.replace(path, at), `${file.replace(path, at)}.tmp`);
        writeFileSync(`${file.replace(path, at)}.tmp`, 'PAR1');
      },
      'before the catalogue knows': () => {},
    };
    const files = join(path, 'runs');
    for (const [moment, ruin] of Object.entries(moments)) {
      const at = join(folder.path, moment.replaceAll(' ', '-'));
      cpSync(untouched, at, { recursive: true });
      cpSync(files, join(at, 'runs'), { recursive: true });
      ruin(at);
      await closed();
      opened(at);
      expect([moment, store.uncompacted()]).toEqual([moment, ['a']]);
      expect([moment, bodies('a')]).toEqual([moment, before]);
      await store.compact('a');
      expect([moment, store.uncompacted()]).toEqual([moment, []]);
      await closed();
      opened(at);
      expect([moment, live(at)]).toEqual([moment, []]);
      expect([moment, await readBack('a')]).toEqual([moment, before]);
    }
  });

  it('of the catalogue: runs come back from their files, with what they were', async () => {
    writeRecordedRuns(path, [{ id: 'a', name: 'kept', kpis: { cost_total: 1.2 } }, { id: 'b' }]);
    opened();
    await store.compact('a');
    const before = [store.detail('a'), store.detail('b')];
    await closed();
    for (const name of ['lab.db', 'lab.db-wal']) writeFileSync(join(path, name), 'no catalogue '.repeat(900));
    opened();
    expect(store.damage.join()).toMatch(/2 of 2 runs/);
    expect([store.detail('a'), store.detail('b')]).toEqual(before);
    expect(await readBack('a')).toHaveLength(4);
  });

  it('a damaged file is an error of that run alone, and stays one', async () => {
    writeRecordedRuns(path, [{ id: 'a' }, { id: 'b' }]);
    opened();
    for (const id of ['a', 'b']) await store.compact(id);
    await closed();
    writeFileSync(join(path, 'runs', 'a', 'telemetry.parquet'), 'PAR1 no more');
    opened();
    for (let i = 0; i < 2; i++) await expect(readBack('a')).rejects.toThrow(StoreError);
    expect(await readBack('b')).toHaveLength(4);
    store.remove('a');
    expect(existsSync(join(path, 'runs', 'a'))).toBe(false);
  });
});

describe('what is asked', () => {
  it('cannot leave the folder of the files, whatever stands in it', async () => {
    writeRecordedRuns(path, [{ id: 'a' }]);
    opened();
    await store.compact('a');
    for (const hostile of [
      `a") from read_text('/etc/passwd') --`,
      `a"), (select count(*) from read_csv('/etc/passwd')), avg("a`,
      `x'; copy (select 1) to '${folder.path}/out.csv'; --`,
    ])
      await expect(store.warehouse.statistics('a', [hostile], 0, 9)).rejects.toThrow(StoreError);
    expect(existsSync(join(folder.path, 'out.csv'))).toBe(false);
    for (const id of ['../lab', 'a/../../lab', '', 'a\0']) expect(() => store.warehouse.fileOf(id)).toThrow(StoreError);
    expect(await store.warehouse.statistics('a', [recordedSchema.channels[0]!.name], 0, 9)).toMatchObject([
      { count: 10, mean: 4.5 },
    ]);
  });
});

describe('retention', () => {
  it('takes what is over, not archived and without a tag', () => {
    writeRecordedRuns(
      path,
      ['old', 'tagged', 'archived'].map((id) => ({ id })),
    );
    opened();
    store.annotate('tagged', { tags: ['keep'] });
    store.annotate('archived', { archived: true });
    store.create('going', scenarioFrom({}, 'test', schema), 1);
    expect(store.expired(3)).toEqual([]);
    expect(store.expired(4)).toEqual(['old']);
  });
});
