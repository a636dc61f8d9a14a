import { ShapeError } from '../../core/errors.ts';

/**
 * `R = exp(mean_i ℓ(perturbed_i) − ℓ(paraphrased))` of losses per token: above 1 where the right answer is likelier than wrong ones.
 *
 * Source: ULD (arXiv 2406.08607), appendix B.3, after TOFU (Maini et al., 2024).
 * @param paraphrased ℓ of the right answer, said otherwise  @param perturbed ℓ of wrong ones
 */
export function truthRatio(paraphrased: number, perturbed: readonly number[]): number {
  if (perturbed.length === 0) throw new ShapeError('truthRatio: no perturbed answers, expected at least one');
  return Math.exp(perturbed.reduce((sum, loss) => sum + loss, 0) / perturbed.length - paraphrased);
}
