import type { NumberArray } from './array.ts';
import { clipBounds } from './attribute.ts';
import { affineOf, affineValue, constants, layerOn, perComponent, withConstantArray } from './rule.ts';
import type { Context, Rules } from './rule.ts';
import { activated, rescaled, sizeOfAffine } from './stage.ts';
import type { ClippedValue, Traced } from './traced.ts';

const activations = { Relu: 'relu', Tanh: 'tanh', Elu: 'elu' } as const;

/** Operators that end a layer, and limits. */
export const nonlinearRules: Rules = {
  Relu: activation,
  Tanh: activation,
  Elu: (context) => {
    const alpha = context.operator.real('alpha', 1);
    return alpha === 1 ? activation(context) : context.operator.fail(`alpha ${alpha}, expected 1`);
  },
  // σ(z) = ½·tanh(z/2) + ½: both halves go into the neighbouring layers.
  Sigmoid: (context) => {
    const of = affineOf(context, 0);
    context.allowance.claim(context.operator, sizeOfAffine(of.affine) + 4 * of.affine.width);
    const half = rescaled(
      of.affine,
      () => 0.5,
      () => 0,
    );
    const affine = rescaled(
      activated(context.operator, half, 'tanh', [{ source: of.source, width: half.width, factor: 0.5 }]),
      () => 0.5,
      () => 0.5,
    );
    return { kind: 'affine', dims: of.dims, affine, source: context.output, sigmoidOf: of };
  },
  Clip: (context) => {
    const { low, high } = clipBounds(context.operator, constants(context));
    return clipped(context, low, high);
  },
  Min: (context) => {
    const [, bound] = withConstantArray(context);
    return clipped(context, { dims: [], data: Float64Array.of(-Infinity) }, bound);
  },
  Max: (context) => {
    const [, bound] = withConstantArray(context);
    return clipped(context, bound, { dims: [], data: Float64Array.of(Infinity) });
  },
};

function activation(context: Context): Traced {
  const of = affineOf(context, 0);
  const name = activations[context.operator.node.operator as keyof typeof activations];
  return {
    kind: 'affine',
    dims: of.dims,
    affine: layerOn(context, of, name),
    source: context.output,
  };
}

function clipped(context: Context, low: NumberArray, high: NumberArray): Traced {
  const { operator } = context;
  const value = context.inputs.find((input) => input !== undefined && input.kind !== 'constant')!;
  const of: ClippedValue =
    value.kind === 'clipped'
      ? value
      : (({ dims, affine, source }) => ({
          kind: 'clipped' as const,
          dims,
          affine,
          source,
          scale: new Float64Array(affine.width).fill(1),
          shift: new Float64Array(affine.width),
          low: new Float64Array(affine.width).fill(-Infinity),
          high: new Float64Array(affine.width).fill(Infinity),
        }))(affineValue(context, value));
  context.allowance.claim(operator, 4 * of.affine.width);
  const below = perComponent(context, of.dims, low);
  const above = perComponent(context, of.dims, high);
  // Clip(y, a, b) is min(max(y, a), b): the later limits win.
  const within = (bound: number, i: number): number => Math.min(Math.max(bound, below(i)), above(i));
  const both = { ...of, low: of.low.map(within), high: of.high.map(within) };
  if (both.low.some((bound, i) => !(bound < both.high[i]!))) operator.fail('clips to limits with nothing between them');
  return both;
}
