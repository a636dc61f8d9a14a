import { axisOf } from './arithmetic.ts';
import { shapeText, sizeOf } from './array.ts';
import { axesOf, softmaxAxis } from './attribute.ts';
import { affineOf, affineValue, constants, first, lastAxis } from './rule.ts';
import type { Rules } from './rule.ts';

/** Operators that turn scores into a choice: they may only stand at the end. */
export const decisionRules: Rules = {
  Gather: (context) => {
    const [table, index] = context.inputs;
    if (table?.kind !== 'constant' || index?.kind !== 'choice')
      return context.operator.fail('picks out of something that is not a list of constants by the best score');
    const rows = table.array.dims[0] ?? 0;
    if (sizeOf(table.array.dims) !== rows)
      return context.operator.fail(`picks rows of ${shapeText(table.array.dims)}, expected single numbers`);
    return { ...index, values: index.values.map((at) => table.array.data[axisOf(context.operator, at, rows)]!) };
  },
  ReduceLogSumExp: (context) => {
    const of = affineOf(context, 0);
    for (const axis of axesOf(context.operator, constants(context)[1]) ?? []) lastAxis(context, axis, of.dims.length);
    return { kind: 'log-sum', dims: [1], of };
  },
  Softmax: (context) => {
    const of = first(context);
    if (of.kind === 'log-softmax') return { kind: 'softmax', dims: of.dims, of: of.of };
    const scores = affineValue(context, of);
    lastAxis(context, softmaxAxis(context.operator), scores.dims.length);
    return { kind: 'softmax', dims: scores.dims, of: scores };
  },
  LogSoftmax: (context) => {
    const of = affineOf(context, 0);
    lastAxis(context, softmaxAxis(context.operator), of.dims.length);
    return { kind: 'log-softmax', dims: of.dims, of };
  },
  ArgMax: (context) => {
    const value = first(context);
    // A softmax and its logarithm keep the order.
    const of = value.kind === 'softmax' || value.kind === 'log-softmax' ? value.of : affineValue(context, value);
    if (of.dims.length !== 1) context.operator.fail(`of values ${shapeText(of.dims)}, expected one row of scores`);
    lastAxis(context, context.operator.integer('axis', 0), 1);
    if (context.operator.integer('select_last_index', 0) !== 0)
      context.operator.fail('takes the last of equal scores; ours takes the first');
    return {
      kind: 'choice',
      dims: context.operator.integer('keepdims', 1) === 0 ? [] : [1],
      of,
      values: Float64Array.from({ length: of.affine.width }, (_, k) => k),
    };
  },
};
