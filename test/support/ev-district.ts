import { rng } from '../../core/rng.ts';
import type { Rng } from '../../core/rng.ts';
import { energyColumns, weatherVariables } from '../../sim/data/dataset.ts';
import type {
  BuildingData,
  ChargerData,
  District,
  ElectricVehicleData,
  EnergyColumn,
  WashingMachineData,
  WeatherColumn,
} from '../../sim/data/dataset.ts';
import { extraFields } from '../../sim/district/fleet-layout.ts';
import type { ActionSpec, BuildingModel } from '../../sim/district/model.ts';
import type { Profile } from '../../sim/district/profile.ts';
import { bareModel } from './bare-model.ts';

/*
 * A made-up district with cars, in memory: what CityLearn's own EV data have, and some things that they have not (an efficiency curve, a charger that
 * cannot discharge, a car that comes without notice, a car handed over without a gap). Nothing of it is CityLearn's.
 *
 * Building_1: one charger, a washing machine; Building_2: two chargers below one limit and two phases, battery; Building_3: a charger with a curve,
 * where two cars come in turn; Building_4: neither.
 */

const names = ['Car_1', 'Car_2', 'Car_3', 'Car_4', 'Car_5'] as const;

function vehicle(name: string, capacity: number, more: ElectricVehicleData['attributes']): ElectricVehicleData {
  return { name, attributes: { capacity, nominal_power: 50, depth_of_discharge: 0.85, ...more } };
}

/** The last one never comes. */
export function evVehicles(): readonly ElectricVehicleData[] {
  return [
    vehicle(names[0], 40, { initial_soc: 0.25 }),
    vehicle(names[1], 60, {}),
    vehicle(names[2], 75, { depth_of_discharge: 0.9 }),
    vehicle(names[3], 90, { initial_soc: 0.5, nominal_power: 5 }),
    vehicle(names[4], 50, {}),
    vehicle('Car_6', 30, { initial_soc: 0.1 }),
  ];
}

type Cells = Omit<
  ChargerData,
  | 'id'
  | 'maxChargingPower'
  | 'minChargingPower'
  | 'maxDischargingPower'
  | 'minDischargingPower'
  | 'efficiency'
  | 'chargeEfficiencyCurve'
  | 'dischargeEfficiencyCurve'
>;

/** A charger's file: cars of the list in turn stay, leave (state 3) and are announced (state 2) before they come back, or not. */
export function schedule(rows: number, cars: readonly string[], capacities: readonly number[], draw: Rng): Cells {
  const blank = (): Float64Array => new Float64Array(rows).fill(Number.NaN);
  const cells = {
    state: new Float64Array(rows).fill(3),
    car: Array.from({ length: rows }, () => ''),
    batteryCapacity: blank(),
    currentSoc: blank(),
    departureTime: blank(),
    requiredSocDeparture: blank(),
    estimatedArrivalTime: blank(),
    estimatedSocArrival: blank(),
  };
  let row = 0;
  let turn = 0;
  while (row < rows) {
    const which = turn++ % cars.length;
    const stay = 3 + draw.int(14);
    const notice = row === 0 ? 0 : draw.int(4);
    const away = row === 0 ? 0 : draw.int(9);
    const soc = draw.int(101);
    row += away;
    for (let k = notice; k > 0 && row < rows; k--, row++) {
      cells.state[row] = 2;
      cells.car[row] = cars[which]!;
      cells.batteryCapacity[row] = capacities[which]!;
      cells.currentSoc[row] = Math.round(capacities[which]! * 70 * draw.uniform()) / 100;
      cells.estimatedArrivalTime[row] = k - 1;
      cells.estimatedSocArrival[row] = soc;
    }
    const required = 60 + draw.int(41);
    for (let k = stay; k >= 0 && row < rows; k--, row++) {
      cells.state[row] = 1;
      cells.car[row] = cars[which]!;
      cells.batteryCapacity[row] = capacities[which]!;
      cells.currentSoc[row] = Math.round(capacities[which]! * 80 * draw.uniform()) / 100;
      // Blank where the stay is long, as in CityLearn's files.
      cells.departureTime[row] = k > 12 ? Number.NaN : k;
      cells.requiredSocDeparture[row] = required;
    }
  }
  return cells;
}

function charger(id: string, cells: Cells, more: Partial<ChargerData> = {}): ChargerData {
  return {
    id,
    maxChargingPower: 11,
    minChargingPower: 1.4,
    maxDischargingPower: 7.2,
    minDischargingPower: 0,
    efficiency: 0.95,
    chargeEfficiencyCurve: null,
    dischargeEfficiencyCurve: null,
    ...cells,
    ...more,
  };
}

/** May run from hour 10 to hour 20, on two days of three; the profile changes with the day. */
function washing(rows: number): WashingMachineData {
  const hour = Float64Array.from({ length: rows }, (_, row) => (row % 24) + 1);
  const open = (row: number): boolean => Math.floor(row / 24) % 3 < 2 && hour[row]! <= 20;
  return {
    name: 'washing_machine_1',
    dayType: Float64Array.from({ length: rows }, (_, row) => (Math.floor(row / 24) % 7) + 1),
    hour,
    start: Float64Array.from({ length: rows }, (_, row) => (open(row) ? 10 : Number.NaN)),
    end: Float64Array.from({ length: rows }, (_, row) => (open(row) ? 20 : Number.NaN)),
    profile: Array.from({ length: rows }, (_, row) =>
      open(row) ? (Math.floor(row / 24) % 2 === 0 ? [0.3, 1.1, 0.7] : [0.9, 0.2]) : [],
    ),
  };
}

function building(name: string, rows: number, draw: Rng): BuildingData {
  const zeros = new Float64Array(rows);
  const energy = Object.fromEntries(energyColumns.map((column) => [column, zeros])) as Record<
    EnergyColumn,
    Float64Array
  >;
  const each = (value: (row: number, hour: number) => number): Float64Array =>
    Float64Array.from({ length: rows }, (_, row) => value(row, (row % 24) + 1));
  const weather = Object.fromEntries(
    weatherVariables.flatMap((variable) =>
      ['', '_predicted_1', '_predicted_2', '_predicted_3'].map((suffix) => [`${variable}${suffix}`, zeros]),
    ),
  ) as unknown as Record<WeatherColumn, Float64Array>;
  const price = each((_, hour) => (hour > 15 && hour < 21 ? 0.5 : 0.2));
  return {
    name,
    className: 'citylearn.citylearn.Building',
    rows,
    energy: {
      ...energy,
      month: each((row) => 1 + (Math.floor(row / 730) % 12)),
      hour: each((_, hour) => hour),
      day_type: each((row) => 1 + (Math.floor(row / 24) % 7)),
      non_shiftable_load: each(() => Math.round(3000 * draw.uniform()) / 1000),
      solar_generation: each((_, hour) => Math.max(0, Math.round(700 * Math.sin(((hour - 6) / 12) * Math.PI)))),
      hvac_mode: each(() => 1),
      comfort_band: each(() => 2),
    },
    weather: { ...weather, outdoor_dry_bulb_temperature: each((_, hour) => 15 + 6 * Math.sin((hour / 12) * Math.PI)) },
    pricing: {
      electricity_pricing: price,
      electricity_pricing_predicted_1: price,
      electricity_pricing_predicted_2: price,
      electricity_pricing_predicted_3: price,
    },
    carbon: each((_, hour) => 0.15 + hour / 500),
    devices: {
      electrical_storage: {
        kind: 'Battery',
        className: 'citylearn.energy_model.Battery',
        autosize: false,
        autosizeAttributes: {},
        attributes: { capacity: 6.4, efficiency: 0.9, nominal_power: 5, loss_coefficient: 0 },
      },
      pv: {
        kind: 'PV',
        className: 'citylearn.energy_model.PV',
        autosize: false,
        autosizeAttributes: {},
        attributes: { nominal_power: 4 },
      },
    },
    inactiveObservations: [],
    inactiveActions: [],
    dynamics: null,
    outage: null,
    chargers: [],
    washingMachines: [],
    chargingConstraints: null,
  };
}

const observed = [
  'month',
  'hour',
  'day_type',
  'non_shiftable_load',
  'solar_generation',
  'electrical_storage_soc',
  'net_electricity_consumption',
  'electricity_pricing',
  'electric_vehicle_charger_connected_state',
  'connected_electric_vehicle_at_charger_departure_time',
  'connected_electric_vehicle_at_charger_required_soc_departure',
  'connected_electric_vehicle_at_charger_soc',
  'connected_electric_vehicle_at_charger_battery_capacity',
  'electric_vehicle_charger_incoming_state',
  'incoming_electric_vehicle_at_charger_estimated_arrival_time',
  'incoming_electric_vehicle_at_charger_estimated_soc_arrival',
  'washing_machine_start_time_step',
  'washing_machine_end_time_step',
];

/** @param rows hours @param seed of loads and schedules */
export function evDistrict(rows = 24 * 14, seed = 1): District {
  const draw = rng(seed).split('cars');
  const cells = (which: readonly number[], stream: string): Cells => {
    const capacities = evVehicles().map(({ attributes }) => attributes['capacity'] as number);
    return schedule(
      rows,
      which.map((car) => names[car]!),
      which.map((car) => capacities[car]!),
      draw.split(stream),
    );
  };
  const [one, two, three, four] = [1, 2, 3, 4].map((k) => building(`Building_${k}`, rows, draw.split(k)));
  const buildings: readonly BuildingData[] = [
    { ...one!, chargers: [charger('charger_1_1', cells([0], '1_1'))], washingMachines: [washing(rows)] },
    {
      ...two!,
      chargers: [
        charger('charger_2_1', cells([1], '2_1')),
        charger('charger_2_2', cells([2], '2_2'), { maxDischargingPower: 0 }),
      ],
      chargingConstraints: {
        buildingLimitKw: 14,
        phases: [
          { name: 'phase_a', limitKw: 7, chargers: ['charger_2_1'] },
          { name: 'phase_b', limitKw: null, chargers: ['charger_2_2'] },
        ],
        observations: { headroom: true, violation: true, phaseEncoding: true },
      },
    },
    {
      ...three!,
      chargers: [
        charger('charger_3_1', cells([3, 4], '3_1'), {
          maxChargingPower: 7.4,
          minChargingPower: 0,
          maxDischargingPower: 7.4,
          chargeEfficiencyCurve: [
            [0, 0.83],
            [0.3, 0.85],
            [0.7, 0.9],
            [1, 0.88],
          ],
          dischargeEfficiencyCurve: [
            [0.1, 0.8],
            [0.9, 0.92],
          ],
        }),
      ],
    },
    four!,
  ];
  return {
    name: `made-up EV district, seed ${seed}`,
    secondsPerTimeStep: 3600,
    randomSeed: 2022,
    start: 0,
    end: rows - 1,
    buildings,
    observations: observed.map((name) => ({ name, active: true, shared: false })),
    actions: ['electrical_storage', 'electric_vehicle_storage', 'washing_machine'].map((name) => ({
      name,
      active: true,
    })),
    centralAgent: false,
    episodes: { timeSteps: null, rolling: false, random: false },
    reward: { type: 'Electric_Vehicles_Reward_Function', attributes: {} },
    electricVehicles: evVehicles(),
    hash: '',
  };
}

/** Models of all buildings with their actions, but no devices of their own: what a fleet looks at. */
export function evModels(district: District, profile: Profile): readonly BuildingModel[] {
  return district.buildings.map((data): BuildingModel => {
    const actions: ActionSpec[] = [
      { name: 'electrical_storage', kind: 'electrical_storage', index: 0, low: -1, high: 1, unit: '' },
      ...data.chargers.map(({ id, maxDischargingPower }, index): ActionSpec => ({
        name: `electric_vehicle_storage_${id}`,
        kind: 'electric_vehicle_storage',
        index,
        low: maxDischargingPower > 0 ? -1 : 0,
        high: 1,
        unit: '',
      })),
      ...data.washingMachines.map(({ name }, index): ActionSpec => ({
        name,
        kind: 'washing_machine',
        index,
        low: 0,
        high: 1,
        unit: '',
      })),
    ];
    const rows = district.end - district.start + 1;
    return {
      ...bareModel(profile, { rows, columns: {}, observations: [] }),
      data,
      district,
      hoursPerStep: district.secondsPerTimeStep / 3600,
      actions,
      chargers: data.chargers,
      extraFields: extraFields(data),
    };
  });
}
