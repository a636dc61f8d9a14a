import { crossEntropy as value } from '../../logits/cross-entropy.ts';
import { logSideProbability } from '../../logits/log-side-probability.ts';
import { categoricalObjective } from './categorical.ts';

/** Untargeted: `−log p(clean bin)`. Towards a side: `log p(side)`. */
export const crossEntropy = categoricalObjective('cross-entropy', (logits, at, values, label, side, gradient) =>
  side === 0
    ? value(logits, at, values.length, label, gradient)
    : logSideProbability(logits, at, values, side, gradient),
);
