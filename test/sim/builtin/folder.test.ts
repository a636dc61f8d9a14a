import { expect, it } from 'vitest';
import { builtinDistrict } from '../../../sim/data/builtin/index.ts';
import { readCityLearnFolder, writeCityLearnFolder } from '../../../sim/data/citylearn-folder.ts';
import type { BuildingData } from '../../../sim/data/dataset.ts';

it('is read back to the same bits after it was written as a CityLearn folder', async () => {
  const district = builtinDistrict({ seed: 3 });
  const files = writeCityLearnFolder(district);
  const read = await readCityLearnFolder({
    label: district.name,
    read: (name) => Promise.resolve(files.has(name) ? new TextEncoder().encode(files.get(name)) : undefined),
  });
  const { buildings, hash: _, ...frame } = read;
  const { buildings: expected, hash: __, ...expectedFrame } = district;
  expect(frame).toEqual(expectedFrame);
  const rest = (building: BuildingData): object => ({ ...building, energy: 0, weather: 0, pricing: 0, carbon: 0 });
  expect(buildings.map(rest)).toEqual(expected.map(rest));
  buildings.forEach((building, k) => {
    const written = columnsOf(expected[k]!);
    for (const [name, values] of Object.entries(columnsOf(building)))
      expect([name, bytes(values).equals(bytes(written[name]!))]).toEqual([name, true]);
    expect(Object.keys(columnsOf(building)).sort()).toEqual(Object.keys(written).sort());
  });
});

function columnsOf({ energy, weather, pricing, carbon }: BuildingData): Record<string, Float64Array> {
  return { ...energy, ...weather, ...pricing!, carbon_intensity: carbon! };
}

function bytes(values: Float64Array): Buffer {
  return Buffer.from(values.buffer, values.byteOffset, values.byteLength);
}
