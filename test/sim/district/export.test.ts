import * as fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { ConfigError } from '../../../core/errors.ts';
import { csvRow, csvRows } from '../../../core/csv.ts';
import { chargerCommandField, chargerConsumptionField, extraFields } from '../../../sim/district/fleet-layout.ts';
import { defaultStartDate, timestamps } from '../../../sim/district/export-clock.ts';
import { exportedRows, exportRecorder } from '../../../sim/district/export-recorder.ts';
import { numpyFloat32, pythonFloat, threeDecimals, twoDecimals } from '../../../sim/district/export-text.ts';
import { exportFiles } from '../../../sim/district/export.ts';
import type { ExportRun } from '../../../sim/district/export.ts';
import * as hour from '../../../sim/district/hour.ts';
import { districtKpiMeter } from '../../../sim/district/kpi.ts';
import { profiles } from '../../../sim/district/profile.ts';
import { bareModel } from '../../support/bare-model.ts';
import { goldenHours } from '../../support/golden-hours.ts';
import type { GoldenHours } from '../../support/golden-hours.ts';
import { goldenKpis, goldenRun } from '../../support/golden-run.ts';
import { sharedMissing } from '../../support/shared.ts';

/** A file as its columns of text. */
function table(text: string | undefined): Record<string, string[]> {
  const lines = csvRows(text!).map(csvRow);
  return Object.fromEntries(lines[0]!.map((name, c) => [name, lines.slice(1).map((line) => line[c]!)]));
}

describe('numbers as Python prints them', () => {
  it.each([
    [0, '0.0'],
    [-0, '-0.0'],
    [1, '1.0'],
    [-2.5, '-2.5'],
    [0.1, '0.1'],
    [1e-4, '0.0001'],
    [1e-5, '1e-05'],
    [-1.5e-7, '-1.5e-07'],
    [2.32e-10, '2.32e-10'],
    [1e15, '1000000000000000.0'],
    [1e16, '1e+16'],
    [1.2345678901234568e17, '1.2345678901234568e+17'],
    [1e22, '1e+22'],
    [55.43962629617055, '55.43962629617055'],
    [Number.NaN, ''],
  ])('%s', (value, text) => expect(pythonFloat(value)).toBe(text));

  it('read back to the bit', () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (value) => {
        expect(Number(pythonFloat(value))).toBe(value);
      }),
    );
    fc.assert(
      fc.property(fc.float({ noNaN: true, noDefaultInfinity: true }), (value) => {
        expect(Math.fround(Number(numpyFloat32(value)))).toBe(value);
      }),
    );
  });

  it('are float32 where CityLearn keeps them so', () => {
    expect(numpyFloat32(Math.fround(0.10566576))).toBe('0.10566576');
    expect(pythonFloat(Math.fround(0.87))).toBe('0.8700000047683716');
    // Below 1e-4 as a float32.
    expect(numpyFloat32(1e-4)).toBe('1e-04');
  });

  it('are rounded to even', () => {
    expect([0.125, 0.375, 0.145, 0.3, 1].map(twoDecimals)).toEqual(['0.12', '0.38', '0.14', '0.30', '1.00']);
    expect([0.0625, 1.6979466, -9.7e-11, 2, -0.0005, -1.5].map(threeDecimals)).toEqual([0.062, 1.698, -0, 2, -0, -1.5]);
  });
});

describe('timestamps', () => {
  const calendar = (hours: readonly number[], months: readonly number[], minutes: readonly number[] = []) => ({
    month: Float64Array.from(months),
    hour: Float64Array.from(hours),
    minutes: Float64Array.from(hours, (_, t) => minutes[t] ?? 0),
  });

  it('count days at midnight and go on with the file’s months', () => {
    const hours = [24, 1, 2, 23, 24, 1, 23, 24, 1];
    expect(timestamps(calendar(hours, [7, 8, 8, 8, 8, 8, 8, 8, 9]), 0, 9, 3600, '2024-01-01')).toEqual([
      '2024-08-01T00:00:00',
      '2024-08-01T01:00:00',
      '2024-08-01T02:00:00',
      '2024-08-01T23:00:00',
      '2024-08-02T00:00:00',
      '2024-08-02T01:00:00',
      '2024-08-02T23:00:00',
      '2024-09-01T00:00:00',
      '2024-09-01T01:00:00',
    ]);
  });

  it('go on into the next year, once', () => {
    const hours = [22, 23, 24, 1];
    expect(timestamps(calendar(hours, [12, 12, 12, 1]), 0, 4, 3600, '2023-12-31')).toEqual([
      '2023-12-31T22:00:00',
      '2023-12-31T23:00:00',
      '2024-01-01T00:00:00',
      '2024-01-01T01:00:00',
    ]);
    expect(timestamps(calendar([23, 0, 1], [12, 1, 1]), 0, 3, 3600, '2023-12-31')).toEqual([
      '2023-12-31T23:00:00',
      '2024-01-01T00:00:00',
      '2024-01-01T01:00:00',
    ]);
  });

  it('begin on the day that the episode’s first row is', () => {
    const hours = Array.from({ length: 50 }, (_, t) => t % 24);
    const months = hours.map(() => 1);
    expect(timestamps(calendar(hours, months), 48, 2, 3600, '2024-01-01')[0]).toBe('2024-01-03T00:00:00');
  });

  it('have the file’s minutes', () => {
    const quarter = calendar([1, 1, 1, 1, 2], [5, 5, 5, 5, 5], [0, 15, 30, 45, 0]);
    expect(timestamps(quarter, 0, 5, 900, '2024-05-01').map((text) => text.slice(11))).toEqual([
      '01:00:00',
      '01:15:00',
      '01:30:00',
      '01:45:00',
      '02:00:00',
    ]);
  });

  it.each(['2024-1-1', '2024-02-30', 'today', ''])('refuse the start date %j', (date) => {
    expect(() => timestamps(calendar([0], [1]), 0, 1, 3600, date)).toThrow(ConfigError);
  });
});

describe('a run with a charger', () => {
  const rows = 3;
  const blank = Float64Array.of(Number.NaN, Number.NaN, Number.NaN);
  const single = bareModel(profiles.head, {
    rows: rows + 1,
    columns: {
      month: Float64Array.of(8, 8, 8, 8),
      hour: Float64Array.of(0, 1, 2, 3),
      non_shiftable_load: Float64Array.of(1, 2, 3, 4),
      electricity_pricing: Float64Array.of(0.22, 0.22, 0.5, 0.5),
    },
    observations: [],
    data: {
      name: 'Building_5',
      chargers: [
        {
          id: 'charger_5_1',
          maxChargingPower: 7,
          minChargingPower: 0,
          maxDischargingPower: 7,
          minDischargingPower: 0,
          efficiency: 0.9,
          chargeEfficiencyCurve: null,
          dischargeEfficiencyCurve: null,
          state: Float64Array.of(3, 2, 1, 1),
          car: ['', 'Electric_Vehicle_1', 'Electric_Vehicle_1', 'Electric_Vehicle_1'],
          batteryCapacity: Float64Array.of(40, 40, 40, 40),
          currentSoc: blank,
          departureTime: Float64Array.of(Number.NaN, Number.NaN, 9, 8),
          requiredSocDeparture: Float64Array.of(Number.NaN, Number.NaN, 87, 87),
          estimatedArrivalTime: Float64Array.of(Number.NaN, 0, Number.NaN, Number.NaN),
          estimatedSocArrival: Float64Array.of(Number.NaN, 62.5, Number.NaN, Number.NaN),
        },
      ],
    },
  });
  const model = {
    ...single,
    district: {
      ...single.district,
      electricVehicles: [{ name: 'Electric_Vehicle_1', attributes: { capacity: 40 } }],
    },
  };
  const recorder = exportRecorder([model], exportedRows(model.profile, rows + 1), 1);
  const socs = [0.5, 0.625, 0.7, 0];
  for (let t = 0; t <= rows; t++) {
    const hours = new Float64Array(hour.FIXED_FIELDS + extraFields(model.data));
    hours[hour.NET] = t - 0.5;
    hours[hour.LOAD_CONSUMPTION] = 3 * (t + 1);
    hours[hour.BATTERY_SOC] = Math.fround(0.1 * t);
    hours[hour.BATTERY_BALANCE] = t === 1 ? -0.25 : 0.5;
    hours[hour.SOLAR] = -0;
    hours[hour.DHW + hour.TANK_BALANCE] = -0.125;
    hours[hour.COST] = 0.25;
    hours[hour.EMISSION] = 0.5;
    hours[chargerConsumptionField(model.data, 0)] = [0, 0, 3.5, 0][t]!;
    hours[chargerCommandField(model.data, 0)] = [0, 0, 3.75, 0][t]!;
    recorder.push(0, hours, 0, t, [socs[t]!]);
  }
  const run: ExportRun = {
    models: [model],
    start: 0,
    episode: 2,
    startDate: defaultStartDate,
    series: recorder.series,
    carSoc: recorder.carSoc,
    kpis: [
      { level: 'district', name: 'District', costFunction: 'cost_total', value: 1.23456 },
      { level: 'district', name: 'District', costFunction: 'ramping_average', value: 2 },
      { level: 'district', name: 'District', costFunction: 'discomfort_proportion', value: null },
      { level: 'building', name: 'Building_5', costFunction: 'cost_total', value: 1.0005 },
      { level: 'building', name: 'Building_5', costFunction: 'discomfort_proportion', value: null },
    ],
  };
  const files = exportFiles(run);

  it('has the files that citylearn-ui looks for, without the hour that nobody acted in', () => {
    expect([...files.keys()]).toEqual([
      'exported_data_community_ep2.csv',
      'exported_data_building_5_ep2.csv',
      'exported_data_building_5_battery_ep2.csv',
      'exported_data_building_5_charger_5_1_ep2.csv',
      'exported_data_pricing_ep2.csv',
      'exported_data_electric_vehicle_1_ep2.csv',
      'exported_kpis.csv',
    ]);
    for (const [name, text] of files) {
      if (name !== 'exported_kpis.csv')
        expect(table(text)['timestamp'], name).toEqual(['00', '01', '02'].map((h) => `2024-08-01T${h}:00:00`));
    }
  });

  it('sums the district up', () => {
    expect(table(files.get('exported_data_community_ep2.csv'))).toMatchObject({
      'Net Electricity Consumption-kWh': ['-0.5', '0.5', '1.5'],
      'Self Consumption-kWh': ['0.125', '0.375', '0.125'],
      'Stored energy by community- kWh': ['0.5', '0.0', '0.5'],
      'Total Solar Generation-kWh': ['0.0', '0.0', '0.0'],
      'CO2-kg_co2': ['0.5', '0.5', '0.5'],
      'Price-$': ['0.25', '0.25', '0.25'],
    });
  });

  it('shows building, battery, prices and car', () => {
    expect(table(files.get('exported_data_building_5_ep2.csv'))).toMatchObject({
      'Non-shiftable Load-kWh': ['1.0', '2.0', '3.0'],
      'Non-shiftable Load Electricity Consumption-kWh': ['3.0', '6.0', '9.0'],
      'Energy Production from PV-kWh': ['-0.0', '-0.0', '-0.0'],
    });
    expect(table(files.get('exported_data_building_5_battery_ep2.csv'))).toMatchObject({
      'Battery Soc-%': ['0.0', '0.1', '0.2'],
      'Battery (Dis)Charge-kWh': ['0.5', '-0.25', '0.5'],
    });
    expect(table(files.get('exported_data_pricing_ep2.csv'))).toMatchObject({
      'electricity_pricing-$/kWh': ['0.2199999988079071', '0.2199999988079071', '0.5'],
      'electricity_pricing_predicted_3-$/kWh': ['0.0', '0.0', '0.0'],
    });
    expect(table(files.get('exported_data_electric_vehicle_1_ep2.csv'))).toMatchObject({
      name: ['Electric_Vehicle_1', 'Electric_Vehicle_1', 'Electric_Vehicle_1'],
      'Battery capacity': ['40', '40', '40'],
      electric_vehicle_soc: ['0.5', '0.625', '0.7'],
    });
  });

  it('shows the charger: nobody, a car that is coming, a car that is there', () => {
    const charger = table(files.get('exported_data_building_5_charger_5_1_ep2.csv'));
    expect(Object.keys(charger)).toEqual([
      'timestamp',
      'Charger Consumption-kWh',
      'Charger Production-kWh',
      'Incoming EV Name',
      'Charging Action-kWh',
      'EV SOC',
      'EV Charger State',
      'EV Required SOC Departure-%',
      'EV Estimated SOC Arrival-%',
      'EV Arrival Time',
      'EV Departure Time',
      'Is EV Connected',
      'EV Name',
      'EV SOC-%',
    ]);
    expect(charger).toMatchObject({
      'Charger Consumption-kWh': ['-1.00', '-1.00', '3.5'],
      'Charger Production-kWh': ['0.0', '0.0', '-1.00'],
      'Incoming EV Name': ['', 'Electric_Vehicle_1', ''],
      'Charging Action-kWh': ['0.0', '0.0', '3.75'],
      'EV SOC': ['-1.00', '', ''],
      'EV SOC-%': ['', '0.62', '0.70'],
      'EV Charger State': ['-1.00', '2.0', '1.0'],
      'EV Required SOC Departure-%': ['-1.00', '-0.10000000149011612', '0.8700000047683716'],
      'EV Estimated SOC Arrival-%': ['-1.00', '0.625', '-0.10000000149011612'],
      'EV Arrival Time': ['-1.00', '0', '-1'],
      'EV Departure Time': ['-1.00', '-1', '9'],
      'Is EV Connected': ['False', 'True', 'True'],
      'EV Name': ['', 'Electric_Vehicle_1', 'Electric_Vehicle_1'],
    });
  });

  it('has a row a KPI that somebody has a value of', () => {
    expect(files.get('exported_kpis.csv')).toBe(
      'KPI,Building_5,District\ncost_total,1.0,1.235\nramping_average,,2.0\n',
    );
  });

  it('stays in its folder whatever a building is called', () => {
    const named = { ...model, data: { ...model.data, name: '../../Etc/x', chargers: [] } };
    const own = exportFiles({ ...run, models: [named], series: [{ ...recorder.series[0]!, chargers: [] }] });
    for (const name of own.keys()) expect(name).not.toMatch(/[/\\]/);
  });
});

describe.skipIf(sharedMissing)('CityLearn’s own run (needs ../shared)', () => {
  const run = sharedMissing ? null : goldenRun('v2.3.1', 'citylearn_challenge_2023_phase_1', 'random');
  let golden: GoldenHours;
  let files: Map<string, string>;

  beforeAll(async () => {
    golden = await goldenHours(run!);
    const { models, hours, ats } = golden;
    const rows = exportedRows(models[0]!.profile, golden.rows);
    const recorder = exportRecorder(models, rows);
    const meter = districtKpiMeter(models, { start: 0, rows: golden.rows });
    for (let t = 0; t < golden.rows; t++) {
      golden.fill(t);
      meter.push(hours, ats, t);
      models.forEach((_, i) => recorder.push(i, hours, ats[i]!, t));
    }
    files = exportFiles({
      models,
      start: 0,
      episode: 0,
      startDate: defaultStartDate,
      series: recorder.series,
      carSoc: [],
      kpis: meter.rows(),
    });
  }, 60_000);

  it('reads back as its series', () => {
    for (let i = 0; i < 3; i++) {
      const own = table(files.get(`exported_data_building_${i + 1}_ep0.csv`));
      const battery = table(files.get(`exported_data_building_${i + 1}_battery_ep0.csv`));
      expect(own['Net Electricity Consumption-kWh']!.map(Number)).toEqual([...golden.series[`${i}.net`]!]);
      expect(battery['Battery Soc-%']!.map((text) => Math.fround(Number(text)))).toEqual([
        ...golden.series[`${i}.electrical_storage.soc`]!,
      ]);
    }
    const community = table(files.get('exported_data_community_ep0.csv'));
    expect(community['Net Electricity Consumption-kWh']!.map(Number)).toEqual([...golden.series['district.net']!]);
    expect(community['Price-$']!.map(Number)).toEqual([...golden.series['district.cost']!]);
  });

  it('pivots its KPIs, to three decimals', () => {
    const kpis = table(files.get('exported_kpis.csv'));
    expect(Object.keys(kpis)).toEqual(['KPI', 'Building_1', 'Building_2', 'Building_3', 'District']);
    for (const { name, costFunction, value } of goldenKpis(run!)) {
      const row = kpis['KPI']!.indexOf(costFunction);
      if (row < 0) expect(value, costFunction).toBeNull();
      else if (value !== null) expect(Math.abs(Number(kpis[name]![row]) - value)).toBeLessThanOrEqual(5.0001e-4);
    }
    expect(kpis['KPI']).not.toContain('one_minus_thermal_resilience_proportion');
    expect(kpis['KPI']).toHaveLength(19);
  });
});
