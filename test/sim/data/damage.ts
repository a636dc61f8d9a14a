import type { Files } from './sound-folder.ts';

/** One way to damage the sound folder, and the error it must give. */
export interface Damage {
  readonly what: string;
  readonly change: Change;
  readonly error: 'DataError' | 'ConfigError' | 'DocumentError' | 'UnknownNameError';
  /** Must all stand in the message: what was got, what was expected, where. */
  readonly says: readonly string[];
  readonly buildings?: readonly string[];
}

export type Change = (files: Files) => void;

export const inFile =
  (file: string, change: (text: string) => string): Change =>
  (files) =>
    files.set(file, change(files.get(file)!));
/** 0-based line (0 is the head) and column. */
export const cell = (file: string, line: number, column: number, value: string): Change =>
  inFile(file, (text) => {
    const lines = text.split('\n');
    const cells = lines[line]!.split(',');
    cells[column] = value;
    lines[line] = cells.join(',');
    return lines.join('\n');
  });
export const line = (file: string, at: number, change: (line: string) => string | undefined): Change =>
  inFile(file, (text) => {
    const lines = text.split('\n');
    const changed = change(lines[at]!);
    lines.splice(at, 1, ...(changed === undefined ? [] : [changed]));
    return lines.join('\n');
  });
export const column = (file: string, at: number, head: string | undefined, value: string): Change =>
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
export type Schema = any;
export const schema = (change: (schema: Schema) => unknown): Change =>
  inFile('schema.json', (text) => {
    const value = JSON.parse(text) as Schema;
    const replaced = change(value);
    return JSON.stringify(replaced ?? value, null, 2);
  });
export const battery = (name: string, value: unknown): Change =>
  schema((all) => void (all.buildings.Building_1.electrical_storage.attributes[name] = value));
