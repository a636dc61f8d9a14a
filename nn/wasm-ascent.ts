import { StateError } from '../core/errors.ts';
import type { Along, Ascent, AscentBuffers } from './ascent.ts';
import { assertShape, doubleRows, floatRows } from './ascent.ts';
import { ascentKernel } from './kernel/kernel.ts';

type Name = keyof AscentBuffers;

interface Room {
  /** Address and length in floats of what is held; it may be larger than the shape needs. */
  block: { readonly address: number; readonly floats: number } | undefined;
}

// An attack lives as long as somebody refers to it and has no end of its own, so its room is given back when it is collected.
const abandoned = new FinalizationRegistry<Room>(release);

function release(room: Room): void {
  if (room.block !== undefined) ascentKernel().heap.release(room.block.address, room.block.floats);
  room.block = undefined;
}

/** The fast inner loop: WASM SIMD on buffers in the kernel's memory, given back on disposal or when nobody refers to it any more. */
export function wasmAscent(): Ascent {
  return new WasmAscent();
}

class WasmAscent implements Ascent {
  readonly #kernel = ascentKernel();
  #rows = 0;
  #features = 0;
  readonly #room: Room = { block: undefined };
  #address = {} as Record<Name, number>;
  #buffers: AscentBuffers | undefined;
  #memory: ArrayBufferLike | undefined;

  constructor() {
    abandoned.register(this, this.#room, this.#room);
  }

  get buffers(): AscentBuffers {
    return this.reserve(this.#rows, this.#features);
  }

  reserve(rows: number, features: number): AscentBuffers {
    assertShape(rows, features);
    const { heap } = this.#kernel;
    const sameShape = this.#buffers !== undefined && rows === this.#rows && features === this.#features;
    if (sameShape && this.#memory === heap.floats.buffer) return this.#buffers!;
    const needed = floatsOf(rows, features);
    if (this.#room.block === undefined || this.#room.block.floats < needed) {
      this[Symbol.dispose](); // also where there is no memory for more
      this.#room.block = { address: heap.allocate(needed), floats: needed };
    }
    this.#rows = rows;
    this.#features = features;
    this.#layOut();
    return this.#buffers!;
  }

  signStep(rows: number, along: Along): number {
    const at = this.#assertRoom('signStep', rows);
    return this.#kernel.signStep(
      at.position,
      at[along],
      at.size,
      at.rate,
      at.lower,
      at.upper,
      at.clean,
      at.point,
      at.moved,
      rows,
      this.#features,
    );
  }

  blend(rows: number, alpha: number): void {
    const at = this.#assertRoom('blend', rows);
    const count = rows * this.#features;
    this.#kernel.blend(at.position, at.held, at.last, at.lower, at.upper, at.clean, at.point, count, alpha);
  }

  conjugate(rows: number): void {
    const at = this.#assertRoom('conjugate', rows);
    this.#kernel.conjugate(at.direction, at.gradient, at.beta, rows, this.#features);
  }

  differenceProducts(rows: number, a: Along, out: Float64Array): void {
    const at = this.#assertRoom('differenceProducts', rows);
    this.#kernel.rowProducts(at[a], at.gradient, at.lastGradient, at.beta, rows, this.#features);
    out.set(this.#buffers!.beta.subarray(0, rows));
  }

  [Symbol.dispose](): void {
    release(this.#room);
    this.#buffers = undefined;
    this.#rows = 0;
  }

  #assertRoom(where: string, rows: number): Record<Name, number> {
    if (this.#buffers === undefined || rows > this.#rows)
      throw new StateError(`${where}: ${rows} rows, expected at most the ${this.#rows} of reserve`);
    return this.#address;
  }

  #layOut(): void {
    const { buffer } = this.#kernel.heap.floats;
    const cells = this.#rows * this.#features;
    let at = this.#room.block!.address;
    const place = (name: Name, bytes: number, length: number): number => {
      this.#address[name] = at;
      const start = at;
      at += 8 * Math.ceil((bytes * length) / 8);
      return start;
    };
    const doubles = (name: Name, length: number) => new Float64Array(buffer, place(name, 8, length), length);
    const floats = (name: Name) => new Float32Array(buffer, place(name, 4, cells), cells);
    this.#memory = buffer;
    this.#buffers = {
      ...(Object.fromEntries(doubleRows.map((name) => [name, doubles(name, cells)])) as Record<
        (typeof doubleRows)[number],
        Float64Array
      >),
      size: doubles('size', this.#features),
      rate: doubles('rate', this.#rows),
      beta: doubles('beta', this.#rows),
      ...(Object.fromEntries(floatRows.map((name) => [name, floats(name)])) as Record<
        (typeof floatRows)[number],
        Float32Array
      >),
      moved: new Uint8Array(buffer, place('moved', 1, this.#rows), this.#rows),
    };
  }
}

/** Room of all buffers in floats, each rounded up to 8 bytes. */
function floatsOf(rows: number, features: number): number {
  const even = (count: number): number => 2 * Math.ceil(count / 2);
  const cells = rows * features;
  const doubles = 2 * (doubleRows.length * cells + features + 2 * rows);
  return doubles + floatRows.length * even(cells) + even(Math.ceil(rows / 4));
}
