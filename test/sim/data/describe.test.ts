import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DataError } from '../../../core/errors.ts';
import { readCityLearnFolder } from '../../../sim/data/citylearn-folder.ts';
import { describeFolder } from '../../../sim/data/describe.ts';
import { cell, column, inFile, line, schema } from './damage.ts';
import type { Change } from './damage.ts';
import { damagedSchemas } from './damaged-schemas.ts';
import { damagedTables } from './damaged-tables.ts';
import { building, described, readerOf, said } from './described.ts';
import { soundFolder } from './sound-folder.ts';

describe('a sound folder', () => {
  it('is described without an error, and its district is at hand', async () => {
    const reader = readerOf(soundFolder());
    const { description, district } = await describeFolder(reader);
    expect(said(description, 'error')).toEqual([]);
    expect(district!.hash).toBe((await readCityLearnFolder(reader)).hash);
    expect(description.hash).toBe(district!.hash);
    expect(description.headers).toBe('new');
    expect(description.suggestion!.profile).toBe('v2.3');
    expect(description.schema).toMatchObject({
      randomSeed: 2022,
      start: 0,
      end: 47,
      secondsPerTimeStep: 3600,
      episodes: { timeSteps: null, count: 1 },
    });
    expect(description.schema!.buildings.map(({ name, devices }) => [name, devices.map(({ key }) => key)])).toEqual([
      ['Building_1', ['electrical_storage', 'pv']],
      ['Building_2', ['electrical_storage', 'pv']],
    ]);
    expect(description.schema!.buildings[0]!.devices[0]).toEqual({
      key: 'electrical_storage',
      kind: 'Battery',
      sizes: { capacity: 6.4, nominal_power: 5 },
      autosize: false,
      given: { efficiency: 0.9, loss_coefficient: 0 },
      defaulted: [
        'initial_soc',
        'capacity_loss_coefficient',
        'depth_of_discharge',
        'power_efficiency_curve',
        'capacity_power_curve',
      ],
    });
  });

  it('has its files once each, with who uses them', async () => {
    const { files } = await described();
    expect(files.map(({ name, kind, usedBy, rows }) => [name, kind, usedBy.length, rows])).toEqual([
      ['Building_1.csv', 'building', 1, 48],
      ['weather.csv', 'weather', 2, 48],
      ['carbon_intensity.csv', 'carbon intensity', 2, 48],
      ['pricing.csv', 'pricing', 2, 48],
      ['Building_2.csv', 'building', 1, 48],
    ]);
  });

  it('has every column with its unit and numbers', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.option(fc.double({ min: 0, max: 1e6, noNaN: true }), { freq: 4 }), {
          minLength: 48,
          maxLength: 48,
        }),
        async (cells) => {
          const changes = cells.map((value, row) =>
            cell('Building_1.csv', row + 1, 6, value === null ? '' : String(value)),
          );
          const { files } = await described(...changes);
          const humidity = files[0]!.columns[6]!;
          const numbers = cells.filter((value) => value !== null);
          expect(humidity).toMatchObject({
            name: 'indoor_relative_humidity',
            unit: '%',
            count: numbers.length,
            blanks: 48 - numbers.length,
            min: numbers.length === 0 ? null : Math.min(...numbers),
            max: numbers.length === 0 ? null : Math.max(...numbers),
          });
          if (numbers.length > 0)
            expect(humidity.mean).toBeCloseTo(numbers.reduce((sum, value) => sum + value, 0) / numbers.length, 6);
        },
      ),
      { numRuns: 30 },
    );
  });
});

describe('the profile suggested', () => {
  const old: Change = (files) => {
    for (const [name, text] of files) {
      if (!name.endsWith('.csv')) continue;
      const [head, ...rest] = text.split('\n');
      const renamed = head!.split(',').map((one, index) => `Column ${index} [${one}]`);
      files.set(name, [renamed.join(','), ...rest].join('\n'));
    }
  };
  const seedless = schema((all) => void delete all.random_seed);
  it.each<[string, readonly Change[], string, RegExp]>([
    ['newer headers', [], 'v2.3', /2\.2 and later/],
    ['older headers', [old, seedless], 'v1', /before 2\.2/],
    ['older headers and a seed', [old], 'v2.1', /random_seed/],
    [
      'older headers and more columns',
      [
        old,
        seedless,
        inFile('Building_1.csv', (text) =>
          text
            .trim()
            .split('\n')
            .map((row, t) => `${row},${t === 0 ? 'Occupant Count (people)' : '1'}`)
            .join('\n'),
        ),
      ],
      'v2.1',
      /occupant/,
    ],
    ['chargers', [building((one) => void (one.chargers = { charger_1_1: {} }))], 'head', /chargers/],
    ['washing machines', [building((one) => void (one.washing_machines = { machine: {} }))], 'head', /washing/],
    ['cars', [schema((all) => void (all.electric_vehicles_def = { car: {} }))], 'head', /electric vehicles/],
    [
      'absolute generation',
      [building((one) => void (one.pv.attributes.generation_mode = 'absolute'))],
      'v3',
      /generation_mode/,
    ],
  ])('%s', async (_, changes, profile, because) => {
    const { suggestion } = await described(...changes);
    expect(suggestion!.profile).toBe(profile);
    expect(suggestion!.because.join('; ')).toMatch(because);
  });
});

describe('a damaged folder', () => {
  const damages = [...damagedTables, ...damagedSchemas].filter(({ buildings }) => buildings === undefined);

  it.each(damages.map((damage) => [damage.what, damage] as const))(
    '%s: what the reader refuses is listed',
    async (_, damage) => {
      const files = soundFolder();
      damage.change(files);
      const refusal: unknown = await readCityLearnFolder(readerOf(files)).catch((error: unknown) => error);
      const { description, district } = await describeFolder(readerOf(files));
      if (!(refusal instanceof Error)) return;
      expect(district).toBeNull();
      const errors = said(description, 'error');
      expect(errors.length).toBeGreaterThan(0);
      const { place } = refusal as DataError;
      if (place?.line !== undefined)
        expect(description.problems.some((one) => one.place.file === place.file && one.place.line === place.line)).toBe(
          true,
        );
    },
  );

  it('has every problem listed, in every file and with its place, not only the first', async () => {
    const description = await described(
      cell('Building_1.csv', 3, 7, 'much'),
      cell('Building_1.csv', 9, 2, '12'),
      cell('Building_2.csv', 5, 7, ''),
      column('weather.csv', 4, 'outdoor_dry_bulb_temprature_predicted_1', '1'),
      line('pricing.csv', 7, () => '1,2'),
      (files) => void files.delete('carbon_intensity.csv'),
    );
    expect(said(description, 'error')).toEqual(
      expect.arrayContaining([
        "folder/Building_1.csv:4:8: 'much' is not a number (column 'non_shiftable_load')",
        "folder/Building_1.csv:10:3: 'day_type' is 12, expected a whole number from 1 to 8",
        "folder/Building_2.csv:6:8: 'non_shiftable_load' is blank, expected a number ≥ 0",
        "folder/weather.csv:1: missing column 'outdoor_dry_bulb_temperature_predicted_1'",
        "folder/weather.csv:1:5: unknown column 'outdoor_dry_bulb_temprature_predicted_1'; did you mean 'outdoor_dry_bulb_temperature_predicted_1'?",
        'folder/pricing.csv:8: 2 cells, expected 4',
        'folder/carbon_intensity.csv: there is no such file; Building_1, Building_2 needs it as carbon intensity (schema.json /buildings/Building_1/carbon_intensity)',
      ]),
    );
    // What can be read still is.
    expect(description.files.find(({ name }) => name === 'Building_1.csv')!.columns[7]!.count).toBe(47);
  });

  it('has faults of a kind counted, not listed by the thousand', async () => {
    const errors = said(await described(column('Building_1.csv', 7, 'non_shiftable_load', 'x')), 'error');
    expect(errors.filter((text) => text.includes('is not a number'))).toHaveLength(4);
    expect(errors).toContain(
      "folder/Building_1.csv: 45 more in column 8 like: 'x' is not a number (column 'non_shiftable_load')",
    );
  });

  it('is described whatever its bytes are', async () => {
    const names = [...soundFolder().keys()];
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...names),
        fc.array(
          fc.tuple(fc.nat(4000), fc.constantFrom('', ',', '"', '\n', '{', '}', '[', '-', 'e', '9', 'null', '\0', 'é')),
          {
            minLength: 1,
            maxLength: 8,
          },
        ),
        async (name, edits) => {
          const files = soundFolder();
          for (const [at, text] of edits)
            files.set(name, files.get(name)!.slice(0, at) + text + files.get(name)!.slice(at + 1));
          const { description, district } = await describeFolder(readerOf(files));
          expect(district === null).toBe(description.problems.some(({ severity }) => severity === 'error'));
        },
      ),
      { numRuns: 200 },
    );
  });

  it.each([
    '',
    '[]',
    '3',
    '{',
    '{"buildings": 7}',
    '{"buildings": {"A": null}}',
    'null',
    '{"buildings": {"A": {"pv": 3}}}',
  ])('may have a schema that is no schema: %j', async (text) => {
    const description = await described((files) => void files.set('schema.json', text));
    expect(said(description, 'error').length).toBeGreaterThan(0);
  });

  it('may have files that cannot be read', async () => {
    const files = soundFolder();
    const sound = readerOf(files);
    const { description } = await describeFolder({
      label: 'folder',
      read: (name) =>
        name === 'weather.csv'
          ? Promise.reject(new DataError('is not a whole gzip file', { place: { file: 'folder/weather.csv.gz' } }))
          : sound.read(name),
    });
    expect(said(description, 'error')).toEqual(['folder/weather.csv.gz: is not a whole gzip file']);
    expect(description.files.find(({ name }) => name === 'weather.csv')!.bytes).toBeNull();
  });
});

describe('what is no error and still worth knowing', () => {
  it.each<[string, Change, RegExp]>([
    [
      'a demand that nobody serves',
      cell('Building_1.csv', 3, 9, '2.5'),
      /cooling_demand is up to 2\.5 kWh, and no cooling_device/,
    ],
    ['sun without panels', building((one) => void delete one.pv), /solar_generation is not 0, and there are no panels/],
    [
      'panels without sun',
      column('Building_1.csv', 11, 'solar_generation', '0'),
      /has panels, and solar_generation is 0/,
    ],
    [
      'more rows than the range',
      schema((all) => void (all.simulation_end_time_step = 23)),
      /48 rows, of which the simulation uses 0 to 23/,
    ],
    ['a constant column', () => {}, /Building_1\.csv: constant: month \(8\)/],
    ['blanks', () => {}, /blank: indoor_dry_bulb_temperature \(48 of 48\)/],
    ['no seed', schema((all) => void delete all.random_seed), /random_seed: is missing/],
    ['half hours', schema((all) => void (all.seconds_per_time_step = 1800)), /Building_1\.csv:3: .*3600 s apart.*1800/],
    ['no whole episode', schema((all) => void (all.episode_time_steps = 100)), /not a single whole episode/],
    ['one episode at random', schema((all) => void (all.random_episode_split = true)), /with one episode/],
    [
      'an action without its device',
      schema((all) => void (all.actions = { dhw_storage: { active: true } })),
      /there is no dhw_storage/,
    ],
    ['a file nobody names', (files) => void files.set('left-over.csv', 'a\n1\n'), /does not name: left-over\.csv/],
  ])('%s', async (_, change, warning) => {
    expect(said(await described(change), 'warning').join('\n')).toMatch(warning);
  });

  it('is not said of a folder that has nothing of it', async () => {
    const warnings = said(await described(), 'warning').join('\n');
    expect(warnings).not.toMatch(/serves|panels|rows, of which|seed|apart|episode|there is no|does not name/);
  });
});
