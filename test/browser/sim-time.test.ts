import { describe, expect, it } from 'vitest';
import { simTime, tickLabel, tickRows } from '../../server/console/live/sim-time.ts';

const hourly = { dt: 3600, startHour: 0 };

describe('simulated time', () => {
  it.each([
    [0, hourly, 'day 1, 00:00'],
    [25, hourly, 'day 2, 01:00'],
    [0, { dt: 3600, startHour: 18 }, 'day 1, 18:00'],
    [6, { dt: 3600, startHour: 18 }, 'day 2, 00:00'],
    [5, { dt: 900, startHour: 0 }, 'day 1, 01:15'],
  ] as const)('row %i of %o is %s', (row, clock, text) => expect(simTime(row, clock)).toBe(text));

  it('puts ticks on round hours of the day, no more than there is room for', () => {
    expect(tickRows(0, 48, 4, hourly)).toEqual([0, 12, 24, 36, 48]);
    const shifted = { dt: 3600, startHour: 18 };
    for (const row of tickRows(3, 300, 6, shifted)) expect(tickLabel(row, shifted)).toMatch(/^d \d+$/);
    expect(tickRows(0, 8760, 8, hourly).length).toBeLessThanOrEqual(9);
  });
});
