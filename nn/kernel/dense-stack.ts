import type { LayerSpec } from '../../core/policy.ts';
import { BatchRows } from './batch-rows.ts';
import { crew } from './crew.ts';
import type { Crew } from './crew.ts';
import { DeltaRows } from './delta-rows.ts';
import { denseForward, denseInputGradient, denseParameterGradient } from './dense.ts';
import type { Kernel } from './kernel.ts';
import { PaddedRows } from './padded-rows.ts';
import { padLayers } from './padded-layer.ts';
import type { PaddedLayer } from './padded-layer.ts';
import type { TaskCalls } from './task-list.ts';

/** Rows that go through all layers together, so that their activations are still in the cache on the next layer. */
const chunkRows = 96;
/** Rows that a crew takes on at once, and those of one of its tasks. */
const stretchRows = 1536;
const taskRows = 32;
/** Multiplications and additions that are worth a crew, and those of one of its tasks. */
const crewWork = 1e6;
const taskWork = 1e6;
/** Parameters that a thread of a crew moves at once: a multiple of 8. */
const partFloats = 16_384;

/** What a pass reads: the address of a padded parameter block, and whether no parameter is infinite or NaN. */
export interface Block {
  readonly address: number;
  readonly finite: boolean;
}

/**
 * The passes of a stack of dense layers over the rows of a batch, in chunks of them by one thread or by a crew. A row's results know nothing
 * of other rows; an element of a parameter gradient sums rows in order. So neither chunks nor threads show in any bit.
 */
export class DenseStack {
  readonly layers: readonly PaddedLayer[];
  /** Length of a padded parameter block in floats. */
  readonly size: number;
  readonly #kernel: Kernel;
  readonly #batch: BatchRows;
  readonly #delta: DeltaRows;
  readonly #staging: { readonly address: number; readonly count: number };
  readonly #inputRows: PaddedRows;
  readonly #outputRows: PaddedRows;

  constructor(kernel: Kernel, specs: readonly LayerSpec[]) {
    const { padded: layers, size } = padLayers(specs);
    const first = layers[0]!;
    const last = layers.at(-1)!;
    this.layers = layers;
    this.size = size;
    this.#kernel = kernel;
    const count = chunkRows * Math.max(first.paddedInputs, last.paddedOutputs);
    const address = kernel.heap.allocate(count);
    this.#staging = { address, count };
    this.#inputRows = new PaddedRows(kernel, address, chunkRows, first.inputs, first.paddedInputs);
    this.#outputRows = new PaddedRows(kernel, address, chunkRows, last.outputs, last.paddedOutputs);
    this.#batch = new BatchRows(kernel, layers);
    this.#delta = new DeltaRows(kernel, layers);
  }

  /** @param x [rows×I]  @param out [rows×K] */
  forward(block: Block, x: Float32Array, rows: number, out: Float32Array): void {
    const batch = this.#batch;
    batch.reserve(rows);
    const last = this.layers.length - 1;
    const threads = this.#crewFor(rows);
    const stretch = threads === undefined ? chunkRows : stretchRows;
    for (let from = 0; from < rows; from += stretch) {
      const count = Math.min(stretch, rows - from);
      this.#inputRows.copyIn(x, from, count, batch.input(0, from));
      this.#byRows(threads, from, count, (calls, row, some) => this.#forwardRows(calls, block, row, some));
      this.#outputRows.copyOut(batch.output(last, from), out, from, count);
    }
  }

  /**
   * Of what the last `forward` left: `dX`, and what the rows add to the parameter gradients.
   * @param transposed see `transpose`  @param gradients address of a block  @param dOut [rows×K]  @param dX [rows×I]
   */
  backward(
    transposed: Block,
    gradients: number | undefined,
    dOut: Float32Array,
    rows: number,
    dX: Float32Array | undefined,
  ): void {
    const delta = this.#delta;
    const last = this.layers.length - 1;
    const threads = this.#crewFor(rows);
    const stretch = Math.min(rows, threads === undefined ? chunkRows : stretchRows);
    delta.reserve(stretch);
    for (let from = 0; from < rows; from += stretch) {
      const count = Math.min(stretch, rows - from);
      this.#outputRows.copyIn(dOut, from, count, delta.output(last, 0));
      this.#byRows(threads, from, count, (calls, row, some) =>
        this.#backwardRows(calls, transposed, row, row - from, some, dX !== undefined),
      );
      if (gradients !== undefined) this.#addGradients(threads, gradients, from, count);
      if (dX !== undefined) this.#inputRows.copyOut(delta.input(0, 0), dX, from, count);
    }
  }

  /** Fills the block `to` with the transposed weights of the block `from`. */
  transpose(from: number, to: number): void {
    for (const { weight, paddedInputs, paddedOutputs } of this.layers)
      this.#kernel.transpose(from + weight * 4, to + weight * 4, paddedInputs / 8, paddedOutputs / 8);
  }

  /** Goes over a parameter block, one thread in one part, a crew in several. @param part from `at` bytes on, `count` floats */
  byParts(part: (calls: TaskCalls, at: number, count: number) => void): void {
    const threads = this.size < 2 * partFloats ? undefined : crew();
    if (threads === undefined) part(this.#kernel, 0, this.size);
    else inPieces(threads, 0, this.size, partFloats, (calls, from, count) => part(calls, from * 4, count));
  }

  release(): void {
    this.#batch.release();
    this.#delta.release();
    this.#kernel.heap.release(this.#staging.address, this.#staging.count);
  }

  #crewFor(rows: number): Crew | undefined {
    return rows * this.size < crewWork ? undefined : crew();
  }

  #byRows(
    threads: Crew | undefined,
    from: number,
    count: number,
    task: (calls: TaskCalls, row: number, count: number) => void,
  ): void {
    if (threads === undefined) task(this.#kernel, from, count);
    else inPieces(threads, from, count, taskRows, task);
  }

  #forwardRows(calls: TaskCalls, { address, finite }: Block, row: number, count: number): void {
    const batch = this.#batch;
    for (const [l, layer] of this.layers.entries())
      denseForward(
        calls,
        layer,
        address,
        batch.input(l, row),
        count,
        batch.output(l, row),
        batch.slope(l, row),
        finite,
      );
  }

  /** δ of all layers. @param at the row's place in the stretch  @param toInput also δ at the input */
  #backwardRows(
    calls: TaskCalls,
    { address, finite }: Block,
    row: number,
    at: number,
    count: number,
    toInput: boolean,
  ): void {
    const batch = this.#batch;
    const delta = this.#delta;
    for (let l = this.layers.length - 1; l >= 0; l--) {
      const layer = this.layers[l]!;
      const upper = delta.output(l, at);
      const { activation } = layer;
      if (activation !== 0)
        calls.chain(activation, upper, batch.output(l, row), batch.slope(l, row), count * layer.paddedOutputs);
      if (l > 0 || toInput) denseInputGradient(calls, layer, address, upper, count, delta.input(l, at), finite);
    }
  }

  /** What a stretch of rows adds to the parameter gradients; tasks are panels of a layer's outputs. */
  #addGradients(threads: Crew | undefined, gradients: number, from: number, count: number): void {
    const add = (calls: TaskCalls, l: number, firstPanel: number, panels: number): void => {
      for (const [row, some] of pieces(from, count, chunkRows))
        denseParameterGradient(
          calls,
          this.layers[l]!,
          gradients,
          this.#batch.input(l, row),
          this.#delta.output(l, row - from),
          some,
          firstPanel,
          panels,
        );
    };
    if (threads === undefined) {
      for (const [l, layer] of this.layers.entries()) add(this.#kernel, l, 0, layer.paddedOutputs / 8);
      return;
    }
    const tasks = this.layers.flatMap((layer, l) => {
      const each = Math.ceil(taskWork / (count * layer.paddedInputs * 8));
      return pieces(0, layer.paddedOutputs / 8, each).map(([panel, panels]) => [l, panel, panels] as const);
    });
    threads.carryOut(tasks.length, (calls, index) => add(calls, ...tasks[index]!));
  }
}

function inPieces(
  threads: Crew,
  from: number,
  count: number,
  size: number,
  task: (calls: TaskCalls, from: number, count: number) => void,
): void {
  const tasks = pieces(from, count, size);
  threads.carryOut(tasks.length, (calls, index) => task(calls, ...tasks[index]!));
}

/** `[from, length]` of pieces of at most `size`. */
function pieces(from: number, count: number, size: number): (readonly [number, number])[] {
  return Array.from({ length: Math.ceil(count / size) }, (_, i) => [from + i * size, Math.min(size, count - i * size)]);
}
