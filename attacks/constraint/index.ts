import type { z } from 'zod';
import type { ConstraintSpec, ThreatModel } from '../../core/attack.ts';
import { parseValueAs } from '../../core/document.ts';
import { ConfigError } from '../../core/errors.ts';
import type { Feature } from '../../core/space.ts';
import { boxConfig, boxRule } from './box.ts';
import { budgetConfig, budgetRule } from './budget.ts';
import { circleConfig, circleRule } from './circle.ts';
import type { NamedRule } from './constrained-set.ts';
import { energyConfig, energyRule } from './energy.ts';
import { estimatorConfig, estimatorRule } from './estimator.ts';
import { forecastConfig, forecastRule } from './forecast.ts';
import { levelsConfig, levelsRule } from './levels.ts';
import { nightConfig, nightRule } from './night.ts';
import { physicalConstraints } from './physical.ts';
import { rateConfig, rateRule } from './rate.ts';
import type { Rule, Setting } from './rule.ts';
import { socConfig, socRule } from './soc.ts';

/** A word of the constraint language. */
export interface ConstraintDefinition {
  readonly title: string;
  readonly config: z.ZodObject;
  /** @throws {ConfigError} where the setting has not what the rule is about; {UnknownNameError} for a feature that there is not. */
  compile(raw: unknown, setting: Setting): Rule;
}

/** Constraints by the name that a scenario uses. */
export const constraints = {
  box: define('Limits of single features', boxConfig, boxRule),
  rate: define('Largest change from one step to the next', rateConfig, rateRule),
  circle: define('Calendar pairs on the unit circle', circleConfig, circleRule),
  levels: define('Prices of the tariff only', levelsConfig, levelsRule),
  night: define('No sun at night', nightConfig, nightRule),
  forecast: define('What was forecast comes true', forecastConfig, forecastRule),
  soc: define('The state of charge follows the battery model', socConfig, socRule),
  energy: define('Net consumption is what its parts add up to', energyConfig, energyRule),
  estimator: define('A state estimator of the meters stays quiet', estimatorConfig, estimatorRule),
  budget: define('What may be spent in an episode', budgetConfig, budgetRule),
} satisfies Record<string, ConstraintDefinition>;

export type ConstraintName = keyof typeof constraints;

function define<Options>(
  title: string,
  config: z.ZodObject & z.ZodType<Options>,
  compile: (options: Options, setting: Setting) => Rule,
): ConstraintDefinition {
  return {
    title,
    config,
    compile: (raw, setting) => compile(parseValueAs<Options>(raw, `constraint ${title}`, config), setting),
  };
}

/** Whether a rule of a threat looks back at what was shown before. @throws {ConfigError} as `compile` */
export function looksBack(threat: ThreatModel, features: readonly Feature[]): boolean {
  return compileConstraints(threat.constraints ?? [], { features, threat }, false).some(({ rule }) => rule.lag > 0);
}

/**
 * The rules of a threat's constraint list over these features.
 * @param apart rows that are no steps of lanes, as recorded ones: rules with a memory are refused
 */
export function compileConstraints(specs: readonly ConstraintSpec[], setting: Setting, apart: boolean): NamedRule[] {
  const count = new Map<string, number>();
  const expanded = specs.flatMap((spec) =>
    spec.name === 'physical' ? physicalConstraints(setting, (spec['without'] ?? []) as readonly string[]) : [spec],
  );
  return expanded.map(({ name, ...options }) => {
    const rule = constraints[name as ConstraintName].compile(options, setting);
    if (apart && rule.lag > 0)
      throw new ConfigError(
        `constraint ${name} remembers what was shown before, but these rows are attacked apart from one another; use it in an evaluation`,
        { place: { path: '/threat/constraints' } },
      );
    const times = (count.get(name) ?? 0) + 1;
    count.set(name, times);
    return { name: times === 1 ? name : `${name} ${times}`, rule };
  });
}
