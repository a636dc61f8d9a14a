import { gzipSync } from 'node:zlib';
import type { Rng } from '../../core/rng.ts';
import { anyFile, encode, ofFile, pick, splice } from './folder-mutation.ts';
import type { Mutation } from './folder-mutation.ts';

const junk = [
  '\0',
  '"',
  ',,,',
  '\n',
  '{}',
  '[',
  '\u{1f50c}',
  '1e999',
  '\r\n\r\n',
  'null',
  '\uFEFF',
  '\t',
  '&a *a',
  '- ',
];

/** Any file, whatever is in it. */
export const fileMutations: readonly Mutation[] = [
  ofFile('cut off', (bytes, draw, name, files) => {
    const at = draw.int(bytes.length);
    files.set(name, bytes.slice(0, at));
    return `cut off at byte ${at} of ${bytes.length}`;
  }),
  ofFile('a flipped bit', (bytes, draw, name, files) => {
    if (bytes.length === 0) return null;
    const at = draw.int(bytes.length);
    const changed = bytes.slice();
    changed[at] = changed[at]! ^ (1 << draw.int(8));
    files.set(name, changed);
    return `a bit flipped in byte ${at}`;
  }),
  ofFile('junk', (bytes, draw, name, files) => {
    const at = draw.int(bytes.length + 1);
    const put = pick(junk, draw);
    files.set(name, splice(bytes, at, draw.int(30), encode(put)));
    return `${JSON.stringify(put)} at byte ${at}`;
  }),
  ofFile('empty', () => new Uint8Array(0)),
  (files, draw) => {
    const found = anyFile(files, draw);
    if (found === null) return null;
    files.delete(found[0]);
    return `${found[0]} is absent`;
  },
  (files, draw) => {
    const found = anyFile(files, draw);
    if (found === null) return null;
    files.set(found[0], null);
    return `${found[0]} is a folder`;
  },
  ofFile('CRLF', (bytes) => textChange(bytes, (text) => text.replaceAll('\n', '\r\n'))),
  ofFile('CR only', (bytes) => textChange(bytes, (text) => text.replaceAll('\n', '\r'))),
  ofFile('a byte order mark', (bytes) => splice(bytes, 0, 0, encode('\uFEFF'))),
  ofFile('UTF-16', (bytes) =>
    Uint8Array.from(Buffer.from(`\uFEFF${Buffer.from(bytes).toString('latin1')}`, 'utf16le')),
  ),
  ofFile('a Latin-1 byte', (bytes, draw) => splice(bytes, draw.int(bytes.length + 1), 0, Uint8Array.of(0xe9))),
  ofFile('blank lines at its end', (bytes) => splice(bytes, bytes.length, 0, encode('\n\n \n'))),
  // Compressed files are told by their name.
  (files, draw) => {
    const found = anyFile(files, draw);
    if (found === null) return null;
    const [name, bytes] = found;
    const packed = new Uint8Array(gzipSync(bytes));
    const [damage, what] = pick(gzipDamages, draw)(packed, draw);
    files.delete(name);
    files.set(`${name}.gz`, damage);
    return `${name}.gz ${what}`;
  },
  ofFile('gzip under its plain name', (bytes) => new Uint8Array(gzipSync(bytes))),
  (files, draw) => {
    const one = anyFile(files, draw);
    const other = anyFile(files, draw);
    if (one === null || other === null || one[0] === other[0]) return null;
    files.set(one[0], other[1]);
    files.set(other[0], one[1]);
    return `${one[0]} and ${other[0]} swapped`;
  },
];

const gzipDamages: readonly ((packed: Uint8Array, draw: Rng) => readonly [Uint8Array, string])[] = [
  (packed) => [packed, 'packed'],
  (packed) => [packed, 'packed'],
  (packed, draw) => [packed.slice(0, draw.int(packed.length)), 'cut off'],
  (packed, draw) => {
    const changed = packed.slice();
    const at = draw.int(packed.length);
    changed[at] = changed[at]! ^ 0x55;
    return [changed, `damaged in byte ${at}`];
  },
  (packed) => [splice(packed, packed.length, 0, encode('tail')), 'with a tail'],
];

function textChange(bytes: Uint8Array, change: (text: string) => string): Uint8Array | null {
  const text = Buffer.from(bytes).toString('latin1');
  const changed = change(text);
  return changed === text ? null : Uint8Array.from(Buffer.from(changed, 'latin1'));
}
