import { axisOf } from './arithmetic.ts';
import type { NumberArray } from './array.ts';
import type { Operator } from './operator.ts';

/** An input that its operator cannot do without. */
export function needed<Value>(operator: Operator, inputs: readonly (Value | undefined)[], index: number): Value {
  return inputs[index] ?? operator.fail(`input ${index} is missing, or nothing before this node writes it`);
}

/** Bounds of a Clip: inputs since opset 11, attributes before; an absent one is infinite. */
export function clipBounds(
  operator: Operator,
  inputs: readonly (NumberArray | undefined)[],
): { readonly low: NumberArray; readonly high: NumberArray } {
  const bound = (input: NumberArray | undefined, name: string, otherwise: number): NumberArray =>
    input ?? { dims: [], data: Float64Array.of(operator.real(name, otherwise)) };
  return { low: bound(inputs[1], 'min', -Infinity), high: bound(inputs[2], 'max', Infinity) };
}

/** The value of a Constant node. */
export function constantValue(operator: Operator): NumberArray {
  const array = operator.array('value');
  if (array !== undefined) return array;
  const list = operator.reals('value_floats') ?? operator.integers('value_ints');
  if (list !== undefined) return { dims: [list.length], data: Float64Array.from(list) };
  if (operator.has('value_float')) return { dims: [], data: Float64Array.of(operator.real('value_float', 0)) };
  if (operator.has('value_int')) return { dims: [], data: Float64Array.of(operator.integer('value_int', 0)) };
  return operator.fail('a constant that is no tensor of numbers');
}

/** Axes of a reduction or of Squeeze: an input in newer opsets, an attribute before. */
export function axesOf(operator: Operator, input: NumberArray | undefined): readonly number[] | undefined {
  return input === undefined ? operator.integers('axes') : [...input.data];
}

/** What a Slice takes: whole numbers that are within the value, whatever the file says. */
export function sliceRuns(
  operator: Operator,
  inputs: readonly (NumberArray | undefined)[],
  dims: readonly number[],
): { readonly axis: number; readonly start: number; readonly end: number; readonly step: number }[] {
  const list = (index: number, name: string): readonly number[] | undefined =>
    inputs[index] === undefined ? operator.integers(name) : [...inputs[index].data];
  const starts = list(1, 'starts') ?? [];
  const ends = list(2, 'ends') ?? [];
  const axes = list(3, 'axes') ?? starts.map((_, axis) => axis);
  const steps = list(4, 'steps') ?? starts.map(() => 1);
  if (starts.length !== ends.length || starts.length !== axes.length || starts.length !== steps.length)
    operator.fail(`${starts.length} starts, ${ends.length} ends, ${axes.length} axes and ${steps.length} steps`);
  return starts.map((start, i) => {
    const axis = axisOf(operator, axes[i]!, dims.length);
    const size = dims[axis]!;
    if (!(steps[i]! >= 1)) operator.fail(`a step of ${steps[i]}, expected a positive one`);
    const within = (at: number): number => Math.min(size, Math.max(0, at < 0 ? at + size : at));
    return { axis, start: within(start), end: within(ends[i]!), step: steps[i]! };
  });
}

/** A batch normalisation at inference, `y = x·scale + shift` per feature. */
export function batchNormalisation(
  operator: Operator,
  inputs: readonly (NumberArray | undefined)[],
): { readonly scale: NumberArray; readonly shift: NumberArray } {
  const [gain, offset, mean, variance] = [1, 2, 3, 4].map((index) => needed(operator, inputs, index).data);
  const epsilon = operator.real('epsilon', 1e-5);
  const scale = gain!.map((value, i) => value / Math.sqrt((variance![i] ?? NaN) + epsilon));
  const shift = offset!.map((value, i) => value - (mean![i] ?? NaN) * scale[i]!);
  return { scale: { dims: [scale.length], data: scale }, shift: { dims: [shift.length], data: shift } };
}

/** Along which axis a softmax runs: since opset 13 the last one, before the second (the last of a matrix). */
export function softmaxAxis(operator: Operator): number {
  return operator.integer('axis', operator.opset >= 13 ? -1 : 1);
}
