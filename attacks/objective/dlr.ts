import { ConfigError } from '../../core/errors.ts';
import { dlr as value, groupedDlr } from '../../logits/dlr.ts';
import { categoricalObjective } from './categorical.ts';

/** The margin over the gap of the first to the third logit: invariant to the scale of the logits. Needs 3 bins. */
export const dlr = categoricalObjective(
  'dlr',
  (logits, at, values, label, side, gradient) =>
    side === 0 ? value(logits, at, values.length, label, gradient) : groupedDlr(logits, at, values, side, gradient),
  (values) => {
    if (values.length < 3) {
      throw new ConfigError(
        `objective 'dlr' divides by the gap of the first to the third logit; the policy has ${values.length}: use 'margin'`,
      );
    }
  },
);
