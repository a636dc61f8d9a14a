import type { NumberArray } from './array.ts';
import { sizeOfAffine } from './stage.ts';
import type { Affine } from './stage.ts';

/** What a graph's value is, as a function of the observation. `dims` leave the rows out; `source` is the value's name in the graph. */
export type Traced =
  | { readonly kind: 'constant'; readonly array: NumberArray }
  | AffineValue
  /** `clip(y, low, high)` of outputs. @see ClippedValue */
  | ClippedValue
  /** Of K scores: their softmax, its logarithm, the logarithm of what a softmax divides by, or the best one's value. */
  | { readonly kind: 'softmax' | 'log-softmax' | 'log-sum'; readonly dims: readonly number[]; readonly of: AffineValue }
  | {
      readonly kind: 'choice';
      readonly dims: readonly number[];
      readonly of: AffineValue;
      readonly values: Float64Array;
    };

export interface AffineValue {
  readonly kind: 'affine';
  readonly dims: readonly number[];
  readonly affine: Affine;
  readonly source: string;
  /** The value that this is the sigmoid of: what SiLU multiplies it by. */
  readonly sigmoidOf?: AffineValue;
}

export interface ClippedValue {
  readonly kind: 'clipped';
  readonly dims: readonly number[];
  /** [width] before clipping */
  readonly affine: Affine;
  readonly source: string;
  /** `affine = scale·(the source's value) + shift`, [width]: it may have been rescaled after it was clipped. */
  readonly scale: Float64Array;
  readonly shift: Float64Array;
  /** [width] */
  readonly low: Float64Array;
  readonly high: Float64Array;
}

/** How many numbers a value holds: what it costs to read it. */
export function numbersOf(value: Traced): number {
  if (value.kind === 'constant') return value.array.data.length;
  return value.kind === 'affine' || value.kind === 'clipped'
    ? sizeOfAffine(value.affine)
    : sizeOfAffine(value.of.affine);
}
