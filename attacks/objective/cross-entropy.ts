import { crossEntropy as value } from '../../logits/cross-entropy.ts';
import { logSideProbability } from '../../logits/log-side-probability.ts';
import { negated } from '../../logits/negated.ts';
import { categoricalObjective } from './categorical.ts';

/** Untargeted: `−log p(clean bin)`. Towards a side: `log p(side)`. To force a bin: `log p(bin)`. */
export const crossEntropy = categoricalObjective(
  'cross-entropy',
  (logits, at, values, label, side, forced, gradient) => {
    if (forced >= 0) return negated(value(logits, at, values.length, forced, gradient), gradient, at, values.length);
    return side === 0
      ? value(logits, at, values.length, label, gradient)
      : logSideProbability(logits, at, values, side, gradient);
  },
);
