import { ConfigError } from '../../core/errors.ts';
import type { Box } from '../../core/space.ts';
import type { DecisionAccess } from '../../core/victim.ts';
import { hourReader } from './controller.ts';

/** Commands of a day, [24]: that of hour h = 1 … 24, CityLearn's hours, at h − 1. */
export type Schedule = Float64Array;

/** A schedule from its changes, `[hour from which on, command]`, ascending; the first is of hour 1. */
export function schedule(...changes: readonly (readonly [number, number])[]): Schedule {
  const commands = new Float64Array(24);
  for (const [from, command] of changes) commands.fill(command, from - 1);
  return commands;
}

/**
 * A controller that gives each action its command of the observed hour. As in CityLearn the command is not clipped to the action's range: the
 * equipment does that.
 * @param scheduleOf an action, by its name; undefined: the rule has none
 * @throws {ConfigError} when the environment does not show the hour, or has an action without a schedule.
 */
export function byHour(
  controller: string,
  observation: Box,
  action: Box,
  scheduleOf: (action: string) => Schedule | undefined,
): DecisionAccess {
  const hour = hourReader(observation, controller);
  const schedules = action.features.map(({ name }) => {
    const found = scheduleOf(name);
    if (found !== undefined) return found;
    throw new ConfigError(
      `${controller}: has no schedule for the action '${name}' (actions: ${action.features.map((one) => one.name).join(', ')})`,
    );
  });
  const observationSize = observation.features.length;
  return {
    observationSize,
    actionSize: schedules.length,
    decide(x, rows, out) {
      for (let row = 0; row < rows; row++) {
        // The reader's hour is modulo 24: 24, and a 0 that some files have in its place, is 0.
        const at = (hour(x, row * observationSize) + 23) % 24;
        for (let j = 0; j < schedules.length; j++) out[row * schedules.length + j] = schedules[j]![at]!;
      }
    },
  };
}
