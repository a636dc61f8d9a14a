import { z } from 'zod';
import type { Definition } from './definition.ts';

/** What a scenario may name. The registries live above `core`; whoever composes them passes them in. */
export interface Vocabulary {
  readonly attacks: Readonly<Record<string, Pick<Definition<unknown>, 'title' | 'config' | 'threat'>>>;
  readonly threat: z.ZodObject;
  readonly detectors: Readonly<Record<string, Pick<Definition<unknown>, 'title' | 'config'>>>;
  /** Of modules put around a victim. */
  readonly modules: Readonly<Record<string, Pick<Definition<unknown>, 'title' | 'config'>>>;
  readonly learners: Readonly<Record<string, Pick<Definition<unknown>, 'title' | 'config'>>>;
  /** What can be trained on, the first by default, and the preset that each takes by itself. */
  readonly environments: Readonly<Record<string, { readonly preset: string }>>;
  /** Control tasks on a grid, each an environment of the same name as well. */
  readonly tasks: Readonly<Record<string, Pick<Definition<unknown>, 'title' | 'config'>>>;
  readonly earlyStop: z.ZodObject;
  readonly adversary: z.ZodObject;
  readonly atla: z.ZodObject;
  /** Options of every learner under each preset. */
  readonly presets: Readonly<Record<string, Readonly<Record<string, { readonly config: object }>>>>;
  readonly profiles: readonly string[];
  readonly defects: readonly string[];
  readonly rewards: readonly string[];
  readonly normalisations: readonly string[];
  /** Of inverters. */
  readonly voltVarCurves: readonly string[];
  /** Of under-frequency load shedding, the usual one first. */
  readonly sheddingSchemes: readonly string[];
  /** By which branches trip in a run, the usual one first. */
  readonly tripRules: readonly string[];
}

/** One of these names, the first by default; at least one. */
export function oneOf(names: readonly string[]): z.ZodDefault<z.ZodEnum> {
  const [first, ...rest] = names;
  return z.enum([first!, ...rest]).default(first!) as unknown as z.ZodDefault<z.ZodEnum>;
}
