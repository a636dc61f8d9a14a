import { ConfigError } from '../../core/errors.ts';

/** What CityLearn's exporter takes for the first day of its data. */
export const defaultStartDate = '2024-01-01';

/**
 * Timestamps of an episode's rows, `2024-08-01T00:00:00`, as CityLearn's exporter makes them of the data's calendar: month, hour and minute are the
 * file's (24 is 0 of the same day), year and day begin with the start date and are counted on.
 * @param month, hour, minutes columns over the simulation range  @param start first row  @param startDate ISO date of row 0
 * @throws {ConfigError} for a date that is none
 */
export function timestamps(
  calendar: { readonly month: Float64Array; readonly hour: Float64Array; readonly minutes: Float64Array },
  start: number,
  rows: number,
  secondsPerTimeStep: number,
  startDate: string,
): string[] {
  const first = dateOf(startDate);
  first.setUTCSeconds(start * secondsPerTimeStep);
  let year = first.getUTCFullYear();
  let day = first.getUTCDate();
  const { month: months, hour: hours, minutes } = calendar;
  const at = (column: Float64Array, t: number, otherwise: number): number => {
    const value = column[start + t];
    return value === undefined || Number.isNaN(value) ? otherwise : Math.trunc(value);
  };
  return Array.from({ length: rows }, (_, t) => {
    const month = at(months, t, Number(startDate.slice(5, 7)));
    const hour = at(hours, t, 1);
    const minute = at(minutes, t, 0);
    const nextMonth = at(months, t + 1, month);
    const nextHour = at(hours, t + 1, hour) % 24;
    const nextMinute = clamped(at(minutes, t + 1, minute));
    let shown = month;
    if (hour >= 24 && nextMonth !== month) {
      shown = nextMonth;
      if (nextMonth < month) year++;
      day = 1;
    }
    const ofDay = hour % 24;
    const text = `${pad(year, 4)}-${pad(shown)}-${pad(day)}T${pad(ofDay)}:${pad(clamped(minute))}:00`;
    if (nextMonth !== month) {
      if (nextMonth < month && shown === month) year++;
      day = 1;
    } else if (nextHour <= ofDay && nextMinute <= clamped(minute)) day++;
    return text;
  });
}

function dateOf(text: string): Date {
  const date = new Date(/^\d{4}-\d{2}-\d{2}$/.test(text) ? `${text}T00:00:00Z` : Number.NaN);
  if (Number.isNaN(date.getTime()) || date.toISOString().slice(0, 10) !== text)
    throw new ConfigError(`start date '${text}', expected a day as YYYY-MM-DD`);
  return date;
}

function clamped(minute: number): number {
  return Math.min(Math.max(minute, 0), 59);
}

function pad(value: number, size = 2): string {
  return String(value).padStart(size, '0');
}
