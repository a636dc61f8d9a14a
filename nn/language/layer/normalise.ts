import type { Tensor, Tensor1D, Tensor2D } from '@tensorflow/tfjs';
import type { Tensorflow } from '../../backend/tensorflow.ts';
import { columnSums, withGradient } from './own-gradient.ts';

const epsilon = 1e-5;

/**
 * `y = (x − mean x) / √(var x + 1e-5) ∘ g + b`, of each row. Source: Ba et al. (2016), "Layer Normalization", equation 4.
 * @param x [N×d]  @param gain g [d]  @param shift b [d]
 */
export function layerNorm(tf: Tensorflow, x: Tensor2D, gain: Tensor1D, shift: Tensor1D, frozen: boolean): Tensor2D {
  return withGradient(
    tf,
    frozen ? [x] : [x, gain, shift],
    () => {
      const centred = x.sub(x.mean(1, true));
      const inverse = centred.square().mean(1, true).add(epsilon).rsqrt();
      const unit = centred.mul(inverse);
      return { value: unit.mul(gain).add(shift) as Tensor2D, saved: [unit, inverse] as const };
    },
    (dY, [unit, inverse]) => {
      const dUnit = dY.mul(gain);
      const dX = inverse.mul(dUnit.sub(dUnit.mean(1, true)).sub(unit.mul(dUnit.mul(unit).mean(1, true))));
      return frozen ? [dX] : [dX, columnSums(tf, dY.mul(unit)), columnSums(tf, dY)];
    },
  );
}

/**
 * `y = x / √(mean x² + 1e-5) ∘ g`, of each row. Source: Zhang and Sennrich (2019), "Root Mean Square Layer Normalization", equation 4.
 * @param x [N×d]  @param gain g [d]
 */
export function rmsNorm(tf: Tensorflow, x: Tensor2D, gain: Tensor1D, frozen: boolean): Tensor2D {
  return withGradient(
    tf,
    frozen ? [x] : [x, gain],
    () => {
      const inverse = x.square().mean(1, true).add(epsilon).rsqrt();
      const unit = x.mul(inverse);
      return { value: unit.mul(gain) as Tensor2D, saved: [unit, inverse] as const };
    },
    (dY, [unit, inverse]) => {
      const dUnit: Tensor = dY.mul(gain);
      const dX = inverse.mul(dUnit.sub(unit.mul(dUnit.mul(unit).mean(1, true))));
      return frozen ? [dX] : [dX, columnSums(tf, dY.mul(unit))];
    },
  );
}
