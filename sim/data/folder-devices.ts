import { ConfigError } from '../../core/errors.ts';
import type { Place } from '../../core/errors.ts';
import { deviceKeys } from './dataset.ts';
import type { CurvePoints, DeviceData, DeviceKey, DeviceKind } from './dataset.ts';
import type { FolderBuilding, FolderDevice } from './folder-schema.ts';

/** What may stand at a building's device key; the first one where the schema names none. */
const kinds: Readonly<Record<DeviceKey, readonly DeviceKind[]>> = {
  cooling_device: ['HeatPump'],
  heating_device: ['HeatPump', 'ElectricHeater'],
  dhw_device: ['ElectricHeater', 'HeatPump'],
  cooling_storage: ['StorageTank'],
  heating_storage: ['StorageTank'],
  dhw_storage: ['StorageTank'],
  electrical_storage: ['Battery'],
  pv: ['PV'],
};
const sizes: Readonly<Record<DeviceKind, readonly string[]>> = {
  HeatPump: ['nominal_power'],
  ElectricHeater: ['nominal_power'],
  StorageTank: ['capacity'],
  Battery: ['capacity', 'nominal_power'],
  PV: ['nominal_power'],
};
/** Sizing these takes data that no folder has: NREL's PySAM with surveys of panels and batteries. */
const unsizable: readonly DeviceKind[] = ['Battery', 'PV'];

/** Names that CityLearn 3 has for a column in W/kW; in others it is in kWh. */
const perKilowatt: readonly unknown[] = ['per_kw', 'w_per_kw', 'profile'];

/** A building's devices. @param place of the building in the schema @throws {ConfigError} for one that is not simulated or has no size. */
export function devicesOf(building: FolderBuilding, place: Place): Partial<Record<DeviceKey, DeviceData>> {
  const devices: Partial<Record<DeviceKey, DeviceData>> = {};
  for (const key of deviceKeys) {
    const device = building[key];
    if (device !== undefined && device !== null) devices[key] = deviceOf(key, device, place);
  }
  return devices;
}

function deviceOf(key: DeviceKey, device: FolderDevice, building: Place): DeviceData {
  const place = { ...building, path: `${building.path}/${key}` };
  const className = device.type ?? `citylearn.energy_model.${kinds[key][0]!}`;
  const named = className.split('.').at(-1)!;
  const kind = kinds[key].find((one) => one === named);
  if (kind === undefined)
    throw new ConfigError(`${key} is a ${named}, which is not simulated; expected ${kinds[key].join(' or ')}`, {
      place,
    });
  const autosize = device.autosize === true;
  if (autosize && unsizable.includes(kind))
    throw new ConfigError(
      `${key}.autosize takes ${kind === 'PV' ? 'NREL PySAM and a survey of panels' : 'a survey of batteries'}, which this version does not have; ` +
        `expected autosize: false with ${sizes[kind].join(' and ')}`,
      { place },
    );
  const missing = autosize ? undefined : sizes[kind].find((name) => device.attributes?.[name] === undefined);
  if (missing !== undefined)
    throw new ConfigError(`${key} has no ${missing}, expected a number or autosize: true`, {
      place: { ...place, path: `${place.path}/attributes/${missing}` },
    });
  const mode = device.attributes?.['generation_mode'] ?? 'per_kw';
  if (!perKilowatt.includes(mode))
    throw new ConfigError(
      `${key} has generation_mode ${JSON.stringify(mode)}, which is not simulated; expected W/kW, 'per_kw'`,
      { place: { ...place, path: `${place.path}/attributes/generation_mode` } },
    );
  return {
    kind,
    className,
    autosize,
    autosizeAttributes: numbersOf(device.autosize_attributes),
    attributes: attributesOf(device.attributes),
  };
}

function numbersOf(record: Readonly<Record<string, unknown>> | null | undefined): Record<string, number | null> {
  return Object.fromEntries(
    Object.entries(record ?? {}).filter(
      (pair): pair is [string, number | null] => typeof pair[1] === 'number' || pair[1] === null,
    ),
  );
}

/** Numbers, curves and nulls; names and switches of other releases are left out. */
export function attributesOf(
  record: Readonly<Record<string, unknown>> | null | undefined,
): Record<string, number | CurvePoints | null> {
  return Object.fromEntries(
    Object.entries(record ?? {}).filter(
      (pair): pair is [string, number | CurvePoints | null] =>
        typeof pair[1] === 'number' || pair[1] === null || isCurve(pair[1]),
    ),
  );
}

function isCurve(value: unknown): value is CurvePoints {
  return (
    Array.isArray(value) &&
    value.length > 0 &&
    value.every(
      (point) => Array.isArray(point) && point.length === 2 && point.every((number) => typeof number === 'number'),
    )
  );
}
