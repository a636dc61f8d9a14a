import { amu } from './amu.ts';
import { dhkd } from './dhkd.ts';
import { entropy } from './entropy.ts';
import { irepo } from './irepo.ts';
import type { ModuleDefinition } from './module.ts';
import { steer } from './steer.ts';
import { uld } from './uld.ts';

/** What can be put around a victim's logits or done to its weights before it is evaluated, by the name a scenario uses. */
export const modules = { dhkd, entropy, irepo, uld, steer, amu } satisfies Record<string, ModuleDefinition>;

export type ModuleName = keyof typeof modules;
