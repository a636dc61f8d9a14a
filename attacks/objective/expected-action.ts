import { expectedAction as mean } from '../../logits/expected-action.ts';
import { categoricalObjective } from './categorical.ts';

/**
 * `side · Σ_i π_i a_i`, the mean action of the softmax, to the side of the goal or to the one opposite to the clean decision (from an idle
 * one to whichever it leans to); to force a bin, `−|Σ_i π_i a_i − its action|`.
 */
export const expectedAction = categoricalObjective(
  'expected-action',
  (logits, at, values, label, side, forced, gradient) => {
    const value = mean(logits, at, values, gradient);
    const miss = forced >= 0 ? value - values[forced]! : 0;
    const sign = forced >= 0 ? -Math.sign(miss) : side || -Math.sign(values[label]!) || Math.sign(value) || 1;
    for (let i = at; i < at + values.length; i++) gradient[i]! *= sign;
    return sign * (forced >= 0 ? miss : value);
  },
);
