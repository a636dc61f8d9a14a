import { buildingHeadroomField, chargerField, phaseHeadroomField } from './fleet-layout.ts';
import { chargerFields, CHARGING_VIOLATION } from './hour.ts';
import type { BuildingModel } from './model.ts';
import type { Reading, Term } from './observation-terms.ts';

/*
 * Observations of chargers, washing machines and charging limits. A schema names each once for all (`electric_vehicle_charger_connected_state`);
 * a building shows it once a charger. None is shared by a central agent. Source: specs/citylearn.md 10, 11.
 */

interface ChargerObservation {
  /** In the schema. */
  readonly schema: string;
  readonly name: (charger: string) => string;
  readonly unit: string;
  readonly low: number;
  readonly high: number;
}

/** In the order of `chargerFields`, which is CityLearn's. */
const chargerObservations: readonly ChargerObservation[] = [
  observed('electric_vehicle_charger', 'connected_state', '0 or 1', 0, 1),
  observed('connected_electric_vehicle_at_charger', 'departure_time', 'steps', -1, 24),
  observed('connected_electric_vehicle_at_charger', 'required_soc_departure', 'fraction', -0.1, 1),
  observed('connected_electric_vehicle_at_charger', 'soc', 'fraction', -0.1, 1),
  observed('connected_electric_vehicle_at_charger', 'battery_capacity', 'kWh', -1, 100),
  observed('electric_vehicle_charger', 'incoming_state', '0 or 1', 0, 1),
  observed('incoming_electric_vehicle_at_charger', 'estimated_arrival_time', 'steps', -1, 24),
  observed('incoming_electric_vehicle_at_charger', 'estimated_soc_arrival', 'fraction', -0.1, 1),
];

function observed(prefix: string, suffix: string, unit: string, low: number, high: number): ChargerObservation {
  return { schema: `${prefix}_${suffix}`, name: (charger) => `${prefix}_${charger}_${suffix}`, unit, low, high };
}

/** Whether a schema's observation is one a charger or washing machine, and not one a building. */
export function isFleetName(name: string): boolean {
  return name.includes('electric_vehicle_') || name.includes('washing_machine_');
}

/** A float64 number of one building's alone. */
function own(name: string, unit: string, low: number, high: number, reading: Reading): Term {
  return { name, unit, shared: false, period: null, float32: false, reading, low, high };
}

/** @param active names of the schema */
export function chargerTerms(model: BuildingModel, active: ReadonlySet<string>): Term[] {
  return model.chargers.flatMap(({ id }, charger) =>
    chargerObservations.flatMap(({ schema, name, unit, low, high }, i): Term[] => {
      if (!active.has(schema)) return [];
      const field = chargerField(charger, chargerFields[i]!);
      const one = own(name(id), unit, low, high, { kind: 'field', field });
      return [{ ...one, float32: model.profile.float32 && chargerFields[i] === 'soc' }];
    }),
  );
}

/** Where a washing machine may start and must have ended; −1 where the file is blank. */
export function washingMachineTerms({ data, district }: BuildingModel, active: ReadonlySet<string>): Term[] {
  return data.washingMachines.flatMap((machine) =>
    (['start', 'end'] as const).flatMap((what): Term[] => {
      if (!active.has(`washing_machine_${what}_time_step`)) return [];
      const values = machine[what]
        .subarray(district.start, district.end + 1)
        .map((value) => (Number.isNaN(value) ? -1 : value));
      const name = `${machine.name}_${what}_time_step`;
      return [own(name, 'step', -1, 24, { kind: 'column', values })];
    }),
  );
}

/** Headrooms (their limits are the limit itself, low = high, as in CityLearn), violation and which phase a charger is on. */
export function constraintTerms(model: BuildingModel): Term[] {
  const constraints = model.data.chargingConstraints;
  if (constraints === null) return [];
  const { buildingLimitKw, phases } = constraints;
  const shows = constraints.observations ?? { headroom: true, violation: true, phaseEncoding: false };
  const terms = shows.phaseEncoding ? phaseTerms(model, phases) : [];
  const headroom = (name: string, limit: number, at: number): Term =>
    own(name, 'kW', limit, limit, { kind: 'field', field: at });
  if (shows.headroom) {
    if (buildingLimitKw !== null)
      terms.push(headroom('charging_building_headroom_kw', buildingLimitKw, buildingHeadroomField(model.data)));
    phases.forEach(({ name, limitKw }, phase) => {
      if (limitKw !== null)
        terms.push(headroom(`charging_phase_${name}_headroom_kw`, limitKw, phaseHeadroomField(model.data, phase)));
    });
  }
  if (shows.violation) {
    const kw = model.chargers.reduce((sum, one) => sum + one.maxChargingPower, 0);
    const kwOut = model.chargers.reduce((sum, one) => sum + one.maxDischargingPower, 0);
    const most = (kw + kwOut + model.devices.battery.nominalPower) * model.hoursPerStep;
    terms.push(own('charging_constraint_violation_kwh', 'kWh', 0, most, { kind: 'field', field: CHARGING_VIOLATION }));
  }
  return terms;
}

/** One of a charger's phases is 1, the others 0; chargers on none have a phase `unassigned`. */
function phaseTerms(
  model: BuildingModel,
  phases: readonly { readonly name: string; readonly chargers: readonly string[] }[],
): Term[] {
  const phaseOf = new Map(phases.flatMap(({ name, chargers }) => chargers.map((charger) => [charger, name] as const)));
  const names = [...new Set(phases.map(({ name }) => name))].toSorted();
  if (phases.length > 0 && model.chargers.some(({ id }) => !phaseOf.has(id))) names.push('unassigned');
  return model.chargers.flatMap(({ id }) =>
    names.map((name): Term => {
      const values = new Float64Array(model.rows).fill((phaseOf.get(id) ?? 'unassigned') === name ? 1 : 0);
      return own(`charging_phase_one_hot_${id}_${name}`, '0 or 1', 0, 1, { kind: 'column', values });
    }),
  );
}
