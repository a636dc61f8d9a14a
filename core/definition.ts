import type { z } from 'zod';

/** What a registry holds: a name's title, source, configuration schema and maker. `make` parses, so a mixed record needs no cast. */
export interface Definition<Product> {
  readonly title: string;
  readonly source: string;
  readonly config: z.ZodObject;
  /** Of an attack: the threat section it has where a scenario names none; null: a threat has no meaning for it, and is refused. */
  readonly threat?: Readonly<Record<string, unknown>> | null;
  make(raw: unknown): Product;
}
