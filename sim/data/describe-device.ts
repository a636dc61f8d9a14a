import type { DeviceKey } from './dataset.ts';
import { amount, className, entry, text } from './describe-entry.ts';

/** A device as a schema gives it; what it leaves out is filled in by the profile. */
export interface DeviceSummary {
  readonly key: DeviceKey;
  /** Last part of the dotted class: `HeatPump`, `Battery` … */
  readonly kind: string;
  /** `nominal_power` kW, `capacity` kWh; null where the schema has none. */
  readonly sizes: Readonly<Record<string, number | null>>;
  readonly autosize: boolean;
  /** Other numbers that are given. */
  readonly given: Readonly<Record<string, number>>;
  /** Attributes that are not given: constants in v1, v2.0 and v2.1, drawn from the device's seed in v2.3, head and v3. */
  readonly defaulted: readonly string[];
}

/** Attributes of the device classes that have a default; sizes apart. Source: specs/citylearn.md 5.0. */
const defaulted: Readonly<Record<string, readonly string[]>> = {
  HeatPump: ['efficiency', 'target_heating_temperature', 'target_cooling_temperature'],
  ElectricHeater: ['efficiency'],
  StorageTank: ['efficiency', 'loss_coefficient', 'initial_soc'],
  Battery: [
    'efficiency',
    'loss_coefficient',
    'initial_soc',
    'capacity_loss_coefficient',
    'depth_of_discharge',
    'power_efficiency_curve',
    'capacity_power_curve',
  ],
  PV: [],
};
const sizesOf: Readonly<Record<string, readonly string[]>> = {
  HeatPump: ['nominal_power'],
  ElectricHeater: ['nominal_power'],
  StorageTank: ['capacity'],
  Battery: ['capacity', 'nominal_power'],
  PV: ['nominal_power'],
};

/** A building's device, as far as its entry can be made out; none where the entry is null. */
export function summariseDevice(key: DeviceKey, value: unknown): DeviceSummary[] {
  if (value === undefined || value === null) return [];
  const device = entry(value);
  const attributes = entry(device['attributes']);
  const kind = className(text(device['type']) ?? '?');
  const sizes = sizesOf[kind] ?? [];
  const numbers = Object.entries(attributes).filter(
    (pair): pair is [string, number] => amount(pair[1]) !== null && !sizes.includes(pair[0]),
  );
  return [
    {
      key,
      kind,
      sizes: Object.fromEntries(sizes.map((name) => [name, amount(attributes[name])])),
      autosize: device['autosize'] === true,
      given: Object.fromEntries(numbers),
      defaulted: (defaulted[kind] ?? []).filter((name) => attributes[name] === undefined || attributes[name] === null),
    },
  ];
}
