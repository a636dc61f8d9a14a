import { z } from 'zod';
import { ConfigError } from '../../core/errors.ts';
import { logSoftmax } from '../../logits/log-softmax.ts';
import { learningFields } from '../critic/learning.ts';
import { Gain } from './gain.ts';
import type { Moment } from './moment.ts';
import { shareBelow } from './quantile.ts';

/** Strikes where the victim cares which action it takes. */
export const strategicSpec = z
  .strictObject({
    spread: z.number().min(0).max(1).meta({
      title: 'Spread',
      description:
        'How decided the victim has to be: on bins the largest less the smallest probability, on a continuous head the share of watched steps that it cared less on.',
    }),
    temperature: z.number().positive().max(1e6).default(1).meta({
      title: 'Temperature',
      description: 'Of the softmax over the logits of bins: for Q values, their scale.',
    }),
    ...learningFields,
  })
  .meta({ title: 'Strategic', description: 'Where it matters to the victim which action it takes.' });

/**
 * Bins: `c(x) = max_a π(a|x) − min_a π(a|x) ≥ spread`, asking for the logits. Continuous: `Σ_b |∂Q/∂a_b| · range_b`, of a critic learnt from the
 * victim's steps, not below the `spread` quantile of it over them. Source: Lin et al. (2017), "Tactics of Adversarial Attack on Deep RL Agents".
 */
export function strategic(options: z.output<typeof strategicSpec>): Moment {
  let values = new Float32Array(0);
  let slopes = values;
  const gain = new Gain(options, (q, x, action, rows, out) => {
    const actions = q.actionSize;
    if (values.length < rows) {
      values = new Float32Array(rows);
      slopes = new Float32Array(rows * actions);
    }
    q.valueAndSlope(x, action, rows, values, slopes);
    for (let r = 0; r < rows; r++) {
      out[r] = 0;
      for (let b = r * actions; b < (r + 1) * actions; b++) out[r]! += 2 * Math.abs(slopes[b]!);
    }
  });
  let logits = new Float32Array(0);
  let row = new Float64Array(0);
  return {
    access: 'score',
    *prepare(rehearsal) {
      if (rehearsal.victim.head.kind !== 'categorical') yield* gain.prepare(rehearsal);
    },
    dispose: () => gain.dispose(),
    choose(x, rows, victim, _context, mark) {
      const { head } = victim;
      if (head.kind !== 'categorical') {
        const own = gain.at(x, rows, victim);
        for (let r = 0; r < rows; r++) mark[r] = shareBelow(gain.watched, own[r]!) >= options.spread ? 1 : 0;
        return;
      }
      const size = head.values.length;
      if (size < 2) throw new ConfigError('strategic timing compares the actions of a policy; it has 1');
      if (logits.length !== rows * size) logits = new Float32Array(rows * size);
      if (row.length !== size) row = new Float64Array(size);
      victim.logits(x, rows, logits);
      for (let r = 0; r < rows; r++) {
        for (let i = 0; i < size; i++) row[i] = logits[r * size + i]! / options.temperature;
        logSoftmax(row, 0, size, row);
        let most = 0;
        let least = 1;
        for (const log of row) {
          most = Math.max(most, Math.exp(log));
          least = Math.min(least, Math.exp(log));
        }
        mark[r] = most - least >= options.spread ? 1 : 0;
      }
    },
  };
}
