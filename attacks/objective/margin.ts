import { groupedMargin } from '../../logits/grouped-margin.ts';
import { margin as value } from '../../logits/margin.ts';
import { categoricalObjective } from './categorical.ts';

/** Untargeted: the best other bin over the clean one. Towards a side: the grouped margin of that side. */
export const margin = categoricalObjective('margin', (logits, at, values, label, side, gradient) =>
  side === 0 ? value(logits, at, values.length, label, gradient) : groupedMargin(logits, at, values, side, gradient),
);
