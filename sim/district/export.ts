import { csvText } from '../../core/csv.ts';
import { openCharger } from './charger.ts';
import type { Charger } from './charger.ts';
import { timestamps } from './export-clock.ts';
import type { ExportSeries } from './export-recorder.ts';
import { numpyFloat32, pythonFloat, threeDecimals, twoDecimals } from './export-text.ts';
import type { KpiRow } from './kpi.ts';
import type { BuildingModel } from './model.ts';

/*
 * The CSV files that CityLearn's master and 3.0 write of a run (`render_mode='end'`), which citylearn-ui reads: one folder a simulation, in it
 *
 * - exported_data_community_ep<N>.csv: the district's net, what its stores gave and its batteries took, solar (≤ 0), emission and cost;
 * - exported_data_<building>_ep<N>.csv: net, load, what was booked for the load, solar (≤ 0);
 * - exported_data_<building>_battery_ep<N>.csv: SoC (a fraction, whatever the header says), kWh at the terminals;
 * - exported_data_<building>_<charger>_ep<N>.csv: kWh drawn and given (−1.00: the other one), the car that is there or coming, its schedule;
 * - exported_data_<car>_ep<N>.csv: name, kWh, SoC;
 * - exported_data_pricing_ep<N>.csv: the first building's prices;
 * - exported_kpis.csv: a row a KPI, a column a building, three decimals; KPIs that nobody has a value of are left out.
 *
 * Names of buildings and cars are in lower case. Every data file begins with `timestamp`; numbers are as Python prints them. Source: CityLearn,
 * exporter.py and the as_dict of each part, October 2025; citylearn-ui, RecDashboard.js and KPIs.js.
 */

/** A run to export; every series has one length. */
export interface ExportRun {
  readonly models: readonly BuildingModel[];
  /** First row of the episode in the simulation range. */
  readonly start: number;
  /** CityLearn counts from 0. */
  readonly episode: number;
  /** ISO date of the simulation range's first row: CityLearn's own default is `defaultStartDate`. */
  readonly startDate: string;
  /** One a building. */
  readonly series: readonly ExportSeries[];
  /** One an electric vehicle of the dataset, in its order; NaN is a blank. */
  readonly carSoc: readonly Float64Array[];
  readonly kpis: readonly KpiRow[];
}

type Cell = (t: number) => string;
type Columns = readonly (readonly [name: string, cell: Cell])[];

/** The files of a run: name → text. @throws {ConfigError} for a start date that is none. */
export function exportFiles(run: ExportRun): Map<string, string> {
  const { models, series, start, episode } = run;
  const [first] = models;
  const { profile, district, columns } = first!;
  const rows = series[0]!.net.length;
  const { month, hour, minutes } = columns.named;
  const calendar = { month: month!, hour: hour!, minutes: minutes! };
  const times = timestamps(calendar, start, rows, district.secondsPerTimeStep, run.startDate);
  const stored = profile.float32 ? numpyFloat32 : pythonFloat;
  const files = new Map<string, string>();
  const add = (name: string, own: Columns): void => {
    const all: Columns = [['timestamp', (t) => times[t]!], ...own];
    files.set(
      fileName(`exported_data_${name}_ep${episode}.csv`),
      csvText(
        all.map(([head]) => head),
        rows,
        (t, c) => all[c]![1](t),
      ),
    );
  };
  add('community', community(series));
  const cars = district.electricVehicles.map(({ name }) => name);
  models.forEach((model, i) => {
    const own = series[i]!;
    const name = model.data.name.toLowerCase();
    add(name, building(model, own, start));
    add(`${name}_battery`, [
      ['Battery Soc-%', (t) => stored(own.batterySoc[t]!)],
      ['Battery (Dis)Charge-kWh', (t) => stored(own.batteryBalance[t]!)],
    ]);
    model.data.chargers.forEach((data, c) => {
      const charger = openCharger(data, district, cars, profile);
      // Master reads a charger's file by the episode's steps, whatever row the episode begins at.
      const offset = profile.alignment === 'now' ? 0 : start;
      add(`${name}_${data.id}`, chargerColumns(charger, cars, offset, own.chargers[c]!, run.carSoc, rows));
    });
  });
  const price = profile.float32 && !profile.wideColumns ? numpyFloat32 : pythonFloat;
  add(
    'pricing',
    ['', '_predicted_1', '_predicted_2', '_predicted_3'].map((ahead) => {
      const values = columns.named[`electricity_pricing${ahead}`]!;
      return [`electricity_pricing${ahead}-$/kWh`, (t: number) => price(values[start + t]!)] as const;
    }),
  );
  district.electricVehicles.forEach(({ name, attributes }, e) => {
    const soc = run.carSoc[e];
    add(name.toLowerCase(), [
      ['name', () => name],
      ['Battery capacity', () => String(attributes['capacity'])],
      ['electric_vehicle_soc', (t) => (soc === undefined ? '' : stored(soc[t]!))],
    ]);
  });
  files.set('exported_kpis.csv', kpiTable(run.kpis));
  return files;
}

/** Names come from a dataset: none leads out of the folder. */
function fileName(name: string): string {
  return name.replaceAll(/[/\\:]/g, '_');
}

function community(series: readonly ExportSeries[]): Columns {
  const sum = (of: (one: ExportSeries) => number): string => {
    let total = 0;
    for (const one of series) total += of(one);
    return pythonFloat(total);
  };
  const given = (balance: Float64Array, t: number): number => Math.max(-balance[t]!, 0);
  return [
    ['Net Electricity Consumption-kWh', (t) => sum((one) => one.net[t]!)],
    [
      'Self Consumption-kWh',
      (t) =>
        sum(
          (one) =>
            given(one.batteryBalance, t) +
            given(one.coolingBalance, t) +
            given(one.heatingBalance, t) +
            given(one.dhwBalance, t),
        ),
    ],
    ['Stored energy by community- kWh', (t) => sum((one) => Math.max(one.batteryBalance[t]!, 0))],
    ['Total Solar Generation-kWh', (t) => sum((one) => one.solar[t]!)],
    ['CO2-kg_co2', (t) => sum((one) => one.emission[t]!)],
    ['Price-$', (t) => sum((one) => one.cost[t]!)],
  ];
}

function building({ columns }: BuildingModel, own: ExportSeries, start: number): Columns {
  return [
    ['Net Electricity Consumption-kWh', (t) => pythonFloat(own.net[t]!)],
    ['Non-shiftable Load-kWh', (t) => pythonFloat(columns.load[start + t]!)],
    ['Non-shiftable Load Electricity Consumption-kWh', (t) => pythonFloat(own.loadConsumption[t]!)],
    ['Energy Production from PV-kWh', (t) => pythonFloat(own.solar[t]!)],
  ];
}

const missing = '-1.00';

/** Without a car CityLearn fills another column of SoC than with one; the file has both, in the order of their first rows. */
function chargerColumns(
  charger: Charger,
  cars: readonly string[],
  offset: number,
  { consumption, command }: ExportSeries['chargers'][number],
  carSoc: readonly Float64Array[],
  rows: number,
): Columns {
  const coming = (t: number): number => charger.incoming[offset + t]!;
  const car = (t: number): number => (charger.plugged[offset + t]! >= 0 ? charger.plugged[offset + t]! : coming(t));
  const scheduled =
    (values: Float64Array, text: (value: number) => string): Cell =>
    (t) =>
      car(t) < 0 ? missing : text(values[offset + t]!);
  const share = (value: number): string => pythonFloat(Math.fround(value));
  const soc = (t: number): string => {
    const value = carSoc[car(t)]?.[t] ?? Number.NaN;
    return Number.isNaN(value) ? '' : twoDecimals(value);
  };
  const withCar: Columns[number] = ['EV SOC-%', (t) => (car(t) < 0 ? '' : soc(t))];
  const withoutCar: Columns[number] = ['EV SOC', (t) => (car(t) < 0 ? missing : '')];
  const occupied = Array.from({ length: rows }, (_, t) => car(t) >= 0);
  const emptyFirst = occupied[0] === false;
  const before = emptyFirst ? withoutCar : withCar;
  const after = emptyFirst ? withCar : withoutCar;
  return [
    ['Charger Consumption-kWh', (t) => (consumption[t]! > 0 ? pythonFloat(consumption[t]!) : missing)],
    ['Charger Production-kWh', (t) => (consumption[t]! > 0 ? missing : pythonFloat(Math.abs(consumption[t]!)))],
    ['Incoming EV Name', (t) => cars[coming(t)] ?? ''],
    ['Charging Action-kWh', (t) => pythonFloat(command[t]!)],
    before,
    ['EV Charger State', scheduled(charger.state, pythonFloat)],
    ['EV Required SOC Departure-%', scheduled(charger.requiredSoc, share)],
    ['EV Estimated SOC Arrival-%', scheduled(charger.arrivalSoc, share)],
    ['EV Arrival Time', scheduled(charger.arrivalTime, String)],
    ['EV Departure Time', scheduled(charger.departureTime, String)],
    // CityLearn calls a car that is only coming connected as well.
    ['Is EV Connected', (t) => (car(t) < 0 ? 'False' : 'True')],
    ['EV Name', (t) => cars[car(t)] ?? ''],
    ...(occupied.includes(emptyFirst) ? [after] : []),
  ];
}

function kpiTable(kpis: readonly KpiRow[]): string {
  const names = [...new Set(kpis.map(({ name }) => name))].toSorted(byCodeUnit);
  const values = new Map<string, Map<string, number>>();
  for (const { name, costFunction, value } of kpis) {
    if (value === null) continue;
    const row = values.get(costFunction) ?? new Map<string, number>();
    values.set(costFunction, row.set(name, value));
  }
  const functions = [...values.keys()].toSorted(byCodeUnit);
  return csvText(['KPI', ...names], functions.length, (row, c) => {
    const name = functions[row]!;
    if (c === 0) return name;
    const value = values.get(name)!.get(names[c - 1]!);
    return value === undefined ? '' : pythonFloat(threeDecimals(value));
  });
}

function byCodeUnit(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}
