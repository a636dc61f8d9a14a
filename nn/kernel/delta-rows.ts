import type { Kernel } from './kernel.ts';
import type { PaddedLayer } from './padded-layer.ts';

/** δ of some rows at what every layer gives and at the input, in kernel memory, made when first needed. */
export class DeltaRows {
  readonly #kernel: Kernel;
  readonly #widths: readonly number[];
  #capacity = 0;
  /** At the input, then at each layer's output. */
  #delta: number[] = [];

  constructor(kernel: Kernel, layers: readonly PaddedLayer[]) {
    this.#kernel = kernel;
    this.#widths = [layers[0]!.paddedInputs, ...layers.map((layer) => layer.paddedOutputs)];
  }

  /** Makes room; what was held is lost when there was less. */
  reserve(rows: number): void {
    if (rows <= this.#capacity) return;
    this.release();
    this.#delta = this.#widths.map((width) => this.#kernel.heap.allocate(rows * width));
    this.#capacity = rows;
  }

  release(): void {
    for (const [at, delta] of this.#delta.entries())
      this.#kernel.heap.release(delta, this.#capacity * this.#widths[at]!);
    this.#delta = [];
    this.#capacity = 0;
  }

  /** Address of a row at what layer l reads. */
  input(l: number, row: number): number {
    return this.#delta[l]! + row * this.#widths[l]! * 4;
  }

  /** Address of a row at what layer l gives. */
  output(l: number, row: number): number {
    return this.input(l + 1, row);
  }
}
