import { ConfigError, UnknownNameError } from '../../core/errors.ts';
import type { Place } from '../../core/errors.ts';
import { chargingConstraints, readCharger, readWashingMachine } from './charger-files.ts';
import { readCarbon, readEnergy, readPricing, readWeather } from './columns.ts';
import type { BuildingData, District, FolderReader } from './dataset.ts';
import { devicesOf } from './folder-devices.ts';
import { outageOf, readDynamics } from './folder-dynamics.ts';
import { FolderFiles } from './folder-files.ts';
import {
  actionsOf,
  canonicalObservation,
  electricVehiclesOf,
  episodesOf,
  observationsOf,
  rewardOf,
} from './folder-frame.ts';
import { parseFolderSchema } from './folder-schema.ts';
import type { FolderBuilding, FolderSchema } from './folder-schema.ts';

export { writeCityLearnFolder } from './write-folder.ts';

/**
 * Reads a CityLearn dataset folder of either header generation.
 *
 * Values are taken as the files have them, in float64. (The files published since 2.2 are float32 text: the 2.0.0 package's own
 * copy has more digits, so series that depend on loads differ from it by up to 5e-7 kWh: docs/datasets.md.) A building whose occupants
 * are modelled keeps the set points of its file: it runs as if nobody touched the thermostat.
 *
 * @param buildings which to read, in this order; absent: those that the schema includes
 * @throws {DataError} for a missing, short, ragged or damaged file, {DocumentError} for a damaged schema, {UnknownNameError} for a
 *   building that is not there, {ConfigError} for equipment that is not simulated. Source: specs/citylearn.md 2.
 */
export async function readCityLearnFolder(
  reader: FolderReader,
  options: { readonly buildings?: readonly string[] } = {},
): Promise<District> {
  const files = new FolderFiles(reader);
  const file = files.name('schema.json');
  const schema = parseFolderSchema(await files.text('schema.json'), file);
  if (!['', '.', './'].includes(schema.root_directory ?? ''))
    throw new ConfigError(
      `root_directory is '${schema.root_directory}', expected null: files are read from the folder of the schema only`,
      { place: { file, path: '/root_directory' } },
    );
  const known = Object.keys(schema.buildings);
  const wanted = options.buildings ?? known.filter((name) => schema.buildings[name]!.include);
  const place = { file, path: '/buildings' };
  if (wanted.length === 0) throw new ConfigError('includes no building', { place });
  const twice = wanted.find((name, index) => wanted.indexOf(name) !== index);
  if (twice !== undefined) throw new ConfigError(`building '${twice}' is asked for twice`, { place });
  const observations = observationsOf(schema, { file });
  const buildings: BuildingData[] = [];
  for (const name of wanted) {
    if (!Object.hasOwn(schema.buildings, name)) throw new UnknownNameError('building', name, known, place);
    buildings.push(await readBuilding(name, schema.buildings[name]!, schema, files));
  }
  return {
    name: files.label.split(/[\\/]/).filter(Boolean).at(-1) ?? files.label,
    secondsPerTimeStep: schema.seconds_per_time_step,
    randomSeed: schema.random_seed ?? 0,
    start: schema.simulation_start_time_step,
    end: schema.simulation_end_time_step,
    buildings,
    observations,
    actions: actionsOf(schema),
    centralAgent: schema.central_agent === true,
    episodes: episodesOf(schema),
    reward: rewardOf(schema, wanted, { file }),
    electricVehicles: electricVehiclesOf(schema),
    hash: files.hash(),
  };
}

/** Classes of buildings; those that are no plain `Building` may have dynamics. */
const buildingClasses = [
  'Building',
  'DynamicsBuilding',
  'LSTMDynamicsBuilding',
  'OccupantInteractionBuilding',
  'LogisticRegressionOccupantInteractionBuilding',
];

async function readBuilding(
  name: string,
  building: FolderBuilding,
  schema: FolderSchema,
  files: FolderFiles,
): Promise<BuildingData> {
  const place = { file: files.name('schema.json'), path: `/buildings/${name}` };
  const className = building.type ?? 'citylearn.citylearn.Building';
  const kind = className.split('.').at(-1)!;
  if (!buildingClasses.includes(kind)) throw new UnknownNameError('class of building', kind, buildingClasses, place);
  refuseUnsimulated(building, place);
  const devices = devicesOf(building, place);
  const rows = schema.simulation_end_time_step + 1;
  const { carbon_intensity: carbon, pricing } = building;
  const energy = await files.columns(building.energy_simulation, rows, readEnergy);
  const chargers = [];
  for (const [id, charger] of Object.entries(building.chargers ?? {}))
    chargers.push(await readCharger(id, charger, files, rows, { ...place, path: `${place.path}/chargers/${id}` }));
  const washingMachines = [];
  for (const [id, machine] of Object.entries(building.washing_machines ?? {}))
    washingMachines.push(await readWashingMachine(id, machine.washing_machine_energy_simulation, files, rows));
  const { dynamics, power_outage: outage, charging_constraints: constraints } = building;
  return {
    name,
    className,
    rows: energy.month.length,
    energy,
    weather: await files.columns(building.weather, rows, readWeather),
    pricing: pricing ? await files.columns(pricing, rows, readPricing) : null,
    carbon: carbon ? await files.columns(carbon, rows, readCarbon) : null,
    devices,
    inactiveObservations: await inactiveObservations(building, schema, files),
    inactiveActions: building.inactive_actions ?? [],
    // A plain Building ignores its dynamics.
    dynamics:
      dynamics && kind !== 'Building'
        ? await readDynamics(
            dynamics,
            files,
            place,
            energy.hvac_mode.subarray(schema.simulation_start_time_step, schema.simulation_end_time_step + 1),
          )
        : null,
    outage: outage ? outageOf(outage) : null,
    chargers,
    washingMachines,
    chargingConstraints: constraints
      ? chargingConstraints(
          constraints,
          chargers.map(({ id }) => id),
          place,
        )
      : null,
  };
}

/** The schema's, and `minutes` where the building's file has none. */
async function inactiveObservations(
  building: FolderBuilding,
  schema: FolderSchema,
  files: FolderFiles,
): Promise<readonly string[]> {
  const inactive = (building.inactive_observations ?? []).map(canonicalObservation);
  if (!Object.hasOwn(schema.observations ?? {}, 'minutes') || inactive.includes('minutes')) return inactive;
  const counts = await files.columns(building.energy_simulation, 0, hasMinutes);
  return counts ? inactive : [...inactive, 'minutes'];
}

function hasMinutes({ head }: { readonly head: readonly string[] }): boolean {
  return head.includes('minutes');
}

/** A building must not be simulated as if it had not what it has. */
function refuseUnsimulated(building: FolderBuilding, place: Place): void {
  if ((building.noise_std ?? 0) !== 0)
    throw new ConfigError(`noise_std is ${building.noise_std}, and random data are not simulated; expected 0`, {
      place: { ...place, path: `${place.path}/noise_std` },
    });
  for (const key of ['electrical_service', 'deferrable_appliances'])
    if (building[key] !== undefined && building[key] !== null)
      throw new ConfigError(`has '${key}' (CityLearn 3), which is not simulated`, {
        place: { ...place, path: `${place.path}/${key}` },
      });
}
