/** A small sound CityLearn folder of two buildings, 48 rows, and ways to damage it. */
export type Files = Map<string, string>;

const rows = 48;
const buildingHead =
  'month,hour,day_type,daylight_savings_status,indoor_dry_bulb_temperature,average_unmet_cooling_setpoint_difference,' +
  'indoor_relative_humidity,non_shiftable_load,dhw_demand,cooling_demand,heating_demand,solar_generation';
const forecasts = ['_predicted_1', '_predicted_2', '_predicted_3'];
const weather = [
  'outdoor_dry_bulb_temperature',
  'outdoor_relative_humidity',
  'diffuse_solar_irradiance',
  'direct_solar_irradiance',
];

export function soundFolder(): Files {
  const table = (head: string, row: (t: number) => string): string =>
    `${[head, ...Array.from({ length: rows }, (_, t) => row(t))].join('\n')}\n`;
  const weatherHead = [...weather, ...weather.flatMap((name) => forecasts.map((suffix) => name + suffix))].join(',');
  const building = (size: number): string =>
    table(
      buildingHead,
      (t) => `8,${(t % 24) + 1},1,0,,,,${size + (t % 24) / 10},0,0,0,${Math.max(0, 12 - Math.abs(12 - (t % 24))) * 50}`,
    );
  const entry = (name: string): object => ({
    include: true,
    energy_simulation: `${name}.csv`,
    weather: 'weather.csv',
    carbon_intensity: 'carbon_intensity.csv',
    pricing: 'pricing.csv',
    electrical_storage: {
      type: 'citylearn.energy_model.Battery',
      autosize: false,
      attributes: { capacity: 6.4, efficiency: 0.9, loss_coefficient: 0, nominal_power: 5 },
    },
    pv: { type: 'citylearn.energy_model.PV', autosize: false, attributes: { nominal_power: 4 } },
  });
  const schema = {
    random_seed: 2022,
    simulation_start_time_step: 0,
    simulation_end_time_step: rows - 1,
    seconds_per_time_step: 3600,
    buildings: { Building_1: entry('Building_1'), Building_2: entry('Building_2') },
  };
  return new Map([
    ['schema.json', JSON.stringify(schema, null, 2)],
    ['Building_1.csv', building(0.5)],
    ['Building_2.csv', building(1)],
    ['weather.csv', table(weatherHead, (t) => Array.from({ length: 16 }, (_, c) => t + c).join(','))],
    ['carbon_intensity.csv', table('carbon_intensity', (t) => String(0.1 + t / 1000))],
    [
      'pricing.csv',
      table(['', ...forecasts].map((suffix) => `electricity_pricing${suffix}`).join(','), () => '0.2,0.2,0.4,0.5'),
    ],
  ]);
}

type Change = (files: Files) => void;

const inFile =
  (file: string, change: (text: string) => string): Change =>
  (files) =>
    files.set(file, change(files.get(file)!));
/** 0-based line (0 is the head) and column. */
const cell = (file: string, line: number, column: number, value: string): Change =>
  inFile(file, (text) => {
    const lines = text.split('\n');
    const cells = lines[line]!.split(',');
    cells[column] = value;
    lines[line] = cells.join(',');
    return lines.join('\n');
  });
const line = (file: string, at: number, change: (line: string) => string | undefined): Change =>
  inFile(file, (text) => {
    const lines = text.split('\n');
    const changed = change(lines[at]!);
    lines.splice(at, 1, ...(changed === undefined ? [] : [changed]));
    return lines.join('\n');
  });
const column = (file: string, at: number, head: string | undefined, value: string): Change =>
  inFile(file, (text) =>
    text
      .trim()
      .split('\n')
      .map((text, row) => {
        const cells = text.split(',');
        cells.splice(at, 1, ...(head === undefined ? [] : [row === 0 ? head : value]));
        return cells.join(',');
      })
      .join('\n'),
  );
// oxlint-disable-next-line typescript/no-explicit-any -- a damaged schema has no type
type Schema = any;
const schema = (change: (schema: Schema) => unknown): Change =>
  inFile('schema.json', (text) => {
    const value = JSON.parse(text) as Schema;
    const replaced = change(value);
    return JSON.stringify(replaced ?? value, null, 2);
  });
const battery = (name: string, value: unknown): Change =>
  schema((all) => void (all.buildings.Building_1.electrical_storage.attributes[name] = value));

export interface Damage {
  readonly what: string;
  readonly change: Change;
  readonly error: 'DataError' | 'ConfigError' | 'DocumentError' | 'UnknownNameError';
  /** Must all stand in the message: what was got, what was expected, where. */
  readonly says: readonly string[];
  readonly buildings?: readonly string[];
}

export const damages: readonly Damage[] = [
  {
    what: 'no schema',
    change: (files) => void files.delete('schema.json'),
    error: 'DataError',
    says: ['folder/schema.json', 'no such file'],
  },
  {
    what: 'an empty schema',
    change: inFile('schema.json', () => ''),
    error: 'DataError',
    says: ['folder/schema.json', 'empty'],
  },
  {
    what: 'a schema that is not JSON',
    change: inFile('schema.json', (text) => text.replace('"weather"', '"weather')),
    error: 'DocumentError',
    says: ['folder/schema.json:'],
  },
  {
    what: 'a schema that is a list',
    change: inFile('schema.json', () => '[1, 2]'),
    error: 'DocumentError',
    says: ['folder/schema.json:1:1', 'object'],
  },
  {
    what: 'a schema cut short',
    change: inFile('schema.json', (text) => text.slice(0, 300)),
    error: 'DocumentError',
    says: ['folder/schema.json:'],
  },
  {
    what: 'a schema without buildings',
    change: schema((all) => void (all.buildings = {})),
    error: 'DocumentError',
    says: ['/buildings', 'no building'],
  },
  {
    what: 'a building that is a number',
    change: schema((all) => void (all.buildings.Building_2 = 3)),
    error: 'DocumentError',
    says: ['/buildings/Building_2', 'got 3'],
  },
  {
    what: 'a building without an energy file',
    change: schema((all) => void delete all.buildings.Building_1.energy_simulation),
    error: 'DocumentError',
    says: ['/buildings/Building_1/energy_simulation', 'got nothing'],
  },
  {
    what: 'a building whose file is absent',
    change: schema((all) => void (all.buildings.Building_2.energy_simulation = 'Building_3.csv')),
    error: 'DataError',
    says: ['folder/Building_3.csv', 'no such file'],
  },
  {
    what: 'a file name that leaves the folder',
    change: schema((all) => void (all.buildings.Building_1.weather = '../weather.csv')),
    error: 'DocumentError',
    says: ['/buildings/Building_1/weather', 'leave the folder'],
  },
  {
    what: 'no weather file',
    change: (files) => void files.delete('weather.csv'),
    error: 'DataError',
    says: ['folder/weather.csv', 'no such file'],
  },
  {
    what: 'no pricing file though the schema names one',
    change: (files) => void files.delete('pricing.csv'),
    error: 'DataError',
    says: ['folder/pricing.csv', 'no such file'],
  },
  {
    what: 'no carbon file though the schema names one',
    change: (files) => void files.delete('carbon_intensity.csv'),
    error: 'DataError',
    says: ['folder/carbon_intensity.csv', 'no such file'],
  },
  {
    what: 'no building included',
    change: schema((all) => {
      for (const one of Object.values<Schema>(all.buildings)) one.include = false;
    }),
    error: 'ConfigError',
    says: ['/buildings', 'includes no building'],
  },
  {
    what: 'a selection that is not there',
    change: () => undefined,
    buildings: ['Building_11'],
    error: 'UnknownNameError',
    says: ["'Building_11'", "Did you mean 'Building_1'?", 'Building_2'],
  },
  {
    what: 'the same building twice',
    change: () => undefined,
    buildings: ['Building_1', 'Building_1'],
    error: 'ConfigError',
    says: ['Building_1', 'twice'],
  },
  {
    what: 'an empty building file',
    change: inFile('Building_1.csv', () => ''),
    error: 'DataError',
    says: ['folder/Building_1.csv:1', 'empty'],
  },
  {
    what: 'a building file that is only a head',
    change: inFile('Building_1.csv', (text) => `${text.split('\n')[0]!}\n`),
    error: 'DataError',
    says: ['folder/Building_1.csv', '0 rows', 'expected 48'],
  },
  {
    what: 'a short building file',
    change: line('Building_1.csv', 48, () => undefined),
    error: 'DataError',
    says: ['folder/Building_1.csv:48', '47 rows', 'expected 48'],
  },
  {
    what: 'a short weather file',
    change: inFile('weather.csv', (text) => text.split('\n').slice(0, 20).join('\n')),
    error: 'DataError',
    says: ['folder/weather.csv:20', '19 rows'],
  },
  {
    what: 'a carbon file shorter than the building’s',
    change: inFile('carbon_intensity.csv', (text) => text.split('\n').slice(0, 48).join('\n')),
    error: 'DataError',
    says: ['folder/carbon_intensity.csv', '47 rows'],
  },
  {
    what: 'a simulation range beyond the files',
    change: schema((all) => void (all.simulation_end_time_step = 8759)),
    error: 'DataError',
    says: ['48 rows', '8760', 'simulation_end_time_step'],
  },
  {
    what: 'a range that ends before it starts',
    change: schema((all) => void (all.simulation_start_time_step = 47)),
    error: 'DocumentError',
    says: ['/simulation_end_time_step', 'not after'],
  },
  {
    what: 'a missing column',
    change: column('Building_1.csv', 7, undefined, ''),
    error: 'DataError',
    says: ['folder/Building_1.csv:1', "missing column 'non_shiftable_load'"],
  },
  {
    what: 'a missing forecast',
    change: column('weather.csv', 15, undefined, ''),
    error: 'DataError',
    says: ['folder/weather.csv:1', "missing column 'direct_solar_irradiance_predicted_3'"],
  },
  {
    what: 'an unknown column',
    change: column('Building_1.csv', 7, 'non_shiftable_lod', '1'),
    error: 'DataError',
    says: ['folder/Building_1.csv:1:8', "'non_shiftable_lod'", "did you mean 'non_shiftable_load'?"],
  },
  {
    what: 'no line of column names',
    change: line('carbon_intensity.csv', 0, () => undefined),
    error: 'DataError',
    says: ['folder/carbon_intensity.csv:1:1', "unknown column '0.1'"],
  },
  {
    what: 'a column twice',
    change: column('pricing.csv', 1, 'electricity_pricing', '1'),
    error: 'DataError',
    says: ['folder/pricing.csv:1:2', 'twice'],
  },
  {
    what: 'a row with a cell too many',
    change: line('Building_1.csv', 10, (text) => `${text},7`),
    error: 'DataError',
    says: ['folder/Building_1.csv:11', '13 cells', 'expected 12'],
  },
  {
    what: 'a row with a cell too few',
    change: line('weather.csv', 5, (text) => text.slice(0, text.lastIndexOf(','))),
    error: 'DataError',
    says: ['folder/weather.csv:6', '15 cells', 'expected 16'],
  },
  {
    what: 'a blank line in the middle',
    change: line('weather.csv', 5, () => ''),
    error: 'DataError',
    says: ['folder/weather.csv:6', 'expected 16'],
  },
  {
    what: 'a word for a number',
    change: cell('Building_1.csv', 3, 7, 'lots'),
    error: 'DataError',
    says: ['folder/Building_1.csv:4:8', "'lots' is not a number", 'non_shiftable_load'],
  },
  {
    what: 'a number in another notation',
    change: cell('weather.csv', 3, 0, '0x1f'),
    error: 'DataError',
    says: ['folder/weather.csv:4:1', "'0x1f' is not a number"],
  },
  {
    what: 'a blank load',
    change: cell('Building_1.csv', 3, 7, ''),
    error: 'DataError',
    says: ['folder/Building_1.csv:4:8', "'non_shiftable_load' is blank"],
  },
  {
    what: 'a NaN price',
    change: cell('pricing.csv', 9, 2, 'NaN'),
    error: 'DataError',
    says: ['folder/pricing.csv:10:3', 'electricity_pricing_predicted_2'],
  },
  {
    what: 'an infinite temperature',
    change: cell('weather.csv', 9, 0, 'inf'),
    error: 'DataError',
    says: ['folder/weather.csv:10:1', 'not finite'],
  },
  {
    what: 'a number too large for a float',
    change: cell('Building_1.csv', 9, 7, '1e999'),
    error: 'DataError',
    says: ['folder/Building_1.csv:10:8', "'1e999' is not finite"],
  },
  {
    what: 'a number beyond all sense',
    change: cell('weather.csv', 9, 0, '1e12'),
    error: 'DataError',
    says: ['folder/weather.csv:10:1', "'outdoor_dry_bulb_temperature' is 1000000000000", 'at most 1000000000 in size'],
  },
  {
    what: 'a negative load',
    change: cell('Building_1.csv', 9, 7, '-0.1'),
    error: 'DataError',
    says: ['folder/Building_1.csv:10:8', '-0.1', '≥ 0'],
  },
  {
    what: 'hour 25',
    change: cell('Building_1.csv', 9, 1, '25'),
    error: 'DataError',
    says: ['folder/Building_1.csv:10:2', "'hour' is 25", 'from 1 to 24'],
  },
  {
    what: 'hour 0',
    change: cell('Building_1.csv', 9, 1, '0'),
    error: 'DataError',
    says: ['folder/Building_1.csv:10:2', "'hour' is 0"],
  },
  {
    what: 'half a month',
    change: cell('Building_1.csv', 9, 0, '7.5'),
    error: 'DataError',
    says: ['folder/Building_1.csv:10:1', "'month' is 7.5", 'whole number'],
  },
  {
    what: 'a negative capacity',
    change: battery('capacity', -6.4),
    error: 'DocumentError',
    says: ['/buildings/Building_1/electrical_storage/attributes/capacity', 'got -6.4'],
  },
  {
    what: 'panels beyond all sense',
    change: schema((all) => void (all.buildings.Building_2.pv.attributes.nominal_power = 1e300)),
    error: 'DocumentError',
    says: ['/buildings/Building_2/pv/attributes/nominal_power', 'got 1e+300'],
  },
  {
    what: 'a capacity in words',
    change: battery('capacity', 'large'),
    error: 'DocumentError',
    says: ['attributes/capacity', 'got "large"'],
  },
  {
    what: 'an efficiency above 1',
    change: battery('efficiency', 1.2),
    error: 'DocumentError',
    says: ['attributes/efficiency', 'got 1.2'],
  },
  {
    what: 'a curve that does not ascend',
    change: battery('power_efficiency_curve', [
      [0, 0.8],
      [0.7, 0.9],
      [0.3, 0.9],
    ]),
    error: 'DocumentError',
    says: ['attributes/power_efficiency_curve', 'ascend'],
  },
  {
    what: 'an efficiency curve that touches zero',
    change: battery('power_efficiency_curve', [
      [0, 0],
      [1, 0.9],
    ]),
    error: 'DocumentError',
    says: ['attributes/power_efficiency_curve/0/1', 'got 0'],
  },
  {
    what: 'a curve of one point',
    change: battery('capacity_power_curve', [[0, 1]]),
    error: 'DocumentError',
    says: ['attributes/capacity_power_curve'],
  },
  {
    what: 'a device that is not simulated',
    change: schema(
      (all) =>
        void (all.buildings.Building_1.cooling_device = {
          type: 'citylearn.energy_model.HeatPump',
          autosize: true,
          attributes: {},
        }),
    ),
    error: 'ConfigError',
    says: ['/buildings/Building_1', 'cooling_device', 'does not simulate'],
  },
  {
    what: 'a battery to be sized',
    change: schema((all) => {
      all.buildings.Building_1.electrical_storage = {
        autosize: true,
        attributes: { capacity: null, nominal_power: null },
      };
    }),
    error: 'ConfigError',
    says: ['/buildings/Building_1', 'electrical_storage.autosize'],
  },
  {
    what: 'a simulated outage',
    change: schema((all) => void (all.buildings.Building_1.power_outage = { simulate_power_outage: true })),
    error: 'ConfigError',
    says: ['power_outage'],
  },
  {
    what: 'a heat demand that nothing serves',
    change: cell('Building_1.csv', 5, 8, '0.7'),
    error: 'ConfigError',
    says: ['folder/Building_1.csv:6:9', 'dhw_demand', '0.7'],
  },
];
