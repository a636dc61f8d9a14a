import type { z } from 'zod';
import { controllers, learners } from '../agents/index.ts';
import { attacks } from '../attacks/index.ts';
import { objectives } from '../attacks/objective/index.ts';
import { threatPresets } from '../attacks/presets.ts';
import { targets } from '../attacks/target/index.ts';
import { threatSchema } from '../attacks/threat.ts';
import { scenarioSchema } from '../core/scenario.ts';
import type { Vocabulary } from '../core/scenario.ts';
import { kpiNames } from '../sim/district/kpi.ts';
import { normalisations } from '../sim/district/observation.ts';
import { profiles } from '../sim/district/profile.ts';
import { rewards } from '../sim/district/reward.ts';

/** Every registry that a scenario can name, composed once. */
export const vocabulary: Vocabulary = {
  attacks,
  threat: threatSchema,
  learners,
  profiles: Object.keys(profiles),
  rewards: Object.keys(rewards),
  normalisations,
};

/** The scenario's schema over all registries. */
export const schema = scenarioSchema(vocabulary);

/** One named thing, for lists. */
export interface Listed {
  readonly name: string;
  readonly title: string;
  readonly config?: z.ZodObject;
}

/** What there is to name, by kind. */
export const catalogue: Readonly<Record<string, readonly Listed[]>> = {
  attacks: defined(attacks),
  objectives: named(objectives),
  targets: named(targets),
  presets: named(threatPresets),
  learners: defined(learners),
  controllers: defined(controllers),
  rewards: named(rewards),
  profiles: named(profiles),
  normalisations: normalisations.map((name) => ({ name, title: '' })),
  kpis: kpiNames.map((name) => ({ name, title: '' })),
};

function defined(
  registry: Readonly<Record<string, { readonly title: string; readonly config: z.ZodObject }>>,
): Listed[] {
  return Object.entries(registry).map(([name, { title, config }]) => ({ name, title, config }));
}

function named(registry: object): Listed[] {
  return Object.keys(registry).map((name) => ({ name, title: '' }));
}
