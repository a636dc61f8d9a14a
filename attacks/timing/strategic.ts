import { z } from 'zod';
import { ConfigError } from '../../core/errors.ts';
import { logSoftmax } from '../../logits/log-softmax.ts';
import { weighed } from './critical.ts';
import { slopeCost } from './critic-cost.ts';
import { criticFields, criticWorth } from './critic-worth.ts';
import type { Moment } from './moment.ts';
import { shareBelow } from './quantile.ts';

/** Strikes where the victim cares which action it takes. */
export const strategicSpec = z
  .strictObject({
    spread: z.number().min(0).max(1).meta({
      title: 'Spread',
      description:
        'How much the victim has to care: on bins a difference of probabilities, on a continuous head the share of the lane’s steps so far that it cared less on.',
    }),
    within: z.enum(['reach', 'range']).default('reach').meta({
      title: 'Within',
      description:
        '`reach`: of the action that the attack brings about; `range`: of any action there is, as published, within reach or not.',
    }),
    temperature: z.number().positive().max(1e6).default(1).meta({
      title: 'Temperature',
      description: 'Of the softmax over the logits of bins: for Q values, their scale.',
    }),
    ...criticFields,
  })
  .meta({ title: 'Strategic', description: 'Where it matters to the victim which action it takes.' });

/**
 * Bins: `c(x) = π(a|x) − π(a'|x) ≥ spread`, a the victim's action and a' the one that the attack brings about, or the least likely there is
 * (`within: range`). Continuous: `Σ_b |∂Q/∂a_b| · |a'_b − a_b|`, or times the range, of a critic learnt from the victim's steps, ranks that high among
 * the lane's steps so far. Source: Lin et al. (2017), "Tactics of Adversarial Attack on Deep RL Agents", there with the least likely action.
 */
export function strategic(options: z.output<typeof strategicSpec>): Moment {
  const slope = weighed(
    criticWorth(options, slopeCost(options.within)),
    (known, own) => options.spread === 0 || shareBelow(known, own) >= options.spread,
  );
  let logits = new Float32Array(0);
  let row = new Float64Array(0);
  let reached = row;
  return {
    ...slope,
    access: 'score',
    weighs: options.within === 'reach',
    *prepare(rehearsal) {
      if (rehearsal.victim.head.kind !== 'categorical') yield* slope.prepare!(rehearsal);
    },
    choose(x, rows, victim, context, mark, shown) {
      const { head } = victim;
      if (head.kind !== 'categorical') {
        slope.choose(x, rows, victim, context, mark, shown);
        return;
      }
      const size = head.values.length;
      if (size < 2) throw new ConfigError('strategic timing compares the actions of a policy; it has 1');
      if (logits.length !== rows * size) {
        logits = new Float32Array(rows * size);
        reached = new Float64Array(rows);
      }
      if (row.length !== size) row = new Float64Array(size);
      victim.logits(x, rows, logits);
      if (options.within === 'reach') victim.decide(shown, rows, reached);
      for (let r = 0; r < rows; r++) {
        for (let i = 0; i < size; i++) row[i] = logits[r * size + i]! / options.temperature;
        logSoftmax(row, 0, size, row);
        const least = options.within === 'reach' ? row[head.values.indexOf(reached[r]!)]! : Math.min(...row);
        mark[r] = Math.exp(Math.max(...row)) - Math.exp(least) >= options.spread ? 1 : 0;
      }
    },
  };
}
