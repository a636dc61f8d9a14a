import { groupMargin } from '../../logits/group-margin.ts';
import { categoricalObjective, needBothSides } from './categorical.ts';

/**
 * The smooth grouped margin: `lse_{i∈side} z_i − lse_{j∉side} z_j`, the log odds of the side's probability; without a side, away from that
 * of the clean decision, an idle bin being a side of its own. Source: specs of the bifurcation attack (arXiv 2407.05182), smoothed.
 */
export const logSumExp = categoricalObjective(
  'log-sum-exp',
  (logits, at, values, label, side, forced, gradient) => {
    const signs = signsOf(values);
    if (forced >= 0) return groupMargin(logits, at, signs, signs[forced]!, true, gradient, 1);
    const clean = signs[label]!;
    if (side === 0 && clean === 0) return groupMargin(logits, at, signs, 0, true, gradient, -1);
    return groupMargin(logits, at, signs, side === 0 ? -clean : side, true, gradient, 1);
  },
  (values) => {
    needBothSides(`objective 'log-sum-exp'`, values);
  },
);

const known = new WeakMap<readonly number[], Int32Array>();

/** [K] the signs of the bins' actions, made once a head. */
function signsOf(values: readonly number[]): Int32Array {
  let signs = known.get(values);
  if (signs === undefined) {
    signs = Int32Array.from(values, Math.sign);
    known.set(values, signs);
  }
  return signs;
}
