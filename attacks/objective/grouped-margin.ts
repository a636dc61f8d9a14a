import type { Objective } from '../../core/victim.ts';
import { groupedMargin as value } from '../../logits/grouped-margin.ts';
import { meanOf } from '../../logits/mean-of.ts';
import { negated } from '../../logits/negated.ts';
import { neutral } from '../../logits/neutral.ts';
import { categoricalObjective, needBothSides } from './categorical.ts';
import { continuousObjective } from './continuous.ts';
import { byHead } from './by-head.ts';

/**
 * The bifurcation objective: how far the action lies on the wanted side of zero.
 *
 * Bins: `max_{i∈side} z_i − max_{j∉side} z_j`. Continuous: `Σ_b side_b · (mean_b − neutral_b)`. The side is the goal's, or
 * the one opposite to the clean decision; a clean bin of action 0 is pushed to whichever side is nearer, a clean mean at
 * its neutral point to charge. An action to force stands for its side. Source: arXiv 2407.05182 (the true maximum, without its code's zero in it).
 */
export const groupedMargin: Objective = byHead(
  'grouped-margin',
  categoricalObjective(
    'grouped-margin',
    (logits, at, values, label, side, forced, gradient) => {
      if (forced >= 0) return value(logits, at, values, Math.sign(values[forced]!), gradient);
      const clean = Math.sign(values[label]!);
      if (side !== 0 || clean !== 0) return value(logits, at, values, side === 0 ? -clean : side, gradient);
      const idle = value(logits, at, values, 0, gradient);
      return negated(idle, gradient, at, values.length);
    },
    (values) => {
      needBothSides(`objective 'grouped-margin'`, values);
    },
  ),
  continuousObjective('grouped-margin', (head, component, mean, clean, side, action, term) => {
    const idle = neutral(head, component);
    const opposite = clean > idle ? -1 : 1;
    const wanted = Number.isNaN(action) ? side : meanOf(head, component, action) < idle ? -1 : 1;
    const towards = wanted === 0 ? opposite : wanted;
    term.value = towards * (mean - idle);
    term.slope = towards;
  }),
);
