import { ConfigError, DataError, UnknownNameError } from '../../core/errors.ts';
import type { Place } from '../../core/errors.ts';
import type { ChargerData, ChargingConstraintsData, WashingMachineData } from './dataset.ts';
import { isBlank, numberCell } from './folder-files.ts';
import type { FolderFiles, TextTable } from './folder-files.ts';
import type { FolderCharger, FolderConstraints } from './folder-schema.ts';

/** Columns of a charger's file, matched by position in every release. Source: specs/citylearn.md 10. */
const chargerColumns = [
  'electric_vehicle_charger_state',
  'electric_vehicle_id',
  'electric_vehicle_battery_capacity_khw',
  'current_soc',
  'electric_vehicle_departure_time',
  'electric_vehicle_required_soc_departure',
  'electric_vehicle_estimated_arrival_time',
  'electric_vehicle_estimated_soc_arrival',
] as const;
const washingColumns = ['day_type', 'hour', 'wm_start_time_step', 'wm_end_time_step', 'load_profile'] as const;

/** Nothing in a district is beyond this in its unit. */
const largest = 1e9;

function checkWidth({ file, head }: TextTable, columns: readonly string[]): void {
  if (head.length !== columns.length)
    throw new DataError(`${head.length} columns, expected ${columns.length} (${columns.join(', ')})`, {
      place: { file, line: 1 },
    });
}

/** @param rows of the file that are needed @param place of the charger in the schema */
export async function readCharger(
  id: string,
  charger: FolderCharger,
  files: FolderFiles,
  rows: number,
  place: Place,
): Promise<ChargerData> {
  if (charger.charger_simulation === undefined || charger.charger_simulation === null)
    throw new ConfigError(
      `charger '${id}' has no charger_simulation: the electric vehicles of CityLearn 2.2 – 2.3.1 are not simulated, those of 2.4 are`,
      { place },
    );
  if ((charger.noise_std ?? 0) !== 0)
    throw new ConfigError(`charger '${id}' has noise_std ${charger.noise_std}, and random data are not simulated`, {
      place,
    });
  const table = await files.cells(charger.charger_simulation, rows);
  checkWidth(table, chargerColumns);
  const column = (at: number, low: number, high: number): Float64Array =>
    Float64Array.from(table.cells, (_, row) => numberCell(table, row, at, low, high));
  const state = column(0, 1, 3);
  const half = state.findIndex((value) => !Number.isNaN(value) && !Number.isInteger(value));
  if (half >= 0)
    throw new DataError(`'${table.head[0]}' is ${state[half]}, expected 1, 2, 3 or a blank`, {
      place: { file: table.file, line: half + 2, column: 1 },
    });
  const attributes = charger.attributes ?? {};
  return {
    id,
    maxChargingPower: attributes.max_charging_power ?? 50,
    minChargingPower: attributes.min_charging_power ?? 0,
    maxDischargingPower: attributes.max_discharging_power ?? 50,
    minDischargingPower: attributes.min_discharging_power ?? 0,
    efficiency: attributes.efficiency ?? 1,
    chargeEfficiencyCurve: attributes.charge_efficiency_curve ?? null,
    dischargeEfficiencyCurve: attributes.discharge_efficiency_curve ?? null,
    state,
    car: table.cells.map((cells) => (isBlank(cells[1]!) ? '' : cells[1]!)),
    batteryCapacity: column(2, 0, largest),
    currentSoc: column(3, -largest, largest),
    departureTime: column(4, -largest, largest),
    requiredSocDeparture: column(5, -largest, largest),
    estimatedArrivalTime: column(6, -largest, largest),
    estimatedSocArrival: column(7, -largest, largest),
  };
}

export async function readWashingMachine(
  name: string,
  file: string,
  files: FolderFiles,
  rows: number,
): Promise<WashingMachineData> {
  const table = await files.cells(file, rows);
  checkWidth(table, washingColumns);
  const column = (at: number, low: number, high: number): Float64Array =>
    Float64Array.from(table.cells, (_, row) => numberCell(table, row, at, low, high));
  return {
    name,
    dayType: column(0, 0, 8),
    hour: column(1, 0, 24),
    start: column(2, -1, largest),
    end: column(3, -1, largest),
    profile: table.cells.map((cells, row) => profileOf(cells[4]!, table.file, row + 2)),
  };
}

/** `[0.1, 0.2]`: kWh a step. A blank, −1 and the empty list are none. */
function profileOf(text: string, file: string, line: number): readonly number[] {
  if (isBlank(text) || Number(text) === -1) return [];
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    value = undefined;
  }
  if (
    Array.isArray(value) &&
    value.every((one): one is number => typeof one === 'number' && one >= 0 && one <= largest)
  )
    return value;
  throw new DataError(`'${text.slice(0, 40)}' is no list of energies ≥ 0 (column 'load_profile')`, {
    place: { file, line, column: 5 },
  });
}

/** @throws {UnknownNameError} for a charger that the building has not. */
export function chargingConstraints(
  constraints: FolderConstraints,
  chargers: readonly string[],
  place: Place,
): ChargingConstraintsData {
  const phases = (constraints.phases ?? []).map((phase, k) => {
    const strange = phase.chargers?.find((id) => !chargers.includes(id));
    if (strange !== undefined)
      throw new UnknownNameError('charger', strange, chargers, {
        ...place,
        path: `${place.path}/charging_constraints/phases/${k}/chargers`,
      });
    return { name: phase.name ?? `phase_${k + 1}`, limitKw: phase.limit_kw ?? null, chargers: phase.chargers ?? [] };
  });
  const buildingLimitKw = constraints.building_limit_kw ?? null;
  const shown = constraints.observations;
  if (shown === undefined || shown === null) return { buildingLimitKw, phases };
  return {
    buildingLimitKw,
    phases,
    observations: {
      headroom: shown.headroom ?? true,
      violation: shown.violation ?? true,
      phaseEncoding: shown.phase_encoding ?? false,
    },
  };
}
