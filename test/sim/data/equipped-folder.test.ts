import { describe, expect, it } from 'vitest';
import { DocumentError } from '../../../core/document.ts';
import { FaultlineError } from '../../../core/errors.ts';
import { rng } from '../../../core/rng.ts';
import { folderReader } from '../../../server/folder-reader.ts';
import { readCityLearnFolder, writeCityLearnFolder } from '../../../sim/data/citylearn-folder.ts';
import type { District } from '../../../sim/data/dataset.ts';
import { evDistrict } from '../../support/ev-district.ts';
import { numberColumns, sharedMissing, sharedPath } from '../../support/shared.ts';
import { readerOf } from './described.ts';
import { carFolder, thermalFolder } from './equipped-folder.ts';
import { damagedEquipment } from './damaged-equipment.ts';
import { mutate } from './folder-mutations.ts';
import { soundFolder } from './sound-folder.ts';

/** Everything but the name and the hash, which are the folder's; columns as their bytes, so that NaN and −0 count. */
function content(district: District): object {
  return withBytes({ ...district, name: '', hash: '' }) as object;
}

function withBytes(value: unknown): unknown {
  if (value instanceof Float64Array) return bytes(value);
  if (Array.isArray(value)) return value.map(withBytes);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, withBytes(one)]));
}

function bytes(column: Float64Array): string {
  return Buffer.from(column.buffer, column.byteOffset, column.byteLength).toString('base64');
}

describe('a folder with thermal equipment', () => {
  it('is read with devices, outage, occupants, episodes and a reward a building', async () => {
    const district = await readCityLearnFolder(readerOf(thermalFolder()));
    expect(district).toMatchObject({
      centralAgent: true,
      episodes: {
        timeSteps: [
          [0, 23],
          [24, 47],
        ],
        rolling: false,
        random: true,
      },
      reward: {
        type: 'MultiBuildingRewardFunction',
        attributes: {
          reward_functions: {
            Building_1: { type: 'ComfortReward', attributes: { band: 1.5 } },
            Building_2: { type: 'MARL', attributes: {} },
          },
        },
      },
      observations: [
        { name: 'month', active: true, shared: true },
        { name: 'electricity_pricing_predicted_2', active: true, shared: true },
        { name: 'minutes', active: true, shared: true },
        { name: 'cooling_storage_soc', active: true, shared: false },
        { name: 'heating_storage_soc', active: false, shared: false },
      ],
      actions: [
        { name: 'cooling_storage', active: true },
        { name: 'dhw_storage', active: true },
        { name: 'heating_storage', active: false },
      ],
    });
    const [one, two] = district.buildings;
    expect(Object.keys(one!.devices)).toEqual([
      'cooling_device',
      'heating_device',
      'dhw_device',
      'cooling_storage',
      'dhw_storage',
      'electrical_storage',
      'pv',
    ]);
    expect(one!.devices.cooling_device).toEqual({
      kind: 'HeatPump',
      className: 'citylearn.energy_model.HeatPump',
      autosize: true,
      autosizeAttributes: {},
      attributes: { nominal_power: null, efficiency: 0.25, target_cooling_temperature: 8 },
    });
    expect(one!.devices.dhw_storage!.autosizeAttributes).toEqual({ safety_factor: 1.5 });
    expect(one!.outage).toEqual({
      simulate: true,
      stochastic: true,
      model: 'ReliabilityMetricsPowerOutage',
      attributes: { random_seed: 7, saifi: 1.4, caidi: 300, start_time_steps: [1, 2, 20] },
    });
    // A file without minutes cannot show them.
    expect(one!.inactiveObservations).toEqual(['electricity_pricing_predicted_2', 'minutes']);
    expect(one!.inactiveActions).toEqual(['dhw_storage']);
    expect(one!.energy.comfort_band[3]).toBe(1.5);
    expect([...one!.energy.power_outage.subarray(6, 9)]).toEqual([0, 1, 0]);
    // What a file lacks: specs/citylearn.md 2.2.
    const { energy } = two!;
    expect([energy.hvac_mode[5], energy.comfort_band[5], energy.occupant_count[5], energy.minutes[5]]).toEqual([
      1, 2, 0, 0,
    ]);
  });

  it('is read with the older heads of 2.0 and 2.1, whose one set point is that of both seasons', async () => {
    const files = thermalFolder();
    const lines = files.get('Building_1.csv')!.trim().split('\n').slice(1);
    const old = lines.map((line) => {
      const cells = line.split(',');
      return [...cells.slice(0, 12), cells[12], cells[13], cells[15], cells[16]].join(',');
    });
    for (const width of [12, 13, 14, 15, 16]) {
      const head = Array.from({ length: width }, (_, c) => `Quantity ${c} [unit]`).join(',');
      files.set('Building_1.csv', [head, ...old.map((line) => line.split(',').slice(0, width).join(','))].join('\n'));
      const district = await readCityLearnFolder(readerOf(files));
      const { energy } = district.buildings[0]!;
      expect(energy.occupant_count[2]).toBe(width > 12 ? 2 : 0);
      expect(energy.indoor_dry_bulb_temperature_cooling_set_point[2]).toBe(width > 13 ? 24 : 0);
      expect(energy.indoor_dry_bulb_temperature_heating_set_point[2]).toBe(width > 13 ? 24 : 0);
      expect(energy.hvac_mode[2]).toBe(width > 14 ? 2 : 1);
      expect(energy.power_outage[7]).toBe(width > 15 ? 1 : 0);
      expect(energy.comfort_band[2]).toBe(2);
    }
  });

  it('may, with older heads, cool and heat at once and leave a demand blank, as v1 has it', async () => {
    const files = soundFolder();
    const [head, ...lines] = files.get('Building_1.csv')!.trim().split('\n');
    const old = head!.split(',').map((_, c) => `Quantity ${c} [unit]`);
    files.set(
      'Building_1.csv',
      [old.join(','), ...lines.map((line) => line.split(',').with(8, '').with(9, '1').with(10, '2').join(','))].join(
        '\n',
      ),
    );
    const district = await readCityLearnFolder(readerOf(files));
    expect(district.buildings[0]!.energy.dhw_demand[0]).toBeNaN();
    expect(district.buildings[0]!.energy.heating_demand[0]).toBe(2);
    // Newer heads cannot say so.
    expect(() => writeCityLearnFolder(district)).toThrow(/older files/);
  });

  it('reads back to the same bits', async () => {
    const district = await readCityLearnFolder(readerOf(thermalFolder()));
    const files = writeCityLearnFolder(district);
    expect(content(await readCityLearnFolder(readerOf(files)))).toEqual(content(district));
  });
});

describe('a folder with cars', () => {
  it('reads back to what was written: chargers, limits, washing machine, cars', async () => {
    const district = evDistrict(48);
    const read = await readCityLearnFolder(readerOf(carFolder()));
    expect(content(read)).toEqual(content(district));
    expect(content(await readCityLearnFolder(readerOf(writeCityLearnFolder(read))))).toEqual(content(read));
  });

  it('takes what a charger leaves out from CityLearn’s defaults', async () => {
    const files = carFolder();
    const all = JSON.parse(files.get('schema.json')!);
    all.buildings.Building_1.chargers.charger_1_1.attributes = { nominal_power: 11, charger_type: 0 };
    all.buildings.Building_2.charging_constraints = { phases: [{ chargers: ['charger_2_1'] }] };
    all.electric_vehicles_def.Car_2.include = false;
    files.set('schema.json', JSON.stringify(all));
    const district = await readCityLearnFolder(readerOf(files));
    expect(district.buildings[0]!.chargers[0]).toMatchObject({
      maxChargingPower: 50,
      minChargingPower: 0,
      maxDischargingPower: 50,
      minDischargingPower: 0,
      efficiency: 1,
      chargeEfficiencyCurve: null,
      dischargeEfficiencyCurve: null,
    });
    expect(district.buildings[1]!.chargingConstraints).toEqual({
      buildingLimitKw: null,
      phases: [{ name: 'phase_1', limitKw: null, chargers: ['charger_2_1'] }],
    });
    expect(district.electricVehicles.map(({ name }) => name)).not.toContain('Car_2');
  });

  it.each(damagedEquipment.map((damage) => [damage.what, damage] as const))(
    'with %s is refused by name',
    async (_what, damage) => {
      const files = carFolder();
      damage.change(files);
      const error: unknown = await readCityLearnFolder(readerOf(files)).then(
        () => undefined,
        (reason: unknown) => reason,
      );
      expect(error).toBeInstanceOf(FaultlineError);
      expect((error as Error).name).toBe(damage.error);
      for (const part of damage.says) expect((error as Error).message).toContain(part);
    },
  );
});

describe('a mutated folder', () => {
  it.each([
    ['plain', soundFolder],
    ['thermal', thermalFolder],
    ['with cars', carFolder],
  ])('(%s) is read or refused by name and place, 150 times', async (what, folder) => {
    const draw = rng(20).split(what);
    let refused = 0;
    for (let k = 0; k < 150; k++) {
      const files = folder();
      const done = [mutate(files, draw)];
      if (draw.int(3) === 0 && files.has('schema.json') && isJson(files.get('schema.json')!))
        done.push(mutate(files, draw));
      const outcome: unknown = await readCityLearnFolder(readerOf(files)).catch((error: unknown) => error);
      if (!(outcome instanceof Error)) continue;
      refused++;
      const message = `${done.join('; ')} → ${outcome.stack}`;
      expect(outcome instanceof FaultlineError, message).toBe(true);
      const places =
        outcome instanceof DocumentError
          ? outcome.issues.map(({ place }) => place)
          : [(outcome as FaultlineError).place];
      for (const place of places) expect(place?.file, message).toMatch(/^folder\//);
    }
    // Neither is everything refused nor does everything pass.
    expect(refused).toBeGreaterThan(50);
    expect(refused).toBeLessThan(145);
  });
});

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

describe.skipIf(sharedMissing)('published folders with equipment (need ../shared)', () => {
  it('2020: nine buildings with heat pump, heater, tanks, battery and panels, without prices', async () => {
    const folder = sharedPath('datasets/citylearn_challenge_2020_climate_zone_1');
    const district = await readCityLearnFolder(folderReader(folder));
    expect(district.buildings).toHaveLength(9);
    expect(district.reward).toEqual({ type: 'IndependentSACReward', attributes: {} });
    expect(district.actions.filter(({ active }) => active).map(({ name }) => name)).toEqual([
      'cooling_storage',
      'dhw_storage',
      'electrical_storage',
    ]);
    for (const building of district.buildings) {
      expect(building.pricing).toBeNull();
      expect(building.weather).toBe(district.buildings[0]!.weather);
      const columns = numberColumns(`${folder}/${building.name}.csv`);
      for (const [name, column] of Object.entries(columns))
        expect(bytes(building.energy[name as keyof typeof building.energy]) === bytes(column), name).toBe(true);
    }
    const again = await readCityLearnFolder(readerOf(writeCityLearnFolder(district)));
    expect(content(again)).toEqual(content(district));
  });

  it.each(['citylearn_challenge_2023_phase_1', 'citylearn_challenge_2023_phase_2_local_evaluation'])(
    '%s: an LSTM a building, with the weights that were exported from it',
    async (name) => {
      const district = await readCityLearnFolder(folderReader(sharedPath(`datasets/${name}`)));
      expect(district.buildings).toHaveLength(3);
      for (const building of district.buildings) {
        const { default: exported } = (await import(
          sharedPath(`golden/citylearn/lstm/${name}/${building.name}.weights.json`),
          { with: { type: 'json' } }
        )) as { readonly default: Readonly<Record<string, readonly (number | readonly number[])[]>> };
        const weights = (key: string): Float32Array => Float32Array.from(exported[key]!.flat());
        const dynamics = building.dynamics!;
        expect([dynamics.lookback, dynamics.hiddenSize, dynamics.inputNames.length, dynamics.layers.length]).toEqual([
          12, 16, 13, 2,
        ]);
        dynamics.layers.forEach((layer, k) => {
          expect(layer.inputWeights).toEqual(weights(`l_lstm.weight_ih_l${k}`));
          expect(layer.hiddenWeights).toEqual(weights(`l_lstm.weight_hh_l${k}`));
          expect(layer.inputBias).toEqual(weights(`l_lstm.bias_ih_l${k}`));
          expect(layer.hiddenBias).toEqual(weights(`l_lstm.bias_hh_l${k}`));
        });
        expect(dynamics.outputWeights).toEqual(weights('l_linear.weight'));
        expect(dynamics.outputBias).toEqual(weights('l_linear.bias'));
      }
      expect(district.buildings.every(({ outage }) => outage!.simulate === name.includes('phase_2'))).toBe(true);
      expect(() => writeCityLearnFolder(district)).toThrow('Building_1 has an LSTM');
    },
  );
});
