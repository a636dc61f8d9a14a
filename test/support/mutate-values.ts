import type { Rng } from '../../core/rng.ts';
import { anyBuilding, ofSchema, ofTable, pick, setSpot } from './folder-mutation.ts';
import type { AnySchema, Mutation } from './folder-mutation.ts';

/*
 * Values that a file may well hold, at the edge of what makes sense: they are read, and the simulation has to cope with them.
 */

/** What a column may hold, by its name (or position, in older files, where nothing is known of it). */
export const cellsOf: readonly (readonly [name: RegExp, cells: readonly string[]])[] = [
  [/^(cooling|heating|dhw)_demand$/, ['0', '0', '1e-12', '0.5', '3', '400', '1e6', '1e9']],
  [
    /^outdoor_dry_bulb_temperature$/,
    ['8', '45', '24', '-60', '7.999999', '45.0000001', '60', '-273.15', '-1e9', '1e9'],
  ],
  [/^indoor_dry_bulb_temperature$/, ['', '20', '24', '26', '-40', '1e9']],
  [/set_point$/, ['', '20', '24', '0', '-5', '90']],
  [/^solar_generation$/, ['0', '-20', '700', '1e9', '-1e9', '1e-300']],
  [/^non_shiftable_load$/, ['0', '1e-12', '0.3', '1e9']],
  [/^hvac_mode$/, ['0', '1', '2', '3']],
  [/^(power_outage|daylight_savings_status)$/, ['0', '1', '0', '1']],
  [/^comfort_band$/, ['', '0', '2', '1e9']],
  [/^(occupant_count|indoor_relative_humidity|average_unmet_cooling_setpoint_difference)$/, ['', '0', '2.5', '100']],
  [/^electricity_pricing/, ['0', '-0.2', '0.3', '1e9', '-1e9']],
  [/^carbon_intensity$/, ['0', '0.4', '1.5', '1e9']],
  [/^hour$/, ['0', '1', '12', '24']],
  [/^day_type$/, ['1', '7', '8']],
  [/^month$/, ['1', '12']],
  [/^minutes$/, ['0', '15', '30', '60']],
  [/^electric_vehicle_charger_state$/, ['', '1', '1', '2', '3']],
  [/^electric_vehicle_id$/, ['', 'Car_1', 'Car_2', 'Car_3', 'Car_6', 'nan']],
  [/^electric_vehicle_battery_capacity_khw$/, ['', '0', '40', '1e9']],
  [/^current_soc$/, ['', '0', '20', '500', '-5', '1e9']],
  [/soc_(departure|arrival)$/, ['', '0', '100', '55.5', '500', '-5', '-0.1', '1e9']],
  [/time$/, ['', '-1', '0', '1', '5', '23', '1e9']],
  [/^wm_(start|end)_time_step$/, ['', '-1', '0', '5', '12', '23', '47', '1e9']],
  [
    /^load_profile$/,
    ['', '-1', '[]', '[0]', '[0.5, 0.5]', '[1e9]', `[${Array.from({ length: 90 }, () => 0.1).join(', ')}]`],
  ],
];

/** One column anew: a value for all hours, or each hour its own. */
const column: Mutation = ofTable((cells, draw) => {
  const known = cells[0]!.flatMap((name, at) => {
    const found = cellsOf.find(([pattern]) => pattern.test(name));
    return found === undefined ? [] : [{ at, name, values: found[1] }];
  });
  if (known.length === 0) return null;
  const { at, name, values } = pick(known, draw);
  const one = draw.int(2) === 0 ? pick(values, draw) : null;
  const share = pick([1, 1, 0.3], draw);
  for (const row of cells.slice(1)) {
    if (one === null ? draw.uniform() > share : share < 1 && draw.uniform() > share) continue;
    row[at] = one ?? pick(values, draw);
  }
  return `${share < 1 ? 'some of ' : ''}column '${name}' is ${one === null ? `of ${values.slice(0, 8).join('|')}` : JSON.stringify(one)}`;
});

/** The heat of one end use is asked for instead of another's. */
const demand: Mutation = ofTable((cells, draw) => {
  const [cooling, heating] = ['cooling_demand', 'heating_demand'].map((name) => cells[0]!.indexOf(name));
  if (cooling! < 0 || heating! < 0) return null;
  const [to, from] = draw.int(2) === 0 ? [cooling!, heating!] : [heating!, cooling!];
  const size = pick([0, 1e-6, 2, 50, 1e9], draw);
  for (const row of cells.slice(1)) {
    row[to] = String(size * draw.int(3));
    row[from] = '0';
  }
  return `${to === cooling ? 'cooling' : 'heating'} only, up to ${2 * size} kWh`;
});

export const attributeValues: Readonly<Record<string, readonly unknown[]>> = {
  capacity: [0, 1e-12, 1e-3, 3, 400, 1e9],
  nominal_power: [0, 1e-12, 1e-3, 3, 400, 1e9],
  efficiency: [null, 1e-9, 0.01, 0.5, 1],
  loss_coefficient: [null, 0, 0.5, 1],
  capacity_loss_coefficient: [null, 0, 1e-5, 0.01, 1],
  depth_of_discharge: [null, 0, 0.5, 1],
  initial_soc: [null, 0, 1e-9, 0.5, 1],
  power_efficiency_curve: [null, [[0, 0.5], [1, 0.9]], [[0, 1e-6], [0.5, 1]], [[0, 0.9], [1e-9, 0.5], [1, 0.8]]], // prettier-ignore
  capacity_power_curve: [null, [[0, 1], [1, 0]], [[0, 0], [1, 1]], [[0, 5], [0.5, 0.1], [1, 0.1]], [[0, 1], [0.5, 0.2]]], // prettier-ignore
  target_cooling_temperature: [null, 8, 24, -273, 60],
  target_heating_temperature: [null, 45, 8, -273, 60],
  max_input_power: [null, 0, 1, 1e9],
  max_output_power: [null, 0, 1, 1e9],
  random_seed: [null, 0, 123, 4294967295],
  safety_factor: [null, 0, 1, 1e9],
  max_charging_power: [null, 0, 1e-9, 7, 1e9],
  min_charging_power: [null, 0, 3, 100],
  max_discharging_power: [null, 0, 1e-9, 7, 1e9],
  min_discharging_power: [null, 0, 3, 100],
  charge_efficiency_curve: [null, [[0, 0.5], [1, 0.9]], [[0.2, 1e-9], [0.3, 1]]], // prettier-ignore
  discharge_efficiency_curve: [null, [[0, 0.5], [1, 0.9]], [[0.2, 1e-9], [0.3, 1]]], // prettier-ignore
  building_limit_kw: [null, 0, 1e-9, 5, 1e9],
  limit_kw: [null, 0, 1e-9, 5, 1e9],
  chargers: [[], ['charger_2_1'], ['charger_2_1', 'charger_2_1'], ['charger_2_1', 'charger_2_2']],
};

const attribute: Mutation = setSpot(
  ({ key, path }) => Object.hasOwn(attributeValues, key) && /attributes|charging_constraints/.test(path),
  (draw, _, key) => pick(attributeValues[key]!, draw),
);

const anyKey = (group: string, draw: Rng): string => pick(namesOf[group as keyof typeof namesOf], draw);
const namesOf = {
  observations: ['month', 'hour', 'day_type', 'minutes', 'daylight_savings_status', 'net_electricity_consumption', 'indoor_dry_bulb_temperature', 'indoor_relative_humidity', 'average_unmet_cooling_setpoint_difference', 'indoor_dry_bulb_temperature_cooling_delta', 'indoor_dry_bulb_temperature_heating_delta', 'indoor_dry_bulb_temperature_cooling_set_point', 'indoor_dry_bulb_temperature_set_point', 'indoor_dry_bulb_temperature_delta', 'cooling_demand', 'heating_demand', 'dhw_demand', 'cooling_storage_soc', 'heating_storage_soc', 'dhw_storage_soc', 'electrical_storage_soc', 'electrical_storage_electricity_consumption', 'cooling_device_efficiency', 'heating_device_efficiency', 'dhw_device_efficiency', 'cooling_device_cop', 'power_outage', 'comfort_band', 'hvac_mode', 'occupant_count', 'cooling_electricity_consumption', 'dhw_electricity_consumption', 'cooling_storage_electricity_consumption', 'heating_storage_electricity_consumption', 'dhw_storage_electricity_consumption', 'electricity_pricing', 'electricity_pricing_predicted_12h', 'outdoor_dry_bulb_temperature_predicted_3', 'direct_solar_irradiance', 'carbon_intensity', 'solar_generation', 'electric_vehicle_charger_connected_state', 'connected_electric_vehicle_at_charger_soc', 'incoming_electric_vehicle_at_charger_estimated_arrival_time', 'washing_machine_start_time_step'], // prettier-ignore
  actions: ['electrical_storage', 'cooling_storage', 'heating_storage', 'dhw_storage', 'cooling_device', 'heating_device', 'cooling_or_heating_device', 'electric_vehicle_storage', 'washing_machine'], // prettier-ignore
} as const;

/** Some of all that there is are observed and controlled. */
const chosen: Mutation = ofSchema((schema, draw) => {
  const group = pick(['observations', 'actions'] as const, draw);
  const names = Array.from({ length: 1 + draw.int(9) }, () => anyKey(group, draw));
  schema[group] = Object.fromEntries(
    names.map((name) => [name, { active: draw.int(8) > 0, shared_in_central_agent: draw.int(2) === 0 }]),
  );
  return `${group} are ${names.join(', ')}`;
});

const device: Mutation = ofSchema((schema, draw) => {
  const name = anyBuilding(schema, draw);
  const [key, kind] = pick(
    [
      ['cooling_device', 'HeatPump'],
      ['heating_device', 'HeatPump'],
      ['heating_device', 'ElectricHeater'],
      ['dhw_device', 'ElectricHeater'],
      ['dhw_device', 'HeatPump'],
      ['cooling_storage', 'StorageTank'],
      ['heating_storage', 'StorageTank'],
      ['dhw_storage', 'StorageTank'],
      ['electrical_storage', 'Battery'],
      ['pv', 'PV'],
    ] as const,
    draw,
  );
  if (draw.int(4) === 0) {
    schema.buildings[name][key] = null;
    return `${name} has no ${key}`;
  }
  const sizes = kind === 'Battery' ? ['capacity', 'nominal_power'] : kind === 'StorageTank' ? ['capacity'] : ['nominal_power']; // prettier-ignore
  const others = Object.keys(attributeValues).slice(0, 13);
  const names = [...sizes, ...Array.from({ length: draw.int(4) }, () => pick(others, draw))];
  const sized = !['Battery', 'PV'].includes(kind) && draw.int(2) === 0;
  const attributes = Object.fromEntries(names.map((one) => [one, pick(attributeValues[one]!, draw)]));
  schema.buildings[name][key] = { type: `citylearn.energy_model.${kind}`, autosize: sized, attributes };
  return `${name} has ${key} ${JSON.stringify(schema.buildings[name][key])}`;
});

const outage: Mutation = ofSchema((schema, draw) => {
  const name = anyBuilding(schema, draw);
  schema.buildings[name].power_outage = {
    simulate_power_outage: true,
    stochastic_power_outage: draw.int(3) > 0,
    stochastic_power_outage_model: {
      type: `citylearn.power_outage.${pick(['PowerOutage', 'ReliabilityMetricsPowerOutage'], draw)}`,
      attributes: {
        random_seed: pick([null, 0, 7], draw),
        saifi: pick([null, 0, 120, 365], draw),
        caidi: pick([null, 0, 300, 1e308], draw),
        start_time_steps: pick([null, [0], [1, 2, 20]], draw),
      },
    },
  };
  return `${name} has outages`;
});

const limits: Mutation = ofSchema((schema, draw) => {
  const name = anyBuilding(schema, draw);
  const chargers = Object.keys((schema.buildings[name].chargers as AnySchema) ?? {});
  const one = (): object => ({
    ...(draw.int(3) === 0 ? {} : { name: pick(['a', 'b'], draw) }),
    limit_kw: pick([null, 0, 1e-9, 3, 1e9], draw),
    chargers: chargers.filter(() => draw.int(2) === 0),
  });
  schema.buildings[name].charging_constraints = {
    building_limit_kw: pick([null, 0, 1e-9, 6, 1e9], draw),
    phases: Array.from({ length: draw.int(4) }, one),
    ...(draw.int(2) === 0 ? {} : { observations: { headroom: true, violation: draw.int(2) === 0, phase_encoding: true } }), // prettier-ignore
  };
  return `${name} has limits ${JSON.stringify(schema.buildings[name].charging_constraints)}`;
});

const range: Mutation = ofSchema((schema, draw) => {
  const start = draw.int(20);
  schema.simulation_start_time_step = start;
  schema.simulation_end_time_step = start + 1 + draw.int(47 - start);
  const rows = schema.simulation_end_time_step - start + 1;
  schema.episode_time_steps = pick([null, null, rows, 2, Math.min(12, rows), [[start, start + 1]]], draw);
  schema.rolling_episode_split = draw.int(2) === 0;
  schema.random_episode_split = draw.int(2) === 0;
  schema.random_seed = pick([0, 1, 2022, 4294967294, 1e6], draw);
  return `rows ${start} … ${schema.simulation_end_time_step}, episodes of ${JSON.stringify(schema.episode_time_steps)}`;
});

/** Different from what they were, and mostly sound. */
export const valueMutations: readonly Mutation[] = [
  column,
  column,
  column,
  column,
  demand,
  attribute,
  attribute,
  attribute,
  chosen,
  chosen,
  device,
  device,
  outage,
  limits,
  range,
];
