import { z } from 'zod';
import type { ConstraintSpec, ThreatModel } from '../core/attack.ts';
import { parseValueAs } from '../core/document.ts';
import { ConfigError, UnknownNameError } from '../core/errors.ts';
import type { Feature } from '../core/space.ts';
import { constraintSchema } from './constraint/schema.ts';
import { sumDown } from './ball/next-float32.ts';
import type { ThreatPreset } from './presets.ts';
import { featureGroups, threatPresets } from './presets.ts';

const presetNames = Object.keys(threatPresets) as [ThreatPreset, ...ThreatPreset[]];

/** How far the attacker may move what: a preset or one epsilon, then overrides, then the mask; and how the features count together. */
export const threatSchema = z.strictObject({
  norm: z
    .enum(['linf', 'l2', 'l1', 'l0'])
    .default('linf')
    .meta({ title: 'Norm', description: 'How features count together, each in units of its epsilon.' }),
  sensors: z
    .int()
    .min(1)
    .max(1e6)
    .optional()
    .meta({ title: 'Sensors', description: 'Of norm l0: how many features may differ at once.' }),
  preset: z
    .enum(presetNames)
    .optional()
    .meta({ title: 'Preset', description: 'A published epsilon vector; paper-5% unless an epsilon is given.' }),
  epsilon: z
    .number()
    .min(0)
    .max(1e9)
    .optional()
    .meta({ title: 'Epsilon', description: 'One bound for every feature, instead of a preset.' }),
  overrides: z
    .record(z.string(), z.number().min(0).max(1e9))
    .optional()
    .meta({ title: 'Overrides', description: 'Epsilon of single features by name.' }),
  mask: z
    .array(z.string().min(1))
    .optional()
    .meta({ title: 'Mask', description: 'Features, or groups (time, weather, price, …), that may not move at all.' }),
  units: z
    .enum(['normalised', 'physical'])
    .default('normalised')
    .meta({ title: 'Units', description: 'Of epsilon and overrides; presets are always normalised.' }),
  constraints: z
    .array(constraintSchema)
    .max(32)
    .optional()
    .meta({ title: 'Constraints', description: 'Rules that what is shown has to keep beside epsilon.' }),
});

/**
 * The threat set that a threat section names, over these features: box [0, 1], epsilon per feature in normalised units,
 * rounded down to float32 so that no perturbation exceeds the number that was written.
 * @throws {ConfigError} when preset and epsilon are both given, an epsilon is negative or not a number, or sensors do not go with the norm.
 * @throws {UnknownNameError} for a feature or group that the policy does not observe, with the nearest name.
 */
export function threatModel(raw: unknown, features: readonly Feature[]): ThreatModel {
  const spec = parseValueAs<z.output<typeof threatSchema>>(raw ?? {}, 'threat', threatSchema);
  if (spec.preset !== undefined && spec.epsilon !== undefined) {
    throw new ConfigError(`threat has both preset '${spec.preset}' and epsilon ${spec.epsilon}; give one of them`);
  }
  if ((spec.norm === 'l0') !== (spec.sensors !== undefined)) {
    throw new ConfigError(
      spec.sensors === undefined
        ? `threat of norm 'l0' has no sensors; give how many features may differ at once`
        : `threat has ${spec.sensors} sensors, which belong to norm 'l0', but its norm is '${spec.norm}'`,
    );
  }
  const names = features.map((feature) => feature.name);
  const scaled = (value: number, feature: Feature): number => {
    if (spec.units === 'normalised') return value;
    const span = Math.abs(feature.high - feature.low);
    return span === 0 ? 0 : value / span; // a constant feature is always 0, and stays
  };
  const preset = threatPresets[spec.preset ?? 'paper-5%'];
  const epsilon = features.map((feature) =>
    spec.epsilon === undefined ? preset(feature.name) : scaled(spec.epsilon, feature),
  );
  for (const [name, value] of Object.entries(spec.overrides ?? {})) {
    const at = names.indexOf(name);
    if (at < 0) throw new UnknownNameError('feature', name, names, { path: '/threat/overrides' });
    epsilon[at] = scaled(value, features[at]!);
  }
  for (const name of spec.mask ?? []) {
    const inGroup = Object.hasOwn(featureGroups, name) ? featureGroups[name]! : (other: string) => other === name;
    if (!names.some(inGroup)) {
      throw new UnknownNameError('feature or group', name, [...names, ...Object.keys(featureGroups)], {
        path: '/threat/mask',
      });
    }
    for (let j = 0; j < names.length; j++) if (inGroup(names[j]!)) epsilon[j] = 0;
  }
  return {
    norm: spec.norm,
    ...(spec.sensors === undefined ? {} : { sensors: spec.sensors }),
    epsilon: Float32Array.from(epsilon, (value) => sumDown(value, 0)),
    low: new Float32Array(features.length),
    high: new Float32Array(features.length).fill(1),
    ...(spec.constraints === undefined
      ? {}
      : { constraints: spec.constraints as unknown as readonly ConstraintSpec[] }),
  };
}
