import { ConfigError } from '../../core/errors.ts';
import { dlr as value, forcedDlr, groupedDlr, targetedDlr } from '../../logits/dlr.ts';
import { categoricalObjective } from './categorical.ts';

/**
 * The margin over the gap of the first to the third logit: invariant to the scale of the logits. Needs 3 bins. To force a bin t, the
 * targeted ratio `(z_t − z_y) / (z_(1) − (z_(3) + z_(4))/2)` against the clean bin y; with 3 bins, or where t is y, the margin of t over
 * the gap.
 */
export const dlr = categoricalObjective(
  'dlr',
  (logits, at, values, label, side, forced, gradient) => {
    const size = values.length;
    if (forced >= 0)
      return size > 3 && forced !== label
        ? targetedDlr(logits, at, size, label, forced, gradient)
        : forcedDlr(logits, at, size, forced, gradient);
    return side === 0 ? value(logits, at, size, label, gradient) : groupedDlr(logits, at, values, side, gradient);
  },
  (values) => {
    if (values.length < 3) {
      throw new ConfigError(
        `objective 'dlr' divides by the gap of the first to the third logit; the policy has ${values.length}: use 'margin'`,
      );
    }
  },
);
