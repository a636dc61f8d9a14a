import type { ConstraintSpec } from '../../core/attack.ts';
import { socFeature } from './battery-estimate.ts';
import { isBalanced } from './energy.ts';
import { forecastLinks } from './forecast.ts';
import { isTariff } from './levels.ts';
import { sunlitFeatures } from './night.ts';
import type { Setting } from './rule.ts';

/** The preset `physical`: every rule that the observed features and the building have something for, in its strictest standard form. */
export function physicalConstraints(setting: Setting, without: readonly string[]): ConstraintSpec[] {
  const { features, plant } = setting;
  const names = new Set(features.map(({ name }) => name));
  const all: readonly (readonly [boolean, ConstraintSpec])[] = [
    [
      features.some(({ name }) => names.has(name.replace(/_cos$/, '_sin')) && name.endsWith('_cos')),
      { name: 'circle', whole: true },
    ],
    [isTariff(setting), { name: 'levels' }],
    [sunlitFeatures(setting).length > 0, { name: 'night' }],
    [plant !== undefined, { name: 'rate' }],
    [forecastLinks(setting).length > 0, { name: 'forecast' }],
    [names.has(socFeature) && plant?.battery() !== undefined, { name: 'soc' }],
    [isBalanced(setting), { name: 'energy' }],
  ];
  return all.flatMap(([applies, spec]) => (applies && !without.includes(spec.name) ? [spec] : []));
}
