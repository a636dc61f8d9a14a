import { cell, column, inFile, line, schema } from './damage.ts';
import type { Damage, Schema } from './damage.ts';

const charger = (change: (charger: Schema) => unknown): Damage['change'] =>
  schema((all) => void change(all.buildings.Building_1.chargers.charger_1_1));

/** What may be wrong with chargers, washing machines and cars. */
export const damagedEquipment: readonly Damage[] = [
  {
    what: 'no charger file',
    change: (files) => void files.delete('charger_1_1.csv'),
    error: 'DataError',
    says: ['folder/charger_1_1.csv', 'no such file'],
  },
  {
    what: 'an empty charger file',
    change: inFile('charger_1_1.csv', () => '\n'),
    error: 'DataError',
    says: ['folder/charger_1_1.csv:1', 'empty'],
  },
  {
    what: 'a short charger file',
    change: line('charger_1_1.csv', 48, () => undefined),
    error: 'DataError',
    says: ['folder/charger_1_1.csv:48', '47 rows', 'expected 48'],
  },
  {
    what: 'a charger file with a column too few',
    change: column('charger_1_1.csv', 7, undefined, ''),
    error: 'DataError',
    says: ['folder/charger_1_1.csv:1', '7 columns', 'electric_vehicle_estimated_soc_arrival'],
  },
  {
    what: 'a ragged charger file',
    change: line('charger_1_1.csv', 3, (text) => `${text},1`),
    error: 'DataError',
    says: ['folder/charger_1_1.csv:4', '9 cells', 'expected 8'],
  },
  {
    what: 'a charger in state 4',
    change: cell('charger_1_1.csv', 5, 0, '4'),
    error: 'DataError',
    says: ['folder/charger_1_1.csv:6:1', "'4' is not in [1, 3]", 'electric_vehicle_charger_state'],
  },
  {
    what: 'a charger half way between two states',
    change: cell('charger_1_1.csv', 5, 0, '1.5'),
    error: 'DataError',
    says: ['folder/charger_1_1.csv:6:1', '1.5', 'expected 1, 2, 3'],
  },
  {
    what: 'a departure in words',
    change: cell('charger_1_1.csv', 5, 4, 'soon'),
    error: 'DataError',
    says: ['folder/charger_1_1.csv:6:5', "'soon' is not a number", 'electric_vehicle_departure_time'],
  },
  {
    what: 'chargers of CityLearn 2.2',
    change: charger((one) => delete one.charger_simulation),
    error: 'ConfigError',
    says: ['/buildings/Building_1/chargers/charger_1_1', 'no charger_simulation'],
  },
  {
    what: 'a charger file outside',
    change: charger((one) => (one.charger_simulation = '../secret.csv')),
    error: 'DocumentError',
    says: ['/chargers/charger_1_1/charger_simulation', 'leave the folder'],
  },
  {
    what: 'a noisy charger',
    change: charger((one) => (one.noise_std = 1)),
    error: 'ConfigError',
    says: ['charger_1_1', 'noise_std 1'],
  },
  {
    what: 'a charger of negative power',
    change: charger((one) => (one.attributes.max_charging_power = -11)),
    error: 'DocumentError',
    says: ['attributes/max_charging_power', 'got -11'],
  },
  {
    what: 'a charger without efficiency',
    change: charger((one) => (one.attributes.efficiency = 0)),
    error: 'DocumentError',
    says: ['attributes/efficiency', 'got 0'],
  },
  {
    what: 'a limit of a charger that is not there',
    change: schema((all) => void (all.buildings.Building_2.charging_constraints.phases[0].chargers = ['charger_2_3'])),
    error: 'UnknownNameError',
    says: ['/charging_constraints/phases/0/chargers', "'charger_2_3'", "Did you mean 'charger_2_1'?"],
  },
  {
    what: 'a car without a battery',
    change: schema((all) => void delete all.electric_vehicles_def.Car_1.battery),
    error: 'DocumentError',
    says: ['/electric_vehicles_def/Car_1/battery', 'got nothing'],
  },
  {
    what: 'a washing program in words',
    change: inFile('washing_machine_1.csv', (text) => text.replace('"[0.3,1.1,0.7]"', '"[warm, 2]"')),
    error: 'DataError',
    says: ['folder/washing_machine_1.csv:', ':5', "'[warm, 2]' is no list of energies"],
  },
  {
    what: 'a washing program that gives energy back',
    change: inFile('washing_machine_1.csv', (text) => text.replace('"[0.3,1.1,0.7]"', '"[0.3,-1.1]"')),
    error: 'DataError',
    says: ['folder/washing_machine_1.csv:', "'[0.3,-1.1]'"],
  },
  {
    what: 'a washing machine without a window’s end',
    change: column('washing_machine_1.csv', 3, undefined, ''),
    error: 'DataError',
    says: ['folder/washing_machine_1.csv:1', '4 columns', 'wm_end_time_step'],
  },
];
