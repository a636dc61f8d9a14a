import { alongAxis, axisOf, broadcastDims, combined, mapped, matrixProduct, transposed } from './arithmetic.ts';
import type { Allowance } from './arithmetic.ts';
import { sizeOf } from './array.ts';
import type { NumberArray } from './array.ts';
import { axesOf, batchNormalisation, clipBounds, constantValue, needed, sliceRuns, softmaxAxis } from './attribute.ts';
import type { Operator } from './operator.ts';

/** Computes a node's first output from its inputs, one of which may be left out. */
type Evaluation = (
  operator: Operator,
  inputs: readonly (NumberArray | undefined)[],
  allowance: Allowance,
) => NumberArray;

/**
 * What each operator computes, in float64. Source: ONNX, "Operator Schemas" (onnx.ai/onnx/operators), opsets 7 to 21.
 */
export const evaluations: Readonly<Record<string, Evaluation>> = {
  Identity: (operator, inputs) => needed(operator, inputs, 0),
  Dropout: (operator, inputs) => needed(operator, inputs, 0), // of inference
  Constant: (operator) => constantValue(operator),
  Cast: (operator, inputs, allowance) => {
    const to = operator.integer('to', 0);
    const x = needed(operator, inputs, 0);
    if (to === 1 || to === 10 || to === 11 || to === 16) return x;
    return mapped(operator, allowance, x, to === 9 ? (value) => Number(value !== 0) : Math.trunc);
  },
  Neg: unary((x) => -x),
  Sqrt: unary(Math.sqrt),
  Exp: unary(Math.exp),
  Reciprocal: unary((x) => 1 / x),
  Relu: unary((x) => Math.max(0, x)),
  Tanh: unary(Math.tanh),
  Sigmoid: unary((x) => 1 / (1 + Math.exp(-x))),
  Elu: (operator, inputs, allowance) => {
    const alpha = operator.real('alpha', 1);
    return mapped(operator, allowance, needed(operator, inputs, 0), (x) => (x > 0 ? x : alpha * Math.expm1(x)));
  },
  Clip: (operator, inputs, allowance) => {
    const { low, high } = clipBounds(operator, inputs);
    const above = combined(operator, allowance, needed(operator, inputs, 0), low, Math.max);
    return combined(operator, allowance, above, high, Math.min);
  },
  Add: binary((a, b) => a + b),
  Sub: binary((a, b) => a - b),
  Mul: binary((a, b) => a * b),
  Div: binary((a, b) => a / b),
  Pow: binary((a, b) => a ** b),
  Min: binary(Math.min),
  Max: binary(Math.max),
  MatMul: (operator, inputs, allowance) =>
    matrixProduct(operator, allowance, needed(operator, inputs, 0), needed(operator, inputs, 1)),
  Gemm: (operator, inputs, allowance) => {
    const alpha = operator.real('alpha', 1);
    const beta = operator.real('beta', 1);
    const [a, b] = [0, 1].map((index) => {
      const x = needed(operator, inputs, index);
      return operator.integer(index === 0 ? 'transA' : 'transB', 0) === 0 ? x : transposed(operator, allowance, x);
    }) as [NumberArray, NumberArray];
    const product = matrixProduct(operator, allowance, a, b);
    const c = inputs[2];
    if (c === undefined) return mapped(operator, allowance, product, (x) => alpha * x);
    return combined(operator, allowance, product, c, (x, shift) => alpha * x + beta * shift);
  },
  Transpose: (operator, inputs, allowance) => {
    const order = operator.integers('perm');
    if (order !== undefined && order.join() !== '1,0') operator.fail(`perm [${order.join(', ')}], expected [1, 0]`);
    return transposed(operator, allowance, needed(operator, inputs, 0));
  },
  Softmax: (operator, inputs, allowance) => softmax(operator, inputs, allowance, false),
  LogSoftmax: (operator, inputs, allowance) => softmax(operator, inputs, allowance, true),
  ReduceMean: reduction((read, count) => sumOf(read, count) / count),
  ReduceSum: reduction(sumOf),
  ReduceLogSumExp: reduction(logSumExp),
  ArgMax: (operator, inputs, allowance) => {
    const x = needed(operator, inputs, 0);
    const last = operator.integer('select_last_index', 0) !== 0;
    const y = alongAxis(operator, allowance, x, operator.integer('axis', 0), 1, (read, count, write) => {
      let best = 0;
      for (let i = 1; i < count; i++) if (read(i) > read(best) || (last && read(i) === read(best))) best = i;
      write(0, best);
    });
    return kept(operator, y, [operator.integer('axis', 0)]);
  },
  Concat: (operator, inputs, allowance) => {
    const parts = inputs.map((_, index) => needed(operator, inputs, index));
    const axis = axisOf(operator, operator.integer('axis', 0), parts[0]?.dims.length ?? 0);
    const dims = parts[0]!.dims.map((size, at) => {
      if (at === axis) return parts.reduce((sum, part) => sum + (part.dims[axis] ?? 0), 0);
      if (parts.some((part) => part.dims.length !== parts[0]!.dims.length || part.dims[at] !== size))
        operator.fail(`shapes ${parts.map((part) => `[${part.dims.join(', ')}]`).join(' and ')} on axis ${axis}`);
      return size;
    });
    const y = allowance.array(operator, dims);
    const outer = sizeOf(dims.slice(0, axis));
    let at = 0;
    for (let o = 0; o < outer; o++)
      for (const { data } of parts) {
        const run = data.length / outer;
        y.data.set(data.subarray(o * run, (o + 1) * run), at);
        at += run;
      }
    return y;
  },
  Flatten: (operator, inputs) => {
    const x = needed(operator, inputs, 0);
    const axis = operator.integer('axis', 1);
    const at = axis < 0 ? axis + x.dims.length : axis;
    return reshaped(operator, x, [sizeOf(x.dims.slice(0, at)), sizeOf(x.dims.slice(at))]);
  },
  Reshape: (operator, inputs) => {
    const x = needed(operator, inputs, 0);
    const dims = [...needed(operator, inputs, 1).data].map((size, axis) => (size === 0 ? (x.dims[axis] ?? 0) : size));
    const known = dims.reduce((product, size) => (size === -1 ? product : product * size), 1);
    return reshaped(
      operator,
      x,
      dims.map((size) => (size === -1 ? x.data.length / known : size)),
    );
  },
  Squeeze: (operator, inputs) => {
    const x = needed(operator, inputs, 0);
    const axes = axesOf(operator, inputs[1])?.map((axis) => axisOf(operator, axis, x.dims.length));
    const dims = x.dims.filter((size, axis) => (axes === undefined ? size !== 1 : !axes.includes(axis)));
    return reshaped(operator, x, dims);
  },
  Unsqueeze: (operator, inputs) => {
    const x = needed(operator, inputs, 0);
    const axes = axesOf(operator, inputs[1]) ?? [];
    const rank = x.dims.length + axes.length;
    const at = new Set(axes.map((axis) => axisOf(operator, axis, rank)));
    const rest = x.dims.values();
    return reshaped(
      operator,
      x,
      Array.from({ length: rank }, (_, axis) => (at.has(axis) ? 1 : (rest.next().value ?? 1))),
    );
  },
  Expand: (operator, inputs, allowance) => {
    const shape = [...needed(operator, inputs, 1).data];
    if (!shape.every((size) => Number.isSafeInteger(size) && size >= 0)) operator.fail(`shape [${shape.join(', ')}]`);
    const x = needed(operator, inputs, 0);
    const ones = allowance.array(operator, broadcastDims(operator, x.dims, shape));
    return combined(operator, allowance, x, ones, (value) => value);
  },
  Shape: (operator, inputs) => {
    const { dims } = needed(operator, inputs, 0);
    return { dims: [dims.length], data: Float64Array.from(dims) };
  },
  Gather: (operator, inputs, allowance) => {
    const x = needed(operator, inputs, 0);
    const indices = needed(operator, inputs, 1);
    if (x.dims.length === 0 || operator.integer('axis', 0) !== 0)
      operator.fail(
        `axis ${operator.integer('axis', 0)} of a value of ${x.dims.length} dimensions, expected the first`,
      );
    const run = sizeOf(x.dims.slice(1));
    const y = allowance.array(operator, [...indices.dims, ...x.dims.slice(1)]);
    indices.data.forEach((index, i) => {
      const at = axisOf(operator, index, x.dims[0]!) * run;
      y.data.set(x.data.subarray(at, at + run), i * run);
    });
    return y;
  },
  Slice: (operator, inputs, allowance) => {
    let x = needed(operator, inputs, 0);
    for (const { axis, start, end, step } of sliceRuns(operator, inputs, x.dims)) {
      const length = Math.max(0, Math.ceil((end - start) / step));
      x = alongAxis(operator, allowance, x, axis, length, (read, _, write) => {
        for (let i = 0; i < length; i++) write(i, read(start + i * step));
      });
    }
    return x;
  },
  BatchNormalization: (operator, inputs, allowance) => {
    const { scale, shift } = batchNormalisation(operator, inputs);
    const product = combined(operator, allowance, needed(operator, inputs, 0), scale, (a, b) => a * b);
    return combined(operator, allowance, product, shift, (a, b) => a + b);
  },
};

function softmax(
  operator: Operator,
  inputs: readonly (NumberArray | undefined)[],
  allowance: Allowance,
  log: boolean,
): NumberArray {
  return alongAxis(
    operator,
    allowance,
    needed(operator, inputs, 0),
    softmaxAxis(operator),
    undefined,
    (read, count, write) => {
      const total = logSumExp(read, count);
      for (let i = 0; i < count; i++) write(i, log ? read(i) - total : Math.exp(read(i) - total));
    },
  );
}

function unary(f: (x: number) => number): Evaluation {
  return (operator, inputs, allowance) => mapped(operator, allowance, needed(operator, inputs, 0), f);
}

/** An operator of two inputs, or, as Min and Max allow, of any number. */
function binary(f: (a: number, b: number) => number): Evaluation {
  return (operator, inputs, allowance) => {
    let y = needed(operator, inputs, 0);
    for (let index = 1; index < Math.max(2, inputs.length); index++)
      y = combined(operator, allowance, y, needed(operator, inputs, index), f);
    return y;
  };
}

function reduction(f: (read: (i: number) => number, count: number) => number): Evaluation {
  return (operator, inputs, allowance) => {
    const x = needed(operator, inputs, 0);
    const axes = axesOf(operator, inputs[1]) ?? x.dims.map((_, axis) => axis);
    let y = x;
    for (const axis of axes)
      y = alongAxis(operator, allowance, y, axis, 1, (read, count, write) => write(0, f(read, count)));
    return kept(operator, y, axes);
  };
}

/** Drops the axes that were reduced unless `keepdims` says to keep them. */
function kept(operator: Operator, y: NumberArray, axes: readonly number[]): NumberArray {
  if (operator.integer('keepdims', 1) !== 0) return y;
  const dropped = new Set(axes.map((axis) => axisOf(operator, axis, y.dims.length)));
  return { dims: y.dims.filter((_, axis) => !dropped.has(axis)), data: y.data };
}

function reshaped(operator: Operator, x: NumberArray, dims: readonly number[]): NumberArray {
  if (!dims.every((size) => Number.isSafeInteger(size) && size >= 0) || sizeOf(dims) !== x.data.length)
    operator.fail(`${x.data.length} values as [${dims.join(', ')}]`);
  return { dims, data: x.data };
}

function sumOf(read: (i: number) => number, count: number): number {
  let sum = 0;
  for (let i = 0; i < count; i++) sum += read(i);
  return sum;
}

/** `log Σ exp xᵢ`, shifted by the largest so that nothing overflows. */
function logSumExp(read: (i: number) => number, count: number): number {
  let largest = -Infinity;
  for (let i = 0; i < count; i++) largest = Math.max(largest, read(i));
  let sum = 0;
  for (let i = 0; i < count; i++) sum += Math.exp(read(i) - largest);
  return largest + Math.log(sum);
}
