import { meanOf } from '../../logits/mean-of.ts';
import { unitAction, unitActionSlope } from '../../logits/unit-action.ts';
import { neutral } from '../../logits/neutral.ts';
import { continuousObjective } from './continuous.ts';

/**
 * The untargeted objective of a continuous head: `Σ_b |mean_b − clean mean_b|`, on the logit scale. Towards a side:
 * `Σ_b side · (mean_b − neutral_b)`. To force an action: `−Σ_b |mean_b − its mean_b|`.
 *
 * Both sides of the difference are on one scale, and its gradient is 0 at the clean point itself, so a search must start
 * elsewhere (`gradientSearch` does). Source: maximal action difference, Zhang et al. (2020), "Robust Deep RL against
 * Adversarial Perturbations on State Observations", with an absolute value for the square.
 */
export const actionDistance = continuousObjective(
  'action-distance',
  (head, component, mean, clean, side, action, term) => {
    if (!Number.isNaN(action)) {
      const miss = mean - meanOf(head, component, action);
      term.value = -Math.abs(miss);
      term.slope = -Math.sign(miss);
      return;
    }
    const towards = side === 0 ? Math.sign(mean - clean) : side;
    term.value = towards * (mean - (side === 0 ? clean : neutral(head, component)));
    term.slope = towards;
  },
);

/**
 * `action-distance` on the executed scale: `Σ_b |u_b − clean u_b|` with u in [0, 1] after squashing or clipping; towards a
 * side, `Σ_b side · u_b`; to force an action, `−Σ_b |u_b − its u_b|`. It does not reward a mean that runs further into saturation; where a mean is clipped its gradient is 0.
 */
export const executedActionDistance = continuousObjective(
  'executed-action-distance',
  (head, component, mean, clean, side, action, term) => {
    const forced = !Number.isNaN(action);
    const from = forced ? meanOf(head, component, action) : clean;
    const difference =
      unitAction(head, component, mean) - (forced || side === 0 ? unitAction(head, component, from) : 0);
    const towards = forced ? -Math.sign(difference) : side === 0 ? Math.sign(difference) : side;
    term.value = towards * difference;
    term.slope = towards * unitActionSlope(head, component, mean);
  },
);
