import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeState, encodeState, nested, stateArray, under } from '../../agents/state.ts';
import { PolicyFileError } from '../../core/errors.ts';

describe('state codec', () => {
  it('reads back what it wrote, whatever the lengths', () => {
    const array = fc.oneof(
      fc.array(fc.float({ noNaN: true }), { maxLength: 9 }).map((values) => Float32Array.from(values)),
      fc.array(fc.double({ noNaN: true }), { maxLength: 9 }).map((values) => Float64Array.from(values)),
      fc.array(fc.nat(), { maxLength: 9 }).map((values) => Uint32Array.from(values)),
      fc.array(fc.integer(), { maxLength: 9 }).map((values) => Int32Array.from(values)),
      fc.array(fc.nat(255), { maxLength: 9 }).map((values) => Uint8Array.from(values)),
    );
    const name = fc.string({ minLength: 1 }).filter((text) => text !== '__proto__');
    fc.assert(
      fc.property(fc.dictionary(name, array), (state) => {
        expect(decodeState(encodeState(state))).toEqual({ ...state });
      }),
    );
  });

  it('reads a Buffer that is a part of Node’s pool, as a small file’s is', () => {
    const state = { weights: Float32Array.of(1, 2, 3), text: Uint8Array.of(1) };
    const bytes = encodeState(state);
    const pool = new ArrayBuffer(bytes.length + 16);
    const pooled = Buffer.from(pool, 5, bytes.length); // nor need its place be a multiple of eight
    pooled.set(bytes);
    const read = decodeState(pooled);
    expect(read).toEqual(state);
    pooled.fill(0);
    expect(read).toEqual(state); // the caller's buffer stays theirs
  });

  it('refuses damaged bytes with a named error', () => {
    const bytes = encodeState({ weights: Float32Array.of(1, 2, 3), text: Uint8Array.of(1) });
    for (const length of [0, 3, 10, bytes.length - 9])
      expect(() => decodeState(bytes.subarray(0, length))).toThrow(PolicyFileError);
    const broken = bytes.slice();
    broken[5] = 0;
    expect(() => decodeState(broken)).toThrow(PolicyFileError);
  });

  it('names the array that is missing or has another shape', () => {
    const state = nested('actor', { weights: Float32Array.of(1, 2) });
    expect(stateArray(under('actor', state), 'weights', 'Float32Array', 2)).toEqual(Float32Array.of(1, 2));
    expect(() => stateArray(state, 'weights', 'Float32Array')).toThrow(/'weights' is missing/);
    expect(() => stateArray(state, 'actor.weights', 'Float64Array')).toThrow(
      /Float32Array\[2\], expected Float64Array/,
    );
    expect(() => stateArray(state, 'actor.weights', 'Float32Array', 3)).toThrow(/expected Float32Array\[3\]/);
  });
});
