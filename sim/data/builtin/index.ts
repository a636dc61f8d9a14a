import { rng, type Rng } from '../../../core/rng.ts';
import { sha256Hex } from '../../../core/sha256.ts';
import { challengeActions, challengeObservations } from '../challenge-2022.ts';
import { energyColumns, weatherVariables } from '../dataset.ts';
import type { BuildingData, CurvePoints, DeviceData, District, EnergyColumn } from '../dataset.ts';
import { energyDefault } from '../columns.ts';
import { hoursPerYear, yearCalendar } from './calendar.ts';
import { makeCarbon } from './carbon.ts';
import { rounded } from './column.ts';
import type { Habit } from './habit.ts';
import { habits } from './habits.ts';
import { buildingLoad } from './load.ts';
import { makePricing } from './price.ts';
import { pvGeneration } from './pv.ts';
import { sunPath, type SunPath } from './sun.ts';
import { makeWeather, vapourPressure } from './weather.ts';

/** Degrees north. */
const latitude = 38;

/** Everything but size is the battery of the CityLearn 2022 data, spelled out so that no profile has to fill a default in. */
const battery = {
  efficiency: 0.9,
  loss_coefficient: 0,
  capacity_loss_coefficient: 1e-5,
  initial_soc: 0,
  depth_of_discharge: 1,
  power_efficiency_curve: [
    [0, 0.83],
    [0.3, 0.83],
    [0.7, 0.9],
    [0.8, 0.9],
    [1, 0.85],
  ] satisfies CurvePoints,
  capacity_power_curve: [
    [0, 1],
    [0.8, 1],
    [1, 0.2],
  ] satisfies CurvePoints,
};

function device(kind: 'Battery' | 'PV', attributes: DeviceData['attributes']): DeviceData {
  return { kind, className: `citylearn.energy_model.${kind}`, autosize: false, autosizeAttributes: {}, attributes };
}

/** What all buildings of one district share. */
type Shared = Pick<BuildingData, 'weather' | 'carbon'> & {
  readonly calendar: ReturnType<typeof yearCalendar>;
  readonly pricing: NonNullable<BuildingData['pricing']>;
  readonly sun: SunPath;
};

/**
 * The built-in reference district: eight buildings, one year by the hour, from a seeded model; no file is read.
 *
 * The same seed gives the same bits. Every column is a multiple of a power of ten, so CSV text keeps it exactly.
 * The data sheet is docs/builtin-district.md.
 *
 * @throws {ShapeError} when the seed is not an integer in [0, 2^53).
 */
export function builtinDistrict(options: { readonly seed?: number } = {}): District {
  const seed = options.seed ?? 0;
  const root = rng(seed).split('builtin-district');
  const calendar = yearCalendar();
  const sun = sunPath(latitude, calendar);
  const weather = makeWeather(calendar, sun, root.split('weather'));
  const carbon = rounded(makeCarbon(calendar, sun, weather, root.split('carbon')), 5);
  const shared = { calendar, sun, weather, carbon, pricing: makePricing(calendar) };
  const buildings = habits.map((habit, k) =>
    makeBuilding(`Building_${k + 1}`, habit, shared, root.split(`Building_${k + 1}`)),
  );
  return {
    name: seed === 0 ? 'builtin' : `builtin-${seed}`,
    secondsPerTimeStep: 3600,
    randomSeed: seed,
    start: 0,
    end: hoursPerYear - 1,
    buildings,
    observations: challengeObservations,
    actions: challengeActions,
    centralAgent: false,
    episodes: { timeSteps: null, rolling: false, random: false },
    reward: { type: 'RewardFunction', attributes: {} },
    electricVehicles: [],
    hash: hashOf(shared, buildings),
  };
}

function makeBuilding(name: string, habit: Habit, shared: Shared, rng: Rng): BuildingData {
  const { calendar, sun, weather } = shared;
  const { load, indoor, unmetCooling } = buildingLoad(habit, calendar, sun, weather, rng);
  const zero = new Float64Array(hoursPerYear);
  rounded(indoor, 2);
  const { capacity, nominalPower } = habit.battery;
  return {
    name,
    className: 'citylearn.citylearn.Building',
    rows: hoursPerYear,
    energy: {
      ...absentColumns(),
      month: calendar.month,
      hour: calendar.hour,
      day_type: calendar.dayType,
      daylight_savings_status: zero,
      indoor_dry_bulb_temperature: indoor,
      average_unmet_cooling_setpoint_difference: rounded(unmetCooling, 2),
      indoor_relative_humidity: indoorHumidity(indoor, weather),
      non_shiftable_load: rounded(load, 4),
      dhw_demand: zero,
      cooling_demand: zero,
      heating_demand: zero,
      solar_generation: rounded(pvGeneration(habit.pv, sun, weather), 3),
    },
    weather,
    pricing: shared.pricing,
    carbon: shared.carbon,
    devices: {
      electrical_storage: device('Battery', { capacity, nominal_power: nominalPower, ...battery }),
      pv: device('PV', { nominal_power: habit.pv.nominalPower }),
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

/** What a CityLearn building has everywhere whose file lacks the column. */
function absentColumns(): Record<EnergyColumn, Float64Array> {
  return Object.fromEntries(
    energyColumns.map((name) => [name, new Float64Array(hoursPerYear).fill(energyDefault(name) ?? 0)]),
  ) as Record<EnergyColumn, Float64Array>;
}

/** %, of outdoor air brought to the indoor temperature, with 10 % from people. */
function indoorHumidity(indoor: Float64Array, weather: BuildingData['weather']): Float64Array {
  const humidity = indoor.map((temperature, row) => {
    const outdoor = vapourPressure(weather.outdoor_dry_bulb_temperature[row]!);
    const carried = (weather.outdoor_relative_humidity[row]! * outdoor) / vapourPressure(temperature);
    return Math.min(Math.max(carried + 10, 15), 80);
  });
  return rounded(humidity, 1);
}

/**
 * SHA-256 of the district: the JSON of each building's name and devices, then little-endian float64 columns — shared ones once
 * (month, hour, day type, the four weather variables, price, carbon), then indoor temperature and humidity, load and generation of each building.
 */
function hashOf(shared: Shared, buildings: readonly BuildingData[]): string {
  // The names and their order are those of the first release: the hash of a district must not change.
  const devices = buildings.map(({ name, devices }) => {
    const own = devices.electrical_storage!.attributes;
    return {
      name,
      battery: {
        efficiency: own['efficiency'],
        lossCoefficient: own['loss_coefficient'],
        capacityLossCoefficient: own['capacity_loss_coefficient'],
        initialSoc: own['initial_soc'],
        depthOfDischarge: own['depth_of_discharge'],
        powerEfficiencyCurve: own['power_efficiency_curve'],
        capacityPowerCurve: own['capacity_power_curve'],
        capacity: own['capacity'],
        nominalPower: own['nominal_power'],
      },
      pvNominalPower: devices.pv!.attributes['nominal_power'],
    };
  });
  const header = new TextEncoder().encode(JSON.stringify(devices));
  const columns = [
    shared.calendar.month,
    shared.calendar.hour,
    shared.calendar.dayType,
    ...weatherVariables.map((name) => shared.weather[name]),
    shared.pricing.electricity_pricing,
    ...(shared.carbon === null ? [] : [shared.carbon]),
    ...buildings.flatMap(({ energy }) => [
      energy.indoor_dry_bulb_temperature,
      energy.average_unmet_cooling_setpoint_difference,
      energy.indoor_relative_humidity,
      energy.non_shiftable_load,
      energy.solar_generation,
    ]),
  ];
  const bytes = new Uint8Array(header.length + columns.length * hoursPerYear * 8);
  bytes.set(header);
  const view = new DataView(bytes.buffer);
  let at = header.length;
  for (const column of columns)
    for (let row = 0; row < hoursPerYear; row++, at += 8) view.setFloat64(at, column[row]!, true);
  return sha256Hex(bytes);
}
