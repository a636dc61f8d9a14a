import { dhkd } from './dhkd.ts';
import type { ModuleDefinition } from './module.ts';

/** What can be put around a victim's logits or done to its weights before it is evaluated, by the name a scenario uses. */
export const modules = { dhkd } satisfies Record<string, ModuleDefinition>;

export type ModuleName = keyof typeof modules;
