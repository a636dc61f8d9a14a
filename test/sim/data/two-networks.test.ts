import { describe, expect, it } from 'vitest';
import { ConfigError } from '../../../core/errors.ts';
import { readCityLearnFolder } from '../../../sim/data/citylearn-folder.ts';
import { describeFolder } from '../../../sim/data/describe.ts';
import type { FolderReader } from '../../../sim/data/dataset.ts';
import { schema } from './damage.ts';
import { said } from './described.ts';
import { soundFolder } from './sound-folder.ts';
import { torchFile } from '../../support/torch-file.ts';

/*
 * Folders of CityLearn 2.0 – 2.1.2 name a network for cooling and one for heating: the HVAC modes of the range say which of them runs.
 */

const weights = (bias: number): Uint8Array =>
  torchFile({
    'l_lstm.weight_ih_l0': { shape: [4, 2], values: [1, 2, 3, 4, 5, 6, 7, 8] },
    'l_lstm.weight_hh_l0': { shape: [4, 1], values: [1, 2, 3, 4] },
    'l_lstm.bias_ih_l0': { shape: [4], values: [1, 2, 3, 4] },
    'l_lstm.bias_hh_l0': { shape: [4], values: [1, 2, 3, 4] },
    'l_linear.weight': { shape: [1, 1], values: [1] },
    'l_linear.bias': { shape: [1], values: [bias] },
  });
const network = (filename: string): object => ({
  type: 'citylearn.dynamics.LSTMDynamics',
  attributes: {
    filename,
    hidden_size: 1,
    num_layers: 1,
    lookback: 3,
    input_observation_names: ['hour_sin', 'indoor_dry_bulb_temperature'],
    input_normalization_minimum: [-1, 10],
    input_normalization_maximum: [1, 40],
  },
});

/** @param mode HVAC mode of a row */
function folder(
  mode: (row: number) => number,
  networks: { readonly cooling: string; readonly heating: string },
  range: readonly [number, number] = [0, 47],
): FolderReader & { readonly names: readonly string[] } {
  const files = soundFolder();
  const lines = files.get('Building_2.csv')!.trim().split('\n');
  files.set('Building_2.csv', lines.map((line, i) => `${line},${i === 0 ? 'hvac_mode' : mode(i - 1)}`).join('\n'));
  schema((all) => {
    [all.simulation_start_time_step, all.simulation_end_time_step] = range;
    all.buildings.Building_2.type = 'citylearn.building.LSTMDynamicsBuilding';
    all.buildings.Building_2.dynamics = { cooling: network(networks.cooling), heating: network(networks.heating) };
  })(files);
  const binary = new Map([
    ['cooling.pth', weights(0.25)],
    ['heating.pth', weights(0.75)],
  ]);
  return {
    label: 'folder',
    names: [...files.keys(), ...binary.keys()],
    read: async (name) => {
      const text = files.get(name);
      return text === undefined ? binary.get(name) : new TextEncoder().encode(text);
    },
  };
}

const apart = { cooling: 'cooling.pth', heating: 'heating.pth' };
const biasOf = async (reader: FolderReader): Promise<number> =>
  (await readCityLearnFolder(reader)).buildings[1]!.dynamics!.outputBias[0]!;

describe('a network for cooling and one for heating', () => {
  it('give the one that runs: cooling’s in modes 0 and 1, heating’s in 2', async () => {
    expect(await biasOf(folder((row) => row % 2, apart))).toBe(0.25);
    expect(await biasOf(folder(() => 2, apart))).toBe(0.75);
  });

  it('count the modes of the simulation range only', async () => {
    const seasons = (row: number): number => (row < 24 ? 1 : 2);
    expect(await biasOf(folder(seasons, apart, [0, 23]))).toBe(0.25);
    expect(await biasOf(folder(seasons, apart, [24, 47]))).toBe(0.75);
  });

  it('are refused where both would run, unless they are the same', async () => {
    const both = folder((row) => (row < 24 ? 1 : 2), apart);
    await expect(readCityLearnFolder(both)).rejects.toThrow(ConfigError);
    await expect(readCityLearnFolder(both)).rejects.toThrow(/\/buildings\/Building_2\/dynamics.*separate models/s);
    const same = { cooling: 'heating.pth', heating: 'heating.pth' };
    expect(await biasOf(folder((row) => (row < 24 ? 1 : 2), same))).toBe(0.75);
  });

  it('are described with both files', async () => {
    const reader = folder(() => 1, apart);
    const { description } = await describeFolder(reader, reader.names);
    expect(description.schema!.buildings[1]!.dynamics).toMatchObject({ type: 'LSTMDynamics', file: 'cooling.pth' });
    expect(said(description, 'error')).toEqual([]);
    expect(said(description, 'warning').join('\n')).not.toContain('.pth');
  });
});
