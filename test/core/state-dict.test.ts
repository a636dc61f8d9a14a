import { readFileSync } from 'node:fs';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DataError } from '../../core/errors.ts';
import { readPickle } from '../../core/pickle.ts';
import { readStateDict as readWithin } from '../../core/state-dict.ts';
import { crc32 } from '../../core/crc32.ts';
import { sharedMissing, sharedPath } from '../support/shared.ts';
import { storedZip, torchFile, torchPickle } from '../support/torch-file.ts';
import type { TorchTensor } from '../support/torch-file.ts';

const limits = { numbers: 1 << 22, wrappers: ['model_state_dict'] };
/** With every number. */
const readStateDict = (bytes: Uint8Array, file: string): ReturnType<typeof readWithin> =>
  new Map([...readWithin(bytes, file, limits)].map(([name, { shape, data }]) => [name, { shape, data }]));
const finite = fc.float({ noNaN: true, noDefaultInfinity: true });
const tensor: fc.Arbitrary<TorchTensor> = fc.array(fc.integer({ min: 0, max: 4 }), { maxLength: 3 }).chain((shape) => {
  const size = shape.reduce((product, length) => product * length, 1);
  return fc
    .array(finite, { minLength: size, maxLength: size })
    .map((values) => ({ shape, values: values.length === 0 ? [0] : values }));
});
const pair = { a: { shape: [2, 3], values: [1, 2, 3, 4, 5, 6] }, b: { shape: [1], values: [-0.5] } };
const text = (bytes: string): Uint8Array => Uint8Array.from(bytes, (char) => char.charCodeAt(0));

/** A pickle of one unit again and again. */
const repeat = (head: string, unit: string, size = 200_000): Uint8Array =>
  text(`\u0080\u0002${head}${unit.repeat(Math.floor((size - head.length) / unit.length))}.`);

function refusal(bytes: Uint8Array): string {
  try {
    readStateDict(bytes, 'net.pth');
  } catch (error) {
    expect(error).toBeInstanceOf(DataError);
    expect((error as DataError).message).toContain('net.pth');
    return (error as DataError).message;
  }
  throw new Error('was read');
}

describe('readStateDict', () => {
  it('reads tensors of every shape to the bit, bare or under model_state_dict', () => {
    fc.assert(
      fc.property(
        fc.dictionary(fc.string({ unit: 'grapheme' }), tensor, { maxKeys: 4 }),
        fc.boolean(),
        (tensors, wrapped) => {
          const got = readStateDict(torchFile(tensors, torchPickle(tensors, wrapped)), 'net.pth');
          expect([...got.keys()]).toEqual(Object.keys(tensors));
          for (const [name, { shape, values }] of Object.entries(tensors)) {
            const size = shape.reduce((product, length) => product * length, 1);
            expect(got.get(name)).toEqual({ shape, data: Float32Array.from(values.slice(0, size)) });
          }
        },
      ),
      { numRuns: 200 },
    );
  });

  it('takes None for a value like any other', () => {
    const rules = { globals: new Set<string>(), purpose: 'tensors', objects: false };
    // ]N a, N 0x85 and {'k': None}: appended, in a tuple, as an item.
    expect(readPickle(text('\u0080\u0002]Na.'), rules, 'x', 0)).toEqual([null]);
    expect(readPickle(text('\u0080\u0002N\u0085.'), rules, 'x', 0)).toEqual([null]);
    expect(readPickle(text('\u0080\u0002}NNs.'), rules, 'x', 0)).toEqual(new Map([[null, null]]));
  });

  it('follows strides and offsets', () => {
    const values = Array.from({ length: 24 }, (_, i) => i);
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 3 }), { minLength: 2, maxLength: 2 }),
        fc.array(fc.integer({ min: 0, max: 5 }), { minLength: 2, maxLength: 2 }),
        fc.integer({ min: 0, max: 3 }),
        (shape, strides, offset) => {
          const expected = Array.from({ length: shape[0]! * shape[1]! }, (_, i) => {
            const row = Math.floor(i / shape[1]!);
            return offset + row * strides[0]! + (i % shape[1]!) * strides[1]!;
          });
          const got = readStateDict(torchFile({ a: { shape, strides, offset, values } }), 'net.pth');
          expect([...got.get('a')!.data]).toEqual(expected);
        },
      ),
    );
  });

  it('converts float64 and float16, and refuses integers by name', () => {
    const as = (storage: string, values: number[]): TorchTensor => ({ shape: [values.length], values, storage });
    expect([...readStateDict(torchFile({ a: as('DoubleStorage', [0.1, -2]) }), 'x').get('a')!.data]).toEqual([
      Math.fround(0.1),
      -2,
    ]);
    // 1, −1.5, the smallest subnormal, the largest finite number.
    expect([
      ...readStateDict(torchFile({ a: as('HalfStorage', [0x3c00, 0xbe00, 1, 0x7bff]) }), 'x').get('a')!.data,
    ]).toEqual([1, -1.5, 2 ** -24, 65504]);
    expect(refusal(torchFile({ a: as('LongStorage', [1]) }))).toContain('torch.LongStorage');
    expect(refusal(torchFile({ a: as('HalfStorage', [0x7c00]) }))).toContain('Infinity');
  });

  it('refuses what is no weight file by name', () => {
    expect(refusal(new Uint8Array())).toContain('ZIP');
    expect(refusal(text('hello'))).toContain('ZIP');
    expect(refusal(Uint8Array.of(0x80, 2, 0x8a))).toContain('before PyTorch 1.6');
    expect(refusal(storedZip([['net/other', text('x')]]))).toContain('data.pkl');
    expect(refusal(storedZip([['net/data.pkl', torchPickle(pair)]], 8))).toMatch(/compressed.*method 8.*byte/);
    expect(refusal(storedZip([['net/data.pkl', torchPickle(pair)]]))).toContain("'net/data/0' is not in the archive");
    expect(refusal(storedZip([['net/data.pkl', text('\u0080\u0002K\u0001.')]]))).toContain('a number');
    const big = storedZip([
      ['net/data.pkl', torchPickle(pair)],
      ['net/byteorder', text('big')],
    ]);
    expect(refusal(big)).toContain("'big'");
    const twice = storedZip([
      ['net/data.pkl', torchPickle(pair)],
      ['net/data.pkl', torchPickle(pair)],
    ]);
    expect(refusal(twice)).toContain('twice');
  });

  it('runs nothing: a pickle that calls os.system is refused with its name', () => {
    const hostile = text('\u0080\u0002cos\nsystem\nX\u0004\u0000\u0000\u0000true\u0085R.');
    expect(refusal(torchFile({}, hostile))).toMatch(/'os\.system'.*nothing of it was run.*byte/);
    for (const opcode of ['i', 'o', '\u0081', '\u0092', '\u0082'])
      expect(refusal(torchFile({}, text(`\u0080\u0002)${opcode}.`)))).toContain('none that tensors need');
  });

  it('refuses tensors that do not fit their storage, and sizes beyond reason', () => {
    const values = [1, 2, 3, 4];
    expect(refusal(torchFile({ a: { shape: [5], values } }))).toContain('reaches number 4 of a storage of 4');
    expect(refusal(torchFile({ a: { shape: [2, 2], strides: [3, 1], values } }))).toContain('reaches number 4');
    expect(refusal(torchFile({ a: { shape: [1 << 30], strides: [0], values } }))).toContain('its storage only 4');
    expect(refusal(torchFile({ a: { shape: [1 << 22], strides: [0], values } }))).toContain('its storage only 4');
    const tight = { ...limits, numbers: 7 };
    const two = torchFile({ a: { shape: [4], values }, b: { shape: [2, 2], values } });
    const within = readWithin(two, 'net.pth', tight);
    expect([...within.get('b')!.data]).toEqual(values);
    expect([...within.get('b')!.data]).toEqual(values); // counted once
    expect(() => within.get('a')!.data).toThrow('has 4 numbers; the tensors that are read may have 7 together');
    const deep = repeat(')', '\u0085', 100);
    expect(() => readWithin(torchFile({}, deep), 'net.pth', { ...limits, opcodes: 50 })).toThrow(
      'more than 50 opcodes',
    );
    expect(refusal(torchFile({ a: { shape: [1], values: [Number.NaN] } }))).toContain('NaN');
    expect(refusal(torchFile({}, new Uint8Array(300_000)))).toContain('expected at most 262144');
    expect(
      refusal(torchFile({ a: { shape: [1], values } }, torchPickle({ a: { shape: [1], values: [1] } }))),
    ).toContain('16 bytes, expected 4');
  });

  it('notices every flipped bit of the contents and every cut', () => {
    const sound = torchFile(pair);
    fc.assert(
      fc.property(fc.nat(sound.length - 1), fc.integer({ min: 1, max: 255 }), (at, mask) => {
        const bytes = sound.slice();
        bytes[at]! ^= mask;
        try {
          expect(readStateDict(bytes, 'net.pth')).toEqual(readStateDict(sound, 'net.pth'));
        } catch (error) {
          if (!(error instanceof DataError)) throw error;
        }
      }),
      { numRuns: 1000 },
    );
    for (let length = 0; length < sound.length; length += 7) refusal(sound.slice(0, length));
  });

  it('answers damaged pickles with a DataError at a byte, quickly', () => {
    const sound = torchPickle(pair);
    const rules = { globals: new Set(['collections.OrderedDict']), purpose: 'tensors', objects: false };
    const damage = fc.array(fc.tuple(fc.nat(sound.length - 1), fc.nat(255)), { minLength: 1, maxLength: 8 });
    const begun = performance.now();
    fc.assert(
      fc.property(damage, fc.nat(sound.length), (changes, length) => {
        const bytes = sound.slice(0, length);
        for (const [at, value] of changes) if (at < length) bytes[at] = value;
        try {
          readStateDict(torchFile(pair, bytes), 'net.pth');
        } catch (error) {
          if (!(error instanceof DataError)) throw error;
        }
        try {
          readPickle(bytes, rules, 'net.pth', 0);
        } catch (error) {
          if (!(error instanceof DataError)) throw error;
          expect(error.message).toMatch(/byte \d+/);
        }
      }),
      { numRuns: 2000 },
    );
    expect(performance.now() - begun).toBeLessThan(30_000);
  });

  it('takes time and memory of the order of the file for pickles made to explode', () => {
    const begun = process.cpuUsage(); // others share the machine's clock
    expect(readStateDict(torchFile({}, repeat('', '}')), 'net.pth').size).toBe(0);
    for (const bytes of [
      repeat('', '('),
      repeat(')', '\u0085'),
      repeat(')q\u0000', 'h\u0000h\u0000\u0086q\u0000'),
      repeat(']q\u0000', 'h\u0000a'),
      repeat('', ')('),
    ])
      refusal(torchFile({}, bytes));
    const { user, system } = process.cpuUsage(begun);
    expect((user + system) / 1e6).toBeLessThan(5);
  });
});

it('crc32 has the check value of its polynomial', () => {
  expect(crc32(text('123456789'))).toBe(0xcbf43926);
});

describe
  .skipIf(sharedMissing)
  .each(['citylearn_challenge_2023_phase_1', 'citylearn_challenge_2023_phase_2_local_evaluation'])(
  'weights of %s (needs ../shared)',
  (dataset) => {
    it.each([1, 2, 3])('Building_%i equals what PyTorch exported', (building) => {
      const name = `Building_${building}`;
      const got = readStateDict(readFileSync(sharedPath(`datasets/${dataset}/${name}.pth`)), `${name}.pth`);
      const exported = JSON.parse(
        readFileSync(sharedPath(`golden/citylearn/lstm/${dataset}/${name}.weights.json`), 'utf8'),
      ) as Record<string, (number | number[])[]>;
      expect([...got.keys()].toSorted()).toEqual(Object.keys(exported).toSorted());
      for (const [key, rows] of Object.entries(exported)) {
        const values = rows.flat();
        const shape = Array.isArray(rows[0]) ? [rows.length, rows[0].length] : [rows.length];
        expect(got.get(key)).toEqual({ shape, data: Float32Array.from(values) });
        expect([...got.get(key)!.data]).toEqual(values);
      }
    });

    it('a cut file is refused wherever it is cut', () => {
      const bytes = readFileSync(sharedPath(`datasets/${dataset}/Building_1.pth`));
      for (let length = 0; length < bytes.length; length += 997) refusal(bytes.subarray(0, length));
    });
  },
);
