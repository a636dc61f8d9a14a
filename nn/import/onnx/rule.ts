import { axisOf, broadcastIndex } from './arithmetic.ts';
import type { Allowance } from './arithmetic.ts';
import { shapeText, sizeOf } from './array.ts';
import type { NumberArray } from './array.ts';
import { needed } from './attribute.ts';
import type { Operator } from './operator.ts';
import { activated, rescaled, selected, settled, sizeOfAffine } from './stage.ts';
import type { Affine } from './stage.ts';
import type { AffineValue, ClippedValue, Traced } from './traced.ts';

/** What a node reads and may use up. */
export interface Context {
  readonly operator: Operator;
  readonly inputs: readonly (Traced | undefined)[];
  readonly allowance: Allowance;
  /** Whether the input has an axis of rows. */
  readonly batched: boolean;
  readonly output: string;
}

/** What each operator makes of values that depend on the observation. */
export type Rules = Readonly<Record<string, (context: Context) => Traced>>;

export function first({ operator, inputs }: Context): Traced {
  return needed(operator, inputs, 0);
}

/** An input as an affine; the observation that was clipped becomes the standardisation it is. */
export function affineOf(context: Context, index: number): AffineValue {
  return affineValue(context, needed(context.operator, context.inputs, index));
}

export function affineValue(context: Context, value: Traced): AffineValue {
  const { operator } = context;
  if (value.kind === 'affine') return value;
  if (value.kind === 'clipped') {
    context.allowance.claim(operator, 6 * value.affine.width);
    return { kind: 'affine', dims: value.dims, affine: standardisedInput(operator, value), source: value.source };
  }
  return operator.fail(
    value.kind === 'constant'
      ? 'its first input is a constant'
      : `reads a ${value.kind}, which may only stand at the end`,
  );
}

/** `clip(y, low, high) = centre + half·clip((y − centre)/half, ±1)`; with equal limits the half is left as the clip. */
export function standardisedInput(operator: Operator, value: ClippedValue): Affine {
  const { affine, low, high } = value;
  if (!ofObservation(value))
    return operator.fail('reads clipped values, which only the observation and the action may be');
  const centre = low.map((bound, i) => (bound + high[i]!) / 2);
  const half = low.map((bound, i) => (high[i]! - bound) / 2);
  if (half.some((width) => !(width > 0) || width === Infinity))
    return operator.fail('clips the observation on one side only, expected two limits');
  const equal = half.every((width) => width === half[0]);
  const clip = equal ? half[0]! : 1;
  const unit = equal ? half.map(() => 1) : half;
  const centred = rescaled(
    affine,
    (i) => 1 / unit[i]!,
    (i) => -centre[i]! / unit[i]!,
  );
  return rescaled(
    settled(operator, centred, clip),
    (i) => unit[i]!,
    (i) => centre[i]!,
  );
}

/** Whether what is clipped is the observation, feature by feature. */
function ofObservation({ affine }: ClippedValue): boolean {
  return affine.stage.kind === 'input' && affine.weight === undefined;
}

/** A constant per component of a value, whatever shape it is stretched from. */
export function perComponent(context: Context, dims: readonly number[], array: NumberArray): (i: number) => number {
  const full = context.batched ? [1, ...dims] : [...dims];
  const rank = Math.max(full.length, array.dims.length);
  const to = [...Array<number>(rank - full.length).fill(1), ...full];
  const from = [...Array<number>(rank - array.dims.length).fill(1), ...array.dims];
  if (from.some((size, axis) => size !== 1 && size !== to[axis]))
    return context.operator.fail(`a constant ${shapeText(array.dims)} beside rows of ${shapeText(dims)}`);
  const at = broadcastIndex(from, to);
  return (i) => array.data[at(i)]!;
}

/** The one input that depends on the observation, and the constant beside it. */
export function withConstantArray(context: Context): readonly [Traced, NumberArray] {
  const [a, b] = [0, 1].map((index) => needed(context.operator, context.inputs, index)) as [Traced, Traced];
  if (context.inputs.length > 2) context.operator.fail(`${context.inputs.length} inputs, expected two`);
  if (b.kind === 'constant') return [a, b.array];
  if (a.kind === 'constant') return [b, a.array];
  return context.operator.fail('both inputs depend on the observation');
}

export function withConstant(context: Context): readonly [Traced, (i: number) => number] {
  const [value, array] = withConstantArray(context);
  return [
    widened(context, value, array),
    perComponent(context, dimsOf(context, widened(context, value, array)), array),
  ];
}

/** One column beside a row of constants is that many columns. */
export function widened(context: Context, value: Traced, array: NumberArray): Traced {
  const width = array.dims.at(-1) ?? 1;
  if (value.kind !== 'affine' || value.affine.width !== 1 || width === 1 || sizeOf(array.dims) !== width) return value;
  return stretched(context, value, width);
}

export function stretched(context: Context, value: AffineValue, width: number): AffineValue {
  const affine = selected(context.operator, context.allowance, value.affine, Array<number>(width).fill(0));
  return { kind: 'affine', dims: [width], affine, source: context.output };
}

/** `scale·y + shift` per component of whatever can be rescaled. */
export function scaledBy(
  context: Context,
  scale: (i: number) => number,
  shift: (i: number) => number,
  value: Traced = first(context),
): Traced {
  const { operator } = context;
  if (value.kind === 'choice') {
    return { ...value, values: value.values.map((worth) => worth * scale(0) + shift(0)) };
  }
  const count = value.kind === 'affine' || value.kind === 'clipped' ? value.affine.width : 0;
  for (let i = 0; i < count; i++)
    if (!Number.isFinite(scale(i)) || !Number.isFinite(shift(i)))
      operator.fail(`component ${i}: scaled by ${scale(i)} and shifted by ${shift(i)}`);
  if (value.kind === 'affine' || value.kind === 'clipped')
    context.allowance.claim(operator, sizeOfAffine(value.affine));
  if (value.kind === 'affine')
    return { kind: 'affine', dims: value.dims, affine: rescaled(value.affine, scale, shift), source: context.output };
  if (value.kind !== 'clipped' || ofObservation(value)) {
    const { dims, affine } = affineValue(context, value);
    return { kind: 'affine', dims, affine: rescaled(affine, scale, shift), source: context.output };
  }
  const ends = (i: number): readonly [number, number] => {
    const one = value.low[i]! * scale(i) + shift(i);
    const other = value.high[i]! * scale(i) + shift(i);
    return [Math.min(one, other), Math.max(one, other)];
  };
  return {
    ...value,
    affine: rescaled(value.affine, scale, shift),
    scale: value.scale.map((s, i) => s * scale(i)),
    shift: value.shift.map((t, i) => t * scale(i) + shift(i)),
    low: value.low.map((_, i) => ends(i)[0]),
    high: value.low.map((_, i) => ends(i)[1]),
  };
}

export function withDims({ operator }: Context, value: Traced, dims: readonly number[]): Traced {
  return value.kind === 'constant' ? operator.fail('a constant') : { ...value, dims };
}

export function dimsOf({ operator }: Context, value: Traced): readonly number[] {
  return value.kind === 'constant' ? operator.fail('a constant') : value.dims;
}

export function constantOf(context: Context, index: number): NumberArray {
  const value = needed(context.operator, context.inputs, index);
  return value.kind === 'constant' ? value.array : context.operator.fail(`input ${index} is not a constant`);
}

/** Inputs that are constants, in their places. */
export function constants(context: Context): (NumberArray | undefined)[] {
  return context.inputs.map((value, index) => {
    if (value === undefined || value.kind === 'constant') return value?.array;
    return index === 0 ? undefined : context.operator.fail(`input ${index} is not a constant`);
  });
}

/** Throws unless an axis is the last one of rows. */
export function lastAxis({ operator, batched }: Context, axis: number, count: number): void {
  const rank = count + (batched ? 1 : 0);
  if (axisOf(operator, axis, rank) !== rank - 1 || count !== 1)
    operator.fail(`works along axis ${axis}, expected the last of rows`);
}

/** A non-linearity on a value, as the layer that it ends. */
export function layerOn(
  { operator, allowance }: Context,
  of: AffineValue,
  activation: 'relu' | 'tanh' | 'silu' | 'elu',
): Affine {
  const { affine, source } = of;
  allowance.claim(operator, 2 * affine.width);
  return activated(operator, affine, activation, [{ source, width: affine.width, factor: 1 }]);
}
