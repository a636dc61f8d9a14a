import type { Kernel } from './kernel.ts';

/** Copies rows of one width between a caller's batch [R×width], without gaps, and kernel memory [R×padded]. */
export class PaddedRows {
  readonly #kernel: Kernel;
  readonly #staging: number;
  readonly #most: number;
  readonly #width: number;
  readonly #padded: number;

  /** @param staging address of [most×width] floats */
  constructor(kernel: Kernel, staging: number, most: number, width: number, padded: number) {
    this.#kernel = kernel;
    this.#staging = staging;
    this.#most = most;
    this.#width = width;
    this.#padded = padded;
  }

  /** Rows `row … row+count` of a batch to an address; the padding there stays as it is. */
  copyIn(batch: Float32Array, row: number, count: number, to: number): void {
    const { floats } = this.#kernel.heap;
    const width = this.#width;
    const padded = this.#padded;
    if (width === padded || count === 1) {
      floats.set(batch.subarray(row * width, (row + count) * width), to / 4);
      return;
    }
    for (let at = 0; at < count; at += this.#most) {
      const some = Math.min(this.#most, count - at);
      floats.set(batch.subarray((row + at) * width, (row + at + some) * width), this.#staging / 4);
      this.#kernel.copyRows(this.#staging, width * 4, to + at * padded * 4, padded * 4, some, width);
    }
  }

  /** The inverse: from an address into rows `row … row+count` of a batch. */
  copyOut(from: number, batch: Float32Array, row: number, count: number): void {
    const { floats } = this.#kernel.heap;
    const width = this.#width;
    const padded = this.#padded;
    if (width === padded || count === 1) {
      batch.set(floats.subarray(from / 4, from / 4 + count * width), row * width);
      return;
    }
    const staging = this.#staging / 4;
    for (let at = 0; at < count; at += this.#most) {
      const some = Math.min(this.#most, count - at);
      this.#kernel.copyRows(from + at * padded * 4, padded * 4, this.#staging, width * 4, some, width);
      batch.set(floats.subarray(staging, staging + some * width), (row + at) * width);
    }
  }
}
