import { gzipSync } from 'node:zlib';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FaultlineError } from '../../../core/errors.ts';
import { folderReader } from '../../../server/folder-reader.ts';
import { builtinDistrict } from '../../../sim/data/builtin/index.ts';
import { readCityLearnFolder, writeCityLearnFolder } from '../../../sim/data/citylearn-folder.ts';
import type { BuildingData, District, FolderReader } from '../../../sim/data/dataset.ts';
import { sharedMissing, sharedPath } from '../../support/shared.ts';
import { damagedSchemas } from './damaged-schemas.ts';
import { damagedTables } from './damaged-tables.ts';
import { soundFolder } from './sound-folder.ts';
import type { Files } from './sound-folder.ts';

const readerOf = (files: Files): FolderReader => ({
  label: 'folder',
  read: (name) => {
    const text = files.get(name);
    return Promise.resolve(text === undefined ? undefined : new TextEncoder().encode(text));
  },
});

function tables(building: BuildingData): Record<string, Float64Array> {
  return {
    ...building.energy,
    ...building.weather,
    ...building.pricing,
    carbon: building.carbon ?? new Float64Array(),
  };
}

function withoutColumns(building: BuildingData): object {
  return { ...building, energy: 0, weather: 0, pricing: 0, carbon: 0 };
}

function expectSameBits(got: District, expected: District): void {
  expect(got.buildings.map((building) => building.name)).toEqual(expected.buildings.map((building) => building.name));
  expected.buildings.forEach((building, i) => {
    const own = tables(got.buildings[i]!);
    for (const [name, column] of Object.entries(tables(building))) {
      // Bytes, so that −0 and NaN count.
      expect(
        Buffer.from(own[name]!.buffer, own[name]!.byteOffset, own[name]!.byteLength).equals(
          Buffer.from(column.buffer, column.byteOffset, column.byteLength),
        ),
        `${building.name} ${name}`,
      ).toBe(true);
    }
    expect(withoutColumns(got.buildings[i]!)).toEqual(withoutColumns(building));
  });
}

describe('a CityLearn folder', () => {
  it('is read by name, in any order of columns, with blanks where they may be', async () => {
    const files = soundFolder();
    const reversed = files
      .get('Building_1.csv')!
      .trim()
      .split('\n')
      .map((line) => line.split(',').toReversed().join(','))
      .join('\r\n');
    files.set('Building_1.csv', `\uFEFF${reversed}\r\n\r\n`);
    const district = await readCityLearnFolder(readerOf(files));
    expect(district).toMatchObject({ name: 'folder', start: 0, end: 47, secondsPerTimeStep: 3600, randomSeed: 2022 });
    const [one, two] = district.buildings;
    expect(one!.rows).toBe(48);
    expect([...one!.energy.hour.subarray(0, 3)]).toEqual([1, 2, 3]);
    expect(one!.energy.non_shiftable_load[1]).toBe(0.6);
    expect(one!.energy.indoor_dry_bulb_temperature.every(Number.isNaN)).toBe(true);
    expect(two!.energy.non_shiftable_load[0]).toBe(1);
    expect(one!.devices.electrical_storage).toEqual({
      kind: 'Battery',
      className: 'citylearn.energy_model.Battery',
      autosize: false,
      autosizeAttributes: {},
      attributes: { capacity: 6.4, efficiency: 0.9, loss_coefficient: 0, nominal_power: 5 },
    });
    expect(one!.devices.pv!.attributes).toEqual({ nominal_power: 4 });
  });

  it('gives the buildings that are asked for, in that order, and its hash changes with any byte', async () => {
    const files = soundFolder();
    const both = await readCityLearnFolder(readerOf(files));
    const turned = await readCityLearnFolder(readerOf(files), { buildings: ['Building_2', 'Building_1'] });
    expect(turned.buildings.map((building) => building.name)).toEqual(['Building_2', 'Building_1']);
    expect(turned.hash).toBe(both.hash);
    expect(both.hash).toMatch(/^[0-9a-f]{64}$/);
    files.set('pricing.csv', files.get('pricing.csv')!.replace('0.5', '0.6'));
    expect((await readCityLearnFolder(readerOf(files))).hash).not.toBe(both.hash);
  });

  it('is read by position when its heads are the older, wordy ones', async () => {
    const files = soundFolder();
    const renew = (file: string, head: (count: number) => string[]): void => {
      const [old, ...lines] = files.get(file)!.trim().split('\n');
      files.set(file, [head(old!.split(',').length).join(','), ...lines].join('\n'));
    };
    for (const file of ['Building_1.csv', 'weather.csv', 'pricing.csv'])
      renew(file, (count) => Array.from({ length: count }, (_, c) => `Quantity ${c} [unit]`));
    renew('carbon_intensity.csv', () => ['kg_CO2/kWh']);
    expectSameBits(await readCityLearnFolder(readerOf(files)), await readCityLearnFolder(readerOf(soundFolder())));
    renew('Building_1.csv', () => ['Month', 'Hour']);
    await expect(readCityLearnFolder(readerOf(files))).rejects.toThrow(/12 cells, expected 2/);
  });

  it('takes null for carbon and pricing as none', async () => {
    const files = soundFolder();
    files.set(
      'schema.json',
      files.get('schema.json')!.replaceAll('"pricing.csv"', 'null').replaceAll('"carbon_intensity.csv"', 'null'),
    );
    files.delete('pricing.csv');
    const [building] = (await readCityLearnFolder(readerOf(files))).buildings;
    expect(building!.pricing).toBeNull();
    expect(building!.carbon).toBeNull();
  });

  it.each([...damagedSchemas, ...damagedTables].map((damage) => [damage.what, damage] as const))(
    'with %s is refused by name',
    async (_what, damage) => {
      const files = soundFolder();
      damage.change(files);
      const error: unknown = await readCityLearnFolder(
        readerOf(files),
        damage.buildings === undefined ? {} : { buildings: damage.buildings },
      ).then(
        () => undefined,
        (reason: unknown) => reason,
      );
      expect(error).toBeInstanceOf(FaultlineError);
      expect((error as Error).name).toBe(damage.error);
      for (const part of damage.says) expect((error as Error).message).toContain(part);
    },
  );

  it('of garbage is a named error, never another one', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...soundFolder().keys()),
        fc.nat(3000),
        fc.nat(40),
        fc.string({ maxLength: 12 }),
        async (file, at, length, text) => {
          const files = soundFolder();
          const whole = files.get(file)!;
          const start = at % whole.length;
          files.set(file, whole.slice(0, start) + text + whole.slice(start + length));
          try {
            await readCityLearnFolder(readerOf(files));
          } catch (error) {
            expect(error).toBeInstanceOf(FaultlineError);
          }
        },
      ),
      { numRuns: 200 },
    );
  });
});

it('a file of any bytes is read or refused by name', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...soundFolder().keys()),
      fc.uint8Array({ maxLength: 400 }),
      async (file, bytes) => {
        const reader: FolderReader = {
          label: 'folder',
          read: (name) => (name === file ? Promise.resolve(bytes) : readerOf(soundFolder()).read(name)),
        };
        const outcome: unknown = await readCityLearnFolder(reader).catch((error: unknown) => error);
        expect(outcome).toBeInstanceOf(FaultlineError); // so short a file of noise is never whole
      },
    ),
    { numRuns: 100 },
  );
});

describe('a written folder', () => {
  it('reads back to the same bits: the built-in district', async () => {
    const district = builtinDistrict();
    const files = writeCityLearnFolder(district);
    const read = await readCityLearnFolder(readerOf(files));
    expectSameBits(read, district);
    expect([...writeCityLearnFolder(read).values()]).toEqual([...files.values()]);
    expect(read.buildings.map((building) => building.rows)).toEqual(
      district.buildings.map((building) => building.rows),
    );
    expect([...files.keys()].filter((name) => !name.startsWith('Building'))).toEqual([
      'weather.csv',
      'carbon_intensity.csv',
      'pricing.csv',
      'schema.json',
    ]);
  });

  it('reads back to the same bits: any floats', async () => {
    const sound = await readCityLearnFolder(readerOf(soundFolder()));
    const value = fc.double({ min: 0, max: 1e9, noNaN: true });
    await fc.assert(
      fc.asyncProperty(fc.array(value, { minLength: 48, maxLength: 48 }), async (values) => {
        const building = sound.buildings[0]!;
        const district = {
          ...sound,
          buildings: [
            {
              ...building,
              energy: { ...building.energy, non_shiftable_load: Float64Array.from(values) },
              pricing: null,
            },
          ],
        };
        expectSameBits(await readCityLearnFolder(readerOf(writeCityLearnFolder(district))), district);
      }),
      { numRuns: 50 },
    );
  });

  it('keeps every file in the folder, whatever a building is called', async () => {
    const sound = await readCityLearnFolder(readerOf(soundFolder()));
    const buildings = ['../../evil', 'weather', 'Weather', 'pricing'].map((name) => ({ ...sound.buildings[0]!, name }));
    const district = { ...sound, buildings };
    const files = writeCityLearnFolder(district);
    for (const name of files.keys()) expect(name).toMatch(/^[\w.-]+$/);
    expectSameBits(await readCityLearnFolder(readerOf(files)), district);
  });
});

describe('folderReader', () => {
  it('reads plain and gzipped files of its folder and nothing outside', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'faultline-folder-'));
    try {
      const inside = join(dir, 'inside');
      mkdirSync(join(inside, 'sub.csv'), { recursive: true });
      for (const [name, text] of soundFolder())
        if (name === 'weather.csv') writeFileSync(join(inside, `${name}.gz`), gzipSync(text));
        else writeFileSync(join(inside, name), text);
      writeFileSync(join(dir, 'secret.csv'), 'x\n1\n');
      writeFileSync(join(inside, 'cut.csv.gz'), gzipSync('x\n'.repeat(1000)).subarray(0, 20));
      const reader = folderReader(inside);
      const district = await readCityLearnFolder(reader);
      expectSameBits(district, await readCityLearnFolder(readerOf(soundFolder())));
      expect(await reader.read('absent.csv')).toBeUndefined();
      const nowhere = join(dir, 'nowhere');
      await expect(readCityLearnFolder(folderReader(nowhere))).rejects.toThrow(
        `${nowhere}/schema.json: there is no such`,
      );
      for (const name of ['../secret.csv', '/etc/passwd', 'sub/../x', '..', '.', '', 'a\0b'])
        await expect(reader.read(name), name).rejects.toMatchObject({ code: 'config' });
      await expect(reader.read('cut.csv')).rejects.toMatchObject({ code: 'data' });
      await expect(reader.read('sub.csv')).rejects.toMatchObject({ code: 'data' });
    } finally {
      rmSync(dir, { recursive: true });
    }
  });
});

describe.skipIf(sharedMissing)('published folders (need ../shared)', () => {
  it('of five buildings are read in well under two seconds of CPU, with both header generations', async () => {
    const start = process.cpuUsage();
    const district = await readCityLearnFolder(folderReader(sharedPath('datasets/citylearn_challenge_2022_phase_2')));
    expect(process.cpuUsage(start).user).toBeLessThan(2e6); // microseconds, which neighbours disturb little
    expect(district.buildings.map((building) => building.name)).toEqual([
      'Building_6',
      'Building_7',
      'Building_8',
      'Building_9',
      'Building_10',
    ]);
    const renewed = await readCityLearnFolder(folderReader(sharedPath('datasets/citylearn_challenge_2022_phase_1')));
    const old = await readCityLearnFolder(folderReader(sharedPath('datasets-v1/citylearn_challenge_2022_phase_1')));
    old.buildings.forEach((building, i) => {
      const other = tables(renewed.buildings[i]!);
      for (const [name, column] of Object.entries(tables(building)))
        for (let t = 0; t < 8760; t++) {
          const [a, b] = [column[t]!, other[name]![t]!];
          if (Number.isNaN(a) && Number.isNaN(b)) continue;
          // The newer files are the older ones rounded to float32.
          if (!(Math.abs(a - b) <= 2 ** -23 * Math.abs(a))) expect.fail(`${building.name} ${name} at ${t}: ${a}, ${b}`);
        }
    });
  });
});
