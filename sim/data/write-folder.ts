import { csvText } from '../../core/csv.ts';
import { ConfigError } from '../../core/errors.ts';
import { energyDefault, firstEnergyColumns } from './columns.ts';
import type {
  BuildingData,
  ChargerData,
  ChargingConstraintsData,
  DeviceData,
  District,
  OutageData,
  RewardData,
  WashingMachineData,
} from './dataset.ts';
import { deviceKeys, energyColumns } from './dataset.ts';

type Table = Readonly<Record<string, Float64Array | readonly (string | number)[]>>;

/** The files of a folder as they are written. */
class WrittenFiles {
  readonly files = new Map<string, string>();
  readonly #written: { readonly file: string; readonly table: Table }[] = [];

  /** The file of a table; columns that buildings share (weather, prices, carbon) are written once. */
  table(stem: string, table: Table): string {
    const head = Object.keys(table);
    const same = this.#written.find(
      (one) => Object.keys(one.table).length === head.length && head.every((name) => one.table[name] === table[name]),
    );
    if (same !== undefined) return same.file;
    const file = this.#freeName(stem);
    const columns = head.map((name) => table[name]!);
    this.files.set(
      file,
      csvText(head, columns[0]!.length, (row, column) => columns[column]![row]!),
    );
    this.#written.push({ file, table });
    return file;
  }

  #freeName(stem: string): string {
    const plain = stem.replace(/[^\w-]/g, '_');
    // In lower case: some file systems do not tell `Weather.csv` from `weather.csv`.
    const taken = new Set([...this.files.keys()].map((name) => name.toLowerCase()));
    let file = `${plain}.csv`;
    for (let copy = 2; taken.has(file.toLowerCase()); copy++) file = `${plain}_${copy}.csv`;
    return file;
  }
}

/**
 * A district as the files of a CityLearn (≥ 2.2) folder: file name → text. Reading them back gives the same bits.
 * @throws {ConfigError} for a building with an LSTM, whose weights are no text.
 */
export function writeCityLearnFolder(district: District): Map<string, string> {
  const written = new WrittenFiles();
  const counted = district.observations.some(({ name }) => name === 'minutes');
  const buildings = district.buildings.map(
    (building) => [building.name, buildingEntry(building, written, counted)] as const,
  );
  const schema = {
    random_seed: district.randomSeed,
    root_directory: null,
    central_agent: district.centralAgent,
    simulation_start_time_step: district.start,
    simulation_end_time_step: district.end,
    episode_time_steps: district.episodes.timeSteps,
    rolling_episode_split: district.episodes.rolling,
    random_episode_split: district.episodes.random,
    seconds_per_time_step: district.secondsPerTimeStep,
    observations: Object.fromEntries(
      district.observations.map(({ name, active, shared }) => [name, { active, shared_in_central_agent: shared }]),
    ),
    actions: Object.fromEntries(district.actions.map(({ name, active }) => [name, { active }])),
    agent: { type: 'citylearn.agents.rbc.BasicRBC', attributes: {} },
    reward_function: rewardEntry(district.reward),
    ...(district.electricVehicles.length === 0
      ? {}
      : {
          electric_vehicles_def: Object.fromEntries(
            district.electricVehicles.map(({ name, attributes }) => [
              name,
              { include: true, battery: { type: 'citylearn.energy_model.Battery', autosize: false, attributes } },
            ]),
          ),
        }),
    buildings: Object.fromEntries(buildings),
  };
  const { files } = written;
  files.set('schema.json', `${JSON.stringify(schema, null, 2)}\n`);
  return files;
}

/** @param counted whether minutes are an observation, which a file without that column would take away */
function buildingEntry(building: BuildingData, written: WrittenFiles, counted: boolean): object {
  const { carbon, pricing, devices } = building;
  if (building.dynamics !== null)
    throw new ConfigError(`${building.name} has an LSTM, whose weights cannot be written; copy its folder instead`);
  return {
    ...(building.className === 'citylearn.citylearn.Building' ? {} : { type: building.className }),
    include: true,
    energy_simulation: written.table(building.name, energyTable(building, counted)),
    weather: written.table('weather', building.weather),
    carbon_intensity: carbon === null ? null : written.table('carbon_intensity', { carbon_intensity: carbon }),
    pricing: pricing === null ? null : written.table('pricing', pricing),
    inactive_observations: building.inactiveObservations,
    inactive_actions: building.inactiveActions,
    ...Object.fromEntries(
      deviceKeys.flatMap((key) => {
        const device = devices[key];
        return device === undefined ? [] : [[key, deviceEntry(device)] as const];
      }),
    ),
    ...(building.outage === null ? {} : { power_outage: outageEntry(building.outage) }),
    ...(building.chargers.length === 0
      ? {}
      : { chargers: Object.fromEntries(building.chargers.map((one) => [one.id, chargerEntry(one, written)])) }),
    ...(building.washingMachines.length === 0
      ? {}
      : {
          washing_machines: Object.fromEntries(
            building.washingMachines.map((one) => [one.name, washingEntry(one, written)]),
          ),
        }),
    ...(building.chargingConstraints === null
      ? {}
      : { charging_constraints: constraintsEntry(building.chargingConstraints) }),
  };
}

/** Columns that every file has, and the others where they are not what they would be without. */
function energyTable({ name, energy, inactiveObservations }: BuildingData, counted: boolean): Table {
  for (const [row, cooling] of energy.cooling_demand.entries()) {
    const heating = energy.heating_demand[row]!;
    if (cooling * heating === 0 && !Number.isNaN(energy.dhw_demand[row]!)) continue;
    throw new ConfigError(
      `${name} cools and heats in row ${row}, or has a blank demand there: what only the older files may have`,
    );
  }
  const others = energyColumns.filter((column) => !firstEnergyColumns.includes(column));
  const told = others.filter((column) => {
    if (counted && column === 'minutes' && !inactiveObservations.includes(column)) return true;
    return !energy[column].every((value) => value === energyDefault(column));
  });
  return Object.fromEntries([...firstEnergyColumns, ...told].map((column) => [column, energy[column]]));
}

function deviceEntry({ className, autosize, autosizeAttributes, attributes }: DeviceData): object {
  return {
    type: className,
    autosize,
    ...(Object.keys(autosizeAttributes).length === 0 ? {} : { autosize_attributes: autosizeAttributes }),
    attributes,
  };
}

function outageEntry({ simulate, stochastic, model, attributes }: OutageData): object {
  return {
    simulate_power_outage: simulate,
    stochastic_power_outage: stochastic,
    stochastic_power_outage_model: model === null ? null : { type: `citylearn.power_outage.${model}`, attributes },
  };
}

function chargerEntry(charger: ChargerData, written: WrittenFiles): object {
  return {
    type: 'citylearn.electric_vehicle_charger.Charger',
    charger_simulation: written.table(charger.id, {
      electric_vehicle_charger_state: charger.state,
      electric_vehicle_id: charger.car,
      electric_vehicle_battery_capacity_khw: charger.batteryCapacity,
      current_soc: charger.currentSoc,
      electric_vehicle_departure_time: charger.departureTime,
      electric_vehicle_required_soc_departure: charger.requiredSocDeparture,
      electric_vehicle_estimated_arrival_time: charger.estimatedArrivalTime,
      electric_vehicle_estimated_soc_arrival: charger.estimatedSocArrival,
    }),
    autosize: false,
    attributes: {
      max_charging_power: charger.maxChargingPower,
      min_charging_power: charger.minChargingPower,
      max_discharging_power: charger.maxDischargingPower,
      min_discharging_power: charger.minDischargingPower,
      efficiency: charger.efficiency,
      charge_efficiency_curve: charger.chargeEfficiencyCurve,
      discharge_efficiency_curve: charger.dischargeEfficiencyCurve,
    },
  };
}

function washingEntry(machine: WashingMachineData, written: WrittenFiles): object {
  return {
    type: 'citylearn.energy_model.WashingMachine',
    autosize: false,
    washing_machine_energy_simulation: written.table(machine.name, {
      day_type: machine.dayType,
      hour: machine.hour,
      wm_start_time_step: machine.start,
      wm_end_time_step: machine.end,
      load_profile: machine.profile.map((energies) => (energies.length === 0 ? '-1' : JSON.stringify(energies))),
    }),
  };
}

function constraintsEntry({ buildingLimitKw, phases, observations }: ChargingConstraintsData): object {
  return {
    building_limit_kw: buildingLimitKw,
    phases: phases.map(({ name, limitKw, chargers }) => ({ name, limit_kw: limitKw, chargers })),
    ...(observations === undefined
      ? {}
      : {
          observations: {
            headroom: observations.headroom,
            violation: observations.violation,
            phase_encoding: observations.phaseEncoding,
          },
        }),
  };
}

const rewardClass = (type: string): string => `citylearn.reward_function.${type}`;

function rewardEntry({ type, attributes }: RewardData): object {
  if (type !== 'MultiBuildingRewardFunction')
    return { type: rewardClass(type), attributes: Object.keys(attributes).length === 0 ? null : attributes };
  const each = Object.entries(attributes['reward_functions'] as Record<string, RewardData>);
  return {
    type: Object.fromEntries(each.map(([name, reward]) => [name, rewardClass(reward.type)])),
    attributes: Object.fromEntries(each.map(([name, reward]) => [name, reward.attributes])),
  };
}
