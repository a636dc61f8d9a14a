import type { Objective } from '../../core/victim.ts';
import { kl as divergence } from '../../logits/kl.ts';
import { meanOf } from '../../logits/mean-of.ts';
import { neutral } from '../../logits/neutral.ts';
import { byHead } from './by-head.ts';
import { continuousObjective } from './continuous.ts';
import { crossEntropy } from './cross-entropy.ts';

let p = new Float64Array(0);

/** `KL(π(·|x) ‖ π(·|x'))` on bins; towards a side or a bin the log of its probability, the divergence from a policy that is sure of it. */
const onBins: Objective = {
  name: 'kl',
  check(head) {
    crossEntropy.check(head);
  },
  evaluate(head, logits, goal, rows, value, gradient) {
    crossEntropy.evaluate(head, logits, goal, rows, value, gradient);
    const size = logits.length / rows;
    if (p.length < size) p = new Float64Array(size);
    for (let r = 0; r < rows; r++)
      if (goal.side[r] === 0 && Number.isNaN(goal.action[r]))
        value[r] = divergence(logits, goal.clean, r * size, size, p, gradient);
  },
};

/**
 * `½ Σ_b ((mean_b − clean mean_b) / σ_b)²`, the divergence of Gaussians with the clean deviations σ; towards a side
 * `Σ_b side · (mean_b − neutral_b) / σ_b`, to force an action minus half the squared distance. Where a head has no deviations σ is 1, on
 * physical values half the range.
 */
const onMeans = continuousObjective('kl', (head, component, mean, clean, side, action, term) => {
  const precision = 1 / term.deviation;
  if (side !== 0 && Number.isNaN(action)) {
    term.value = side * precision * (mean - neutral(head, component));
    term.slope = side * precision;
    return;
  }
  const forced = !Number.isNaN(action);
  const distance = precision * (mean - (forced ? meanOf(head, component, action) : clean));
  const sign = forced ? -1 : 1;
  term.value = (sign * distance * distance) / 2;
  term.slope = sign * precision * distance;
});

/**
 * Maximal action difference. Its gradient is 0 at the clean point itself, so a search must start elsewhere (`gradientSearch` does).
 * Source: Zhang et al. (2020), "Robust Deep RL against Adversarial Perturbations on State Observations", there with SGLD.
 */
export const kl = byHead('kl', onBins, onMeans);
