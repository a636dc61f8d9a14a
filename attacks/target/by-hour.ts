import { z } from 'zod';
import { ConfigError } from '../../core/errors.ts';
import { headActions } from '../../core/policy.ts';
import { hourReader, onceFor } from './feature.ts';
import type { TargetSchedule } from './schedule.ts';
import { sideNames, signs } from './sides.ts';

/** A side for each hour of the day. */
export const hoursSpec = z
  .strictObject({
    hours: z.array(z.enum(sideNames)).length(24).meta({
      title: 'Hours',
      description: 'The side of each hour of the day as observed, from midnight (CityLearn’s hour 1) on.',
    }),
  })
  .meta({ title: 'Hours', description: 'A table by the observed hour.' });

const hourList = z.array(z.int().min(1).max(24)).max(24);

/** Charge when the grid is at its peak, discharge when it is not. */
export const peakSpec = z
  .strictObject({
    peak: hourList.meta({ title: 'Peak', description: 'Hours 1 … 24 in which batteries are to charge.' }),
    valley: hourList.default([]).meta({ title: 'Valley', description: 'Hours in which they are to discharge.' }),
  })
  .meta({
    title: 'Peak hours',
    description: 'Adds to the peak of the grid; in other hours, away from the clean decision.',
  });

/** The side of each hour, read off the clean observation; `none` leaves the hour to the objective. */
export function byHour({ hours }: z.output<typeof hoursSpec>): TargetSchedule {
  return hourTable(
    'hours',
    hours.map((side) => signs[side]),
  );
}

/** @throws {ConfigError} for an hour that is both */
export function peakHours({ peak, valley }: z.output<typeof peakSpec>): TargetSchedule {
  const both = peak.find((hour) => valley.includes(hour));
  if (both !== undefined) throw new ConfigError(`target 'peak': hour ${both} is in peak and in valley`);
  return hourTable(
    'peak',
    Array.from({ length: 24 }, (_, i) => (peak.includes(i + 1) ? 1 : valley.includes(i + 1) ? -1 : 0)),
  );
}

function hourTable(name: string, table: readonly (-1 | 0 | 1)[]): TargetSchedule {
  const reader = onceFor((features) => hourReader(features, name));
  return {
    sided: true,
    aim(rows, { features }, goal, { head }) {
      const hour = reader(features);
      const actions = headActions(head);
      for (let r = 0; r < rows; r++)
        goal.side.fill(table[hour(goal.x, r * features.length)]!, r * actions, (r + 1) * actions);
    },
  };
}
