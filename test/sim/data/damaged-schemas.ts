import { battery, inFile, schema } from './damage.ts';
import type { Change, Damage, Schema } from './damage.ts';

const lstm = {
  filename: 'Building_2.pth',
  hidden_size: 2,
  num_layers: 1,
  lookback: 3,
  input_observation_names: ['hour_sin', 'indoor_dry_bulb_temperature'],
  input_normalization_minimum: [-1, 10],
  input_normalization_maximum: [1, 40],
};
const dynamics = (attributes: object): Change =>
  schema((all) => {
    all.buildings.Building_2.type = 'citylearn.building.LSTMDynamicsBuilding';
    all.buildings.Building_2.dynamics = { type: 'citylearn.dynamics.LSTMDynamics', attributes };
  });

/** What may be wrong with a schema, or with what it asks for. */
export const damagedSchemas: readonly Damage[] = [
  {
    what: 'no schema',
    change: (files) => void files.delete('schema.json'),
    error: 'DataError',
    says: ['folder/schema.json', 'no such file'],
  },
  {
    what: 'an empty schema',
    change: inFile('schema.json', () => ''),
    error: 'DataError',
    says: ['folder/schema.json', 'empty'],
  },
  {
    what: 'a schema that is not JSON',
    change: inFile('schema.json', (text) => text.replace('"weather"', '"weather')),
    error: 'DocumentError',
    says: ['folder/schema.json:'],
  },
  {
    what: 'a schema that is a list',
    change: inFile('schema.json', () => '[1, 2]'),
    error: 'DocumentError',
    says: ['folder/schema.json:1:1', 'object'],
  },
  {
    what: 'a schema cut short',
    change: inFile('schema.json', (text) => text.slice(0, 300)),
    error: 'DocumentError',
    says: ['folder/schema.json:'],
  },
  {
    what: 'a schema without buildings',
    change: schema((all) => void (all.buildings = {})),
    error: 'DocumentError',
    says: ['/buildings', 'no building'],
  },
  {
    what: 'a schema that does not speak of buildings',
    change: schema((all) => void delete all.buildings),
    error: 'DocumentError',
    says: ['folder/schema.json:1:1 /buildings', 'got nothing'],
  },
  {
    what: 'a building that is a number',
    change: schema((all) => void (all.buildings.Building_2 = 3)),
    error: 'DocumentError',
    says: ['/buildings/Building_2', 'got 3'],
  },
  {
    what: 'a building without an energy file',
    change: schema((all) => void delete all.buildings.Building_1.energy_simulation),
    error: 'DocumentError',
    says: ['/buildings/Building_1/energy_simulation', 'got nothing'],
  },
  {
    what: 'a building whose file is absent',
    change: schema((all) => void (all.buildings.Building_2.energy_simulation = 'Building_3.csv')),
    error: 'DataError',
    says: ['folder/Building_3.csv', 'no such file'],
  },
  {
    what: 'a file name that leaves the folder',
    change: schema((all) => void (all.buildings.Building_1.weather = '../weather.csv')),
    error: 'DocumentError',
    says: ['/buildings/Building_1/weather', 'leave the folder'],
  },
  {
    what: 'no building included',
    change: schema((all) => {
      for (const one of Object.values<Schema>(all.buildings)) one.include = false;
    }),
    error: 'ConfigError',
    says: ['/buildings', 'includes no building'],
  },
  {
    what: 'a selection that is not there',
    change: () => undefined,
    buildings: ['Building_11'],
    error: 'UnknownNameError',
    says: ["'Building_11'", "Did you mean 'Building_1'?", 'Building_2'],
  },
  {
    what: 'the same building twice',
    change: () => undefined,
    buildings: ['Building_1', 'Building_1'],
    error: 'ConfigError',
    says: ['Building_1', 'twice'],
  },
  {
    what: 'a simulation range beyond the files',
    change: schema((all) => void (all.simulation_end_time_step = 8759)),
    error: 'DataError',
    says: ['48 rows', '8760', 'simulation_end_time_step'],
  },
  {
    what: 'a range that ends before it starts',
    change: schema((all) => void (all.simulation_start_time_step = 47)),
    error: 'DocumentError',
    says: ['/simulation_end_time_step', 'not after'],
  },
  {
    what: 'a negative capacity',
    change: battery('capacity', -6.4),
    error: 'DocumentError',
    says: ['/buildings/Building_1/electrical_storage/attributes/capacity', 'got -6.4'],
  },
  {
    what: 'panels beyond all sense',
    change: schema((all) => void (all.buildings.Building_2.pv.attributes.nominal_power = 1e300)),
    error: 'DocumentError',
    says: ['/buildings/Building_2/pv/attributes/nominal_power', 'got 1e+300'],
  },
  {
    what: 'a capacity in words',
    change: battery('capacity', 'large'),
    error: 'DocumentError',
    says: ['attributes/capacity', 'got "large"'],
  },
  {
    what: 'an efficiency above 1',
    change: battery('efficiency', 1.2),
    error: 'DocumentError',
    says: ['attributes/efficiency', 'got 1.2'],
  },
  {
    what: 'a curve that does not ascend',
    change: battery('power_efficiency_curve', [
      [0, 0.8],
      [0.7, 0.9],
      [0.3, 0.9],
    ]),
    error: 'DocumentError',
    says: ['attributes/power_efficiency_curve', 'ascend'],
  },
  {
    what: 'an efficiency curve that touches zero',
    change: battery('power_efficiency_curve', [
      [0, 0],
      [1, 0.9],
    ]),
    error: 'DocumentError',
    says: ['attributes/power_efficiency_curve/0/1', 'got 0'],
  },
  {
    what: 'a curve of one point',
    change: battery('capacity_power_curve', [[0, 1]]),
    error: 'DocumentError',
    says: ['attributes/capacity_power_curve'],
  },
  {
    what: 'a device of a class that is not simulated',
    change: schema((all) => void (all.buildings.Building_1.cooling_device = { type: 'my.GasBoiler', attributes: {} })),
    error: 'ConfigError',
    says: ['/buildings/Building_1/cooling_device', 'GasBoiler', 'expected HeatPump'],
  },
  {
    what: 'a heat pump without its power',
    change: schema(
      (all) =>
        void (all.buildings.Building_1.cooling_device = { type: 'citylearn.energy_model.HeatPump', autosize: false }),
    ),
    error: 'ConfigError',
    says: ['/buildings/Building_1/cooling_device/attributes/nominal_power', 'autosize: true'],
  },
  {
    what: 'dynamics without attributes',
    change: dynamics({}),
    error: 'DocumentError',
    says: ['/buildings/Building_2/dynamics/attributes/filename', 'got nothing'],
  },
  {
    what: 'dynamics of another model',
    change: (files) => {
      dynamics(lstm)(files);
      schema((all) => void (all.buildings.Building_2.dynamics.type = 'citylearn.dynamics.LinearDynamics'))(files);
    },
    error: 'ConfigError',
    says: ['/buildings/Building_2/dynamics', 'LinearDynamics', 'expected LSTMDynamics'],
  },
  {
    what: 'dynamics of 2.0, cooling and heating apart',
    change: schema((all) => {
      all.buildings.Building_2.type = 'citylearn.building.LSTMDynamicsBuilding';
      all.buildings.Building_2.dynamics = { cooling: {}, heating: {} };
    }),
    error: 'ConfigError',
    says: ['/buildings/Building_2/dynamics/cooling', 'no type'],
  },
  {
    what: 'dynamics with too few limits',
    change: dynamics({ ...lstm, input_normalization_minimum: [0] }),
    error: 'ConfigError',
    says: ['attributes/input_normalization_minimum', 'of 1 inputs', 'expected 2'],
  },
  {
    what: 'dynamics that do not see the temperature',
    change: dynamics({ ...lstm, input_observation_names: ['hour_sin', 'hour_cos'] }),
    error: 'ConfigError',
    says: ['attributes/input_observation_names', 'indoor_dry_bulb_temperature'],
  },
  {
    what: 'dynamics whose weights are absent',
    change: dynamics(lstm),
    error: 'DataError',
    says: ['folder/Building_2.pth', 'no such file'],
  },
  {
    what: 'dynamics whose weights are a text',
    change: (files) => {
      dynamics(lstm)(files);
      files.set('Building_2.pth', 'weights');
    },
    error: 'DataError',
    says: ['folder/Building_2.pth', 'PyTorch'],
  },
  {
    what: 'a building of an unknown class',
    change: schema((all) => void (all.buildings.Building_1.type = 'citylearn.building.LSTMDynamicBuilding')),
    error: 'UnknownNameError',
    says: ['/buildings/Building_1', "Did you mean 'LSTMDynamicsBuilding'?"],
  },
  {
    what: 'noise on its columns',
    change: schema((all) => void (all.buildings.Building_1.noise_std = 0.1)),
    error: 'ConfigError',
    says: ['/buildings/Building_1/noise_std', '0.1'],
  },
  {
    what: 'an electrical service of CityLearn 3',
    change: schema((all) => void (all.buildings.Building_1.electrical_service = { limits: {} })),
    error: 'ConfigError',
    says: ['/buildings/Building_1/electrical_service', 'not simulated'],
  },
  {
    what: 'files in another folder',
    change: schema((all) => void (all.root_directory = '/etc')),
    error: 'ConfigError',
    says: ['/root_directory', "'/etc'", 'expected null'],
  },
  {
    what: 'a reward of no building',
    change: schema((all) => void (all.reward_function = { type: {}, attributes: null })),
    error: 'ConfigError',
    says: ['/reward_function/type', "'Building_1'"],
  },
  {
    what: 'an observation under two names',
    change: schema((all) => {
      all.observations = {
        electricity_pricing_predicted_12h: { active: true },
        electricity_pricing_predicted_2: { active: true },
      };
    }),
    error: 'ConfigError',
    says: ['/observations', 'electricity_pricing_predicted_2'],
  },
  {
    what: 'an observation that is a number',
    change: schema((all) => void (all.observations = { hour: 3 })),
    error: 'DocumentError',
    says: ['/observations/hour', 'got 3'],
  },
  {
    what: 'episodes of half a step',
    change: schema((all) => void (all.episode_time_steps = 2.5)),
    error: 'DocumentError',
    says: ['/episode_time_steps', 'got 2.5'],
  },
  {
    what: 'a battery to be sized',
    change: schema((all) => {
      all.buildings.Building_1.electrical_storage = {
        autosize: true,
        attributes: { capacity: null, nominal_power: null },
      };
    }),
    error: 'ConfigError',
    says: ['/buildings/Building_1', 'electrical_storage.autosize'],
  },
  {
    what: 'panels to be sized',
    change: schema(
      (all) =>
        void (all.buildings.Building_1.pv = { type: 'citylearn.energy_model.PV', autosize: true, attributes: {} }),
    ),
    error: 'ConfigError',
    says: ['/buildings/Building_1/pv', 'pv.autosize', 'PySAM'],
  },
  {
    what: 'an outage model without a class',
    change: schema(
      (all) => void (all.buildings.Building_1.power_outage = { stochastic_power_outage_model: { attributes: {} } }),
    ),
    error: 'DocumentError',
    says: ['/power_outage/stochastic_power_outage_model/type', 'got nothing'],
  },
];
