import { readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { folderReader } from '../../../server/folder-reader.ts';
import type { FolderReader } from '../../../sim/data/dataset.ts';
import { describeFolder } from '../../../sim/data/describe.ts';
import { sharedMissing, sharedPath } from '../../support/shared.ts';
import { inFile, schema } from './damage.ts';
import type { Change } from './damage.ts';
import { described, said } from './described.ts';

describe.skipIf(sharedMissing)('the published sets (skipped without ../shared)', () => {
  const folders = ['datasets', 'datasets-v1'].flatMap((root) =>
    sharedMissing ? [] : readdirSync(sharedPath(root)).map((name) => `${root}/${name}`),
  );
  it.each(folders)('%s has no error', async (folder) => {
    const path = sharedPath(folder);
    const { description } = await describeFolder(folderReader(path), readdirSync(path));
    expect(said(description, 'error')).toEqual([]);
    expect(description.unreferenced).toEqual([]);
    expect(description.suggestion!.profile).toBe(folder.startsWith('datasets-v1') ? 'v1' : 'v2.3');
    for (const { rows, columns } of description.files)
      for (const { count, blanks } of columns) expect(count + blanks).toBe(rows);
  });
});

describe('a folder with cars', () => {
  const plugged = '1,Car_1,40,12.5,3,80,,';
  const fleet: Change = (files) => {
    const head =
      'electric_vehicle_charger_state,electric_vehicle_id,battery,current_soc,departure,required,arrival,soc';
    files.set(
      'charger_1_1.csv',
      [head, ...Array.from({ length: 48 }, (_, t) => (t < 20 ? plugged : '3,,,,,,,'))].join('\n'),
    );
    files.set(
      'washing.csv',
      [
        'day,hour,start,end,profile',
        ...Array.from({ length: 48 }, (_, t) => `1,${(t % 24) + 1},10,20,"[0.5,0.25]"`),
      ].join('\n'),
    );
    schema((all) => {
      all.electric_vehicles_def = {
        Car_1: {
          include: true,
          battery: { type: 'citylearn.energy_model.Battery', attributes: { capacity: 40, nominal_power: 50 } },
        },
      };
      const one = all.buildings.Building_1;
      one.chargers = {
        charger_1_1: {
          type: 'citylearn.electric_vehicle_charger.Charger',
          charger_simulation: 'charger_1_1.csv',
          attributes: {
            max_charging_power: 11,
            min_charging_power: 1.4,
            max_discharging_power: 7.2,
            min_discharging_power: 0,
            efficiency: 0.95,
          },
        },
      };
      one.washing_machines = { washing_machine_1: { washing_machine_energy_simulation: 'washing.csv' } };
    })(files);
  };

  it('has its chargers, cars and machines', async () => {
    const description = await described(fleet);
    expect(said(description, 'error')).toEqual([]);
    expect(description.suggestion!.because).toEqual([
      'buildings have chargers',
      'buildings have washing machines',
      'the schema defines electric vehicles',
    ]);
    expect(description.schema!.electricVehicles).toEqual([{ name: 'Car_1', capacity: 40, nominalPower: 50 }]);
    expect(description.schema!.buildings[0]).toMatchObject({
      chargers: [{ id: 'charger_1_1', maxChargingPower: 11, maxDischargingPower: 7.2 }],
      washingMachines: ['washing_machine_1'],
    });
    const charger = description.files.find(({ kind }) => kind === 'charger')!;
    expect(charger.columns[1]).toMatchObject({
      name: 'electric_vehicle_id',
      count: 20,
      blanks: 28,
      distinct: ['Car_1'],
    });
    expect(charger.columns[3]).toMatchObject({ name: 'current_soc', unit: 'kWh', count: 20, mean: 12.5 });
    expect(description.files.find(({ kind }) => kind === 'washing machine')!.columns[4]).toMatchObject({
      distinct: ['[0.5,0.25]'],
    });
  });

  it('may name a car that nobody defines', async () => {
    const errors = said(
      await described(
        fleet,
        inFile('charger_1_1.csv', (text) => text.replace('Car_1', 'Car_9')),
      ),
      'error',
    );
    expect(errors.join('\n')).toMatch(/charger_1_1\.csv: car 'Car_9' is not in electric_vehicles_def \(Car_1\)/);
  });
});

describe.skipIf(sharedMissing)('weights (skipped without ../shared)', () => {
  const path = sharedPath('datasets/citylearn_challenge_2023_phase_1');
  const disk = folderReader(path);
  const withWeights = (bytes: (sound: Uint8Array) => Uint8Array | undefined): FolderReader => ({
    label: 'folder',
    read: async (name) => {
      const sound = await disk.read(name);
      return name.endsWith('.pth') && name !== 'Building_1.pth' ? bytes(sound!) : sound;
    },
  });

  it('are listed with their shapes', async () => {
    const { description } = await describeFolder(withWeights((bytes) => bytes));
    const weights = description.files.find(({ kind }) => kind === 'weights')!;
    expect(weights.tensors).toMatchObject({
      'l_lstm.weight_ih_l0': [64, 13],
      'l_lstm.weight_hh_l1': [64, 16],
      'l_linear.weight': [1, 16],
    });
  });

  it('that are missing or damaged are all said to be, not only the first', async () => {
    const missing = await describeFolder(withWeights(() => undefined));
    expect(
      said(missing.description, 'error').filter((text) => /Building_[23]\.pth: there is no such file/.test(text)),
    ).toHaveLength(2);
    const damaged = await describeFolder(withWeights((bytes) => bytes.subarray(0, bytes.length >> 1)));
    const files = damaged.description.problems
      .filter(({ severity }) => severity === 'error')
      .map(({ place }) => place.file);
    expect(files).toEqual(['folder/Building_2.pth', 'folder/Building_3.pth']);
  });
});
