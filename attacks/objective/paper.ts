import { argMax } from '../../logits/row.ts';
import { neutral } from '../../logits/neutral.ts';
import { unitAction } from '../../logits/unit-action.ts';
import { byHead } from './by-head.ts';
import { categoricalObjective, needBothSides } from './categorical.ts';
import { continuousObjective } from './continuous.ts';

/*
 * Replicas of the losses as the paper's notebooks computed them, defects included, so that its numbers can be set beside
 * ours. Never a default of a repaired attack. They know no action to force, as there. Source: arXiv 2407.05182 and its repository RMC-AIvsAI/Art-of-CityLearn-Copy.
 */

/**
 * `Σ_b (mean_b − u_b)²`, u the clean action after rescaling to [0, 1]: two scales in one difference. For a squashed
 * Gaussian they meet at mean 0.8439, so any clean u below 0.844 pushes the action down. Replicates myPGD.ipynb; the goal's
 * side is ignored, as there.
 */
export const paperUntargetedContinuous = continuousObjective(
  'paper-untargeted-continuous',
  (head, component, mean, clean, _side, _action, term) => {
    const difference = mean - unitAction(head, component, clean);
    term.value = difference * difference;
    term.slope = 2 * difference;
  },
);

/**
 * `max_j((1 − a)·z_j) − Σ_j a·z_j`, a the clean bin's index where a one-hot label belongs. Index 0 raises the largest
 * logit, 1 lowers the sum of all. Replicates "myPGD discrete.ipynb"; the goal's side is ignored, as there.
 */
export const paperUntargetedDiscrete = categoricalObjective(
  'paper-untargeted-discrete',
  (logits, at, values, label, _side, _forced, gradient) => {
    const size = values.length;
    const weight = 1 - label;
    let best = 0;
    let sum = 0;
    for (let i = 0; i < size; i++) {
      if (weight * logits[at + i]! > weight * logits[at + best]!) best = i;
      sum += logits[at + i]!;
    }
    gradient.fill(0 - label, at, at + size); // 0 − 0 is +0
    gradient[at + best]! += weight;
    return weight * logits[at + best]! - label * sum;
  },
);

/** The paper's untargeted loss of either head. */
export const paperUntargeted = byHead('paper-untargeted', paperUntargetedDiscrete, paperUntargetedContinuous);

/**
 * The grouped margin as coded (`CWLoss`): `max(0, z_other) − z_y`, y the clean group, or minus that with y the wanted
 * group. The multiplied mask leaves a 0 in the maximum, so with negative logits nothing pulls the other group up. Bins are
 * halved by position, discharge first; a continuous head has the groups `±(mean − neutral)`.
 */
export const paperGroupedMargin = byHead(
  'paper-grouped-margin',
  categoricalObjective(
    'paper-grouped-margin',
    (logits, at, values, label, side, _forced, gradient) => {
      const size = values.length;
      const half = size >> 1;
      const charge = side === 0 ? label >= half : side > 0;
      const sign = side === 0 ? 1 : -1;
      const discharging = argMax(logits, at, half);
      const charging = half + argMax(logits, at + half, size - half);
      const own = charge ? charging : discharging;
      const other = charge ? discharging : charging;
      gradient.fill(0, at, at + size);
      gradient[at + own] = -sign;
      if (logits[at + other]! > 0) gradient[at + other] = sign;
      return sign * (Math.max(0, logits[at + other]!) - logits[at + own]!);
    },
    (values) => {
      needBothSides(`objective 'paper-grouped-margin'`, values);
    },
  ),
  continuousObjective('paper-grouped-margin', (head, component, mean, clean, side, _action, term) => {
    const idle = neutral(head, component);
    const group = side === 0 ? (clean >= idle ? 1 : -1) : side;
    const sign = side === 0 ? 1 : -1;
    const own = group * (mean - idle);
    term.value = sign * (Math.max(0, -own) - own);
    term.slope = sign * -group * (own < 0 ? 2 : 1);
  }),
);
