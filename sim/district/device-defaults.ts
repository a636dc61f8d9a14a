import type { BuildingData, DeviceData, DeviceKey, District } from '../data/dataset.ts';
import { deviceSeed } from './device-seed.ts';
import { RandomState } from './numpy-random.ts';
import type { Profile } from './profile.ts';
import { PythonRandom } from './python-random.ts';

/** Where attributes come from that a schema leaves out: a constant, or a draw in a range. */
export interface Defaults {
  value(constant: number, low: number, high: number): number;
  /** The same for a store's standby loss, which CityLearn draws with another seed where the device is absent. */
  loss(constant: number, low: number, high: number): number;
}

const constants: Defaults = { value: (constant) => constant, loss: (constant) => constant };

/**
 * Defaults of one device of a building. Drawn ones are `low + (high − low)·u` with one u for all attributes, since CityLearn makes a new generator of the
 * device's seed for each. Source: specs/citylearn.md 5.0.
 */
export function defaultsOf(data: BuildingData, key: DeviceKey, district: District, profile: Profile): Defaults {
  if (profile.defaults === 'fixed') return constants;
  const device = data.devices[key];
  if (device === undefined) return absentDefaults(key, Math.max(0, district.buildings.indexOf(data)), profile);
  const u = new RandomState(givenSeed(device) ?? seedOf(data, key, device, district)).randomSample();
  const value = (_: number, low: number, high: number): number => low + (high - low) * u;
  return { value, loss: value };
}

function seedOf(data: BuildingData, key: DeviceKey, device: DeviceData, district: District): number {
  return deviceSeed(data.name, data.className, key, device.className, district.randomSeed);
}

function givenSeed({ attributes }: DeviceData): number | null {
  const given = attributes['random_seed'];
  return typeof given === 'number' ? given : null;
}

/** Which draw of a building seeds an absent device's attributes, the standby loss apart. Every building draws them, whatever it has. */
const draws: Readonly<Record<DeviceKey, readonly [value: number, loss: number]>> = {
  dhw_storage: [1, 0],
  cooling_storage: [3, 2],
  heating_storage: [5, 4],
  electrical_storage: [8, 7],
  dhw_device: [9, 9],
  cooling_device: [10, 10],
  heating_device: [11, 11],
  pv: [12, 12],
};

/**
 * A device that a building has not is one of no size, whose efficiency can be observed all the same. CityLearn seeds it from Python's global generator, which
 * nobody seeds; here it is as after `random.seed(0)`. Releases to 2.3.1 draw 14 seeds a building, later ones 13.
 */
function absentDefaults(key: DeviceKey, building: number, profile: Profile): Defaults {
  const python = new PythonRandom(0);
  const first = building * (profile.alignment === 'ahead' ? 14 : 13);
  const seeds = Array.from({ length: first + 13 }, () => python.randint(0, 100_000_000));
  const [value, loss] = draws[key].map((draw) => new RandomState(seeds[first + draw]!).randomSample());
  return {
    value: (_, low, high) => low + (high - low) * value!,
    loss: (_, low, high) => low + (high - low) * loss!,
  };
}
