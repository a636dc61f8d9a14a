import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PolicyFileError } from '../../core/errors.ts';
import { readSafetensors, writeSafetensors } from '../../nn/safetensors.ts';
import type { Tensor } from '../../nn/safetensors.ts';

const finite = fc.float({ noNaN: true, noDefaultInfinity: true });
const tensors = fc.dictionary(
  fc.string().filter((name) => name !== '__metadata__'),
  fc
    .array(fc.integer({ min: 0, max: 5 }), { maxLength: 3 })
    .chain((shape) =>
      fc
        .array(finite, { minLength: product(shape), maxLength: product(shape) })
        .map((data): Tensor => ({ shape, data: Float32Array.from(data) })),
    ),
  { maxKeys: 5 },
);

function product(shape: readonly number[]): number {
  return shape.reduce((a, b) => a * b, 1);
}

/** A file with this header text (or its JSON) and this much data. */
function file(header: unknown, dataBytes: number | Uint8Array): Uint8Array {
  const json = new TextEncoder().encode(typeof header === 'string' ? header : JSON.stringify(header));
  const data = typeof dataBytes === 'number' ? new Uint8Array(dataBytes) : dataBytes;
  const bytes = new Uint8Array(8 + json.length + data.length);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(json.length), true);
  bytes.set(json, 8);
  bytes.set(data, 8 + json.length);
  return bytes;
}

const pair = (begin: number, end: number, shape = [(end - begin) / 4]): object => ({
  dtype: 'F32',
  shape,
  data_offsets: [begin, end],
});

describe('safetensors', () => {
  it('reads back what was written, to the bit', () => {
    fc.assert(
      fc.property(tensors, (record) => {
        const written = new Map(Object.entries(record));
        const bytes = writeSafetensors(written);
        expect(readSafetensors(bytes, 'x')).toEqual(written);
        // Also out of the middle of a larger buffer, at an odd address.
        const shifted = new Uint8Array(bytes.length + 3);
        shifted.set(bytes, 3);
        expect(readSafetensors(shifted.subarray(3), 'x')).toEqual(written);
      }),
      { numRuns: 300 },
    );
  });

  it('writes the published layout', () => {
    const bytes = writeSafetensors(new Map([['a', { shape: [2], data: Float32Array.of(1, -2) }]]));
    const header = '{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}';
    const padded = Math.ceil(header.length / 8) * 8;
    expect(new DataView(bytes.buffer).getBigUint64(0, true)).toBe(BigInt(padded));
    expect(new TextDecoder().decode(bytes.subarray(8, 8 + padded))).toBe(header.padEnd(padded));
    expect([...bytes.subarray(8 + padded)]).toEqual([0, 0, 0x80, 0x3f, 0, 0, 0, 0xc0]);
  });

  it('has no forbidden names', () => {
    const tensor = { shape: [1], data: Float32Array.of(3) };
    const written = new Map(['__proto__', 'constructor', '7', ''].map((name) => [name, tensor]));
    expect(readSafetensors(writeSafetensors(written), 'x')).toEqual(written);
  });

  it('reads tensors in any order, with metadata and a scalar', () => {
    const data = new Uint8Array(Float32Array.of(1, 2, 3).buffer);
    const bytes = file({ __metadata__: { format: 'pt' }, b: pair(4, 12), a: pair(0, 4, []) }, data);
    const read = readSafetensors(bytes, 'x');
    expect(read.get('a')).toEqual({ shape: [], data: Float32Array.of(1) });
    expect(read.get('b')).toEqual({ shape: [2], data: Float32Array.of(2, 3) });
  });

  const nan = new Uint8Array(Float32Array.of(0, Number.NaN).buffer);
  const infinite = new Uint8Array(Float32Array.of(Number.NEGATIVE_INFINITY).buffer);
  it.each<[string, Uint8Array, string]>([
    ['an empty file', new Uint8Array(0), 'w.st: the file has 0 bytes, expected at least 8'],
    ['a file cut in the length', new Uint8Array(7), 'w.st: the file has 7 bytes, expected at least 8'],
    [
      'a header longer than the file',
      file({}, 0).subarray(0, 9),
      'w.st: the header claims 2 bytes, expected at most 1',
    ],
    ['an absurd header length', new Uint8Array(16).fill(255), 'expected at most 8'],
    ['no JSON', file('{"a":', 0), 'w.st: the header is not JSON'],
    ['invalid UTF-8', file('', 0).fill(1, 0, 1), 'w.st: the header claims 1 bytes'],
    ['a header that is a list', file('[]', 0), 'the header is [], expected an object'],
    ['a header that is null', file('null', 0), 'the header is null, expected an object'],
    ['an entry that is no object', file({ a: 3 }, 0), 'w.st /a: got 3, expected an object'],
    [
      'another dtype',
      file({ a: { dtype: 'F16', shape: [2], data_offsets: [0, 4] } }, 4),
      'w.st /a/dtype: dtype is "F16", expected "F32"',
    ],
    ['no dtype', file({ a: { shape: [1], data_offsets: [0, 4] } }, 4), 'dtype is nothing'],
    [
      'a negative size',
      file({ a: pair(0, 4, [-1]) }, 4),
      'w.st /a/shape: shape is [-1], expected a list of whole numbers',
    ],
    ['a fractional size', file({ a: pair(0, 4, [0.5]) }, 4), 'shape is [0.5]'],
    ['a shape that is no list', file('{"a":{"dtype":"F32","shape":4,"data_offsets":[0,4]}}', 4), 'shape is 4'],
    [
      'a shape that does not fit its bytes',
      file({ a: pair(0, 8, [3]) }, 8),
      'w.st /a/data_offsets: 8 bytes of data, expected 12 for shape [3]',
    ],
    ['a shape whose size overflows', file({ a: pair(0, 4, [2 ** 40, 2 ** 40]) }, 4), 'expected 4.835703278458517e+24'],
    [
      'offsets in the wrong order',
      file({ a: { dtype: 'F32', shape: [1], data_offsets: [4, 0] } }, 4),
      'got [4,0], expected [begin, end]',
    ],
    ['three offsets', file({ a: { dtype: 'F32', shape: [1], data_offsets: [0, 4, 8] } }, 8), 'got [0,4,8]'],
    [
      'overlapping tensors',
      file({ a: pair(0, 8), b: pair(4, 12) }, 12),
      'w.st /b/data_offsets: data begins at byte 4, expected 8',
    ],
    ['a gap', file({ a: pair(0, 4), b: pair(8, 12) }, 12), 'data begins at byte 8, expected 4'],
    ['a hole at the front', file({ a: pair(4, 8) }, 8), 'data begins at byte 4, expected 0'],
    ['truncated data', file({ a: pair(0, 8) }, 7), 'w.st /a/data_offsets: data ends at byte 8, but the file holds 7'],
    ['trailing bytes', file({ a: pair(0, 8) }, 9), 'w.st: 9 bytes of data, expected 8 as in the header'],
    ['a NaN', file({ a: pair(0, 8) }, nan), 'w.st /a: value 1 is NaN, expected a finite number'],
    ['an infinity', file({ a: pair(0, 4) }, infinite), 'value 0 is -Infinity'],
  ])('names %s', (_damage, bytes, message) => {
    expect(() => readSafetensors(bytes, 'w.st')).toThrow(PolicyFileError);
    expect(() => readSafetensors(bytes, 'w.st')).toThrow(message);
  });

  it('throws nothing but PolicyFileError, whatever the bytes', () => {
    const attempt = (bytes: Uint8Array): void => {
      try {
        readSafetensors(bytes, 'x');
      } catch (error) {
        expect(error).toBeInstanceOf(PolicyFileError);
      }
    };
    fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), attempt), { numRuns: 500 });
    fc.assert(
      fc.property(fc.json(), fc.nat(64), (json, size) => attempt(file(json, size))),
      { numRuns: 500 },
    );
    // Real files with a few bytes changed, and cut short.
    const valid = writeSafetensors(new Map([['w', { shape: [2, 3], data: Float32Array.of(1, 2, 3, 4, 5, 6) }]]));
    const change = fc.record({ at: fc.nat(valid.length - 1), value: fc.nat(255) });
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 4 }), fc.nat(valid.length), (changes, length) => {
        const bytes = valid.slice();
        for (const { at, value } of changes) bytes[at] = value;
        attempt(bytes);
        attempt(bytes.subarray(0, length));
      }),
      { numRuns: 1000 },
    );
  });
});
