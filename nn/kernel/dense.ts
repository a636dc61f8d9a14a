import type { PaddedLayer } from './padded-layer.ts';
import type { TaskCalls } from './task-list.ts';

// One dense layer on `rows` padded rows. `block` is the address of a padded parameter block (weights, transposed weights or
// gradients, all laid out alike); x, h and δ are addresses of row-major matrices. A panel of W is [K×8] float32, which fixes
// its strides: 32 bytes by k, 32·K bytes by panel; in a row-major matrix the panels are 32 bytes apart. `finite`: no parameter is
// infinite or NaN, so that products with 0 may be left out.

/** `h = φ(x·W + b)`; where the layer keeps its slope, `slope = φ'`. */
export function denseForward(
  kernel: TaskCalls,
  layer: PaddedLayer,
  block: number,
  x: number,
  rows: number,
  h: number,
  slope: number,
  finite: boolean,
): void {
  const { paddedInputs: inputs, paddedOutputs: outputs } = layer;
  kernel.gemm(
    x,
    inputs * 4,
    4,
    block + layer.weight * 4,
    32,
    inputs * 32,
    block + layer.bias * 4,
    0,
    32,
    h,
    outputs * 4,
    32,
    rows,
    inputs,
    outputs / 8,
    finite ? 0 : 1,
  );
  if (layer.activation !== 0) kernel.activate(layer.activation, h, slope, rows * outputs);
}

/** `dX = δ·Wᵀ`; the biases of a transposed block are zeros for the sums to start from. */
export function denseInputGradient(
  kernel: TaskCalls,
  layer: PaddedLayer,
  transposed: number,
  delta: number,
  rows: number,
  dX: number,
  finite: boolean,
): void {
  const { paddedInputs: inputs, paddedOutputs: outputs } = layer;
  kernel.gemm(
    delta,
    outputs * 4,
    4,
    transposed + layer.weight * 4,
    32,
    outputs * 32,
    transposed + layer.bias * 4,
    0,
    0,
    dX,
    inputs * 4,
    32,
    rows,
    outputs,
    inputs / 8,
    finite ? 0 : 1,
  );
}

/**
 * `dW += xᵀ·δ`, `db += Σ_rows δ`: row by row in order, so that chunks of rows do not show in the bits. The columns of W are those of
 * `panels` panels from `panel` on; the biases go with the first.
 */
export function denseParameterGradient(
  kernel: TaskCalls,
  layer: PaddedLayer,
  gradients: number,
  x: number,
  delta: number,
  rows: number,
  panel: number,
  panels: number,
): void {
  const { paddedInputs: inputs, paddedOutputs: outputs } = layer;
  const gradient = gradients + layer.weight * 4 + panel * inputs * 32;
  kernel.gemm(
    x,
    4,
    inputs * 4,
    delta + panel * 32,
    outputs * 4,
    32,
    gradient,
    32,
    inputs * 32,
    gradient,
    32,
    inputs * 32,
    inputs,
    rows,
    panels,
    1,
  );
  if (panel === 0) kernel.sumRows(delta, gradients + layer.bias * 4, rows, outputs);
}
