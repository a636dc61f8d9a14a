import { z } from 'zod';
import type { Rehearsal } from '../../core/attack.ts';
import { StateError } from '../../core/errors.ts';
import type { Head } from '../../core/policy.ts';
import type { GradientAccess } from '../../core/victim.ts';
import { learningFields, learnQ, watched } from '../critic/learning.ts';
import type { QFunction } from '../critic/q-function.ts';
import { actionRange, onUnit } from '../critic/transitions.ts';
import type { CriticCost } from './critic-cost.ts';
import type { Worth } from './worth.ts';

/** How that critic learns. */
export const criticFields = {
  ...learningFields,
  updates: z.int().min(0).max(1_000_000).default(3000).meta({
    title: 'Updates',
    description: 'Adam steps at least: where little was watched there are more epochs.',
  }),
};

/** What a step is worth by a critic, learnt from the victim's own steps: a decision asked for each observation of a row that its cost compares. */
export function criticWorth(options: z.output<z.ZodObject<typeof criticFields>>, cost: CriticCost): Worth {
  let q: QFunction | undefined;
  let physical = new Float64Array(0);
  let own = new Float32Array(0);
  let reached = own;
  let out = new Float64Array(0);
  const decided = (x: Float32Array, rows: number, victim: GradientAccess, action: Float32Array): void => {
    victim.decide(x, rows, physical);
    toUnit(victim.head, physical, rows * victim.actionSize, action);
  };
  return {
    asks: cost.weighs ? 2 : 1,
    weighs: cost.weighs,
    *prepare(rehearsal: Rehearsal) {
      const plain = { smoothness: { radius: 0, weight: 0 }, successor: 'ordered' } as const;
      q?.[Symbol.dispose]();
      const seen = watched(rehearsal, options);
      const epochs = Math.max(options.epochs, Math.ceil((options.updates * options.batch) / seen.count));
      q = yield* learnQ(seen, { ...options, epochs }, plain, rehearsal.rng);
    },
    of(x, rows, victim, shown) {
      if (q === undefined)
        throw new StateError('the critic of a timed attack has not been learnt; an attack is prepared first');
      if (out.length < rows) {
        physical = new Float64Array(rows * victim.actionSize);
        own = new Float32Array(rows * victim.actionSize);
        reached = new Float32Array(rows * victim.actionSize);
        out = new Float64Array(rows);
      }
      decided(x, rows, victim, own);
      if (cost.weighs) decided(shown, rows, victim, reached);
      cost.of(q, x, own, reached, rows, out);
      return out;
    },
    dispose: () => q?.[Symbol.dispose](),
  };
}

function toUnit(head: Head, physical: Float64Array, count: number, out: Float32Array): void {
  const [low, high] = actionRange(head);
  for (let i = 0; i < count; i++) {
    const b = i % low.length;
    out[i] = onUnit(physical[i]!, low[b]!, high[b]!);
  }
}
