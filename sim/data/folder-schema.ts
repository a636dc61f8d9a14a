import { z } from 'zod';
import { parseDocumentAs } from '../../core/document.ts';
import { DataError } from '../../core/errors.ts';
import type { BatteryAttributes } from './dataset.ts';

const optional = <T>(type: z.ZodType<T>) => type.nullish().transform((value) => value ?? undefined);
/** kWh or kW; as large as a cell may be. */
const amount = z.number().max(1e9);
const fraction = z.number().min(0).max(1);
const curve = (y: z.ZodNumber) =>
  z
    .array(z.tuple([z.number().min(0), y]))
    .min(2)
    .refine((points) => points.every(([x], i) => i === 0 || x > points[i - 1]![0]), 'the x of its points must ascend');

const batteryAttributes = z.object({
  capacity: amount.positive(),
  nominal_power: amount.positive(),
  efficiency: optional(z.number().positive().max(1)),
  loss_coefficient: optional(fraction),
  capacity_loss_coefficient: optional(fraction),
  initial_soc: optional(fraction),
  depth_of_discharge: optional(fraction),
  power_efficiency_curve: optional(curve(z.number().positive().max(1))),
  capacity_power_curve: optional(curve(z.number().min(0))),
});

/** A device with its attributes; one that is to be sized has none yet. */
const sized = <T extends z.ZodType>(attributes: T) =>
  z
    .preprocess(
      (value) =>
        typeof value === 'object' && value !== null && 'autosize' in value && value.autosize === true
          ? { autosize: true }
          : value,
      z
        .object({ autosize: z.boolean().nullish(), attributes: attributes.optional() })
        .refine(({ autosize, attributes }) => autosize === true || attributes !== undefined, {
          path: ['attributes'],
          message: 'is missing',
        }),
    )
    .nullish();

const device = z
  .object({
    type: z.string().optional(),
    autosize: z.boolean().nullish(),
    attributes: z.record(z.string(), z.unknown()).nullish(),
  })
  .nullish();
const file = z
  .string()
  .min(1)
  .max(255)
  .regex(/^[^/\\]+$/, 'a file name may not leave the folder');

const building = z.object({
  include: z.boolean().default(true),
  energy_simulation: file,
  weather: file,
  carbon_intensity: file.nullish(),
  pricing: file.nullish(),
  type: z.string().nullish(),
  cooling_device: device,
  heating_device: device,
  dhw_device: device,
  cooling_storage: device,
  heating_storage: device,
  dhw_storage: device,
  electrical_storage: sized(batteryAttributes),
  pv: sized(z.object({ nominal_power: amount.min(0) })),
  dynamics: z.unknown().nullish(),
  power_outage: z.object({ simulate_power_outage: z.boolean().nullish() }).nullish(),
  chargers: z.unknown().nullish(),
  washing_machines: z.unknown().nullish(),
});

const schema = z
  .object({
    random_seed: z.int().min(0).nullish(),
    simulation_start_time_step: z.int().min(0),
    simulation_end_time_step: z.int().min(1),
    seconds_per_time_step: z.number().positive(),
    buildings: z.record(z.string().min(1), building).refine((all) => Object.keys(all).length > 0, 'has no building'),
  })
  .refine((all) => all.simulation_end_time_step > all.simulation_start_time_step, {
    path: ['simulation_end_time_step'],
    message: 'is not after simulation_start_time_step',
  });

export type FolderSchema = z.infer<typeof schema>;
export type FolderBuilding = z.infer<typeof building>;

/** Reads a CityLearn `schema.json` of either generation. @throws {DocumentError} with line, column and JSON pointer. */
export function parseFolderSchema(text: string, file: string): FolderSchema {
  if (text.trim() === '') throw new DataError('is empty, expected a CityLearn schema', { place: { file } });
  return parseDocumentAs(text, file, schema as unknown as z.ZodType<FolderSchema>);
}

/** The battery of a schema in our names. */
export function batteryOf(building: FolderBuilding): BatteryAttributes | null {
  const attributes = building.electrical_storage?.attributes;
  if (attributes === undefined) return null;
  return {
    capacity: attributes.capacity,
    nominalPower: attributes.nominal_power,
    efficiency: attributes.efficiency,
    lossCoefficient: attributes.loss_coefficient,
    capacityLossCoefficient: attributes.capacity_loss_coefficient,
    initialSoc: attributes.initial_soc,
    depthOfDischarge: attributes.depth_of_discharge,
    powerEfficiencyCurve: attributes.power_efficiency_curve,
    capacityPowerCurve: attributes.capacity_power_curve,
  };
}

/** Parts of a building that no profile simulates yet; a building that has one must not be simulated as if it had not. */
export function unsimulated(building: FolderBuilding): string[] {
  const devices = [
    'cooling_device',
    'heating_device',
    'dhw_device',
    'cooling_storage',
    'heating_storage',
    'dhw_storage',
    'dynamics',
    'chargers',
    'washing_machines',
  ] as const;
  const found: string[] = devices.filter((name) => building[name] !== undefined && building[name] !== null);
  if (building.power_outage?.simulate_power_outage === true) found.push('power_outage');
  if (building.electrical_storage?.autosize === true) found.push('electrical_storage.autosize');
  if (building.pv?.autosize === true) found.push('pv.autosize');
  return found;
}
