import { PolicyFileError } from '../../../core/errors.ts';
import { mostWeights } from '../weight-limits.ts';
import type { Numbers } from './array.ts';

/** How the numbers of a repeated field lie: as varints, or in so many bytes each. */
export type NumberKind = 'varint' | 4 | 8;

/** What a field's payload is: a number, eight or four bytes, or a run of bytes. */
type WireType = 0 | 1 | 2 | 5;

function isWireType(wire: number): wire is WireType {
  return wire === 0 || wire === 1 || wire === 2 || wire === 5;
}

/** One field of a message; its payload is read by the function that suits what the schema says. */
export interface Field {
  /** The field's number in the schema. */
  readonly number: number;
  readonly wire: WireType;
  /** Where the payload begins and ends, in bytes of the file. */
  readonly begin: number;
  readonly end: number;
}

/** Numbers of all dimensions and attributes together: they go into lists, which take several times the room of an array. */
const mostListed = 2 ** 18;
/** Each costs an object or more, and no more than two bytes of a file. */
const mostFields = 2 ** 18;

/** A file of protocol buffers, whose errors say at which byte. */
export class WireFile {
  readonly bytes: Uint8Array;
  readonly file: string;
  readonly #view: DataView;
  #at = 0;
  #numbers = 0;
  #listed = 0;
  #fields = 0;

  constructor(bytes: Uint8Array, file: string) {
    this.bytes = bytes;
    this.file = file;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  }

  /**
   * The fields of the message that lies in bytes `begin` … `end`, in order. Nothing is recursive: a caller that knows a field to be a
   * message asks for its fields in turn, so that how deep a file is nested is decided by the schema and not by the file.
   *
   * Source: Protocol Buffers, "Encoding" (protobuf.dev/programming-guides/encoding).
   * @throws {PolicyFileError} for a varint of more than 64 bits, a length beyond the message, a group or an unknown wire type.
   */
  *fields(begin: number, end: number): Generator<Field, void, void> {
    let at = begin;
    while (at < end) {
      const start = at;
      this.#at = at;
      const tag = this.#varint(end);
      const number = Math.floor(tag / 8);
      const wire = tag % 8;
      if (number < 1 || number > 0x1fff_ffff) this.fail(start, `field number ${number}, expected 1 to 536870911`);
      if (!isWireType(wire)) this.fail(start, `field ${number} has wire type ${wire}, expected 0, 1, 2 or 5`);
      let length = wire === 1 ? 8 : 4;
      let payload = this.#at;
      if (wire === 0) {
        this.#varint(end);
        length = this.#at - payload;
      } else if (wire === 2) {
        length = this.#varint(end);
        payload = this.#at;
      }
      if (length > end - payload)
        this.fail(start, `field ${number} claims ${length} bytes, but its message holds ${end - payload} more`);
      at = payload + length;
      if (++this.#fields > mostFields) this.fail(start, `more than ${mostFields} fields in all`);
      yield { number, wire: wire as WireType, begin: payload, end: at };
    }
  }

  /** The fields of a field that is a message. */
  message(field: Field): Generator<Field, void, void> {
    this.expect(field, 2);
    return this.fields(field.begin, field.end);
  }

  /** A signed whole number (int32, int64, enum); beyond ±2⁵³ it is rounded. */
  integer(field: Field): number {
    this.expect(field, 0);
    this.#at = field.begin;
    return this.#signed(field.end);
  }

  float(field: Field): number {
    this.expect(field, 5);
    return this.#view.getFloat32(field.begin, true);
  }

  /** UTF-8 of at most 4096 bytes: what messages will quote. */
  text(field: Field): string {
    const bytes = this.run(field);
    if (bytes.length > 4096) this.fail(field.begin, `a name of ${bytes.length} bytes, expected at most 4096`);
    return new TextDecoder().decode(bytes);
  }

  /** The bytes of a field, not copied. */
  run(field: Field): Uint8Array {
    this.expect(field, 2);
    return this.bytes.subarray(field.begin, field.end);
  }

  /** Appends the value, or the packed values, of a repeated whole number. */
  integers(field: Field, into: number[]): void {
    if (field.wire !== 0) this.expect(field, 2);
    this.#at = field.begin;
    while (this.#at < field.end) {
      this.#list(1, field.begin);
      into.push(this.#signed(field.end));
    }
  }

  /** Appends the value, or the packed values, of a repeated float (4 bytes) or double (8 bytes). */
  reals(field: Field, bytes: 4 | 8, into: number[]): void {
    this.#list(this.count(field, bytes), field.begin);
    for (let at = field.begin; at < field.end; at += bytes)
      into.push(bytes === 4 ? this.#view.getFloat32(at, true) : this.#view.getFloat64(at, true));
  }

  /** How many numbers a field of a repeated number has: one, or those packed. @param kind varints, or bytes of each */
  count(field: Field, kind: NumberKind): number {
    if (kind === 'varint') {
      if (field.wire === 0) return 1;
      let count = 0;
      for (const byte of this.run(field)) if (byte < 0x80) count++;
      return count;
    }
    if (field.wire === 2 && (field.end - field.begin) % kind !== 0)
      this.fail(field.begin, `${field.end - field.begin} bytes of packed numbers, expected a multiple of ${kind}`);
    if (field.wire !== 2) this.expect(field, kind === 4 ? 5 : 1);
    return (field.end - field.begin) / kind;
  }

  /** Puts the numbers of such a field into an array from `to` on; returns where the next goes. */
  fill(field: Field, kind: NumberKind, into: Numbers, to: number): number {
    let next = to;
    if (kind === 'varint') for (this.#at = field.begin; this.#at < field.end;) into[next++] = this.#signed(field.end);
    else
      for (let at = field.begin; at < field.end; at += kind)
        into[next++] = kind === 4 ? this.#view.getFloat32(at, true) : this.#view.getFloat64(at, true);
    return next;
  }

  /** Counts numbers that are about to be unpacked: a small file must not fill the memory. */
  claim(numbers: number, at: number): void {
    this.#numbers += numbers;
    if (this.#numbers > mostWeights) this.fail(at, `more than ${mostWeights} numbers in all`);
  }

  #list(numbers: number, at: number): void {
    this.#listed += numbers;
    if (this.#listed > mostListed) this.fail(at, `more than ${mostListed} numbers in dimensions and attributes`);
  }

  fail(at: number, message: string): never {
    throw new PolicyFileError(message, { place: { file: this.file, path: `byte ${at}` } });
  }

  expect(field: Field, wire: WireType): void {
    if (field.wire !== wire)
      this.fail(field.begin, `field ${field.number} has wire type ${field.wire}, expected ${wire}`);
  }

  /** An unsigned varint as a length or a tag; above 2⁵³ it is rounded, and too large for either. */
  #varint(end: number): number {
    let value = 0;
    let scale = 1;
    const start = this.#at;
    for (;;) {
      if (this.#at >= end) return this.fail(start, 'a varint that the end cuts off');
      if (this.#at - start === 10) return this.fail(start, 'a varint of more than 10 bytes');
      const byte = this.bytes[this.#at++]!;
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
      scale *= 128;
    }
  }

  /** A varint as a signed number in two's complement of 64 bits: −1 is ten bytes. */
  #signed(end: number): number {
    const start = this.#at;
    let low = 0; // bits 0 … 27
    let middle = 0; // bits 28 … 55
    let high = 0; // bits 56 … 63
    for (let count = 0; ; count++) {
      if (this.#at >= end) return this.fail(start, 'a varint that the end cuts off');
      if (count === 10) return this.fail(start, 'a varint of more than 10 bytes');
      const byte = this.bytes[this.#at++]!;
      const bits = byte & 0x7f;
      if (count < 4) low |= bits << (7 * count);
      else if (count < 8) middle |= bits << (7 * (count - 4));
      else high |= bits << (7 * (count - 8));
      if (byte < 0x80) break;
    }
    // The top byte carries the sign.
    return (((high & 0xff) << 24) >> 24) * 2 ** 56 + middle * 2 ** 28 + low;
  }
}
