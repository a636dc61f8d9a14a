import { sizeOf } from './array.ts';
import type { NumberArray, Numbers } from './array.ts';
import type { Operator } from './operator.ts';

/** Multiplications that reading a graph may cost: tenths of a second. */
const mostProducts = 2 ** 26;

/** Work that a graph may cause: a file of a kilobyte must not ask for a matrix of a gigabyte. */
export class Allowance {
  readonly #granted: number;
  #values: number;
  #products: number;

  /** @param values numbers of float64 that may be computed, all arrays together */
  constructor(values: number, products = mostProducts) {
    this.#granted = values;
    this.#values = values;
    this.#products = products;
  }

  /** An array of zeros, counted. */
  array(
    operator: Operator,
    dims: readonly number[],
  ): { readonly dims: readonly number[]; readonly data: Float64Array } {
    const size = sizeOf(dims);
    this.claim(operator, size);
    return { dims, data: new Float64Array(size) };
  }

  /** Numbers that are about to be computed and kept. */
  claim(operator: Operator, size: number): void {
    if (!((this.#values -= size) >= 0))
      operator.fail(`a value of ${size} numbers; all values of this graph together may have ${this.#granted}`);
  }

  products(operator: Operator, count: number): void {
    if (!((this.#products -= count) >= 0)) operator.fail('more multiplications than a graph is granted');
  }
}

/** Elementwise `y = f(x)`. */
export function mapped(
  operator: Operator,
  allowance: Allowance,
  x: NumberArray,
  f: (x: number) => number,
): NumberArray {
  const y = allowance.array(operator, x.dims);
  for (let i = 0; i < y.data.length; i++) y.data[i] = f(x.data[i]!);
  return y;
}

/** Dimensions of two arrays set against each other from the right, where a 1 stretches. Source: NumPy, "Broadcasting". */
export function broadcastDims(operator: Operator, a: readonly number[], b: readonly number[]): number[] {
  const rank = Math.max(a.length, b.length);
  return Array.from({ length: rank }, (_, axis) => {
    const one = a[a.length - rank + axis] ?? 1;
    const other = b[b.length - rank + axis] ?? 1;
    if (one !== other && one !== 1 && other !== 1)
      operator.fail(`shapes [${a.join(', ')}] and [${b.join(', ')}] do not fit together`);
    return one === 1 ? other : one;
  });
}

/** Elementwise `y = f(a, b)` with broadcasting. */
export function combined(
  operator: Operator,
  allowance: Allowance,
  a: NumberArray,
  b: NumberArray,
  f: (a: number, b: number) => number,
): NumberArray {
  const y = allowance.array(operator, broadcastDims(operator, a.dims, b.dims));
  const ofA = broadcastIndex(a.dims, y.dims);
  const ofB = broadcastIndex(b.dims, y.dims);
  for (let i = 0; i < y.data.length; i++) y.data[i] = f(a.data[ofA(i)]!, b.data[ofB(i)]!);
  return y;
}

/** Where the element of an array lies that stands at position i of the array it is stretched to. */
export function broadcastIndex(dims: readonly number[], to: readonly number[]): (i: number) => number {
  if (sizeOf(dims) === sizeOf(to)) return (i) => i;
  if (sizeOf(dims) === 1) return () => 0;
  const strides = to.map(() => 0);
  for (let axis = dims.length - 1, stride = 1; axis >= 0; stride *= dims[axis]!, axis--)
    if (dims[axis] !== 1) strides[to.length - dims.length + axis] = stride;
  return (i) => {
    let at = 0;
    let rest = i;
    for (let axis = to.length - 1; axis >= 0; axis--) {
      at += (rest % to[axis]!) * strides[axis]!;
      rest = Math.floor(rest / to[axis]!);
    }
    return at;
  };
}

/** `Y = A·B` of matrices [n×k] and [k×m]; a vector on the left is a row, on the right a column. */
export function matrixProduct(operator: Operator, allowance: Allowance, a: NumberArray, b: NumberArray): NumberArray {
  if (a.dims.length < 1 || a.dims.length > 2 || b.dims.length < 1 || b.dims.length > 2)
    operator.fail(`shapes [${a.dims.join(', ')}] and [${b.dims.join(', ')}], expected matrices or vectors`);
  const n = a.dims.length === 2 ? a.dims[0]! : 1;
  const k = a.dims.at(-1)!;
  const m = b.dims.length === 2 ? b.dims[1]! : 1;
  if (b.dims[0] !== k) operator.fail(`shapes [${a.dims.join(', ')}] and [${b.dims.join(', ')}] do not meet`);
  allowance.products(operator, n * k * m);
  const y = allowance.array(operator, [...(a.dims.length === 2 ? [n] : []), ...(b.dims.length === 2 ? [m] : [])]);
  multiplyInto(a.data, b.data, n, k, m, y.data);
  return y;
}

/** Y [n×m] += A [n×k] · B [k×m] */
export function multiplyInto(a: Numbers, b: Numbers, n: number, k: number, m: number, y: Float64Array): void {
  for (let i = 0; i < n; i++)
    for (let l = 0; l < k; l++) {
      const factor = a[i * k + l]!;
      if (factor === 0) continue;
      for (let j = 0; j < m; j++) y[i * m + j]! += factor * b[l * m + j]!;
    }
}

/** The transpose of a matrix, of its own type. */
export function transposed(operator: Operator, allowance: Allowance, x: NumberArray): NumberArray {
  if (x.dims.length !== 2) operator.fail(`shape [${x.dims.join(', ')}], expected a matrix`);
  const [n, m] = x.dims as [number, number];
  const narrow = x.data instanceof Float32Array;
  allowance.claim(operator, narrow ? Math.ceil((n * m) / 2) : n * m);
  const data = narrow ? new Float32Array(n * m) : new Float64Array(n * m);
  for (let i = 0; i < n; i++) for (let j = 0; j < m; j++) data[j * n + i] = x.data[i * m + j]!;
  return { dims: [m, n], data };
}

/** An axis that may count from the end, as one that counts from the start. */
export function axisOf(operator: Operator, axis: number, rank: number): number {
  const index = axis < 0 ? axis + rank : axis;
  if (!Number.isInteger(index) || index < 0 || index >= rank)
    operator.fail(`axis ${axis} of a value of ${rank} dimensions`);
  return index;
}

/** Applies `f` to each run along an axis: `read(i)` for i < length, `write(j, value)` for j < its own length. */
export function alongAxis(
  operator: Operator,
  allowance: Allowance,
  x: NumberArray,
  axis: number,
  length: number | undefined,
  f: (read: (i: number) => number, count: number, write: (j: number, value: number) => void) => void,
): NumberArray {
  const at = axisOf(operator, axis, x.dims.length);
  const count = x.dims[at]!;
  const inner = sizeOf(x.dims.slice(at + 1));
  const outer = sizeOf(x.dims.slice(0, at));
  const y = allowance.array(
    operator,
    x.dims.map((size, index) => (index === at ? (length ?? count) : size)),
  );
  const size = length ?? count;
  for (let o = 0; o < outer; o++)
    for (let i = 0; i < inner; i++)
      f(
        (k) => x.data[(o * count + k) * inner + i]!,
        count,
        (k, value) => (y.data[(o * size + k) * inner + i] = value),
      );
  return y;
}
