import type { Rng } from '../../../core/rng.ts';
import type { Files } from './sound-folder.ts';

/** One random change of a folder's files. @returns what was done, for messages. */
export function mutate(files: Files, draw: Rng): string {
  const names = [...files.keys()];
  const file = draw.int(2) === 0 ? 'schema.json' : names[draw.int(names.length)]!;
  const text = files.get(file)!;
  if (draw.int(12) === 0) {
    files.delete(file);
    return `${file} is absent`;
  }
  if (draw.int(8) === 0) {
    const at = draw.int(text.length + 1);
    files.set(file, text.slice(0, at) + pick(junkText, draw) + text.slice(at + draw.int(30)));
    return `${file} is damaged at ${at}`;
  }
  const [changed, what] = file.endsWith('.json') ? mutateJson(text, draw) : mutateTable(text, draw);
  files.set(file, changed);
  return `${file}: ${what}`;
}

const junkText = ['', '\0', '"', ',,,', '\n', '{}', '[', '\u{1f50c}', '1e999', '\r\n\r\n', 'null'];
const junkValues: readonly unknown[] = [
  null,
  true,
  false,
  0,
  -1,
  1,
  2.5,
  1e12,
  48,
  '',
  'x',
  '../schema.json',
  'weather.csv',
  'citylearn.energy_model.HeatPump',
  [],
  {},
  [[0, 1]],
  [
    [0, 1],
    [1, 0.5],
  ],
  { type: 'HeatPump', autosize: true, attributes: {} },
  { toString: 1, constructor: 2 },
];
const junkCells = [
  '',
  ' ',
  'nan',
  'inf',
  '-inf',
  '-1',
  '0',
  '1.5',
  '25',
  '1e12',
  '1e999',
  '0x10',
  'x',
  '"',
  '[]',
  '[1',
  '"[0.1, 2]"',
];

function pick<T>(list: readonly T[], draw: Rng): T {
  return list[draw.int(list.length)]!;
}

/** Replaces, deletes, renames or adds a value anywhere in a document. */
function mutateJson(text: string, draw: Rng): [string, string] {
  const document = JSON.parse(text) as Record<string, unknown>;
  const places: { readonly holder: Record<string, unknown>; readonly key: string; readonly path: string }[] = [];
  const collect = (value: unknown, path: string): void => {
    if (typeof value !== 'object' || value === null) return;
    const holder = value as Record<string, unknown>;
    for (const key of Object.keys(holder)) {
      places.push({ holder, key, path: `${path}/${key}` });
      collect(holder[key], `${path}/${key}`);
    }
  };
  collect(document, '');
  const { holder, key, path } = pick(places, draw);
  const value = pick(junkValues, draw);
  switch (draw.int(4)) {
    case 0:
      Reflect.deleteProperty(holder, key);
      return [JSON.stringify(document, null, 1), `${path} deleted`];
    case 1: {
      const moved = holder[key];
      Reflect.deleteProperty(holder, key);
      Object.defineProperty(holder, pick(['__proto__', 'constructor', 'X', `${key}x`], draw), {
        value: moved,
        enumerable: true,
        configurable: true,
      });
      return [JSON.stringify(document, null, 1), `${path} renamed`];
    }
    default:
      holder[key] = value;
      return [JSON.stringify(document, null, 1), `${path} is ${JSON.stringify(value)}`];
  }
}

/** Changes a cell, a row, a column or the head of a table. */
function mutateTable(text: string, draw: Rng): [string, string] {
  const lines = text.trimEnd().split('\n');
  const row = draw.int(lines.length);
  const cells = lines[row]!.split(',');
  const column = draw.int(cells.length);
  switch (draw.int(6)) {
    case 0:
      lines.splice(row, 1);
      return [lines.join('\n'), `line ${row + 1} deleted`];
    case 1:
      lines.splice(row, 0, lines[row]!);
      return [lines.join('\n'), `line ${row + 1} doubled`];
    case 2: {
      const narrower = lines.map((line) => line.split(',').toSpliced(column, 1).join(','));
      return [narrower.join('\n'), `column ${column + 1} deleted`];
    }
    case 3:
      lines[0] = lines[0]!
        .split(',')
        .map((name) => `${name.toUpperCase()} [unit]`)
        .join(',');
      return [lines.join('\n'), 'an older head'];
    default: {
      const cell = pick(junkCells, draw);
      cells[column] = cell;
      lines[row] = cells.join(',');
      return [lines.join('\n'), `line ${row + 1}, column ${column + 1} is ${JSON.stringify(cell)}`];
    }
  }
}
