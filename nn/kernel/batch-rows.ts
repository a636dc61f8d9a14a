import type { Kernel } from './kernel.ts';
import type { PaddedLayer } from './padded-layer.ts';

/** What `forward` leaves for the backward passes: the inputs and activations of all rows, in kernel memory. */
export class BatchRows {
  readonly #kernel: Kernel;
  readonly #layers: readonly PaddedLayer[];
  #capacity = 0;
  #x = 0;
  #h: number[] = [];
  #slope: number[] = [];

  constructor(kernel: Kernel, layers: readonly PaddedLayer[]) {
    this.#kernel = kernel;
    this.#layers = layers;
  }

  /** Makes room; what was held is lost when there was less. */
  reserve(rows: number): void {
    if (rows <= this.#capacity) return;
    this.release();
    const { heap } = this.#kernel;
    this.#x = heap.allocate(rows * this.#layers[0]!.paddedInputs);
    this.#h = this.#layers.map((layer) => heap.allocate(rows * layer.paddedOutputs));
    this.#slope = this.#layers.map((layer) => (layer.keepsSlope ? heap.allocate(rows * layer.paddedOutputs) : 0));
    this.#capacity = rows;
  }

  release(): void {
    if (this.#capacity === 0) return;
    const { heap } = this.#kernel;
    heap.release(this.#x, this.#capacity * this.#layers[0]!.paddedInputs);
    for (const [l, layer] of this.#layers.entries()) {
      heap.release(this.#h[l]!, this.#capacity * layer.paddedOutputs);
      if (layer.keepsSlope) heap.release(this.#slope[l]!, this.#capacity * layer.paddedOutputs);
    }
    this.#capacity = 0;
  }

  /** Address of a row of what layer l reads. */
  input(l: number, row: number): number {
    return l === 0 ? this.#x + row * this.#layers[0]!.paddedInputs * 4 : this.output(l - 1, row);
  }

  /** Address of a row of what layer l gives. */
  output(l: number, row: number): number {
    return this.#h[l]! + row * this.#layers[l]!.paddedOutputs * 4;
  }

  /** Address of a row of the slopes that layer l keeps; meaningless where it keeps none. */
  slope(l: number, row: number): number {
    return this.#slope[l]! + row * this.#layers[l]!.paddedOutputs * 4;
  }
}
