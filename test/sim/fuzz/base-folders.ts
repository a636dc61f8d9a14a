import { rng } from '../../../core/rng.ts';
import type { FolderBytes } from '../../support/mutate-folder.ts';
import { schema } from '../data/damage.ts';
import type { Change } from '../data/damage.ts';
import { carFolder, thermalFolder } from '../data/equipped-folder.ts';
import { soundFolder } from '../data/sound-folder.ts';
import type { Files } from '../data/sound-folder.ts';
import { torchFile } from '../../support/torch-file.ts';
import type { TorchTensor } from '../../support/torch-file.ts';

/** A small folder of one kind, two days long. */
export interface BaseFolder {
  readonly name: string;
  readonly files: FolderBytes;
}

function folder(name: string, files: Files, ...changes: readonly Change[]): BaseFolder {
  for (const change of changes) change(files);
  return { name, files: new Map([...files].map(([file, text]) => [file, new TextEncoder().encode(text)])) };
}

const observed = (...names: readonly string[]): Change =>
  schema((all) => {
    all.observations = Object.fromEntries(
      names.map((name) => [name, { active: true, shared_in_central_agent: false }]),
    );
  });
const controlled = (...names: readonly string[]): Change =>
  schema((all) => {
    all.actions = Object.fromEntries(names.map((name) => [name, { active: true }]));
  });
const rewarded = (type: string, attributes: object = {}): Change =>
  schema((all) => void (all.reward_function = { type: `citylearn.reward_function.${type}`, attributes }));

/** Heat pumps, heater and tanks that are sized by their demands, a reward and episodes that every release has; no outages. */
const plainThermal: readonly Change[] = [
  schema((all) => {
    delete all.buildings.Building_1.power_outage;
    delete all.buildings.Building_1.inactive_actions;
    all.episode_time_steps = 24;
    all.random_episode_split = false;
  }),
  observed(
    'month',
    'hour',
    'outdoor_dry_bulb_temperature',
    'indoor_dry_bulb_temperature',
    'non_shiftable_load',
    'solar_generation',
    'cooling_storage_soc',
    'dhw_storage_soc',
    'electrical_storage_soc',
    'net_electricity_consumption',
    'cooling_demand',
    'cooling_device_efficiency',
    'dhw_storage_electricity_consumption',
  ),
  controlled('cooling_storage', 'dhw_storage', 'electrical_storage'),
  rewarded('SolarPenaltyReward'),
];

const inputs = [
  'outdoor_dry_bulb_temperature',
  'indoor_dry_bulb_temperature_cooling_set_point',
  'occupant_count',
  'cooling_demand',
  'hour_sin',
  'hour_cos',
  'indoor_dry_bulb_temperature',
] as const;
const hidden = 4;

function weights(): Uint8Array {
  const draw = rng(7).split('weights');
  const tensor = (...shape: readonly number[]): TorchTensor => ({
    shape,
    values: Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => 0.6 * draw.uniform() - 0.3),
  });
  const layer = (n: number, wide: number): Record<string, TorchTensor> => ({
    [`l_lstm.weight_ih_l${n}`]: tensor(4 * hidden, wide),
    [`l_lstm.weight_hh_l${n}`]: tensor(4 * hidden, hidden),
    [`l_lstm.bias_ih_l${n}`]: tensor(4 * hidden),
    [`l_lstm.bias_hh_l${n}`]: tensor(4 * hidden),
  });
  return torchFile({
    ...layer(0, inputs.length),
    ...layer(1, hidden),
    'l_linear.weight': tensor(1, hidden),
    'l_linear.bias': { shape: [1], values: [0.5] },
  });
}

/** The heat pump is controlled, and a network of 2 × 4 units over 6 hours predicts the temperature. */
const controlledByNetwork: readonly Change[] = [
  ...plainThermal,
  (files) => {
    const [head, ...lines] = files.get('Building_1.csv')!.trim().split('\n');
    const at = head!.split(',').indexOf('indoor_dry_bulb_temperature');
    const warm = lines.map((line, t) =>
      line
        .split(',')
        .with(at, String(22 + (t % 7) / 4))
        .join(','),
    );
    files.set('Building_1.csv', `${[head, ...warm].join('\n')}\n`);
  },
  schema((all) => {
    all.episode_time_steps = null;
    Object.assign(all.buildings.Building_1, {
      type: 'citylearn.building.LSTMDynamicsBuilding',
      inactive_actions: [],
      dynamics: {
        type: 'citylearn.dynamics.LSTMDynamics',
        attributes: {
          filename: 'Building_1.pth',
          hidden_size: hidden,
          num_layers: 2,
          lookback: 6,
          input_size: inputs.length,
          input_observation_names: inputs,
          input_normalization_minimum: [0, 15, 0, 0, -1, -1, 15],
          input_normalization_maximum: [60, 30, 4, 5, 1, 1, 30],
        },
      },
    });
    // Only the first one has a network.
    all.buildings.Building_2.inactive_actions = ['cooling_device'];
  }),
  controlled('cooling_device', 'dhw_storage', 'electrical_storage'),
  rewarded('ComfortReward', { band: 1.5 }),
];

function lstmFolder(name: string, ...changes: readonly Change[]): BaseFolder {
  const { files } = folder(name, thermalFolder(), ...controlledByNetwork, ...changes);
  return { name, files: new Map([...files, ['Building_1.pth', weights()]]) };
}

/** As before 2.2: a network for cooling and one for heating, which are the same one. */
const twoNetworks: Change = schema((all) => {
  const one = all.buildings.Building_1;
  one.dynamics = { cooling: one.dynamics, heating: one.dynamics };
});

/** Heads of 1.x, which are matched by position. */
const olderHeads: Change = (files) => {
  for (const [name, text] of files) {
    if (!name.endsWith('.csv')) continue;
    const [head, ...lines] = text.trim().split('\n');
    const old = head!
      .split(',')
      .map((_, column) => (name.startsWith('carbon') ? 'kg_CO2/kWh' : `Quantity ${column} [unit]`));
    files.set(name, `${[old.join(','), ...lines].join('\n')}\n`);
  }
};

/** Fresh copies of every kind of folder; their bytes are shared and never written to. */
export const baseFolders: readonly BaseFolder[] = [
  folder(
    'battery',
    soundFolder(),
    observed('month', 'day_type', 'hour', 'carbon_intensity', 'non_shiftable_load', 'solar_generation', 'electrical_storage_soc', 'net_electricity_consumption', 'electricity_pricing_predicted_2'), // prettier-ignore
    controlled('electrical_storage'),
    rewarded('RewardFunction'),
  ),
  folder('thermal', thermalFolder(), ...plainThermal),
  lstmFolder('LSTM'),
  lstmFolder('two networks', twoNetworks),
  folder('cars', carFolder()),
  folder(
    'outages',
    thermalFolder(),
    observed('hour', 'power_outage', 'net_electricity_consumption', 'dhw_storage_soc'),
    rewarded('MARL'),
    // Each building has its own: one drawn day by day, one step by step and without a seed.
    schema((all) => {
      all.buildings.Building_1.power_outage.stochastic_power_outage_model.attributes.saifi = 300;
      all.buildings.Building_2.power_outage = { simulate_power_outage: true, stochastic_power_outage: true };
    }),
  ),
  folder('older', soundFolder(), olderHeads),
];
