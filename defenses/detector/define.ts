import type { z } from 'zod';
import type { Definition } from '../../core/definition.ts';
import type { Detector } from '../../core/detector.ts';
import { parseValueAs } from '../../core/document.ts';

/** A registry entry: options are parsed (defaults filled, unknown keys named) before the detector is made. */
export function define<Options>(
  title: string,
  source: string,
  config: z.ZodObject & z.ZodType<Options>,
  make: (options: Options) => Detector,
): Definition<Detector> {
  return { title, source, config, make: (raw) => make(parseValueAs<Options>(raw ?? {}, title, config)) };
}
