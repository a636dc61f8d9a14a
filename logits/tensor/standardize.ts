import type { Tensor } from '@tensorflow/tfjs';
import { ShapeError } from '../../core/errors.ts';
import { op } from '../../nn/op.ts';
import { ownGradient } from './own-gradient.ts';
import { alternatives } from './shape.ts';

export interface StandardizeOptions {
  /** 1: unbiased (default), 0: population. */
  readonly ddof?: number;
  /** A smaller standard deviation counts as this one. */
  readonly floor?: number;
}

/**
 * Each row's z-scores `b = (z − mean)/max(std, floor)`, std² = Σ(z − mean)²/(K − ddof).
 * Gradient `(g − mean g − b·Σ(g b)/(K − ddof))/std`, without the last term where the floor holds. Rows must be finite.
 * @param z [...,K], K above ddof  @returns [...,K]
 */
export const standardize = op('standardize', (tf, z: Tensor, options: StandardizeOptions = {}): Tensor => {
  const { ddof = 1, floor = 1e-6 } = options;
  const k = alternatives('standardize', z);
  if (k <= ddof) throw new ShapeError(`standardize: rows of ${k}, expected more than ddof = ${ddof}`);
  return ownGradient(
    tf,
    [z],
    () => {
      const centred = z.sub(z.mean(-1, true));
      const deviation = centred
        .square()
        .sum(-1, true)
        .div(k - ddof)
        .sqrt();
      const scale = deviation.maximum(floor);
      const value = centred.div(scale);
      return { value, saved: [value, scale, deviation.greater(floor).toFloat()] };
    },
    (dy, [value, scale, free]) => {
      const along = dy
        .mul(value!)
        .sum(-1, true)
        .mul(free!)
        .div(k - ddof);
      return [dy.sub(dy.mean(-1, true)).sub(value!.mul(along)).div(scale!)];
    },
  );
});
