import { md5Hex } from './md5.ts';

/**
 * The seed that CityLearn ≥ 2.2 draws a device's missing attributes with: the first 9 decimal digits of (Σ digests)·(random seed + 1), the
 * digests being MD5 of building name, building class, device key and device class, each appended to those before it. The names count as
 * the schema writes them: `citylearn.energy_model.Battery` and `citylearn.Battery` are different seeds. Source: specs/citylearn.md 5.0.
 */
export function deviceSeed(
  building: string,
  buildingClass: string,
  deviceKey: string,
  deviceClass: string,
  randomSeed: number,
): number {
  let text = '';
  let sum = 0n;
  for (const part of [building, buildingClass, deviceKey, deviceClass]) {
    text += part;
    sum += BigInt(`0x${md5Hex(text)}`);
  }
  return Number(String(sum * BigInt(randomSeed + 1)).slice(0, 9));
}
