import type { Columns } from './columns.ts';

/** Simulated time of rows: seconds per row, and the hour of day at which row 0 lies. */
export interface SimClock {
  readonly dt: number;
  readonly startHour: number;
}

/** The clock of a run. Where an `hour` feature is recorded (1 … 24, as CityLearn counts), the first row that there is has its hour of day. */
export function simClock(columns: Columns, dt: number): SimClock {
  const channel = columns.schema?.channels.find((one) => one.signal === 'true.hour');
  const { first } = columns;
  const hour = channel === undefined ? Number.NaN : columns.value(channel.name, first) - (first * dt) / 3600;
  return { dt, startHour: Number.isFinite(hour) ? ((hour % 24) + 24) % 24 : 0 };
}

/** `day 12, 05:00` of a row. */
export function simTime(row: number, clock: SimClock): string {
  const { day, text } = parts(row, clock);
  return `day ${day}, ${text}`;
}

/** Label of a tick: `d 12` at midnight, else `05:00`. */
export function tickLabel(row: number, clock: SimClock): string {
  const { day, text } = parts(row, clock);
  return text === '00:00' ? `d ${day}` : text;
}

function parts(row: number, { dt, startHour }: SimClock): { day: number; text: string } {
  const minutes = Math.round(startHour * 60 + (row * dt) / 60);
  const ofDay = ((minutes % 1440) + 1440) % 1440;
  const two = (n: number): string => String(n).padStart(2, '0');
  return { day: Math.floor(minutes / 1440) + 1, text: `${two(Math.floor(ofDay / 60))}:${two(ofDay % 60)}` };
}

const tickHours = [1, 2, 3, 6, 12, 24, 48, 96, 168, 336, 720, 1440];

/** Rows of the ticks in [min, max], at round hours of the simulated day, at most `most` of them. */
export function tickRows(min: number, max: number, most: number, { dt, startHour }: SimClock): number[] {
  const perHour = 3600 / dt;
  const hours = tickHours.find((step) => (max - min) / perHour / step <= most) ?? 2880;
  const step = hours * perHour;
  const shift = startHour * perHour;
  const ticks: number[] = [];
  for (let at = Math.ceil((min + shift) / step) * step - shift; at <= max; at += step) ticks.push(at);
  return ticks;
}
