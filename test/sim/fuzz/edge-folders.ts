import { csvRow } from '../../../core/csv.ts';
import { encode, quoted, spots } from '../../support/folder-mutation.ts';
import type { AnySchema, FolderBytes } from '../../support/folder-mutation.ts';
import { requests, topValues } from '../../support/mutate-schema.ts';
import { attributeValues, cellsOf } from '../../support/mutate-values.ts';
import { baseFolders } from './base-folders.ts';
import type { BaseFolder } from './base-folders.ts';
import type { DamagedFolder } from './damaged-folder.ts';

/*
 * One change at a time, all of a list: what a random search would meet only now and then.
 */

const text = (base: BaseFolder, file: string): string => new TextDecoder().decode(base.files.get(file)!);

function changed(base: BaseFolder, what: string, file: string, content: string): DamagedFolder {
  const files: FolderBytes = new Map(base.files);
  files.set(file, encode(content));
  return { what: `${base.name}: ${what}`, files };
}

/** @param change returns whether it applied */
function withSchema(base: BaseFolder, what: string, change: (schema: AnySchema) => boolean): DamagedFolder | null {
  const schema = JSON.parse(text(base, 'schema.json')) as AnySchema;
  return change(schema) ? changed(base, what, 'schema.json', JSON.stringify(schema, null, 2)) : null;
}

/** The next base to which something applies: all bases take turns. */
class Turns {
  #turn = 0;

  *first(make: (base: BaseFolder) => DamagedFolder | null): Generator<DamagedFolder> {
    const start = this.#turn++;
    for (let k = 0; k < baseFolders.length; k++) {
      const made = make(baseFolders[(start + k) % baseFolders.length]!);
      if (made === null) continue;
      yield made;
      return;
    }
  }
}

/** Every table without each of its rows' last one, its first line and each of its columns; every file absent and empty. */
function* missing(): Generator<DamagedFolder> {
  for (const base of baseFolders)
    for (const file of base.files.keys()) {
      const files: FolderBytes = new Map(base.files);
      files.delete(file);
      yield { what: `${base.name}: ${file} is absent`, files, allowed: [] };
      yield { ...changed(base, `${file} is empty`, file, ''), allowed: [] };
      if (!file.endsWith('.csv')) continue;
      const cells = text(base, file).trimEnd().split('\n').map(csvRow);
      const written = (rows: readonly (readonly string[])[]): string =>
        `${rows.map((row) => row.map(quoted).join(',')).join('\n')}\n`;
      yield { ...changed(base, `${file} is a row short`, file, written(cells.slice(0, -1))), allowed: [] };
      yield { ...changed(base, `${file} has no head`, file, written(cells.slice(1))), allowed: [] };
      const column = file.length % cells[0]!.length;
      yield changed(
        base,
        `${file} has no column ${column}`,
        file,
        written(cells.map((row) => row.toSpliced(column, 1))),
      );
    }
}

/** Every edge value of a column, in all hours, and in one hour. */
function* columns(turns: Turns): Generator<DamagedFolder> {
  for (const [pattern, values] of cellsOf)
    for (const value of new Set(values))
      for (const all of [true, false])
        yield* turns.first((base) => {
          for (const file of base.files.keys()) {
            if (!file.endsWith('.csv')) continue;
            const cells = text(base, file).trimEnd().split('\n').map(csvRow);
            const at = cells[0]!.findIndex((name) => pattern.test(name));
            if (at < 0) continue;
            const rows = cells.map((row, r) => (r > 0 && (all || r === 9) ? row.with(at, value) : row));
            const what = `'${cells[0]![at]}' of ${file} is ${value === '' ? 'blank' : value} ${all ? 'everywhere' : 'in line 10'}`;
            return changed(base, what, file, `${rows.map((row) => row.map(quoted).join(',')).join('\n')}\n`);
          }
          return null;
        });
}

/** Every edge value of an attribute, wherever it stands or could stand. */
function* attributes(turns: Turns): Generator<DamagedFolder> {
  for (const [key, values] of Object.entries(attributeValues))
    for (const value of values)
      yield* turns.first((base) =>
        withSchema(base, `${key} is ${JSON.stringify(value)}`, (schema) => {
          const there = spots(schema, (spot) => spot.key === key && /attributes|charging_constraints/.test(spot.path));
          for (const { holder } of there) holder[key] = value;
          if (there.length > 0) return true;
          // Batteries are everywhere, and take what no file here says of them.
          for (const building of Object.values<AnySchema>(schema.buildings)) {
            if (!building.electrical_storage) return false;
            building.electrical_storage.attributes[key] = value;
          }
          return true;
        }),
      );
}

const outages: readonly (readonly [key: string, values: readonly unknown[]])[] = [
  ['type', ['PowerOutage', 'citylearn.power_outage.ReliabilityMetricsPowerOutage', 'NoSuchModel', 'constructor', '']],
  ['random_seed', [null, 0, 4294967295, 4294967296, -1, 0.5, 'x']],
  ['saifi', [null, 0, 365, 366, 1e9, -1, 'x']],
  ['caidi', [null, 0, 1e-300, 1e308, -1]],
  ['start_time_steps', [null, [], [0], [23], [24], [1e9], [0.5], ['x']]],
];

function* models(turns: Turns): Generator<DamagedFolder> {
  for (const [key, values] of outages)
    for (const value of values)
      yield* turns.first((base) =>
        withSchema(base, `outages with ${key} ${JSON.stringify(value)}`, (schema) => {
          const name = Object.keys(schema.buildings)[0]!;
          const model = { type: 'citylearn.power_outage.ReliabilityMetricsPowerOutage', attributes: {} as AnySchema };
          if (key === 'type') model.type = value as string;
          else model.attributes[key] = value;
          schema.buildings[name].power_outage = {
            simulate_power_outage: true,
            stochastic_power_outage: true,
            stochastic_power_outage_model: model,
          };
          return true;
        }),
      );
  for (const [key, values] of requests)
    for (const value of values)
      yield* turns.first((base) =>
        withSchema(base, `${key} is ${JSON.stringify(value)}`, (schema) => {
          schema.buildings[Object.keys(schema.buildings)[0]!][key] = value;
          return true;
        }),
      );
}

/** What only v1 reads: a blank demand in a file with older heads. */
function* older(): Generator<DamagedFolder> {
  const base = baseFolders.find(({ name }) => name === 'older')!;
  const lines = text(base, 'Building_1.csv').split('\n');
  for (const column of [8, 9, 10]) {
    const blank = lines.with(9, lines[9]!.split(',').with(column, '').join(','));
    yield {
      ...changed(base, `Building_1.csv is blank in line 10, column ${column + 1}`, 'Building_1.csv', blank.join('\n')),
      allowed: ['v1'],
    };
  }
}

const networks: readonly (readonly [key: string, values: readonly unknown[]])[] = [
  ['hidden_size', [0, 1, 3, 4096, 4097, 2.5, null]],
  ['num_layers', [0, 1, 3, 64, 65, null]],
  ['lookback', [0, 1, 5, 47, 48, 100_000, 100_001, null]],
  ['input_size', [0, 1, 6, 8, null]],
  ['filename', ['Building_1.csv', '../x.pth', 'schema.json', '', null]],
];

/** A network's sizes, its file, and limits between which there is nothing. */
function* dynamics(): Generator<DamagedFolder> {
  const base = baseFolders.find(({ name }) => name === 'LSTM')!;
  const edited = (what: string, change: (attributes: AnySchema) => void): DamagedFolder =>
    withSchema(base, what, (schema) => {
      change(schema.buildings.Building_1.dynamics.attributes);
      return true;
    })!;
  for (const [key, values] of networks)
    for (const value of values)
      yield edited(`${key} is ${JSON.stringify(value)}`, (attributes) => (attributes[key] = value));
  for (let input = 0; input < 7; input++) {
    yield {
      ...edited(`input ${input} has no span`, (attributes) => {
        attributes.input_normalization_maximum[input] = attributes.input_normalization_minimum[input];
      }),
      allowed: ['v1'],
    };
    yield edited(`input ${input} is another's`, (attributes) => {
      attributes.input_observation_names[input] = attributes.input_observation_names[(input + 1) % 7];
    });
  }
}

export function* edgeFolders(): Generator<DamagedFolder> {
  const turns = new Turns();
  for (const [key, values] of Object.entries(topValues))
    for (const value of values)
      for (let k = 0; k < (key === 'seconds_per_time_step' ? baseFolders.length : 2); k++)
        yield* turns.first((one) =>
          withSchema(one, `/${key} is ${JSON.stringify(value)} (${k})`, (schema) => {
            schema[key] = value;
            return true;
          }),
        );
  yield* missing();
  yield* columns(turns);
  yield* attributes(turns);
  yield* models(turns);
  yield* older();
  yield* dynamics();
}
