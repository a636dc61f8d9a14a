import { DataError } from './errors.ts';

/** The bytes of a pickle, read from the front; an error names the byte of the opcode at work. */
export class PickleBytes {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #file: string;
  readonly #offset: number;
  #at = 0;
  #opcodeAt = 0;

  /** @param offset of the first byte in the file, for messages */
  constructor(bytes: Uint8Array, file: string, offset: number) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    this.#file = file;
    this.#offset = offset;
  }

  opcode(): number {
    this.#opcodeAt = this.#at;
    return this.#bytes[this.#take(1)]!;
  }

  skip(count: number): void {
    this.#take(count);
  }

  uint(width: 1 | 2 | 4): number {
    const at = this.#take(width);
    if (width === 1) return this.#bytes[at]!;
    return width === 2 ? this.#view.getUint16(at, true) : this.#view.getUint32(at, true);
  }

  /** Beyond 2⁵³ it is rounded, and no length that a file has. */
  uint64(): number {
    const at = this.#take(8);
    return this.#view.getUint32(at, true) + this.#view.getUint32(at + 4, true) * 2 ** 32;
  }

  int32(): number {
    return this.#view.getInt32(this.#take(4), true);
  }

  /** Big-endian. */
  float64(): number {
    return this.#view.getFloat64(this.#take(8));
  }

  /** Little-endian two's complement. */
  integer(width: number): bigint {
    const at = this.#take(width);
    let value = 0n;
    for (let i = width - 1; i >= 0; i--) value = (value << 8n) | BigInt(this.#bytes[at + i]!);
    return BigInt.asIntN(8 * width, value);
  }

  /** A view. */
  run(length: number): Uint8Array {
    const at = this.#take(length);
    return this.#bytes.subarray(at, at + length);
  }

  /** UTF-8. */
  text(length: number): string {
    return new TextDecoder().decode(this.run(length));
  }

  /** Text up to a line's end. */
  line(): string {
    const end = this.#bytes.indexOf(0x0a, this.#at);
    if (end < 0) throw this.failure('the end is missing');
    const text = this.text(end - this.#at);
    this.#at = end + 1;
    return text;
  }

  failure(message: string): DataError {
    return new DataError(`in the pickle, ${message} (byte ${this.#offset + this.#opcodeAt})`, {
      place: { file: this.#file },
    });
  }

  /** Moves on by `count` bytes; returns where they begin. */
  #take(count: number): number {
    const at = this.#at;
    if (count > this.#bytes.length - at) throw this.failure('the end is missing');
    this.#at = at + count;
    return at;
  }
}
