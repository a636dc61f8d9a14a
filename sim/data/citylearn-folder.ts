import { csvText, parseNumbers } from '../../core/csv.ts';
import type { NumberTable } from '../../core/csv.ts';
import { ConfigError, DataError, UnknownNameError } from '../../core/errors.ts';
import { sha256Hex } from '../../core/sha256.ts';
import { readCarbon, readEnergy, readPricing, readWeather } from './columns.ts';
import type { BuildingData, District, FolderReader } from './dataset.ts';
import { batteryOf, parseFolderSchema, unsimulated } from './folder-schema.ts';
import type { FolderBuilding, FolderSchema } from './folder-schema.ts';

/**
 * Reads a CityLearn dataset folder of either header generation.
 *
 * Values are taken as the files have them, in float64. (The files published since 2.2 are float32 text: the 2.0.0 package's own
 * copy has more digits, so series that depend on loads differ from it by up to 5e-7 kWh: docs/datasets.md.)
 *
 * @param buildings which to read, in this order; absent: those that the schema includes
 * @throws {DataError} for a missing, short, ragged or damaged file, {DocumentError} for a damaged schema, {UnknownNameError} for a
 *   building that is not there, {ConfigError} for equipment that is not simulated.
 */
export async function readCityLearnFolder(
  reader: FolderReader,
  options: { readonly buildings?: readonly string[] } = {},
): Promise<District> {
  const files = new Files(reader);
  const schemaText = await files.text('schema.json');
  const schema = parseFolderSchema(schemaText, files.name('schema.json'));
  const known = Object.keys(schema.buildings);
  const wanted = options.buildings ?? known.filter((name) => schema.buildings[name]!.include);
  const place = { file: files.name('schema.json'), path: '/buildings' };
  if (wanted.length === 0) throw new ConfigError('includes no building', { place });
  const twice = wanted.find((name, index) => wanted.indexOf(name) !== index);
  if (twice !== undefined) throw new ConfigError(`building '${twice}' is asked for twice`, { place });
  const buildings: BuildingData[] = [];
  for (const name of wanted) {
    if (!Object.hasOwn(schema.buildings, name)) throw new UnknownNameError('building', name, known, place);
    buildings.push(await readBuilding(name, schema.buildings[name]!, schema, files));
  }
  return {
    name: reader.label.split(/[\\/]/).filter(Boolean).at(-1) ?? reader.label,
    secondsPerTimeStep: schema.seconds_per_time_step,
    randomSeed: schema.random_seed ?? 0,
    start: schema.simulation_start_time_step,
    end: schema.simulation_end_time_step,
    buildings,
    hash: files.hash(),
  };
}

async function readBuilding(
  name: string,
  building: FolderBuilding,
  schema: FolderSchema,
  files: Files,
): Promise<BuildingData> {
  const place = { file: files.name('schema.json'), path: `/buildings/${name}` };
  const missing = unsimulated(building);
  if (missing.length > 0)
    throw new ConfigError(`has ${missing.join(', ')}, which this version does not simulate (battery and PV only)`, {
      place,
    });
  const rows = schema.simulation_end_time_step + 1;
  const columns = async <Columns>(file: string, read: (table: NumberTable) => Columns): Promise<Columns> => {
    const table = await files.table(file);
    const found = read(table); // first: a file without its head is a row short as well
    if (table.rows < rows)
      throw new DataError(`${table.rows} rows, expected ${rows} as simulation_end_time_step says`, {
        place: { file: files.name(file), line: table.rows + 1 },
      });
    return found;
  };
  const energy = await columns(building.energy_simulation, readEnergy);
  return {
    name,
    rows: energy.month.length,
    energy,
    weather: await columns(building.weather, readWeather),
    pricing: building.pricing ? await columns(building.pricing, readPricing) : null,
    carbon: building.carbon_intensity ? await columns(building.carbon_intensity, readCarbon) : null,
    battery: batteryOf(building),
    pvNominalPower: building.pv?.attributes?.nominal_power ?? 0,
  };
}

/** The folder's files: each is read and parsed once, and all that was read is hashed. */
class Files {
  readonly #reader: FolderReader;
  readonly #bytes = new Map<string, Uint8Array>();
  readonly #tables = new Map<string, NumberTable>();

  constructor(reader: FolderReader) {
    this.#reader = reader;
  }

  name(file: string): string {
    return `${this.#reader.label}/${file}`;
  }

  async text(file: string): Promise<string> {
    const bytes = await this.#reader.read(file);
    if (bytes === undefined) throw new DataError('there is no such file', { place: { file: this.name(file) } });
    this.#bytes.set(file, bytes);
    return new TextDecoder().decode(bytes);
  }

  async table(file: string): Promise<NumberTable> {
    let table = this.#tables.get(file);
    if (table === undefined) {
      table = parseNumbers(await this.text(file), this.name(file));
      this.#tables.set(file, table);
    }
    return table;
  }

  hash(): string {
    const names = [...this.#bytes.keys()].sort();
    return sha256Hex(
      new TextEncoder().encode(names.map((name) => `${name} ${sha256Hex(this.#bytes.get(name)!)}\n`).join('')),
    );
  }
}

type Table = Readonly<Record<string, Float64Array>>;

/**
 * A district as the files of a CityLearn (≥ 2.2) folder: file name → text. Reading them back gives the same bits.
 * Columns that buildings share (weather, prices, carbon) are written once.
 */
export function writeCityLearnFolder(district: District): Map<string, string> {
  const files = new Map<string, string>();
  const written: { readonly file: string; readonly table: Table }[] = [];
  const columns = (stem: string, table: Table): string => {
    const head = Object.keys(table);
    const same = written.find((one) => head.every((name) => one.table[name] === table[name]));
    if (same !== undefined) return same.file;
    const plain = stem.replace(/[^\w-]/g, '_');
    // In lower case: some file systems do not tell `Weather.csv` from `weather.csv`.
    const taken = new Set([...files.keys()].map((name) => name.toLowerCase()));
    let file = `${plain}.csv`;
    for (let copy = 2; taken.has(file.toLowerCase()); copy++) file = `${plain}_${copy}.csv`;
    files.set(
      file,
      csvText(head, table[head[0]!]!.length, (row, column) => table[head[column]!]![row]!),
    );
    written.push({ file, table });
    return file;
  };
  const buildings = district.buildings.map((building) => {
    const { battery, carbon } = building;
    return [
      building.name,
      {
        include: true,
        energy_simulation: columns(building.name, building.energy),
        weather: columns('weather', building.weather),
        carbon_intensity: carbon === null ? null : columns('carbon_intensity', { carbon_intensity: carbon }),
        pricing: building.pricing === null ? null : columns('pricing', building.pricing),
        inactive_observations: [],
        inactive_actions: [],
        ...(battery === null
          ? {}
          : {
              electrical_storage: {
                type: 'citylearn.energy_model.Battery',
                autosize: false,
                attributes: {
                  capacity: battery.capacity,
                  nominal_power: battery.nominalPower,
                  efficiency: battery.efficiency,
                  loss_coefficient: battery.lossCoefficient,
                  capacity_loss_coefficient: battery.capacityLossCoefficient,
                  initial_soc: battery.initialSoc,
                  depth_of_discharge: battery.depthOfDischarge,
                  power_efficiency_curve: battery.powerEfficiencyCurve,
                  capacity_power_curve: battery.capacityPowerCurve,
                },
              },
            }),
        pv: {
          type: 'citylearn.energy_model.PV',
          autosize: false,
          attributes: { nominal_power: building.pvNominalPower },
        },
      },
    ] as const;
  });
  const schema = {
    random_seed: district.randomSeed,
    root_directory: null,
    central_agent: false,
    simulation_start_time_step: district.start,
    simulation_end_time_step: district.end,
    episode_time_steps: null,
    rolling_episode_split: false,
    random_episode_split: false,
    seconds_per_time_step: district.secondsPerTimeStep,
    observations: Object.fromEntries(
      observationNames.map((name) => [name, { active: true, shared_in_central_agent: !ownObservations.has(name) }]),
    ),
    actions: {
      cooling_storage: { active: false },
      heating_storage: { active: false },
      dhw_storage: { active: false },
      electrical_storage: { active: true },
    },
    agent: { type: 'citylearn.agents.rbc.BasicRBC', attributes: {} },
    reward_function: { type: 'citylearn.reward_function.RewardFunction', attributes: null },
    buildings: Object.fromEntries(buildings),
  };
  files.set('schema.json', `${JSON.stringify(schema, null, 2)}\n`);
  return files;
}

const ownObservations: ReadonlySet<string> = new Set([
  'non_shiftable_load',
  'solar_generation',
  'electrical_storage_soc',
  'net_electricity_consumption',
]);
const withForecasts = (name: string): string[] => [
  name,
  `${name}_predicted_1`,
  `${name}_predicted_2`,
  `${name}_predicted_3`,
];
/** The active observations of the 2022 schemas, in their order. */
const observationNames = [
  'month',
  'day_type',
  'hour',
  ...[
    'outdoor_dry_bulb_temperature',
    'outdoor_relative_humidity',
    'diffuse_solar_irradiance',
    'direct_solar_irradiance',
  ].flatMap(withForecasts),
  'carbon_intensity',
  ...ownObservations,
  ...withForecasts('electricity_pricing'),
];
