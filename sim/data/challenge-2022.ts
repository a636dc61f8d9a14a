import type { District } from './dataset.ts';

const ownObservations = [
  'non_shiftable_load',
  'solar_generation',
  'electrical_storage_soc',
  'net_electricity_consumption',
];
const withForecasts = (name: string): string[] => [
  name,
  `${name}_predicted_1`,
  `${name}_predicted_2`,
  `${name}_predicted_3`,
];

/** The active observations of the 2022 schemas, in their order. Source: specs/citylearn.md 11. */
export const challengeObservations: District['observations'] = [
  'month',
  'day_type',
  'hour',
  ...[
    'outdoor_dry_bulb_temperature',
    'outdoor_relative_humidity',
    'diffuse_solar_irradiance',
    'direct_solar_irradiance',
  ].flatMap(withForecasts),
  'carbon_intensity',
  ...ownObservations,
  ...withForecasts('electricity_pricing'),
].map((name) => ({ name, active: true, shared: !ownObservations.includes(name) }));

/** The actions of the 2022 schemas: the battery's is active. */
export const challengeActions: District['actions'] = [
  'cooling_storage',
  'heating_storage',
  'dhw_storage',
  'electrical_storage',
].map((name) => ({ name, active: name === 'electrical_storage' }));
