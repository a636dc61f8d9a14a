import { z } from 'zod';
import { StateError } from '../../core/errors.ts';
import type { DifferentiableScore } from '../../core/victim.ts';
import { learningFields, watched } from '../critic/learning.ts';
import { fitValue } from '../critic/value-function.ts';
import type { Moment } from './moment.ts';
import { quantile } from './quantile.ts';

/** Strikes where much is to be lost. */
export const valueSpec = z
  .strictObject({
    valueAbove: z.number().min(0).max(1).meta({
      title: 'Value above',
      description:
        'The quantile of V over what was watched from which on a step is attacked: 0.25, 0.5, 0.75 in the paper.',
    }),
    ...learningFields,
  })
  .meta({ title: 'Value gate', description: 'Where the victim’s situation is worth much.' });

/** Strikes where `V(x)` is at least its quantile over the recording. Source: value timing of arXiv 2407.05182, there with the victim's critic. */
export function valueGate(options: z.output<typeof valueSpec>): Moment {
  let value: (DifferentiableScore & Disposable) | undefined;
  let threshold = 0;
  let values = new Float32Array(0);
  let slopes = values;
  const read = (x: Float32Array, rows: number): Float32Array => {
    if (value === undefined)
      throw new StateError('the value of a gated attack has not been learnt; an attack is prepared first');
    if (values.length < rows || slopes.length < x.length) {
      values = new Float32Array(rows);
      slopes = new Float32Array(x.length);
    }
    value.evaluate(x, rows, values, slopes);
    return values;
  };
  return {
    access: 'none',
    asks: 0,
    *prepare(rehearsal) {
      const seen = watched(rehearsal, { ...options, exploration: 0 });
      value?.[Symbol.dispose]();
      value = yield* fitValue(seen, options, rehearsal.rng);
      threshold = quantile(Float64Array.from(read(seen.x, seen.count)).sort(), options.valueAbove);
    },
    dispose: () => value?.[Symbol.dispose](),
    choose(x, rows, _victim, _context, mark) {
      const own = read(x, rows);
      for (let r = 0; r < rows; r++) mark[r] = own[r]! >= threshold ? 1 : 0;
    },
  };
}
