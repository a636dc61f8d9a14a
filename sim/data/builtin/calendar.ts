/** The rows' calendar. All columns are [8760]. */
export interface Calendar {
  /** 1..12 */
  readonly month: Float64Array;
  /** 1..24; hour h is the interval from h - 1 to h o'clock. */
  readonly hour: Float64Array;
  /** 1..7, Monday to Sunday; the year has no holidays. */
  readonly dayType: Float64Array;
  /** 0 is the first of January. */
  readonly dayOfYear: Float64Array;
}

export const hoursPerYear = 8760;

const monthLengths = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31] as const;

/**
 * 365 days from Monday, 1 August, hour 1, in standard time all year.
 *
 * August as in the CityLearn 2022 data, so that short runs see sun and the summer tariff; unlike there, row 0 begins a day,
 * so that blocks of 24 rows are days.
 */
export function yearCalendar(): Calendar {
  const month = new Float64Array(hoursPerYear);
  const hour = new Float64Array(hoursPerYear);
  const dayType = new Float64Array(hoursPerYear);
  const dayOfYear = new Float64Array(hoursPerYear);
  const monthOfDay = monthLengths.flatMap((length, m) => Array.from({ length }, () => m + 1));
  const firstOfAugust = monthOfDay.indexOf(8);
  for (let row = 0; row < hoursPerYear; row++) {
    const day = Math.floor(row / 24);
    dayOfYear[row] = (firstOfAugust + day) % 365;
    month[row] = monthOfDay[dayOfYear[row]!]!;
    hour[row] = (row % 24) + 1;
    dayType[row] = (day % 7) + 1;
  }
  return { month, hour, dayType, dayOfYear };
}
