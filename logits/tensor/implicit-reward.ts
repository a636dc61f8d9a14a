import type { Tensor } from '@tensorflow/tfjs';
import { op } from '../../nn/op.ts';
import { assertAlike, assertPositive, assertRank } from './shape.ts';

/**
 * `r = β (ln π(y|x) − ln π_ref(y|x))`, the reward for which π is the KL-regularised optimum, up to a constant of the prompt.
 *
 * Source: Rafailov et al. (2023), "Direct Preference Optimization", equation 5.
 * @param logProb [...]  @param reference [...]  @param beta β above 0  @returns [...]
 */
export const implicitReward = op('implicitReward', (_tf, logProb: Tensor, reference: Tensor, beta: number): Tensor => {
  assertAlike('implicitReward', logProb, reference);
  assertPositive('implicitReward', 'beta', beta);
  return logProb.sub(reference).mul(beta);
});

/**
 * `Δr = r_i − r_j` of pairs of responses, in which the prompt's constant is gone.
 * @param reward [B]  @param i int32 [P]  @param j int32 [P], rows below B  @returns [P]
 */
export const pairDiff = op('pairDiff', (tf, reward: Tensor, i: Tensor, j: Tensor): Tensor => {
  assertRank('pairDiff', 'reward', reward, 1);
  assertRank('pairDiff', 'i', i, 1);
  assertAlike('pairDiff', i, j);
  return tf.gather(reward, i.toInt()).sub(tf.gather(reward, j.toInt()));
});
