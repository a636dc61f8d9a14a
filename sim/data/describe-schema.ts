import { deviceKeys } from './dataset.ts';
import type { FileKind } from './describe-columns.ts';
import { summariseDevice } from './describe-device.ts';
import type { DeviceSummary } from './describe-device.ts';
import { amount, className, entry, strings, text } from './describe-entry.ts';
import type { Entry } from './describe-entry.ts';

export interface BuildingSummary {
  readonly name: string;
  readonly included: boolean;
  /** Dotted. */
  readonly className: string;
  readonly devices: readonly DeviceSummary[];
  readonly dynamics: {
    readonly type: string;
    readonly file: string | null;
    readonly lookback: number | null;
    readonly hiddenSize: number | null;
    readonly layers: number | null;
    readonly inputs: readonly string[];
  } | null;
  readonly occupant: string | null;
  readonly outage: { readonly simulated: boolean; readonly stochastic: boolean; readonly model: string | null } | null;
  readonly chargers: readonly {
    readonly id: string;
    readonly maxChargingPower: number | null;
    readonly maxDischargingPower: number | null;
  }[];
  readonly washingMachines: readonly string[];
  readonly chargingConstraints: { readonly buildingLimitKw: number | null; readonly phases: number } | null;
  readonly inactiveObservations: readonly string[];
  readonly inactiveActions: readonly string[];
}

/** A file that a schema names, what for, and who uses it. */
export interface FileUse {
  readonly name: string;
  readonly kind: FileKind | 'weights' | 'occupant model' | 'electric vehicle';
  readonly usedBy: string[];
  /** JSON pointer of the first mention. */
  readonly path: string;
  /** Whether a building that is simulated needs it. */
  needed: boolean;
}

export interface SchemaSummary {
  readonly randomSeed: number | null;
  readonly centralAgent: boolean;
  /** Rows of the simulation, inclusive; null where the schema does not say. */
  readonly start: number | null;
  readonly end: number | null;
  readonly secondsPerTimeStep: number | null;
  readonly episodes: {
    readonly timeSteps: unknown;
    readonly rolling: boolean;
    readonly random: boolean;
    /** null where it cannot be told. */
    readonly count: number | null;
  };
  /** Active ones, in the schema's order. */
  readonly observations: readonly string[];
  readonly inactiveObservations: readonly string[];
  readonly actions: readonly string[];
  readonly reward: string | null;
  readonly agent: string | null;
  readonly buildings: readonly BuildingSummary[];
  readonly electricVehicles: readonly {
    readonly name: string;
    readonly capacity: number | null;
    readonly nominalPower: number | null;
  }[];
  /** Keys of the schema and of its parts that only some releases know. */
  readonly marks: readonly string[];
}

/** What a schema says, as far as it can be made out: nothing here throws, whatever the document is. */
export function summariseSchema(document: unknown): {
  readonly summary: SchemaSummary;
  readonly files: readonly FileUse[];
} {
  const schema = entry(document);
  const marks = new Set<string>();
  for (const key of ['random_seed', 'episodes', 'episode_time_steps', 'electric_vehicles_def', 'start_date'])
    if (Object.hasOwn(schema, key)) marks.add(key);
  const uses = new FileUses();
  const buildings = Object.entries(entry(schema['buildings'])).map(([name, value]) =>
    summariseBuilding(name, entry(value), uses, marks),
  );
  const electricVehicles = Object.entries(entry(schema['electric_vehicles_def'])).map(([name, value]) => {
    const path = `/electric_vehicles_def/${name}`;
    // Of CityLearn 2.2 – 2.3.1's own model of electric vehicles, which no profile has.
    uses.add(text(entry(value)['energy_simulation']), 'electric vehicle', name, `${path}/energy_simulation`, false);
    const attributes = entry(entry(entry(value)['battery'])['attributes']);
    return { name, capacity: amount(attributes['capacity']), nominalPower: amount(attributes['nominal_power']) };
  });
  const reward = entry(schema['reward_function']);
  const observations = Object.entries(entry(schema['observations']));
  const active = ([, value]: readonly [string, unknown]): boolean => entry(value)['active'] === true;
  const start = amount(schema['simulation_start_time_step']);
  const end = amount(schema['simulation_end_time_step']);
  return {
    summary: {
      randomSeed: amount(schema['random_seed']),
      centralAgent: schema['central_agent'] === true,
      start,
      end,
      secondsPerTimeStep: amount(schema['seconds_per_time_step']),
      episodes: episodesOf(schema, start, end),
      observations: observations.filter(active).map(([name]) => name),
      inactiveObservations: observations.filter((one) => !active(one)).map(([name]) => name),
      actions: Object.entries(entry(schema['actions']))
        .filter(active)
        .map(([name]) => name),
      reward: rewardOf(reward['type']),
      agent: text(entry(schema['agent'])['type']),
      buildings,
      electricVehicles,
      marks: [...marks],
    },
    files: uses.all,
  };
}

function rewardOf(type: unknown): string | null {
  const one = text(type);
  if (one !== null) return className(one);
  const each = Object.entries(entry(type)).map(([building, name]) => `${building}: ${className(text(name) ?? '?')}`);
  return each.length === 0 ? null : each.join(', ');
}

/** Source: specs/citylearn.md 3. */
function episodesOf(schema: Entry, start: number | null, end: number | null): SchemaSummary['episodes'] {
  const timeSteps = schema['episode_time_steps'] ?? null;
  const rolling = schema['rolling_episode_split'] === true;
  const rows = start === null || end === null ? null : end - start + 1;
  let count: number | null = 1;
  if (Array.isArray(timeSteps)) count = timeSteps.length;
  else if (typeof timeSteps === 'number') {
    count = null;
    if (rows !== null && timeSteps > 0)
      count = rolling ? Math.max(0, rows - timeSteps + 1) : Math.floor(rows / timeSteps);
  }
  return { timeSteps, rolling, random: schema['random_episode_split'] === true, count };
}

class FileUses {
  readonly all: FileUse[] = [];

  add(name: string | null, kind: FileUse['kind'], user: string, path: string, needed: boolean): void {
    if (name === null) return;
    const known = this.all.find((use) => use.name === name);
    if (known === undefined) this.all.push({ name, kind, usedBy: [user], path, needed });
    else {
      known.usedBy.push(user);
      known.needed ||= needed;
    }
  }
}

const series = {
  energy_simulation: 'building',
  weather: 'weather',
  carbon_intensity: 'carbon intensity',
  pricing: 'pricing',
} as const;

function summariseBuilding(name: string, building: Entry, uses: FileUses, marks: Set<string>): BuildingSummary {
  const included = building['include'] !== false;
  const path = `/buildings/${name}`;
  for (const [key, kind] of Object.entries(series))
    uses.add(text(building[key]), kind, name, `${path}/${key}`, included);
  for (const key of [
    'cooling_dynamics',
    'heating_dynamics',
    'noise_std',
    'set_point_hold_time_steps',
    'charging_constraints',
  ])
    if (building[key] !== undefined && building[key] !== null && building[key] !== 0) marks.add(key);
  if (entry(entry(building['pv'])['attributes'])['generation_mode'] !== undefined) marks.add('generation_mode');
  const chargers = Object.entries(entry(building['chargers'])).map(([id, value]) => {
    const at = `${path}/chargers/${id}/charger_simulation`;
    uses.add(text(entry(value)['charger_simulation']), 'charger', `${name}/${id}`, at, included);
    const attributes = entry(entry(value)['attributes']);
    return {
      id,
      maxChargingPower: amount(attributes['max_charging_power']),
      maxDischargingPower: amount(attributes['max_discharging_power']),
    };
  });
  const washingMachines = Object.entries(entry(building['washing_machines'])).map(([id, value]) => {
    const key = 'washing_machine_energy_simulation';
    uses.add(
      text(entry(value)[key]),
      'washing machine',
      `${name}/${id}`,
      `${path}/washing_machines/${id}/${key}`,
      included,
    );
    return id;
  });
  const constraints = building['charging_constraints'];
  const outage = entry(building['power_outage']);
  const model = text(entry(outage['stochastic_power_outage_model'])['type']);
  return {
    name,
    included,
    className: text(building['type']) ?? 'citylearn.citylearn.Building',
    devices: deviceKeys.flatMap((key) => summariseDevice(key, building[key])),
    dynamics: dynamicsOf(building, name, path, uses, included),
    occupant: occupantOf(building, name, path, uses),
    outage:
      building['power_outage'] === undefined || building['power_outage'] === null
        ? null
        : {
            simulated: outage['simulate_power_outage'] === true,
            stochastic: outage['stochastic_power_outage'] === true,
            model: model === null ? null : className(model),
          },
    chargers,
    washingMachines,
    chargingConstraints:
      constraints === undefined || constraints === null
        ? null
        : {
            buildingLimitKw: amount(entry(constraints)['building_limit_kw']),
            phases: Array.isArray(entry(constraints)['phases'])
              ? (entry(constraints)['phases'] as unknown[]).length
              : 0,
          },
    inactiveObservations: strings(building['inactive_observations']),
    inactiveActions: strings(building['inactive_actions']),
  };
}

function dynamicsOf(
  building: Entry,
  name: string,
  path: string,
  uses: FileUses,
  included: boolean,
): BuildingSummary['dynamics'] {
  const key = ['dynamics', 'cooling_dynamics', 'heating_dynamics'].find(
    (one) => building[one] !== undefined && building[one] !== null,
  );
  if (key === undefined) return null;
  // Before 2.2 there is a network for cooling and one for heating: the first one is shown, the files of both are looked for.
  const modes = ['cooling', 'heating'].filter((mode) => Object.hasOwn(entry(building[key]), mode));
  const networks = modes.length === 0 ? [entry(building[key])] : modes.map((mode) => entry(entry(building[key])[mode]));
  networks.forEach((network, i) => {
    const at = modes.length === 0 ? key : `${key}/${modes[i]!}`;
    uses.add(
      text(entry(network['attributes'])['filename']),
      'weights',
      name,
      `${path}/${at}/attributes/filename`,
      included && i === 0,
    );
  });
  const dynamics = networks[0]!;
  const attributes = entry(dynamics['attributes']);
  const file = text(attributes['filename']);
  return {
    type: className(text(dynamics['type']) ?? '?'),
    file,
    lookback: amount(attributes['lookback']),
    hiddenSize: amount(attributes['hidden_size']),
    layers: amount(attributes['num_layers']),
    inputs: strings(attributes['input_observation_names']),
  };
}

function occupantOf(building: Entry, name: string, path: string, uses: FileUses): string | null {
  const occupant = building['occupant'];
  if (occupant === undefined || occupant === null) return null;
  const attributes = entry(entry(occupant)['attributes']);
  for (const [key, value] of Object.entries(attributes)) {
    const kind = typeof value === 'string' && value.endsWith('.csv') ? 'occupant parameters' : 'occupant model';
    if (/filename|file/.test(key)) uses.add(text(value), kind, name, `${path}/occupant/attributes/${key}`, false);
  }
  return className(text(entry(occupant)['type']) ?? '?');
}
