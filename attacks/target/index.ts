import { z } from 'zod';
import { batteryAware, batteryFields } from './battery-aware.ts';
import { byHour, hoursSpec, peakHours, peakSpec } from './by-hour.ts';
import { byObservation, observedSpec } from './by-observation.ts';
import { fixedSide } from './fixed-side.ts';
import { furthest } from './furthest.ts';
import { imitate, imitateSpec } from './imitate.ts';
import type { TargetSchedule } from './schedule.ts';
import { sides, sidesSpec } from './sides.ts';
import { toggle } from './toggle.ts';
import { untargeted } from './untargeted.ts';

/** Target schedules by name. */
export const targets = {
  untargeted,
  charge: fixedSide(1),
  discharge: fixedSide(-1),
  toggle,
  'toggle-opposed': sides({ sides: ['discharge', 'charge'], toggle: true }),
  'furthest-action': furthest,
} satisfies Record<string, TargetSchedule>;

export type TargetName = keyof typeof targets;

const plainSpec = z.union([
  z.enum(Object.keys(targets) as [TargetName, ...TargetName[]]),
  sidesSpec,
  hoursSpec,
  peakSpec,
  observedSpec,
  imitateSpec,
]);

const batterySpec = z
  .strictObject({
    battery: plainSpec.meta({ title: 'Battery', description: 'What it is asked for while it can do it.' }),
    ...batteryFields,
  })
  .meta({ title: 'Battery', description: 'Never asks an empty battery to discharge, nor a full one to charge.' });

/** A schedule by its name, or one with options of its own. */
export const targetSpec = z.union([...plainSpec.options, batterySpec]);

/** The schedule that a specification stands for. */
export function targetOf(spec: z.output<typeof targetSpec>): TargetSchedule {
  if (typeof spec === 'string') return targets[spec];
  if ('sides' in spec) return sides(spec);
  if ('hours' in spec) return byHour(spec);
  if ('peak' in spec) return peakHours(spec);
  if ('observed' in spec) return byObservation(spec);
  if ('imitate' in spec) return imitate(spec);
  return batteryAware(targetOf(spec.battery), spec);
}
