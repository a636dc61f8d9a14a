import type { Tensor } from '@tensorflow/tfjs';
import { op } from '../../nn/op.ts';
import { combine } from '../tensor/combine.ts';
import { confidenceFactor } from '../tensor/confidence-factor.ts';
import type { ConfidenceKind } from '../tensor/confidence-factor.ts';
import { assertWithin } from '../tensor/shape.ts';

/** How a bias is added to zero-shot logits. */
export interface Fusion {
  /** α: 0 leaves the zero-shot logits as they are. As published 0.5, beside logits of scale 100. */
  readonly alpha: number;
  /** What u is made of: as published the kurtosis (there `moment`); the released command runs with `none`. */
  readonly uncertainty: ConfidenceKind;
  /** ρ of u = (κ/κ₀)^−ρ. */
  readonly power: number;
}

/**
 * `α·u(z₀)`, the weight of the bias in each row: small where the zero-shot logits are sure. κ₀ = κ_max(C)/4, which at C = 1000 is the published 250.
 * @param z0 [...,C]  @param frozen false: differentiable by z₀ too  @returns [...,1]
 * @throws {ConfigError} for α or ρ below 0, or no numbers.
 */
export const biasWeight = op(
  'biasWeight',
  (tf, z0: Tensor, { alpha, uncertainty, power }: Fusion, frozen: boolean = true): Tensor => {
    assertWithin('biasWeight', 'alpha', alpha, 0, Number.MAX_VALUE);
    assertWithin('biasWeight', 'power', power, 0, Number.MAX_VALUE);
    return confidenceFactor(tf, z0, uncertainty, { power, frozen }).mul(alpha);
  },
);

/**
 * `z = z₀ + α·u(z₀)·b`. At α = 0 that is z₀, bit by bit. Differentiable by both, u included: a deployed model hides no gradient from an attacker.
 *
 * Source: AMU-Tuning (arXiv 2404.08958), uncertainty fusion.
 * @param z0 [...,C]  @param b [...,C]  @returns [...,C]
 */
export const fuse = op('fuse', (tf, z0: Tensor, b: Tensor, fusion: Fusion): Tensor =>
  combine(tf, [
    { z: z0, w: 1 },
    { z: b, w: fusion.alpha === 0 ? 0 : biasWeight(tf, z0, fusion, false) },
  ]),
);
