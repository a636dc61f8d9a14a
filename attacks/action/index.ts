import { z } from 'zod';
import type { ActionAttack } from '../../core/attack.ts';
import type { Definition } from '../../core/definition.ts';
import { parseValueAs } from '../../core/document.ts';
import type { Rng } from '../../core/rng.ts';
import type { Feature } from '../../core/space.ts';

/** Fields that attacks on actions share. */
const tamperFields = {
  bound: z
    .number()
    .positive()
    .optional()
    .meta({ title: 'Bound', description: 'How far an action may be moved, in its physical unit; empty: its range.' }),
  share: z
    .number()
    .min(0)
    .max(1)
    .default(1)
    .meta({ title: 'Share', description: 'Of the steps on which an action is tampered with, chosen at random.' }),
};

interface TamperOptions {
  readonly bound?: number | undefined;
  readonly share: number;
}

/**
 * An attack on the way from the controller to the device: `a' = clip(change(a), a ± bound)`, kept in the action's range.
 * @param change of one component  @param last what was done at the step before, NaN at an episode's first
 */
function tampering<Options extends TamperOptions>(
  title: string,
  config: z.ZodObject & z.ZodType<Options>,
  change: (options: Options, decided: number, last: number, feature: Feature, rng: Rng) => number,
): Definition<ActionAttack> {
  return {
    title,
    source: 'Man in the middle between controller and device: MITRE ATT&CK for ICS, unauthorised command message',
    config,
    threat: null,
    make(raw) {
      const options = parseValueAs<Options>(raw ?? {}, title, config);
      const { share, bound = Infinity } = options;
      let last = new Float64Array(0);
      return {
        stage: 'action',
        bound,
        tamper(action, rows, { rngs, features }, out) {
          if (last.length !== action.length) last = new Float64Array(action.length).fill(Number.NaN);
          const actions = features.length;
          for (let row = 0; row < rows; row++) {
            const rng = rngs[row]!;
            const struck = rng.uniform() < share;
            for (let b = 0, i = row * actions; b < actions; b++, i++) {
              const feature = features[b]!;
              const decided = action[i]!;
              const wanted = struck ? change(options, decided, last[i]!, feature, rng) : decided;
              const bounded = Math.min(decided + bound, Math.max(decided - bound, wanted));
              out[i] = Math.min(Math.max(feature.high, decided), Math.max(Math.min(feature.low, decided), bounded));
              last[i] = out[i]!;
            }
          }
        },
        reset(ended) {
          const actions = last.length / ended.length;
          for (let row = 0; row < ended.length; row++)
            if (ended[row] === 1) last.fill(Number.NaN, row * actions, (row + 1) * actions);
        },
      };
    },
  };
}

const plain = z.strictObject(tamperFields);

/** Attacks on the action after the controller's decision, by the name a scenario uses. */
export const actionAttacks = {
  /** `a' = a + U(−e, e)`, e the bound, or a tenth of the range. */
  'action-noise': tampering<z.output<typeof plain>>(
    'Action noise: a random error of what is done',
    plain,
    ({ bound }, decided, _last, { low, high }, rng) => decided + (bound ?? (high - low) / 10) * (2 * rng.uniform() - 1),
  ),
  /** `a' = −a`. */
  'action-flip': tampering<z.output<typeof plain>>(
    'Action flip: charge for discharge, discharge for charge',
    plain,
    (_options, decided) => -decided,
  ),
  /** `a' = factor · a`. */
  'action-scale': tampering(
    'Action scale: more or less than was decided',
    z.strictObject({
      factor: z.number().min(-100).max(100).default(0.5).meta({ title: 'Factor', description: 'On the action.' }),
      ...tamperFields,
    }),
    ({ factor }: TamperOptions & { readonly factor: number }, decided) => factor * decided,
  ),
  /** `a'_t = a'_{t−1}`. */
  'action-hold': tampering<z.output<typeof plain>>(
    'Action hold: what was done before is done again',
    plain,
    (_options, decided, last) => (Number.isNaN(last) ? decided : last),
  ),
} satisfies Record<string, Definition<ActionAttack>>;

export type ActionAttackName = keyof typeof actionAttacks;
