import type { z } from 'zod';
import { earlyStop } from '../agents/early-stop.ts';
import { controllers, learners } from '../agents/index.ts';
import { presets } from '../agents/preset.ts';
import { actionAttacks } from '../attacks/action/index.ts';
import { attacks } from '../attacks/index.ts';
import { detectors } from '../defenses/detector/index.ts';
import { modules } from '../defenses/module/index.ts';
import { constraints } from '../attacks/constraint/index.ts';
import { objectives } from '../attacks/objective/index.ts';
import { threatPresets } from '../attacks/presets.ts';
import { targets } from '../attacks/target/index.ts';
import { threatSchema } from '../attacks/threat.ts';
import { scenarioSchema } from '../core/scenario.ts';
import type { Vocabulary } from '../core/vocabulary.ts';
import { adversarySchema } from './adversary-ground.ts';
import { atlaSchema } from './atla.ts';
import { environments } from './environments.ts';
import { kpiNames } from '../sim/district/kpi.ts';
import { normalisations } from '../sim/district/observation.ts';
import { defectNames, defects, profiles } from '../sim/district/profile.ts';
import type { ProfileName } from '../sim/district/profile.ts';
import { rewardNames } from '../sim/district/reward.ts';
import { gridTasks } from '../sim/grid/task/index.ts';
import { sheddingSchemes } from '../sim/grid/frequency/shedding.ts';
import { voltVarDefaults } from '../sim/grid/volt-var.ts';

/** Every registry that a scenario can name, composed once. */
export const vocabulary: Vocabulary = {
  attacks: { ...attacks, ...actionAttacks },
  threat: threatSchema,
  detectors,
  modules,
  learners,
  environments,
  tasks: gridTasks,
  earlyStop,
  adversary: adversarySchema,
  atla: atlaSchema,
  presets,
  // The shipped policies were trained on v2.0, and scenarios take the first; `simulate` has v2.3 for a default.
  profiles: ['v2.0', ...Object.keys(profiles).filter((name) => name !== 'v2.0')],
  defects: defectNames,
  rewards: rewardNames,
  normalisations,
  voltVarCurves: Object.keys(voltVarDefaults),
  // What trips by chance would need draws of its own.
  tripRules: ['thermal', 'instant', 'grid2op'],
  sheddingSchemes: ['ce', ...Object.keys(sheddingSchemes).filter((name) => name !== 'ce')],
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
  attacks: defined({ ...attacks, ...actionAttacks }),
  detectors: defined(detectors),
  modules: defined(modules),
  objectives: named(objectives),
  targets: named(targets),
  presets: named(threatPresets),
  constraints: defined(constraints),
  environments: Object.entries(environments).map(([name, { title }]) => ({ name, title })),
  tasks: defined(gridTasks),
  learners: defined(learners),
  controllers: defined(controllers),
  rewards: rewardNames.map((name) => ({ name, title: '' })),
  profiles: Object.entries(profiles).map(([name, { title }]) => ({ name, title })),
  defects: Object.entries(defects).map(([name, title]) => ({ name, title })),
  normalisations: normalisations.map((name) => ({ name, title: '' })),
  kpis: [...new Set(Object.values(profiles).flatMap(kpiNames))].map((name) => ({ name, title: '' })),
};

/** What can be repaired of a profile. */
export function defectsOf(profile: string): readonly string[] {
  const own = profiles[profile as ProfileName].defects;
  return defectNames.filter((name) => own[name]);
}

function defined(
  registry: Readonly<Record<string, { readonly title: string; readonly config: z.ZodObject }>>,
): Listed[] {
  return Object.entries(registry).map(([name, { title, config }]) => ({ name, title, config }));
}

function named(registry: object): Listed[] {
  return Object.keys(registry).map((name) => ({ name, title: '' }));
}
