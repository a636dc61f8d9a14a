import { axisOf } from './arithmetic.ts';
import { shapeText, sizeOf } from './array.ts';
import type { NumberArray } from './array.ts';
import { axesOf, needed, sliceRuns } from './attribute.ts';
import { affineOf, affineValue, constantOf, constants, dimsOf, first, lastAxis, withDims } from './rule.ts';
import type { Context, Rules } from './rule.ts';
import { concatenated, selected } from './stage.ts';
import type { Affine, Stage } from './stage.ts';
import type { Traced } from './traced.ts';

/** Operators that take rows apart, put them together or say their shape anew. */
export const shapeRules: Rules = {
  Identity: (context) => first(context),
  Dropout: (context) => first(context),
  Cast: (context) => first(context),
  Concat: (context) => {
    const { operator, inputs, allowance } = context;
    const values = inputs.map((_, index) => needed(operator, inputs, index));
    const known = values.filter((value) => value.kind === 'affine');
    const stage = known[0]?.affine.stage;
    if (stage === undefined || known.some((value) => value.dims.length !== 1))
      return operator.fail(
        `puts ${values.map((value) => value.kind).join(' and ')} together, expected rows of numbers`,
      );
    lastAxis(context, operator.integer('axis', -1), 1);
    const parts = values.map((value) =>
      value.kind === 'constant' ? constantRow(context, value.array, stage) : affineValue(context, value).affine,
    );
    const affine = concatenated(operator, allowance, parts);
    return { kind: 'affine', dims: [affine.width], affine, source: context.output };
  },
  Slice: (context) => {
    const value = affineOf(context, 0);
    const rank = context.batched ? [1, ...value.dims] : value.dims;
    let columns = Array.from({ length: value.affine.width }, (_, column) => column);
    for (const { axis, start, end, step } of sliceRuns(
      context.operator,
      [undefined, ...constants(context).slice(1)],
      rank,
    )) {
      if (axis !== rank.length - 1 || value.dims.length !== 1)
        context.operator.fail(`slices axis ${axis}, expected the last of rows`);
      columns = columns.slice(start, end).filter((_, at) => at % step === 0);
    }
    if (columns.length === 0) context.operator.fail('leaves no column');
    const affine = selected(context.operator, context.allowance, value.affine, columns);
    return { kind: 'affine', dims: [affine.width], affine, source: context.output };
  },
  Flatten: (context) => {
    const value = first(context);
    const axis = context.operator.integer('axis', 1);
    if (!context.batched || (axis !== 1 && axis !== -dimsOf(context, value).length))
      context.operator.fail(`flattens from axis ${axis}, expected the one after the rows`);
    return withDims(context, value, [sizeOf(dimsOf(context, value))]);
  },
  Reshape: (context) => reshaped(context, [...constantOf(context, 1).data]),
  Squeeze: (context) => {
    const value = first(context);
    const rows = context.batched ? 1 : 0;
    const dims = dimsOf(context, value);
    const axes = axesOf(context.operator, constants(context)[1])?.map((axis) =>
      axisOf(context.operator, axis, rows + dims.length),
    );
    if (axes === undefined)
      return context.operator.fail('squeezes every axis of one, the rows maybe too; expected axes');
    if (axes.some((axis) => axis < rows || dims[axis - rows] !== 1))
      context.operator.fail(`squeezes axes [${axes.join(', ')}]`);
    return withDims(
      context,
      value,
      dims.filter((_, axis) => !axes.includes(axis + rows)),
    );
  },
  Unsqueeze: (context) => {
    const value = first(context);
    const rows = context.batched ? 1 : 0;
    const dims = dimsOf(context, value);
    const axes = axesOf(context.operator, constants(context)[1]) ?? [];
    const rank = rows + dims.length + axes.length;
    const at = new Set(axes.map((axis) => axisOf(context.operator, axis, rank) - rows));
    if (at.has(-1)) context.operator.fail('adds an axis in front of the rows');
    const rest = dims.values();
    return withDims(
      context,
      value,
      Array.from({ length: rank - rows }, (_, axis) => (at.has(axis) ? 1 : (rest.next().value ?? 1))),
    );
  },
  Shape: (context) => {
    const dims = dimsOf(context, first(context));
    // As many rows as there are: not a number, and only good for a Reshape.
    const data = Float64Array.from(context.batched ? [NaN, ...dims] : dims);
    return { kind: 'constant', array: { dims: [data.length], data } };
  },
};

/** Constants beside a value, as columns of the same rows. */
function constantRow(context: Context, array: NumberArray, stage: Stage): Affine {
  const width = array.dims.at(-1) ?? 0;
  if (width < 1 || sizeOf(array.dims) !== width)
    context.operator.fail(`puts constants ${shapeText(array.dims)} beside every row`);
  const weight = context.allowance.array(context.operator, [stage.width, width]).data;
  return { stage, width, weight, bias: Float64Array.from(array.data) };
}

function reshaped(context: Context, target: readonly number[]): Traced {
  const value = first(context);
  const size = sizeOf(dimsOf(context, value));
  const [rows, ...rest] = context.batched ? target : [NaN, ...target];
  const free = rest.includes(-1);
  const known = rest.reduce((product, one) => (one === -1 ? product : product * one), 1);
  // -1, 0 and 1 rows are what exporters write; a batch that was fixed is as good as any.
  const sound = Number.isNaN(rows) || rows === 0 || (Number.isInteger(rows) && rows! >= -1);
  if (
    !sound ||
    !(known > 0) ||
    (free ? rest.filter((one) => one === -1).length > 1 || size % known !== 0 || rows === -1 : known !== size)
  )
    context.operator.fail(
      `makes ${shapeText(target)} of rows of ${shapeText(dimsOf(context, value))}, expected the rows as they are`,
    );
  return withDims(
    context,
    value,
    rest.map((one) => (one === -1 ? size / known : one)),
  );
}
