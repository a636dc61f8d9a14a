import type { Tensor, Tensor2D } from '@tensorflow/tfjs';
import type { Tensorflow } from '../../backend/tensorflow.ts';
import { withGradient } from './own-gradient.ts';

/** Activations of the form `x·σ(u(x))`; the sigmoid is the one curved function that is fast on the wasm backend. */
export type GatedActivation = 'gelu' | 'silu';

const { PI, sqrt } = Math;

/**
 * - `silu`: `x·σ(x)`. Source: Elfwing et al. (2018).
 * - `gelu`: `x·σ(2√(2/π)·(x + 0.044715x³))`, the same as `x/2·(1 + tanh √(2/π)(x + 0.044715x³))`. Source: Hendrycks and Gimpel (2016).
 */
export function gated(tf: Tensorflow, x: Tensor2D, kind: GatedActivation): Tensor2D {
  const linear = kind === 'silu' ? 1 : 2 * sqrt(2 / PI);
  const cubic = kind === 'silu' ? 0 : 0.044715 * linear;
  return withGradient(
    tf,
    [x],
    () => {
      const gate: Tensor = cubic === 0 ? x.sigmoid() : x.square().mul(cubic).add(linear).mul(x).sigmoid();
      return { value: x.mul(gate) as Tensor2D, saved: [x, gate] as const };
    },
    (dY, [kept, gate]) => {
      // σ + x·σ(1 − σ)·u'
      const slope =
        cubic === 0
          ? undefined
          : kept
              .square()
              .mul(3 * cubic)
              .add(linear);
      const inner = kept.mul(gate.sub(gate.square()));
      return [dY.mul(gate.add(slope === undefined ? inner : inner.mul(slope)))];
    },
  );
}
