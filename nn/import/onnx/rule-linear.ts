import { mapped, transposed } from './arithmetic.ts';
import { shapeText } from './array.ts';
import type { NumberArray } from './array.ts';
import { axesOf, batchNormalisation, needed } from './attribute.ts';
import {
  affineOf,
  constantOf,
  constants,
  lastAxis,
  layerOn,
  perComponent,
  scaledBy,
  stretched,
  withConstant,
} from './rule.ts';
import type { Context, Rules } from './rule.ts';
import { added, multiplied } from './stage.ts';
import type { AffineValue, Traced } from './traced.ts';

/** Operators that are linear in the observation: any run of them is one affine. */
export const linearRules: Rules = {
  Neg: (context) =>
    scaledBy(
      context,
      () => -1,
      () => 0,
    ),
  Add: (context) => sum(context, 1),
  Sub: (context) => {
    const [a, b] = context.inputs;
    if (a?.kind === 'affine' && b?.kind === 'log-sum' && b.of === a)
      return { kind: 'log-softmax', dims: a.dims, of: a };
    return sum(context, -1);
  },
  Mul: (context) => {
    const [a, b] = context.inputs;
    if (a?.kind === 'affine' && b?.kind === 'affine') return gated(context, a, b);
    const [value, factor] = withConstant(context);
    return scaledBy(context, factor, () => 0, value);
  },
  Div: (context) => {
    if (context.inputs[1]?.kind !== 'constant') context.operator.fail('divides by something that is not a constant');
    const [value, divisor] = withConstant(context);
    return scaledBy(
      context,
      (i) => 1 / divisor(i),
      () => 0,
      value,
    );
  },
  BatchNormalization: (context) => {
    const { scale, shift } = batchNormalisation(context.operator, constants(context));
    return scaledBy(
      context,
      (i) => scale.data[i] ?? NaN,
      (i) => shift.data[i] ?? NaN,
    );
  },
  MatMul: (context) => {
    const weight = constantOf(context, 1);
    return dense(context, affineOf(context, 0), weight, undefined);
  },
  Gemm: (context) => {
    const { operator, allowance } = context;
    if (operator.integer('transA', 0) !== 0) operator.fail('transposes the observations');
    const alpha = operator.real('alpha', 1);
    const beta = operator.real('beta', 1);
    let weight = constantOf(context, 1);
    if (operator.integer('transB', 0) !== 0) weight = transposed(operator, allowance, weight);
    if (alpha !== 1) weight = mapped(operator, allowance, weight, (value) => alpha * value);
    const shift = context.inputs[2] === undefined ? undefined : constantOf(context, 2);
    return dense(
      context,
      affineOf(context, 0),
      weight,
      shift && mapped(operator, allowance, shift, (value) => beta * value),
    );
  },
  ReduceMean: (context) => reduced(context, (width) => 1 / width),
  ReduceSum: (context) => reduced(context, () => 1),
};

/** `a ± b`, of constants and of values that depend on the observation. */
function sum(context: Context, sign: 1 | -1): Traced {
  const [a, b] = [0, 1].map((index) => needed(context.operator, context.inputs, index)) as [Traced, Traced];
  if (a.kind === 'constant' || b.kind === 'constant') {
    const [value, shift] = withConstant(context);
    if (b.kind === 'constant')
      return scaledBy(
        context,
        () => 1,
        (i) => sign * shift(i),
        value,
      );
    return scaledBy(context, () => sign, shift, value);
  }
  let [one, other] = [affineOf(context, 0), affineOf(context, 1)];
  if (one.affine.width === 1 && other.affine.width > 1) one = stretched(context, one, other.affine.width);
  if (other.affine.width === 1 && one.affine.width > 1) other = stretched(context, other, one.affine.width);
  if (one.dims.join() !== other.dims.join())
    context.operator.fail(`rows of ${shapeText(one.dims)} and ${shapeText(other.dims)}`);
  const affine = added(context.operator, context.allowance, one.affine, other.affine, sign);
  return { kind: 'affine', dims: one.dims, affine, source: context.output };
}

/** `σ(z)·z`: the only product of two values that dense layers know. */
function gated(context: Context, a: AffineValue, b: AffineValue): Traced {
  const z = a.sigmoidOf === b ? b : b.sigmoidOf === a ? a : undefined;
  if (z === undefined)
    return context.operator.fail(
      'multiplies two values that depend on the observation; only x·Sigmoid(x) is supported',
    );
  return {
    kind: 'affine',
    dims: z.dims,
    affine: layerOn(context, z, 'silu'),
    source: context.output,
  };
}

function dense(context: Context, x: AffineValue, weight: NumberArray, shift: NumberArray | undefined): Traced {
  const { operator, allowance } = context;
  const [inputs, outputs] = weight.dims as [number, number];
  if (weight.dims.length !== 2 || x.dims.length !== 1 || inputs !== x.affine.width || outputs < 1)
    operator.fail(`rows of ${shapeText(x.dims)} times ${shapeText(weight.dims)}`);
  const bias = new Float64Array(outputs);
  if (shift !== undefined) bias.set(bias.map((_, o) => perComponent(context, [outputs], shift)(o)));
  const affine = multiplied(operator, allowance, x.affine, weight.data, bias);
  return { kind: 'affine', dims: [outputs], affine, source: context.output };
}

/** The average or the sum of a row, as one column. */
function reduced(context: Context, factor: (width: number) => number): Traced {
  const { operator, allowance } = context;
  const of = affineOf(context, 0);
  const axes = axesOf(operator, constants(context)[1]);
  if (of.dims.length !== 1 || axes?.length !== 1)
    return operator.fail(`reduces axes [${axes?.join(', ') ?? 'all'}], expected the last of rows`);
  lastAxis(context, axes[0]!, 1);
  const { width } = of.affine;
  const affine = multiplied(
    operator,
    allowance,
    of.affine,
    new Float64Array(width).fill(factor(width)),
    new Float64Array(1),
  );
  return { kind: 'affine', dims: operator.integer('keepdims', 1) === 0 ? [] : [1], affine, source: context.output };
}
