import { z } from 'zod';
import type { Definition } from '../../core/definition.ts';
import { ConfigError } from '../../core/errors.ts';
import type { ControllerMaker } from './controller.ts';
import { byHour } from './hour-schedule.ts';
import type { Schedule } from './hour-schedule.ts';
import { random } from './random.ts';

const commands = z.record(z.string(), z.number());
const config = z.strictObject({
  action_map: z
    .record(z.string(), z.union([z.number(), commands]))
    .optional()
    .describe(
      'Command of each hour 1 … 24, for all actions or by action: {"electrical_storage": {"1": 0.1, …}}. Absent: random actions, as in CityLearn.',
    ),
});

const hours = Array.from({ length: 24 }, (_, i) => String(i + 1));

/** @throws {ConfigError} for a map that leaves hours out, or has others. */
function scheduleOf(map: Readonly<Record<string, unknown>>, action: string): Schedule {
  const place = { path: '/action_map' };
  const odd = Object.entries(map).find(([hour, value]) => !hours.includes(hour) || typeof value !== 'number');
  if (odd !== undefined)
    throw new ConfigError(
      `HourRBC: the map of ${action} has '${odd[0]}': ${JSON.stringify(odd[1])}, expected hours 1 … 24 with a number each`,
      { place },
    );
  const missing = hours.filter((hour) => !Object.hasOwn(map, hour));
  if (missing.length > 0)
    throw new ConfigError(`HourRBC: the map of ${action} lacks hour ${missing.join(', ')}, expected 1 … 24`, { place });
  return Float64Array.from(hours, (hour) => map[hour] as number);
}

/** A command for every hour of the day, given by whoever uses it. */
export const hourMap: Definition<ControllerMaker> = {
  title: 'Commands by the hour, from a map',
  source: 'HourRBC of CityLearn (specs/citylearn.md 15)',
  config,
  make: (raw) => {
    const { action_map: map } = config.parse(raw);
    if (map === undefined) return random.make({});
    // A first number, as in CityLearn, says that the map is one day's for all actions.
    if (typeof Object.values(map)[0] !== 'object') {
      const all = scheduleOf(map, 'all actions');
      return (observation, action) => byHour('HourRBC', observation, action, () => all);
    }
    const schedules = new Map(
      Object.entries(map).map(([action, own]): [string, Schedule] => [
        action,
        scheduleOf(typeof own === 'number' ? { [action]: own } : own, `'${action}'`),
      ]),
    );
    return (observation, action) => byHour('HourRBC', observation, action, (name) => schedules.get(name));
  },
};
