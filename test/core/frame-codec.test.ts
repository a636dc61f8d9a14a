import { describe, expect, it } from 'vitest';
import fc from 'fast-check';
import { decodeFrame, encodeFrame, frameHeaderBytes } from '../../core/frame-codec.ts';
import { CodecError } from '../../core/errors.ts';

const uint32 = fc.integer({ min: 0, max: 0xffff_ffff });
const frame = fc
  .record({
    schema: uint32,
    seq: uint32,
    step0: uint32,
    rows: fc.integer({ min: 0, max: 30 }),
    cols: fc.integer({ min: 0, max: 30 }),
    wallTime: fc.double({ noNaN: true }),
  })
  .chain((head) =>
    fc
      .array(fc.float(), { minLength: head.rows * head.cols, maxLength: head.rows * head.cols })
      .map((values) => ({ ...head, values: Float32Array.from(values) })),
  );

describe('frame codec', () => {
  it('reads back what it wrote, at any byte offset', () => {
    fc.assert(
      fc.property(frame, fc.integer({ min: 0, max: 7 }), (original, offset) => {
        const bytes = encodeFrame(original);
        const shifted = new Uint8Array(bytes.length + offset + 3);
        shifted.set(bytes, offset);
        expect(decodeFrame(shifted.subarray(offset, offset + bytes.length))).toEqual(original);
      }),
    );
  });

  it('refuses every truncation and every flipped bit by name', () => {
    const bytes = encodeFrame({
      schema: 1,
      seq: 2,
      step0: 48,
      rows: 3,
      cols: 2,
      values: Float32Array.of(1, 2, 3, 4, 5, 6),
      wallTime: 0,
    });
    for (let length = 0; length < bytes.length; length++)
      expect(() => decodeFrame(bytes.subarray(0, length))).toThrow(CodecError);
    for (let bit = frameHeaderBytes * 8; bit < bytes.length * 8; bit++) {
      const damaged = bytes.slice();
      damaged[bit >> 3]! ^= 1 << (bit & 7);
      expect(() => decodeFrame(damaged)).toThrow(/CRC/);
    }
  });

  it('never throws anything but a CodecError on arbitrary bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        try {
          decodeFrame(bytes);
        } catch (error) {
          expect(error).toBeInstanceOf(CodecError);
        }
      }),
    );
  });

  it('has the layout of its documentation (frozen bytes)', () => {
    const bytes = encodeFrame({
      schema: 1,
      seq: 2,
      step0: 3,
      rows: 1,
      cols: 2,
      values: Float32Array.of(1, -2),
      wallTime: 1.5,
    });
    expect(Buffer.from(bytes).toString('hex')).toBe(
      `0101000001000000020000000300000001000200${Buffer.from(bytes.subarray(20, 24)).toString('hex')}000000000000f83f0000803f000000c0`,
    );
  });

  it.each([
    [{ seq: -1 }, /seq is -1/],
    [{ rows: 70_000 }, /rows is 70000/],
    [{ step0: 0.5 }, /step0 is 0.5/],
    [{ values: Float32Array.of(1) }, /1 values, expected 2 cols × 1 rows/],
  ])('refuses to encode %j', (change, message) => {
    expect(() =>
      encodeFrame({
        schema: 1,
        seq: 0,
        step0: 0,
        rows: 1,
        cols: 2,
        values: Float32Array.of(1, 2),
        wallTime: 0,
        ...change,
      }),
    ).toThrow(message);
  });
});
