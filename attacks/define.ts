import type { z } from 'zod';
import type { ObservationAttack } from '../core/attack.ts';
import type { Definition } from '../core/definition.ts';
import { parseValueAs } from '../core/document.ts';
import { momentOf, timingSpec } from './timing/index.ts';
import { timed } from './timing/timed.ts';

const timing = timingSpec
  .optional()
  .meta({ title: 'Timing', description: 'The steps that are attacked; empty: every one.' });

/** A registry entry: options are parsed (defaults filled, unknown keys named) before the attack is made. Every attack can be timed. @param threat its own default */
export function define<Options>(
  title: string,
  source: string,
  config: z.ZodObject & z.ZodType<Options>,
  make: (options: Options) => ObservationAttack,
  threat?: Readonly<Record<string, unknown>>,
): Definition<ObservationAttack> {
  const whole = config.extend({ timing });
  return {
    title,
    source,
    config: whole,
    ...(threat === undefined ? {} : { threat }),
    make(raw) {
      const { timing: when, ...options } = parseValueAs<{ readonly timing?: z.output<typeof timingSpec> }>(
        raw ?? {},
        title,
        whole,
      );
      const moment = when === undefined ? null : momentOf(when);
      const attack = make(options as Options);
      return moment === null ? attack : timed(attack, moment);
    },
  };
}
