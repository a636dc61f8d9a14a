import type { BuildingData } from '../data/dataset.ts';
import { chargerFields, FIXED_FIELDS } from './hour.ts';

/*
 * A building's own fields of the hour, from FIXED_FIELDS on: chargers × `chargerFields`, the headroom of the building, one headroom a phase, then
 * what rewards and records need besides: the last command of each charger, the state of charge that its car had an hour before, what it drew.
 */

export type ChargerField = (typeof chargerFields)[number];

function phases(data: BuildingData): number {
  return data.chargingConstraints?.phases.length ?? 0;
}

/** Number of these fields; 0 for a building that neither has chargers nor limits them. */
export function extraFields(data: BuildingData): number {
  if (data.chargers.length === 0 && data.chargingConstraints === null) return 0;
  return data.chargers.length * (chargerFields.length + 3) + 1 + phases(data);
}

/** Offset of what a charger shows. */
export function chargerField(charger: number, field: ChargerField): number {
  return FIXED_FIELDS + charger * chargerFields.length + chargerFields.indexOf(field);
}

/** Offset of the kW left below the building's limit; what it holds has no meaning where there is none. */
export function buildingHeadroomField(data: BuildingData): number {
  return FIXED_FIELDS + data.chargers.length * chargerFields.length;
}

/** Offset of the kW left below a phase's limit. */
export function phaseHeadroomField(data: BuildingData, phase: number): number {
  return buildingHeadroomField(data) + 1 + phase;
}

/** Offset of the kWh that a charger was last told to move, + into a car; whether or not one is there. */
export function chargerCommandField(data: BuildingData, charger: number): number {
  return buildingHeadroomField(data) + 1 + phases(data) + charger;
}

/** Offset of the state of charge, an hour before, of the car at a charger; in an episode's first hour its initial one; −0.1 without a car. */
export function chargerSocBeforeField(data: BuildingData, charger: number): number {
  return chargerCommandField(data, data.chargers.length + charger);
}

/** Offset of the kWh that a charger drew in the hour; < 0 out of the car. */
export function chargerConsumptionField(data: BuildingData, charger: number): number {
  return chargerSocBeforeField(data, data.chargers.length + charger);
}
