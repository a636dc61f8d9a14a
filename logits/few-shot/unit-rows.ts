import type { Tensor } from '@tensorflow/tfjs';
import { op } from '../../nn/op.ts';
import { ownGradient } from '../tensor/own-gradient.ts';
import { alternatives } from '../tensor/shape.ts';

/** Rows shorter than this keep their direction and stay short, so that a row of zeros is not NaN. */
const leastNorm = 1e-12;

/**
 * Each row at length 1, `u = x/max(|x|, 1e-12)`. Gradient `(g − u·Σ(g u))/|x|`.
 * @param x [...,D]  @returns [...,D]
 */
export const unitRows = op('unitRows', (tf, x: Tensor): Tensor => {
  alternatives('unitRows', x);
  return ownGradient(
    tf,
    [x],
    () => {
      const norm = x.square().sum(-1, true).sqrt();
      const least = norm.maximum(leastNorm);
      const value = x.div(least);
      return { value, saved: [value, least, norm.greater(leastNorm).toFloat()] };
    },
    (dy, [value, least, free]) => [dy.sub(value!.mul(dy.mul(value!).sum(-1, true)).mul(free!)).div(least!)],
  );
});
