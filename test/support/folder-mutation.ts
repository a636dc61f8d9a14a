import { csvRow } from '../../core/csv.ts';
import type { Rng } from '../../core/rng.ts';

/** The files of a folder as they lie on a disk; null: a folder of that name. */
export type FolderBytes = Map<string, Uint8Array | null>;

/** Changes the files. @returns what was done, for messages; null where it does not apply to this folder */
export type Mutation = (files: FolderBytes, draw: Rng) => string | null;

export const encode = (text: string): Uint8Array => new TextEncoder().encode(text);
export const pick = <T>(list: readonly T[], draw: Rng): T => list[draw.int(list.length)]!;

export const anyFile = (files: FolderBytes, draw: Rng, suffix = ''): readonly [string, Uint8Array] | null => {
  const there = [...files].filter((one): one is [string, Uint8Array] => one[1] !== null && one[0].endsWith(suffix));
  return there.length === 0 ? null : pick(there, draw);
};

/** A mutation of one file's bytes. */
export const ofFile =
  (
    what: string,
    change: (bytes: Uint8Array, draw: Rng, name: string, files: FolderBytes) => Uint8Array | string | null,
    suffix = '',
  ): Mutation =>
  (files, draw) => {
    const found = anyFile(files, draw, suffix);
    if (found === null) return null;
    const [name, bytes] = found;
    const changed = change(bytes, draw, name, files);
    if (changed === null) return null;
    if (typeof changed === 'string') return `${name}: ${changed}`;
    files.set(name, changed);
    return `${name}: ${what}`;
  };

export const splice = (bytes: Uint8Array, at: number, drop: number, put: Uint8Array): Uint8Array =>
  Uint8Array.from([...bytes.subarray(0, at), ...put, ...bytes.subarray(at + drop)]);
export type Cells = string[][];
export const quoted = (cell: string): string => (/[",]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell);

/** A mutation of one table: rows of cells, the head first. */
export const ofTable =
  (change: (cells: Cells, draw: Rng) => string | null): Mutation =>
  (files, draw) => {
    const found = anyFile(files, draw, '.csv');
    if (found === null) return null;
    const [name, bytes] = found;
    const lines = new TextDecoder().decode(bytes).trimEnd().split('\n');
    if (lines.length < 3) return null;
    const cells = lines.map(csvRow);
    const done = change(cells, draw);
    if (done === null) return null;
    files.set(name, encode(`${cells.map((row) => row.map(quoted).join(',')).join('\n')}\n`));
    return `${name}: ${done}`;
  };

// oxlint-disable-next-line typescript/no-explicit-any -- a damaged schema has no type
export type AnySchema = any;

/** A mutation of the schema's value; the text is written anew. */
export const ofSchema =
  (change: (schema: AnySchema, draw: Rng, files: FolderBytes) => string | null): Mutation =>
  (files, draw) => {
    const bytes = files.get('schema.json');
    if (bytes === undefined || bytes === null) return null;
    let value: AnySchema;
    try {
      value = JSON.parse(new TextDecoder().decode(bytes));
    } catch {
      return null;
    }
    // Some things are changed that another change may have taken away.
    let done: string | null;
    try {
      done = change(value, draw, files);
    } catch (error) {
      if (error instanceof TypeError) return null;
      throw error;
    }
    if (done === null) return null;
    files.set('schema.json', encode(JSON.stringify(value, null, 2)));
    return `schema.json: ${done}`;
  };

export interface Spot {
  readonly holder: Record<string, unknown>;
  readonly key: string;
  readonly path: string;
}

/** Every value of a document below its root. */
export function spotsOf(value: unknown, path = ''): Spot[] {
  if (typeof value !== 'object' || value === null) return [];
  const holder = value as Record<string, unknown>;
  return Object.keys(holder).flatMap((key) => [
    { holder, key, path: `${path}/${key}` },
    ...spotsOf(holder[key], `${path}/${key}`),
  ]);
}

export const anyBuilding = (schema: AnySchema, draw: Rng): string => pick(Object.keys(schema.buildings), draw);
export const spots = (schema: AnySchema, wanted: (spot: Spot) => boolean): Spot[] => spotsOf(schema).filter(wanted);
/** Sets one spot of those that are wanted. */
export const setSpot = (
  wanted: (spot: Spot) => boolean,
  value: (draw: Rng, old: unknown, key: string) => unknown,
): Mutation =>
  ofSchema((schema, draw) => {
    const there = spots(schema, wanted);
    if (there.length === 0) return null;
    const { holder, key, path } = pick(there, draw);
    const set = value(draw, holder[key], key);
    holder[key] = set;
    return `${path} is ${JSON.stringify(set)}`;
  });
export const isNumber = ({ holder, key }: Spot): boolean => typeof holder[key] === 'number';
export const isFile = ({ holder, key }: Spot): boolean => /\.(csv|pth)$/.test(String(holder[key]));
