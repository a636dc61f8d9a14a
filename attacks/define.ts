import type { z } from 'zod';
import type { ObservationAttack } from '../core/attack.ts';
import type { Definition } from '../core/definition.ts';
import { parseValueAs } from '../core/document.ts';

/** A registry entry: options are parsed (defaults filled, unknown keys named) before the attack is made. */
export function define<Options>(
  title: string,
  source: string,
  config: z.ZodObject & z.ZodType<Options>,
  make: (options: Options) => ObservationAttack,
): Definition<ObservationAttack> {
  return { title, source, config, make: (raw) => make(parseValueAs<Options>(raw ?? {}, title, config)) };
}
