/** Days of a run by their use for detectors: two blocks of four to learn from, one to calibrate, one to test. */
const uses = ['learn', 'learn', 'calibrate', 'test'] as const;
/** From so many days on a block is a week. */
const daysForWeeks = 112;

/** The days of a run of so many that have a use; all seasons are in each. */
export function daysFor(use: (typeof uses)[number], days: number): readonly number[] {
  const block = days >= daysForWeeks ? 7 : 1;
  return Array.from({ length: days }, (_, day) => day).filter((day) => uses[Math.floor(day / block) % 4] === use);
}
