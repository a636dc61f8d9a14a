import type { Kernel } from './kernel.ts';

/** Copies rows of one width between a caller's batch [R×width], without gaps, and kernel memory [R×padded]. */
export class PaddedRows {
  readonly #kernel: Kernel;
  readonly #staging: number;
  readonly #width: number;
  readonly #padded: number;

  /** @param staging address of [R×width] floats for the most rows R of a copy */
  constructor(kernel: Kernel, staging: number, width: number, padded: number) {
    this.#kernel = kernel;
    this.#staging = staging;
    this.#width = width;
    this.#padded = padded;
  }

  /** Rows `row … row+count` of a batch to an address, the padding zeroed. */
  copyIn(batch: Float32Array, row: number, count: number, to: number): void {
    const { floats } = this.#kernel.heap;
    const width = this.#width;
    const values = batch.subarray(row * width, (row + count) * width);
    if (width === this.#padded) {
      floats.set(values, to / 4);
      return;
    }
    floats.fill(0, to / 4, to / 4 + count * this.#padded);
    if (count === 1) {
      floats.set(values, to / 4);
      return;
    }
    floats.set(values, this.#staging / 4);
    this.#kernel.copyRows(this.#staging, width * 4, to, this.#padded * 4, count, width);
  }

  /** The inverse: from an address into rows `row … row+count` of a batch. */
  copyOut(from: number, batch: Float32Array, row: number, count: number): void {
    const width = this.#width;
    let at = from;
    if (width !== this.#padded && count > 1) {
      at = this.#staging;
      this.#kernel.copyRows(from, this.#padded * 4, at, width * 4, count, width);
    }
    batch.set(this.#kernel.heap.floats.subarray(at / 4, at / 4 + count * width), row * width);
  }
}
