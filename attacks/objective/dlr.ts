import { dlr as value, forcedDlr, groupedDlr, targetedDlr } from '../../logits/dlr.ts';
import type { Objective } from '../../core/victim.ts';
import { categoricalObjective } from './categorical.ts';
import { margin } from './margin.ts';

const ratio = categoricalObjective('dlr', (logits, at, values, label, side, forced, gradient) => {
  const size = values.length;
  if (forced >= 0)
    return size > 3 && forced !== label
      ? targetedDlr(logits, at, size, label, forced, gradient)
      : forcedDlr(logits, at, size, forced, gradient);
  return side === 0 ? value(logits, at, size, label, gradient) : groupedDlr(logits, at, values, side, gradient);
});

/**
 * The margin over the gap of the first to the third logit: invariant to the scale of the logits. To force a bin t, the targeted ratio
 * `(z_t − z_y) / (z_(1) − (z_(3) + z_(4))/2)` against the clean bin y; with 3 bins, or where t is y, the margin of t over the gap.
 *
 * With 2 bins there is no third logit, and the margin stands in for it: it has the same sign and the same direction.
 */
export const dlr: Objective = {
  name: 'dlr',
  check(head) {
    ratio.check(head);
  },
  notes: (head) =>
    head.kind === 'categorical' && head.values.length < 3
      ? [
          `objective 'dlr' divides by the gap of the first to the third logit; the policy has 2, so 'margin' was maximised`,
        ]
      : [],
  evaluate(head, logits, goal, rows, values, gradient) {
    const few = head.kind === 'categorical' && head.values.length < 3;
    (few ? margin : ratio).evaluate(head, logits, goal, rows, values, gradient);
  },
};
