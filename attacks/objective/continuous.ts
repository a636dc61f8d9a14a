import { ConfigError } from '../../core/errors.ts';
import type { Head } from '../../core/policy.ts';
import type { Goal, Objective } from '../../core/victim.ts';
import type { ContinuousHead } from '../../logits/neutral.ts';

/** A term's value and its derivative by the mean; `deviation` is given: that of the clean decision. */
interface Term {
  deviation: number;
  value: number;
  slope: number;
}

/**
 * Fills the term of one action component; the record is reused, so that the hot loop allocates nothing. `action` is the physical
 * action to force, NaN for none: it goes before the side.
 */
type ComponentTerm = (
  head: ContinuousHead,
  component: number,
  mean: number,
  clean: number,
  side: number,
  action: number,
  term: Term,
) => void;

/**
 * An objective on the means of a continuous head, from its term for one action component; terms are summed. In a row that has a goal for
 * some of its components, the others do not count.
 */
export function continuousObjective(name: string, fill: ComponentTerm): Objective {
  const term: Term = { deviation: 1, value: 0, slope: 0 };
  return {
    name,
    check(head) {
      continuous(name, head);
    },
    evaluate(head, logits, goal, rows, value, gradient) {
      const means = continuous(name, head);
      const actions = means.low.length;
      const size = logits.length / rows; // a Gaussian head may come without its deviations
      gradient.fill(0); // the deviations do not move the mode
      for (let r = 0, at = 0; r < rows; r++, at += size) {
        let sum = 0;
        const aimed = isAimed(goal, r, actions);
        for (let b = 0, c = r * actions; b < actions; b++, c++) {
          if (aimed && goal.side[c] === 0 && Number.isNaN(goal.action[c])) continue;
          term.deviation = deviationOf(means, b, size > actions ? goal.clean[at + actions + b]! : 0);
          fill(means, b, logits[at + b]!, goal.clean[at + b]!, goal.side[c]!, goal.action[c]!, term);
          gradient[at + b] = term.slope;
          sum += term.value;
        }
        value[r] = sum;
      }
    },
  };
}

/** Log deviations are bounded as those of Stable-Baselines3's policies are. */
const logDeviation = { least: -20, most: 2 } as const;

function deviationOf(head: ContinuousHead, component: number, log: number): number {
  if (head.kind === 'deterministic') return (head.high[component]! - head.low[component]!) / 2 || 1;
  return Math.exp(Math.min(logDeviation.most, Math.max(logDeviation.least, log)));
}

/** Whether a side or an action is named for any component of a row. */
function isAimed(goal: Goal, row: number, actions: number): boolean {
  for (let c = row * actions; c < (row + 1) * actions; c++)
    if (goal.side[c] !== 0 || !Number.isNaN(goal.action[c])) return true;
  return false;
}

function continuous(name: string, head: Head): ContinuousHead {
  if (head.kind === 'categorical') {
    throw new ConfigError(`objective '${name}' moves a continuous action, the policy's head is categorical`);
  }
  return head;
}
