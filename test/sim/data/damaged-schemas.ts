import { battery, inFile, schema } from './damage.ts';
import type { Damage, Schema } from './damage.ts';

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
    what: 'a device that is not simulated',
    change: schema(
      (all) =>
        void (all.buildings.Building_1.cooling_device = {
          type: 'citylearn.energy_model.HeatPump',
          autosize: true,
          attributes: {},
        }),
    ),
    error: 'ConfigError',
    says: ['/buildings/Building_1', 'cooling_device', 'does not simulate'],
  },
  {
    what: 'a building of 2023, with its indoor temperature simulated',
    change: schema((all) => {
      all.buildings.Building_2.type = 'citylearn.building.LSTMDynamicsBuilding';
      all.buildings.Building_2.dynamics = { type: 'citylearn.dynamics.LSTMDynamics', attributes: {} };
    }),
    error: 'ConfigError',
    says: ['/buildings/Building_2', 'dynamics', 'does not simulate'],
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
    what: 'a simulated outage',
    change: schema((all) => void (all.buildings.Building_1.power_outage = { simulate_power_outage: true })),
    error: 'ConfigError',
    says: ['power_outage'],
  },
];
