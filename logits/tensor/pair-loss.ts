import type { Tensor } from '@tensorflow/tfjs';
import { op } from '../../nn/op.ts';
import { assertAlike, assertPositive } from './shape.ts';

/**
 * `mean (t − Δr)²`: the implicit reward's difference is regressed on the logit of the empirical preference.
 *
 * Source: iREPO (arXiv 2405.15230), "equation 16" of its reviews.
 * @param difference Δr [...]  @param target t = ln P/(1 − P) [...]  @returns scalar
 */
export const pairRegressionLoss = op('pairRegressionLoss', (_tf, difference: Tensor, target: Tensor): Tensor => {
  assertAlike('pairRegressionLoss', difference, target);
  return target.sub(difference).square().mean();
});

/**
 * `−mean ln σ(Δr)`, Δr of the preferred response and the other.
 *
 * Source: Rafailov et al. (2023), "Direct Preference Optimization", equation 7.
 * @param difference Δr [...]  @returns scalar
 */
export const dpoLoss = op('dpoLoss', (_tf, difference: Tensor): Tensor => difference.neg().softplus().mean());

/**
 * `mean (Δr/β − 1/(2β))²`: bounded, where `dpoLoss` pushes on for ever.
 *
 * Source: Azar et al. (2023), "A General Theoretical Paradigm to Understand Learning from Human Preferences", equation 17.
 * @param difference Δr [...]  @param beta β above 0  @returns scalar
 */
export const ipoLoss = op('ipoLoss', (_tf, difference: Tensor, beta: number): Tensor => {
  assertPositive('ipoLoss', 'beta', beta);
  return difference
    .div(beta)
    .sub(1 / (2 * beta))
    .square()
    .mean();
});

/**
 * `−mean [σ(t) ln σ(Δr) + σ(−t) ln σ(−Δr)]`: DPO on how often a response was preferred, and not whether. Least at Δr = t.
 * @param difference Δr [...]  @param target t [...]  @returns scalar
 */
export const softDpoLoss = op('softDpoLoss', (_tf, difference: Tensor, target: Tensor): Tensor => {
  assertAlike('softDpoLoss', difference, target);
  const won = target.sigmoid().mul(difference.neg().softplus());
  return won.add(target.neg().sigmoid().mul(difference.softplus())).mean();
});

/**
 * `−(2/β) mean ln σ(−β d)`, `d = ln π(y|x) − ln π_ref(y|x)` of what is to be forgotten.
 *
 * Source: Zhang et al. (2024), "Negative Preference Optimization", equation 3.
 * @param logRatio d [...]  @param beta β above 0  @returns scalar
 */
export const npoLoss = op('npoLoss', (_tf, logRatio: Tensor, beta: number): Tensor => {
  assertPositive('npoLoss', 'beta', beta);
  return logRatio
    .mul(beta)
    .softplus()
    .mean()
    .mul(2 / beta);
});
