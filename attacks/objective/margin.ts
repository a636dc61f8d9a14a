import { groupedMargin } from '../../logits/grouped-margin.ts';
import { margin as value } from '../../logits/margin.ts';
import { negated } from '../../logits/negated.ts';
import { categoricalObjective } from './categorical.ts';

/** Untargeted: the best other bin over the clean one. Towards a side: the grouped margin of that side. To force a bin: its margin over all others. */
export const margin = categoricalObjective('margin', (logits, at, values, label, side, forced, gradient) => {
  if (forced >= 0) return negated(value(logits, at, values.length, forced, gradient), gradient, at, values.length);
  return side === 0
    ? value(logits, at, values.length, label, gradient)
    : groupedMargin(logits, at, values, side, gradient);
});
