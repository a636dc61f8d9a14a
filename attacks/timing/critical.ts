import { z } from 'zod';
import { learningFields } from '../critic/learning.ts';
import { Gain, worstActionGain } from './gain.ts';
import type { Moment } from './moment.ts';
import { quantile, shareBelow } from './quantile.ts';

/** Strikes where the worst action costs most. */
export const criticalSpec = z
  .strictObject({
    damageAbove: z.number().min(0).max(1).meta({
      title: 'Damage above',
      description: 'The quantile of the predicted damage over what was watched from which on a step is attacked.',
    }),
    ...learningFields,
  })
  .meta({ title: 'Critical point', description: 'Where a critic predicts the most damage.' });

/**
 * The critical point: `Q(x, μ(x)) − min_a Q(x, a)`, what the worst action costs over all that follows, by a critic learnt from the victim's steps, is not
 * below its quantile over them. Source: Sun et al. (2020), "Stealthy and Efficient Adversarial Attacks against Deep RL", with a critic for
 * the model that is rolled ahead.
 */
export function critical(options: z.output<typeof criticalSpec>): Moment {
  const gain = new Gain(options, worstActionGain());
  return {
    access: 'decision',
    prepare: (rehearsal) => gain.prepare(rehearsal),
    dispose: () => gain.dispose(),
    choose(x, rows, victim, _context, mark) {
      const own = gain.at(x, rows, victim);
      for (let r = 0; r < rows; r++) mark[r] = shareBelow(gain.watched, own[r]!) >= options.damageAbove ? 1 : 0;
    },
  };
}

/** Strikes on the best steps of every window. */
export const bestSpec = z
  .strictObject({
    best: z.int().min(0).max(100_000).meta({ title: 'Best', description: 'Steps of each window that are attacked.' }),
    of: z.int().min(1).max(100_000).meta({ title: 'Of', description: 'Steps of a window, from the episode’s start.' }),
    ...learningFields,
  })
  .meta({ title: 'Best k of T', description: 'The steps of each window on which a critic predicts the most damage.' });

/**
 * `k` of every `T` steps, without knowing what comes: a step is taken where its predicted damage is among the best `left/T left` of what was
 * watched, `left` being what remains of k, and every step once no more remain than are to be taken. Never more than k; k of each whole window.
 */
export function bestOf(options: z.output<typeof bestSpec>): Moment {
  const gain = new Gain(options, worstActionGain());
  let taken = new Int32Array(0); // by row, in the present window
  return {
    access: 'decision',
    prepare: (rehearsal) => gain.prepare(rehearsal),
    dispose: () => gain.dispose(),
    choose(x, rows, victim, { step }, mark) {
      if (taken.length < rows) taken = Int32Array.from({ length: rows }, (_, r) => taken[r] ?? 0);
      const at = step % options.of;
      if (at === 0) taken.fill(0);
      const remain = options.of - at;
      const own = gain.at(x, rows, victim);
      for (let r = 0; r < rows; r++) {
        const left = options.best - taken[r]!;
        const good = left > 0 && own[r]! >= quantile(gain.watched, Math.max(0, 1 - left / remain));
        mark[r] = good || left >= remain ? 1 : 0;
        taken[r]! += mark[r]!;
      }
    },
    reset(ended) {
      for (let r = 0; r < taken.length; r++) if (ended[r] === 1) taken[r] = 0;
    },
  };
}
