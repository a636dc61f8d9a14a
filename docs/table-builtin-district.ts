/**
 * Writes the tables of docs/builtin-district.md between their markers.
 *
 *     npx tsx docs/table-builtin-district.ts
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { habits } from '../sim/data/builtin/habits.ts';
import { builtinDistrict } from '../sim/data/builtin/index.ts';
import { consumptionRatio, netWithoutStorage, selfConsumption } from '../test/sim/builtin/self-consumption.ts';
import { autocorrelation, coincidence, correlation, dailyProfile, maximum, mean, minimum, sum, total } from '../test/sim/builtin/statistics.ts';

const district = builtinDistrict();
const { buildings } = district;
const first = buildings[0]!;
const { month, hour } = first.energy;

function table(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [line(header), line(header.map((_, k) => (k === 0 ? '---' : '---:'))), ...rows.map(line)].join('\n');
}

const buildingTable = table(
  ['building', 'who', 'MWh/a', 'peak kW', 'load factor', 'lag-24', 'PV kW', 'tilt°, azimuth°', 'PV MWh/a', 'battery kWh, kW', 'simple rule'],
  buildings.map((building, k) => {
    const { story, pv } = habits[k]!;
    const { non_shiftable_load: load, solar_generation: generation } = building.energy;
    const kpi = consumptionRatio(selfConsumption(building), netWithoutStorage(building));
    return [
      building.name,
      story,
      (sum(load) / 1000).toFixed(2),
      maximum(load).toFixed(1),
      (mean(load) / maximum(load)).toFixed(2),
      autocorrelation(load, 24).toFixed(2),
      `${pv.nominalPower}`,
      `${pv.tilt}, ${pv.azimuth}`,
      ((sum(generation) * pv.nominalPower) / 1e6).toFixed(2),
      ['capacity', 'nominal_power'].map((name) => building.devices.electrical_storage!.attributes[name]).join(', '),
      kpi.toFixed(2),
    ];
  }),
);

const columns: readonly (readonly [string, Float64Array])[] = [
  ['outdoor temperature, °C', first.weather.outdoor_dry_bulb_temperature],
  ['outdoor humidity, %', first.weather.outdoor_relative_humidity],
  ['diffuse irradiance, W/m²', first.weather.diffuse_solar_irradiance],
  ['direct irradiance, W/m²', first.weather.direct_solar_irradiance],
  ['price, $/kWh', first.pricing!.electricity_pricing],
  ['carbon intensity, kg/kWh', first.carbon!],
  ['Building_1 load, kWh', first.energy.non_shiftable_load],
  ['Building_1 generation, W/kW', first.energy.solar_generation],
  ['district load, kWh', total(buildings.map(({ energy }) => energy.non_shiftable_load))],
  ['district net, kWh', total(buildings.map(netWithoutStorage))],
];
const columnTable = table(
  ['series', 'least', 'mean', 'most', 'lag-1', 'lag-24', 'lag-168'],
  columns.map(([name, values]) => [
    name,
    ...[minimum(values), mean(values), maximum(values)].map((value) => `${Number(value.toPrecision(4))}`),
    ...[1, 24, 168].map((lag) => autocorrelation(values, lag).toFixed(2)),
  ]),
);

const net = total(buildings.map(netWithoutStorage));
const { outdoor_dry_bulb_temperature: temperature, outdoor_relative_humidity: humidity } = first.weather;
const seasonTable = table(
  ['season', 'midday trough of district net, kW', 'evening peak, kW', 'trough / peak', 'PV, kWh per kW and day', 'mean °C'],
  (
    [
      ['summer (Jun–Aug)', [6, 7, 8]],
      ['autumn (Sep–Nov)', [9, 10, 11]],
      ['winter (Dec–Feb)', [12, 1, 2]],
      ['spring (Mar–May)', [3, 4, 5]],
    ] as const
  ).map(([name, months]) => {
    const keep = (_: number, row: number): boolean => (months as readonly number[]).includes(month[row]!);
    const profile = dailyProfile(net, hour, (row) => keep(0, row));
    const [trough, peak] = [minimum(profile), maximum(profile.slice(15))];
    return [
      name,
      trough.toFixed(1),
      peak.toFixed(1),
      (trough / peak).toFixed(2),
      ((mean(first.energy.solar_generation.filter(keep)) * 24) / 1000).toFixed(2),
      mean(temperature.filter(keep)).toFixed(1),
    ];
  }),
);

const shares = [
  `coincidence factor of the eight loads ${coincidence(buildings.map(({ energy }) => energy.non_shiftable_load)).toFixed(2)}`,
  `correlation of temperature and humidity ${correlation(temperature, humidity).toFixed(2)}`,
  `district consumption with batteries on the simple rule over without: ${consumptionRatio(total(buildings.map(selfConsumption)), net).toFixed(2)}`,
].join('; ');

const sections: Readonly<Record<string, string>> = {
  buildings: buildingTable,
  series: columnTable,
  seasons: `${seasonTable}\n\nFurther: ${shares}.`,
  hash: `\`${district.hash}\``,
};
const page = new URL('builtin-district.md', import.meta.url);
let text = readFileSync(page, 'utf8');
for (const [name, content] of Object.entries(sections)) {
  const marked = new RegExp(`(<!-- ${name} -->)[^]*?(<!-- end -->)`);
  if (!marked.test(text)) throw new Error(`${page.pathname} has no <!-- ${name} --> … <!-- end --> to fill`);
  text = text.replace(marked, (_, begin: string, end: string) => `${begin}\n\n${content}\n\n${end}`);
}
writeFileSync(page, text);
