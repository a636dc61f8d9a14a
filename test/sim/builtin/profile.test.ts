import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { builtinDistrict } from '../../../sim/data/builtin/index.ts';
import type { BuildingData } from '../../../sim/data/dataset.ts';
import { consumptionRatio, netWithoutStorage, selfConsumption } from './self-consumption.ts';
import {
  autocorrelation,
  coincidence,
  correlation,
  dailyProfile,
  maximum,
  mean,
  minimum,
  sum,
  total,
} from './statistics.ts';

const { buildings } = builtinDistrict();
const first = buildings[0]!;
const homes = buildings.slice(0, 6);
const loads = buildings.map(({ energy }) => energy.non_shiftable_load);
const districtNet = total(buildings.map(netWithoutStorage));
const { month, hour, day_type: dayType } = first.energy;
const summer = (row: number): boolean => month[row]! >= 6 && month[row]! <= 8;
const winter = (row: number): boolean => month[row] === 12 || month[row]! <= 2;

describe('loads', () => {
  it('are those of homes and small businesses', () => {
    for (const { energy } of homes) {
      expect(sum(energy.non_shiftable_load)).toBeGreaterThan(2500);
      expect(sum(energy.non_shiftable_load)).toBeLessThan(12_000);
      expect(maximum(energy.non_shiftable_load)).toBeGreaterThan(3);
      expect(maximum(energy.non_shiftable_load)).toBeLessThan(10);
      expect(minimum(energy.non_shiftable_load)).toBeGreaterThan(0.05);
    }
    for (const { energy } of buildings.slice(6)) {
      expect(sum(energy.non_shiftable_load)).toBeGreaterThan(15_000);
      expect(sum(energy.non_shiftable_load)).toBeLessThan(30_000);
    }
  });

  it('repeat daily and weekly, but not like clockwork', () => {
    for (const load of loads) {
      expect(autocorrelation(load, 24)).toBeGreaterThan(0.2);
      expect(autocorrelation(load, 24)).toBeLessThan(0.9);
      expect(autocorrelation(load, 24)).toBeGreaterThan(autocorrelation(load, 12));
    }
    expect(autocorrelation(total(loads), 24)).toBeGreaterThan(0.7);
    const office = loads[7]!;
    expect(autocorrelation(office, 168)).toBeGreaterThan(autocorrelation(office, 24) + 0.1);
  });

  it('peak at different times', () => {
    expect(coincidence(loads)).toBeGreaterThan(0.35);
    expect(coincidence(loads)).toBeLessThan(0.7);
    for (const load of loads) expect(mean(load) / maximum(load)).toBeLessThan(0.35);
  });

  it('follow the habits: the commuters’ evening, the night-shift worker’s sleep, the office’s Sunday', () => {
    const commuters = dailyProfile(loads[0]!, hour, (row) => dayType[row]! <= 5 && winter(row));
    expect(mean(commuters.slice(18, 22))).toBeGreaterThan(3 * mean(commuters.slice(9, 16)));
    const night = dailyProfile(loads[4]!, hour, (row) => dayType[row]! <= 5 && winter(row));
    expect(mean(night.slice(15, 18))).toBeGreaterThan(1.5 * mean(night.slice(10, 13)));
    const office = (day: number): number => mean(dailyProfile(loads[7]!, hour, (row) => dayType[row] === day));
    expect(office(2)).toBeGreaterThan(2 * office(7));
  });

  it('rise with heat and, in the all-electric house, with cold', () => {
    const t = first.weather.outdoor_dry_bulb_temperature;
    const evening = (load: Float64Array, keep: (row: number) => boolean): number =>
      mean(load.filter((_, row) => hour[row]! >= 18 && hour[row]! <= 22 && keep(row)));
    const mild = (row: number): boolean => t[row]! > 14 && t[row]! < 20;
    for (const load of loads) expect(evening(load, (row) => t[row]! > 28)).toBeGreaterThan(1.15 * evening(load, mild));
    expect(evening(loads[5]!, (row) => t[row]! < 6)).toBeGreaterThan(1.2 * evening(loads[5]!, mild));
  });
});

describe('the sun and the duck', () => {
  it('gives 1200 to 1800 kWh per kW a year, and in winter half of the summer', () => {
    for (const { energy } of buildings) {
      const yearly = sum(energy.solar_generation) / 1000;
      expect(yearly).toBeGreaterThan(1200);
      expect(yearly).toBeLessThan(1800);
      const [inSummer, inWinter] = [summer, winter].map((keep) =>
        sum(energy.solar_generation.filter((_, row) => keep(row))),
      );
      expect(inWinter! / inSummer!).toBeGreaterThan(0.25);
      expect(inWinter! / inSummer!).toBeLessThan(0.65);
    }
  });

  it('dips at midday below zero and peaks in the evening, more so in summer', () => {
    const [inSummer, inWinter] = [summer, winter].map((keep) => dailyProfile(districtNet, hour, keep));
    for (const profile of [inSummer!, inWinter!]) {
      expect(profile.indexOf(minimum(profile))).toBeGreaterThanOrEqual(9);
      expect(profile.indexOf(minimum(profile))).toBeLessThanOrEqual(13);
      expect(minimum(profile) / maximum(profile)).toBeLessThan(-0.4);
    }
    expect(inSummer!.indexOf(maximum(inSummer!))).toBeGreaterThanOrEqual(18);
    expect(maximum(inSummer!) - minimum(inSummer!)).toBeGreaterThan(maximum(inWinter!) - minimum(inWinter!));
    expect(autocorrelation(districtNet, 24)).toBeGreaterThan(0.7);
  });

  it('comes and goes with clouds that last for days', () => {
    const daily = Float64Array.from({ length: 365 }, (_, day) =>
      sum(first.energy.solar_generation.slice(day * 24, day * 24 + 24)),
    );
    const clearest = Float64Array.from(daily, (_, day) => maximum(daily.slice(Math.max(day - 15, 0), day + 15)));
    const clearness = daily.map((value, day) => value / clearest[day]!);
    expect(clearness.filter((value) => value < 0.4).length).toBeGreaterThan(20);
    expect(clearness.filter((value) => value > 0.9).length).toBeGreaterThan(120);
    expect(autocorrelation(clearness, 1)).toBeGreaterThan(0.3);
  });
});

describe('weather, tariff and carbon', () => {
  const { weather, pricing } = first;
  const carbon = first.carbon!;
  const t = weather.outdoor_dry_bulb_temperature;

  it('has warm summers, mild winters, cool nights and dry afternoons', () => {
    expect(minimum(t)).toBeGreaterThan(-8);
    expect(maximum(t)).toBeLessThan(43);
    expect(Math.abs(mean(t) - 15)).toBeLessThan(1);
    expect(mean(t.filter((_, row) => summer(row))) - mean(t.filter((_, row) => winter(row)))).toBeGreaterThan(10);
    const profile = dailyProfile(t, hour);
    expect(profile.indexOf(maximum(profile))).toBeGreaterThanOrEqual(14);
    expect(profile.indexOf(minimum(profile))).toBeLessThanOrEqual(6);
    expect(correlation(t, weather.outdoor_relative_humidity)).toBeLessThan(-0.5);
    expect(autocorrelation(t, 24)).toBeGreaterThan(0.8);
    expect(autocorrelation(t, 1)).toBeLessThan(0.995);
  });

  it('costs most on summer evenings and knows a handful of rates', () => {
    const price = pricing!.electricity_pricing;
    const rates = [...new Set(price)];
    expect(rates.length).toBeGreaterThanOrEqual(5);
    expect(rates.length).toBeLessThanOrEqual(10);
    expect([Math.min(...rates), Math.max(...rates)]).toEqual([0.16, 0.54]);
    for (let row = 0; row < 8760; row++)
      if (price[row] === 0.54) expect([summer(row) || month[row] === 9, dayType[row]! <= 5]).toEqual([true, true]);
  });

  it('emits least at noon and most in the evening, more under clouds', () => {
    const profile = dailyProfile(carbon, hour);
    expect(profile.indexOf(maximum(profile))).toBeGreaterThanOrEqual(17);
    expect(profile.indexOf(minimum(profile))).toBeGreaterThanOrEqual(9);
    expect(profile.indexOf(minimum(profile))).toBeLessThanOrEqual(13);
    expect(maximum(profile) / minimum(profile)).toBeGreaterThan(1.8);
    const noon = (_: number, row: number): boolean => hour[row] === 12;
    expect(correlation(carbon.filter(noon), weather.direct_solar_irradiance.filter(noon))).toBeLessThan(-0.5);
  });
});

describe('the battery problem', () => {
  const kpis = buildings.map((building) => consumptionRatio(selfConsumption(building), netWithoutStorage(building)));

  it('is worth solving: a rule that knows only the last hour saves a third in Building_1', () => {
    expect(kpis[0]).toBeLessThan(0.75);
    expect(kpis.filter((kpi) => kpi < 0.9).length).toBeGreaterThanOrEqual(6);
    for (const kpi of kpis) expect(kpi).toBeGreaterThan(0.5);
  });
});

const folder = new URL('../../../../shared/datasets/citylearn_challenge_2022_phase_2/', import.meta.url);

describe.skipIf(!existsSync(folder))('beside the CityLearn 2022 houses (skipped without ../shared/datasets)', () => {
  // The body of a skipped suite runs all the same: without the folder there is nothing to read.
  const numbers = existsSync(folder) ? [6, 7, 8, 9, 10] : [];
  const real = numbers.map((k): BuildingData => {
    const energy = readCsv(`Building_${k}.csv`) as unknown as BuildingData['energy'];
    return {
      ...first,
      name: `Building_${k}`,
      energy,
      devices: {
        ...first.devices,
        electrical_storage: {
          ...first.devices.electrical_storage!,
          attributes: { capacity: 6.4, nominal_power: 5 },
        },
        pv: { ...first.devices.pv!, attributes: { nominal_power: k === 10 ? 5 : 4 } },
      },
    };
  });
  const ratio = (statistic: (building: BuildingData) => number): number =>
    mean(Float64Array.from(homes, statistic)) / mean(Float64Array.from(real, statistic));

  it('has homes of like load, peak, load factor, memory, yield and value of storage', () => {
    const compared = {
      yearlyLoad: ratio(({ energy }) => sum(energy.non_shiftable_load)),
      peak: ratio(({ energy }) => maximum(energy.non_shiftable_load)),
      loadFactor: ratio(({ energy }) => mean(energy.non_shiftable_load) / maximum(energy.non_shiftable_load)),
      lag1: ratio(({ energy }) => autocorrelation(energy.non_shiftable_load, 1)),
      lag24: ratio(({ energy }) => autocorrelation(energy.non_shiftable_load, 24)),
      yield: ratio(({ energy }) => sum(energy.solar_generation)),
      consumptionKpi: ratio((building) => consumptionRatio(selfConsumption(building), netWithoutStorage(building))),
    };
    for (const [name, value] of Object.entries(compared)) {
      expect(value, name).toBeGreaterThan(0.65);
      expect(value, name).toBeLessThan(1.5);
    }
  });

  it('has a like coincidence of peaks and carbon intensity', () => {
    const realLoads = real.map(({ energy }) => energy.non_shiftable_load);
    expect(Math.abs(coincidence(loads.slice(0, 5)) - coincidence(realLoads))).toBeLessThan(0.15);
    const realCarbon = readCsv('carbon_intensity.csv')['carbon_intensity']!;
    expect(Math.abs(mean(first.carbon!) / mean(realCarbon) - 1)).toBeLessThan(0.15);
    expect(Math.abs(autocorrelation(first.carbon!, 24) - autocorrelation(realCarbon, 24))).toBeLessThan(0.1);
  });

  function readCsv(name: string): Record<string, Float64Array> {
    const [header, ...lines] = readFileSync(new URL(name, folder), 'utf8').trim().split('\n');
    const cells = lines.map((line) => line.split(','));
    const columns = header!.trim().split(',');
    return Object.fromEntries(columns.map((column, k) => [column, Float64Array.from(cells, (row) => Number(row[k]))]));
  }
});
