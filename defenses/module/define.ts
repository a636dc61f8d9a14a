import type { z } from 'zod';
import { parseValueAs } from '../../core/document.ts';
import type { ModuleDefinition, VictimModule } from './module.ts';

/** A registry entry: options are parsed (defaults filled, unknown keys named) before the module is made. All act on the logits of alternatives. */
export function define<Options>(
  title: string,
  source: string,
  config: z.ZodObject & z.ZodType<Options>,
  make: (options: Options) => VictimModule,
): ModuleDefinition {
  return {
    title,
    source,
    config,
    heads: ['categorical'],
    make: (raw) => make(parseValueAs<Options>(raw ?? {}, title, config)),
  };
}
