import { threatSet } from '../../attacks/ball/threat-set.ts';
import { constrainedSet } from '../../attacks/constraint/constrained-set.ts';
import type { ConstrainedSet } from '../../attacks/constraint/constrained-set.ts';
import { compileConstraints } from '../../attacks/constraint/index.ts';
import type { ConstraintSpec, ThreatModel } from '../../core/attack.ts';
import type { PlantModel } from '../../core/plant-model.ts';
import type { Feature } from '../../core/space.ts';

/** A small building's features, with limits that are not 0 and 1. */
export const smallFeatures: readonly Feature[] = [
  { name: 'hour_cos', unit: '1', low: -1, high: 1 },
  { name: 'hour_sin', unit: '1', low: -1, high: 1 },
  { name: 'outdoor_dry_bulb_temperature', unit: '°C', low: -5, high: 35 },
  { name: 'outdoor_dry_bulb_temperature_predicted_6h', unit: '°C', low: -4, high: 36 },
  { name: 'direct_solar_irradiance', unit: 'W/m²', low: 0, high: 900 },
  { name: 'non_shiftable_load', unit: 'kWh', low: 0, high: 6 },
  { name: 'solar_generation', unit: 'kWh', low: 0, high: 4 },
  { name: 'electrical_storage_soc', unit: 'fraction', low: 0, high: 1 },
  { name: 'net_electricity_consumption', unit: 'kWh', low: -9, high: 12 },
  { name: 'electricity_pricing', unit: '$/kWh', low: 0.2, high: 0.5 },
];

export const at = (name: string): number => smallFeatures.findIndex((feature) => feature.name === name);

/** A building whose battery takes what it is told, 10 kWh without loss, and whose only series are price and temperature. */
export const smallPlant: PlantModel = {
  hoursPerStep: 1,
  series: (name) =>
    ({
      electricity_pricing: Float64Array.of(0.2, 0.3, 0.3, 0.5, 0.2),
      outdoor_dry_bulb_temperature: Float64Array.of(0, 1, 5, 4.5, 2),
    })[name],
  battery: () => {
    let soc = 0;
    let energy = 0;
    return {
      follow(from, actions, first) {
        soc = Math.min(1, Math.max(0, from + actions[first]!));
        energy = 10 * (soc - from);
      },
      get soc() {
        return soc;
      },
      get energy() {
        return energy;
      },
      keep() {},
      save: () => new Float64Array(0),
      load() {},
      reset() {},
    };
  },
};

/** The set of a constraint list over the small building. */
export function smallSet(threat: ThreatModel, specs: readonly ConstraintSpec[]): ConstrainedSet {
  const rules = compileConstraints(specs, { features: smallFeatures, threat, plant: smallPlant }, false);
  return constrainedSet(threatSet(threat), rules, smallFeatures, smallPlant);
}
