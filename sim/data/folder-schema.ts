import { z } from 'zod';
import { parseDocumentAs } from '../../core/document.ts';
import { DataError } from '../../core/errors.ts';

/** kWh or kW; as large as a cell may be. */
const amount = z.number().min(0).max(1e9);
const flag = z.boolean().nullish();
const file = z
  .string()
  .min(1)
  .max(255)
  .regex(/^(?!\.{0,2}$)[^/\\\0]+$/, 'a file name may not leave the folder');
const dotted = z.string().min(1);

const curve = (y: z.ZodNumber) =>
  z
    .array(z.tuple([z.number().min(0), y]))
    .min(2)
    .refine((points) => points.every(([x], i) => i === 0 || x > points[i - 1]![0]), 'the x of its points must ascend');
/** Energy is divided by an efficiency: it may never be 0. */
const efficiencyCurve = curve(z.number().positive().max(1)).nullish();
const fraction = z.number().min(0).max(1).nullish();
const efficiency = z.number().positive().max(1).nullish();

/** Known attributes have their types and ranges; others (a charger's `charger_type`, another release's) may be anything. */
const attributes = z
  .looseObject({
    capacity: amount.nullish(),
    nominal_power: amount.nullish(),
    efficiency,
    loss_coefficient: fraction,
    capacity_loss_coefficient: fraction,
    // A fraction; in v1 kWh.
    initial_soc: amount.nullish(),
    depth_of_discharge: fraction,
    power_efficiency_curve: efficiencyCurve,
    capacity_power_curve: curve(z.number().min(0)).nullish(),
    target_heating_temperature: z.number().min(-273).max(1000).nullish(),
    target_cooling_temperature: z.number().min(-273).max(1000).nullish(),
    max_input_power: amount.nullish(),
    max_output_power: amount.nullish(),
    random_seed: z.int().min(0).max(4294967295).nullish(),
  })
  .nullish();

const device = z
  .looseObject({
    type: dotted.nullish(),
    autosize: flag,
    autosize_attributes: z.looseObject({ safety_factor: z.number().min(0).max(1e9).nullish() }).nullish(),
    attributes,
  })
  .nullish();

const charger = z.looseObject({
  charger_simulation: file.nullish(),
  noise_std: z.number().nullish(),
  attributes: z
    .looseObject({
      efficiency,
      max_charging_power: amount.nullish(),
      min_charging_power: amount.nullish(),
      max_discharging_power: amount.nullish(),
      min_discharging_power: amount.nullish(),
      charge_efficiency_curve: efficiencyCurve,
      discharge_efficiency_curve: efficiencyCurve,
    })
    .nullish(),
});

const constraints = z.looseObject({
  building_limit_kw: amount.nullish(),
  phases: z
    .array(
      z.looseObject({
        name: z.string().min(1).nullish(),
        limit_kw: amount.nullish(),
        chargers: z.array(z.string()).nullish(),
      }),
    )
    .nullish(),
  observations: z.looseObject({ headroom: flag, violation: flag, phase_encoding: flag }).nullish(),
});

/** As far as a cell may go. */
const limit = z.number().min(-1e9).max(1e9);
const network = z.looseObject({
  type: dotted.nullish(),
  attributes: z
    .looseObject({
      filename: file,
      hidden_size: z.int().min(1).max(4096),
      num_layers: z.int().min(1).max(64),
      lookback: z.int().min(1).max(100_000),
      input_size: z.int().min(1).nullish(),
      input_observation_names: z.array(z.string().min(1)).min(1),
      input_normalization_minimum: z.array(limit),
      input_normalization_maximum: z.array(limit),
    })
    .nullish(),
});

/** Before 2.2 there is a network for cooling and one for heating. */
const dynamics = network.extend({ cooling: network.nullish(), heating: network.nullish() });

const outage = z.looseObject({
  simulate_power_outage: flag,
  stochastic_power_outage: flag,
  stochastic_power_outage_model: z
    .looseObject({
      type: dotted,
      attributes: z
        .looseObject({
          random_seed: z.int().min(0).max(4294967295).nullish(),
          saifi: z.number().min(0).nullish(),
          caidi: z.number().min(0).nullish(),
          start_time_steps: z.array(z.int().min(0)).min(1).nullish(),
        })
        .nullish(),
    })
    .nullish(),
});

const names = z.array(z.string()).nullish();
const building = z.looseObject({
  include: z
    .boolean()
    .nullish()
    .transform((value) => value ?? true),
  energy_simulation: file,
  weather: file,
  carbon_intensity: file.nullish(),
  pricing: file.nullish(),
  type: dotted.nullish(),
  inactive_observations: names,
  inactive_actions: names,
  cooling_device: device,
  heating_device: device,
  dhw_device: device,
  cooling_storage: device,
  heating_storage: device,
  dhw_storage: device,
  electrical_storage: device,
  pv: device,
  dynamics: dynamics.nullish(),
  occupant: z.record(z.string(), z.unknown()).nullish(),
  set_point_hold_time_steps: z.number().nullish(),
  power_outage: outage.nullish(),
  chargers: z.record(z.string().min(1), charger).nullish(),
  washing_machines: z.record(z.string().min(1), z.looseObject({ washing_machine_energy_simulation: file })).nullish(),
  charging_constraints: constraints.nullish(),
  noise_std: z.number().nullish(),
});

const vehicle = z.looseObject({
  include: flag,
  battery: z.looseObject({ type: dotted.nullish(), attributes }),
});

const rewardAttributes = z.record(z.string(), z.unknown()).nullish();
/** A class and its attributes; in head either may be a mapping of buildings to their own. */
const reward = z.union([
  dotted,
  z.looseObject({ type: z.union([dotted, z.record(z.string(), dotted.nullable())]), attributes: rewardAttributes }),
]);

const pairs = z.array(z.tuple([z.int().min(0), z.int().min(0)]));
const schema = z
  .looseObject({
    random_seed: z.int().min(0).max(4294967295).nullish(),
    root_directory: z.string().nullish(),
    central_agent: flag,
    simulation_start_time_step: z.int().min(0),
    simulation_end_time_step: z.int().min(1),
    episode_time_steps: z.union([z.int().min(1), pairs]).nullish(),
    rolling_episode_split: flag,
    random_episode_split: flag,
    seconds_per_time_step: z.number().min(1).max(1e9),
    observations: z.record(z.string(), z.looseObject({ active: flag, shared_in_central_agent: flag })).nullish(),
    actions: z.record(z.string(), z.looseObject({ active: flag })).nullish(),
    reward_function: reward.nullish(),
    electric_vehicles_def: z.record(z.string().min(1), vehicle).nullish(),
    buildings: z.record(z.string().min(1), building).refine((all) => Object.keys(all).length > 0, 'has no building'),
  })
  .refine((all) => all.simulation_end_time_step > all.simulation_start_time_step, {
    path: ['simulation_end_time_step'],
    message: 'is not after simulation_start_time_step',
  });

export type FolderSchema = z.infer<typeof schema>;
export type FolderBuilding = z.infer<typeof building>;
export type FolderDevice = NonNullable<z.infer<typeof device>>;
export type FolderCharger = z.infer<typeof charger>;
export type FolderDynamics = z.infer<typeof dynamics>;
export type FolderNetwork = z.infer<typeof network>;
export type FolderOutage = z.infer<typeof outage>;
export type FolderConstraints = z.infer<typeof constraints>;

/**
 * Reads a CityLearn `schema.json` of either generation. Keys that nobody here knows are tolerated: real schemas have many.
 * @throws {DocumentError} with line, column and JSON pointer. Source: specs/citylearn.md 2.1.
 */
export function parseFolderSchema(text: string, file: string): FolderSchema {
  if (text.trim() === '') throw new DataError('is empty, expected a CityLearn schema', { place: { file, line: 1 } });
  return parseDocumentAs(text, file, schema as unknown as z.ZodType<FolderSchema>);
}
