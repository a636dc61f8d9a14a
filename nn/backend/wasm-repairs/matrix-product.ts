import type { KernelConfig, TensorInfo } from '@tensorflow/tfjs';
import { call, floats, input } from './wasm-backend.ts';
import type { Repair, WasmBackend } from './wasm-backend.ts';

/** Multiply-adds of one pair below which the stock scalar loop is done before XNNPACK has packed a matrix. */
const scalarWork = 8192;

/** `rows×columns` values of a tensor, from `offset` on. */
interface Matrix {
  readonly tensor: TensorInfo;
  readonly offset: number;
  readonly rows: number;
  readonly columns: number;
}

/**
 * The stock `BatchMatMul` reaches XNNPACK only for a single pair of matrices without transpose flags. All else runs a
 * scalar loop, and that is every backward pass. Here every pair goes to XNNPACK: flagged matrices are transposed first, and
 * batches are taken pair by pair.
 */
export const matrixProduct: Repair = (_tf, stock) => {
  const { kernelFunc } = stock!;
  return ({ inputs, attrs, backend }) => {
    const a = input(inputs, 'a');
    const b = input(inputs, 'b');
    const flagA = attrs['transposeA'] === true;
    const flagB = attrs['transposeB'] === true;
    const pairsA = a.shape.slice(0, -2).reduce((product, size) => product * size, 1);
    const pairsB = b.shape.slice(0, -2).reduce((product, size) => product * size, 1);
    const left = matrix(a);
    const right = matrix(b);
    const [m, k] = flagA ? [left.columns, left.rows] : [left.rows, left.columns];
    const [inner, n] = flagB ? [right.columns, right.rows] : [right.rows, right.columns];
    // The stock kernel also says what is wrong with other types, and with shapes that do not fit.
    const fits = a.dtype === 'float32' && b.dtype === 'float32' && inner === k;
    // One matrix may meet many; broadcasting along some of several axes is left to the stock kernel.
    const paired = sameAxes(a, b) || pairsA === 1 || pairsB === 1;
    const plain = pairsA === 1 && pairsB === 1 && !flagA && !flagB;
    // One row against Bᵀ is one dot product after the other, which the scalar loop does as fast.
    const dots = m === 1 && flagB && !flagA;
    if (!fits || !paired || plain || dots || m * k * n < scalarWork)
      return kernelFunc({ inputs, attrs, backend }) as TensorInfo;
    const outer = pairsA > pairsB || a.shape.length > b.shape.length ? a.shape.slice(0, -2) : b.shape.slice(0, -2);
    if (pairsA === 1 && pairsB === 1) {
      const product = multiply(backend, stock!, left, flagA, right, flagB, m, n);
      return { ...product, shape: [...outer, m, n] };
    }
    const out = backend.makeOutput([...outer, m, n], 'float32');
    for (let pair = 0; pair < Math.max(pairsA, pairsB); pair++) {
      const x = { ...left, offset: pairsA === 1 ? 0 : pair * m * k };
      const y = { ...right, offset: pairsB === 1 ? 0 : pair * k * n };
      const product = multiply(backend, stock!, x, flagA, y, flagB, m, n);
      floats(backend, out).set(floats(backend, product), pair * m * n);
      backend.disposeData(product.dataId);
    }
    return out;
  };
};

/** `_FusedMatMul` has the same limits as `BatchMatMul`; where they apply, it is taken apart. */
export const fusedMatrixProduct: Repair = (tf, stock) => {
  const { kernelFunc } = stock!;
  return ({ inputs, attrs, backend }) => {
    const { transposeA, transposeB, activation } = attrs;
    const a = input(inputs, 'a');
    const b = input(inputs, 'b');
    const kernel = activations[activation as string];
    const plain = transposeA !== true && transposeB !== true && a.shape[0] === 1 && b.shape[0] === 1;
    if (plain || kernel === undefined) return kernelFunc({ inputs, attrs, backend }) as TensorInfo;
    let out = call(tf, backend, 'BatchMatMul', { a, b }, { transposeA: transposeA!, transposeB: transposeB! });
    const next = (name: string, args: Readonly<Record<string, TensorInfo>>, options = {}): void => {
      const before = out;
      out = call(tf, backend, name, args, options);
      backend.disposeData(before.dataId);
    };
    if (inputs['bias']) next('Add', { a: out, b: inputs['bias'] });
    if (kernel === 'Prelu') next(kernel, { x: out, alpha: input(inputs, 'preluActivationWeights') });
    else if (kernel !== '') next(kernel, { x: out }, { alpha: attrs['leakyreluAlpha'] });
    return out;
  };
};

/** The kernel of each activation that can be fused; none for the identity. */
const activations: Readonly<Record<string, string>> = {
  linear: '',
  relu: 'Relu',
  relu6: 'Relu6',
  elu: 'Elu',
  sigmoid: 'Sigmoid',
  leakyrelu: 'LeakyRelu',
  prelu: 'Prelu',
};

/**
 * `[m×n]`, of operands that are stored transposed where flagged.
 *
 * XNNPACK packs its right operand, so that one should be small: `A·Bᵀ` of few rows is `(B·Aᵀ)ᵀ`, which transposes A and the
 * result and leaves B, the weights, as they are. `Aᵀ·Bᵀ = (B·A)ᵀ` transposes the result only.
 */
function multiply(
  backend: WasmBackend,
  stock: KernelConfig,
  a: Matrix,
  flagA: boolean,
  b: Matrix,
  flagB: boolean,
  m: number,
  n: number,
): TensorInfo {
  const turned = flagB && (flagA || m < n);
  const x = turned ? operand(backend, b, false) : operand(backend, a, flagA);
  const y = turned ? operand(backend, a, !flagA) : operand(backend, b, flagB);
  const product = stock.kernelFunc({
    inputs: { a: x, b: y },
    attrs: { transposeA: false, transposeB: false },
    backend,
  }) as TensorInfo;
  for (const { tensor, dataId } of [
    { tensor: a.tensor, dataId: turned ? y.dataId : x.dataId },
    { tensor: b.tensor, dataId: turned ? x.dataId : y.dataId },
  ])
    if (dataId !== tensor.dataId) backend.disposeData(dataId);
  if (!turned) return product;
  const out = transposed(backend, { tensor: product, offset: 0, rows: n, columns: m });
  backend.disposeData(product.dataId);
  return out;
}

/** A tensor of its own, unless the matrix is all of one and need not be turned. */
function operand(backend: WasmBackend, from: Matrix, turn: boolean): TensorInfo {
  const { tensor, offset, rows, columns } = from;
  if (turn) return transposed(backend, from);
  const whole = tensor.shape.reduce((product, size) => product * size, 1) === rows * columns;
  if (whole) return { ...tensor, shape: [rows, columns] };
  const out = backend.makeOutput([rows, columns], 'float32');
  floats(backend, out).set(floats(backend, tensor).subarray(offset, offset + rows * columns));
  return out;
}

/** In tiles, so that reading and writing both stay in the cache. */
function transposed(backend: WasmBackend, { tensor, offset, rows, columns }: Matrix): TensorInfo {
  const tile = 16;
  const out = backend.makeOutput([columns, rows], 'float32');
  const to = floats(backend, out);
  const from = floats(backend, tensor);
  for (let top = 0; top < rows; top += tile) {
    const bottom = Math.min(rows, top + tile);
    for (let left = 0; left < columns; left += tile) {
      const right = Math.min(columns, left + tile);
      for (let column = left; column < right; column++) {
        for (let row = top; row < bottom; row++) to[column * rows + row] = from[offset + row * columns + column]!;
      }
    }
  }
  return out;
}

function matrix(tensor: TensorInfo): Matrix {
  const [rows, columns] = tensor.shape.slice(-2) as [number, number];
  return { tensor, offset: 0, rows, columns };
}

function sameAxes(a: TensorInfo, b: TensorInfo): boolean {
  return a.shape.length === b.shape.length && a.shape.slice(0, -2).every((size, axis) => size === b.shape[axis]);
}
