import { anyBuilding, encode, isFile, isNumber, ofSchema, pick, setSpot, spots } from './folder-mutation.ts';
import type { Mutation } from './folder-mutation.ts';

const junkValues: readonly unknown[] = [null, true, false, 0, 1, -1, 0.5, 2.5, 1e12, 1e308, -1e9, 4294967295, 4294967296, 2 ** 53, 48, '', 'x', '5', 'weather.csv', '../schema.json', 'citylearn.energy_model.HeatPump', [], {}, [null], [[0, 1]], [[0, 1], [1, 0.5]], [[0, 0.2], [1, 0.9]], [[1, 0.5], [0, 0.5]], { type: 'HeatPump', autosize: true, attributes: {} }, { toString: 1, constructor: 2 }, 'constructor', 'toString']; // prettier-ignore
const factors = [-1, 0, 1e-9, 0.5, 1.5, 10, 1e4, 1e9, 1e300];
const fileNames = ['../x.csv', '../../etc/passwd', '/etc/passwd', 'a\0b.csv', '..', '.', '', 'no-such.csv', 'C:\\x.csv', 'sub/x.csv', '~', 'schema.json', ' weather.csv', 'WEATHER.CSV', `${'x'.repeat(300)}.csv`]; // prettier-ignore

const deviceNames = ['cooling_device', 'heating_device', 'dhw_device', 'cooling_storage', 'heating_storage', 'dhw_storage', 'electrical_storage', 'pv']; // prettier-ignore
const profileRewards = ['RewardFunction', 'MARL', 'IndependentSACReward', 'SolarPenaltyReward', 'ComfortReward', 'SolarPenaltyAndComfortReward', 'Electric_Vehicles_Reward_Function', 'MultiBuildingRewardFunction', 'constructor', 'NoSuchReward', '']; // prettier-ignore
const observationNames = ['net_electricity_consumption', 'indoor_dry_bulb_temperature', 'indoor_dry_bulb_temperature_cooling_delta', 'indoor_dry_bulb_temperature_heating_delta', 'cooling_demand', 'dhw_storage_soc', 'cooling_device_efficiency', 'power_outage', 'comfort_band', 'hvac_mode', 'occupant_count', 'minutes', 'dhw_electricity_consumption', 'cooling_storage_electricity_consumption', 'electricity_pricing_predicted_12h', 'carbon_intensity', 'electric_vehicle_charger_connected_state', 'constructor', '__proto__', 'hasOwnProperty', 'no_such_observation']; // prettier-ignore
const actionNames = ['electrical_storage', 'cooling_storage', 'heating_storage', 'dhw_storage', 'cooling_device', 'heating_device', 'cooling_or_heating_device', 'electric_vehicle_storage', 'washing_machine', 'constructor', '__proto__', 'no_such_action']; // prettier-ignore
const addTo = (group: 'observations' | 'actions', names: readonly string[]): Mutation =>
  ofSchema((schema, draw) => {
    const name = pick(names, draw);
    schema[group] ??= {};
    // `__proto__` as a key of its own, as JSON.parse makes it.
    Object.defineProperty(schema[group], name, {
      value: { active: true, shared_in_central_agent: draw.int(2) === 0 },
      enumerable: true,
      configurable: true,
      writable: true,
    });
    return `${group} has ${name}`;
  });
const setTop = (key: string, values: readonly unknown[]): Mutation =>
  ofSchema((schema, draw) => {
    const value = pick(values, draw);
    schema[key] = value;
    return `/${key} is ${JSON.stringify(value)}`;
  });

/** Values of keys at a schema's top, sound and not. */
export const topValues: Readonly<Record<string, readonly unknown[]>> = {
  simulation_start_time_step: [-1, 1, 12, 23, 46, 47, 48, 1e9, 0.5, null], // prettier-ignore
  simulation_end_time_step: [-1, 0, 1, 24, 30, 46, 48, 1e9, 30.5, null], // prettier-ignore
  episode_time_steps: [null, 1, 2, 12, 24, 48, 49, 0, -5, 7.5, 1e9, [], [[0, 20]], [[0, 20], [21, 47]], [[0, 5], [0, 40]], [[20, 0]], [[0, 48]], [[5, 5]], [[0, 1]], [0, 20], [[0, 20, 3]]], // prettier-ignore
  seconds_per_time_step: [3600, 900, 1800, 60, 1, 86_400, 100_000, 1e9, 1e-9, 0, -3600, 0.1, 3600.5, null], // prettier-ignore
  random_seed: [null, 0, 1, 2022, 4294967294, 4294967295, 4294967296, 2 ** 53, -1, 0.5, 1e300], // prettier-ignore
  reward_function: [null, 'citylearn.reward_function.MARL', {}, { type: 'RewardFunction', attributes: { exponent: 2 } }, { type: 'RewardFunction', attributes: { exponent: 1e308 } }, { type: 'RewardFunction', attributes: { exponent: -3 } }, { type: 'ComfortReward', attributes: { band: -1, lower_exponent: 0, higher_exponent: 400 } }, { type: 'ComfortReward', attributes: { band: 'x' } }, { type: { default: 'MARL' }, attributes: null }, { type: 'SolarPenaltyAndComfortReward', attributes: { coefficients: [1] } }, { type: 'SolarPenaltyAndComfortReward', attributes: { coefficients: [0.5, 2], band: null } }, { type: 'Electric_Vehicles_Reward_Function', attributes: { weights: { no_such: 1 } } }, { type: 'Electric_Vehicles_Reward_Function', attributes: { weights: [1] } }, { type: { default: 'ComfortReward' }, attributes: { default: [1] } }, { type: { Building_1: null } }, { type: { Building_1: 'ComfortReward', constructor: 'MARL' }, attributes: { Building_1: { band: 1.5 } } }], // prettier-ignore
  root_directory: [null, '', '.', './', '..', '/etc'], // prettier-ignore
  central_agent: [true, false, null, 'yes'], // prettier-ignore
};

/** What a schema may ask for and is refused, or not, by its name. */
export const requests: readonly (readonly [key: string, values: readonly unknown[]])[] = [
  ['noise_std', [0, null, 0.1, -1]],
  ['electrical_service', [null, {}]],
  ['deferrable_appliances', [null, {}, []]],
  ['inactive_observations', [[], ['hour'], ['constructor'], [5], null]],
  ['inactive_actions', [[], ['electrical_storage'], ['nothing'], null]],
  ['include', [false, null, 'yes']],
  ['carbon_intensity', [null]],
  ['pricing', [null]],
  ['dynamics', [null, {}, { type: 'citylearn.dynamics.LSTMDynamics' }, { type: 'Dynamics', attributes: {} }, { cooling_dynamics: {} }]], // prettier-ignore
  ['set_point_hold_time_steps', [null, 3]],
  ['washing_machines', [null, {}, { constructor: {} }]],
  ['chargers', [null, {}, { c: {} }]],
];

/** The schema: any value at any pointer, and what it says in particular. */
export const schemaMutations: readonly Mutation[] = [
  setSpot(
    () => true,
    (draw) => pick(junkValues, draw),
  ),
  ofSchema((schema, draw) => {
    const { holder, key, path } = pick(
      spots(schema, () => true),
      draw,
    );
    Reflect.deleteProperty(holder, key);
    return `${path} removed`;
  }),
  ofSchema((schema, draw) => {
    const { holder, key, path } = pick(
      spots(schema, () => true),
      draw,
    );
    const moved = holder[key];
    const name = pick(['__proto__', 'constructor', 'X', `${key}x`, ''], draw);
    Reflect.deleteProperty(holder, key);
    Object.defineProperty(holder, name, { value: moved, enumerable: true, configurable: true, writable: true });
    return `${path} renamed '${name}'`;
  }),
  ofSchema((schema, draw) => {
    const holders = spots(
      schema,
      ({ holder, key }) => typeof holder[key] === 'object' && holder[key] !== null && !Array.isArray(holder[key]),
    );
    const { holder, key, path } = pick(holders, draw);
    (holder[key] as Record<string, unknown>)['nobody_knows'] = pick(junkValues, draw);
    return `${path} has a key that nobody knows`;
  }),
  setSpot(isNumber, (draw, old) => (old as number) * pick(factors, draw)),
  setSpot(isNumber, (draw, old) => (old as number) + pick([-1, 1, 0.5], draw)),
  setSpot(isNumber, (_, old) => String(old)),
  setSpot(isFile, (draw) => pick(fileNames, draw)),
  setSpot(
    ({ holder, key }) => typeof holder[key] === 'boolean',
    (_, old) => !(old as boolean),
  ),
  ofSchema((schema, draw) => {
    const files = spots(schema, isFile);
    const [one, other] = [pick(files, draw), pick(files, draw)];
    [one.holder[one.key], other.holder[other.key]] = [other.holder[other.key], one.holder[one.key]];
    return `files of ${one.path} and ${other.path} swapped`;
  }),
  ofSchema((schema, draw) => {
    const name = anyBuilding(schema, draw);
    schema.buildings[`${name}_too`] = structuredClone(schema.buildings[name]);
    return `${name} doubled`;
  }),
  ofSchema((schema, draw) => {
    const [one, other] = [anyBuilding(schema, draw), anyBuilding(schema, draw)];
    const energy = schema.buildings[one].energy_simulation;
    schema.buildings[one].energy_simulation = schema.buildings[other].energy_simulation;
    schema.buildings[other].energy_simulation = energy;
    return `series of ${one} and ${other} swapped`;
  }),
  // The same key twice, which JSON.parse would not tell.
  (files, draw) => {
    const bytes = files.get('schema.json');
    if (bytes === undefined || bytes === null) return null;
    const lines = new TextDecoder().decode(bytes).split('\n');
    const at = draw.int(lines.length);
    lines.splice(at, 0, lines[at]!);
    files.set('schema.json', encode(lines.join('\n')));
    return `schema.json: line ${at + 1} doubled`;
  },
  ofSchema((schema, draw) => {
    const type = pick(profileRewards, draw);
    schema.reward_function = { type: `citylearn.reward_function.${type}`, attributes: null };
    return `reward is ${type}`;
  }),
  ofSchema((schema, draw) => {
    const name = anyBuilding(schema, draw);
    const [key, values] = pick(requests, draw);
    schema.buildings[name][key] = pick(values, draw);
    return `${name} has ${key} ${JSON.stringify(schema.buildings[name][key])}`;
  }),
  setSpot(
    ({ path }) => path.endsWith('/pv/attributes'),
    (draw) => ({ nominal_power: 4, generation_mode: pick(['per_kw', 'absolute', 5], draw) }),
  ),
  setSpot(
    ({ path }) => path.endsWith('/electrical_storage/attributes'),
    (draw) => ({ capacity: 5, nominal_power: 3, efficiency_scaling: pick([0.5, 1], draw) }),
  ),
  ...Object.entries(topValues).map(([key, values]) => setTop(key, values)),
  addTo('observations', observationNames),
  addTo('actions', actionNames),
  ofSchema((schema, draw) => {
    const name = anyBuilding(schema, draw);
    const types = ['citylearn.citylearn.Building', 'citylearn.building.LSTMDynamicsBuilding', 'citylearn.building.DynamicsBuilding', 'NoSuchBuilding', '', 'constructor']; // prettier-ignore
    schema.buildings[name].type = pick(types, draw);
    return `${name} is a ${schema.buildings[name].type}`;
  }),
  ofSchema((schema, draw) => {
    const [name, key] = [anyBuilding(schema, draw), pick(deviceNames, draw)];
    const kind = pick(['HeatPump', 'ElectricHeater', 'StorageTank', 'Battery', 'PV'], draw);
    const attributes: Record<string, unknown> = {};
    for (const attribute of [
      'nominal_power',
      'capacity',
      'efficiency',
      'depth_of_discharge',
      'initial_soc',
      'loss_coefficient',
    ])
      if (draw.int(2) === 0) attributes[attribute] = pick([null, 0, 1e-12, 0.3, 1, 5, 1e9, -1], draw);
    schema.buildings[name][key] = { type: `citylearn.energy_model.${kind}`, autosize: draw.int(3) === 0, attributes };
    return `${name} has ${key} ${JSON.stringify(schema.buildings[name][key])}`;
  }),
  ofSchema((schema, draw) => {
    const name = anyBuilding(schema, draw);
    const model = pick(['PowerOutage', 'ReliabilityMetricsPowerOutage', 'NoSuchModel', 'constructor'], draw);
    schema.buildings[name].power_outage = {
      simulate_power_outage: true,
      stochastic_power_outage: draw.int(3) > 0,
      stochastic_power_outage_model: {
        type: `citylearn.power_outage.${model}`,
        attributes: {
          random_seed: pick([null, 0, 7, 4294967295], draw),
          saifi: pick([null, 0, 1.4, 365, 366, 1e9], draw),
          caidi: pick([null, 0, 300, 1e308], draw),
          start_time_steps: pick([null, [0], [23], [24], [1, 2, 20], [1e9]], draw),
        },
      },
    };
    return `${name} has outages ${JSON.stringify(schema.buildings[name].power_outage)}`;
  }),
];
