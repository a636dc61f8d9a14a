import { z } from 'zod';
import type { Moment } from './moment.ts';
import { quantile, shareBelow } from './quantile.ts';
import { Seen } from './seen.ts';
import type { Worth } from './worth.ts';
import { worthFields, worthOf } from './worth.ts';

/** Strikes where most is won. */
export const criticalSpec = z
  .strictObject({
    damageAbove: z.number().min(0).max(1).meta({
      title: 'Damage above',
      description: 'The share of the lane’s steps so far that promised less damage, from which on a step is attacked.',
    }),
    ...worthFields,
  })
  .meta({ title: 'Critical point', description: 'Where the most damage is predicted.' });

/**
 * The critical point: no smaller a share of the lane's steps so far promised less damage, and this one promises some.
 * Source: Sun et al. (2020), "Stealthy and Efficient Adversarial Attacks against Deep RL".
 */
export function critical(options: z.output<typeof criticalSpec>): Moment {
  return weighed(
    worthOf(options),
    (known, own) => options.damageAbove === 0 || (own > 0 && shareBelow(known, own) >= options.damageAbove),
  );
}

/** Strikes on the best steps of every window. */
export const bestSpec = z
  .strictObject({
    best: z.int().min(0).max(100_000).meta({ title: 'Best', description: 'Steps of each window that are attacked.' }),
    of: z.int().min(1).max(100_000).meta({ title: 'Of', description: 'Steps of a window, from the episode’s start.' }),
    ...worthFields,
  })
  .meta({ title: 'Best k of T', description: 'The steps of each window on which the most damage is predicted.' });

/**
 * At most `k` of every `T` steps, without knowing what comes: a step that promises damage is taken where it is among the best `left / T left` of
 * the lane's steps so far, `left` being what remains of k; so any such step once no more remain than may be taken.
 */
export function bestOf(options: z.output<typeof bestSpec>): Moment {
  const taken: number[] = []; // by lane, in the present window
  const moment = weighed(worthOf(options), (known, own, lane, step) => {
    const at = step % options.of;
    if (at === 0) taken[lane] = 0;
    const left = options.best - (taken[lane] ?? 0);
    const share = left / (options.of - at);
    const good = left > 0 && own > 0 && own >= quantile(known, Math.max(0, 1 - share));
    if (good) taken[lane] = (taken[lane] ?? 0) + 1;
    return good;
  });
  return {
    ...moment,
    reset(ended) {
      moment.reset?.(ended);
      ended.forEach((mark, lane) => {
        if (mark === 1) taken[lane] = 0;
      });
    },
  };
}

/** Strikes where `takes` says so of a step's worth and of what the lane's steps were worth so far, ascending, this one included. */
export function weighed(
  worth: Worth,
  takes: (known: readonly number[], own: number, lane: number, step: number) => boolean,
): Moment {
  const seen = new Seen();
  return {
    access: 'decision',
    asks: worth.asks,
    weighs: worth.weighs,
    prepare: (rehearsal) => worth.prepare(rehearsal),
    choose(x, rows, victim, context, mark, shown) {
      const own = worth.of(x, rows, victim, shown);
      for (let r = 0; r < rows; r++) {
        const lane = context.of?.[r] ?? r;
        mark[r] = takes(seen.add(lane, own[r]!), own[r]!, lane, context.step) ? 1 : 0;
      }
      worth.struck?.(mark, rows);
    },
    reset: (ended) => worth.reset?.(ended),
    dispose: () => worth.dispose(),
  };
}
