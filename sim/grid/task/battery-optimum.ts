import type { HourCost } from './battery.ts';
import { hoursPerDay } from './feeder-year.ts';

/** The best that one battery can do with a day that is known. */
export interface Schedule {
  /** $ saved against an idle battery, what it holds at the end counted. */
  readonly saving: number;
  /** [24] MW, + charge */
  readonly power: Float64Array;
}

/** Charges that are told apart. */
const levels = 201;

/**
 * The cheapest day of a single battery by dynamic programming over its charge, backwards: `W_t(e) = max_e' (idle_t − cost_t(p(e, e')) + worth (e' − e) + W_{t+1}(e'))`.
 * Moves end on levels, but for the first, which begins at the true charge; no value is interpolated, so that what it finds can be done to the last bit, and a finer grid finds
 * no less than a coarser one of which it has the levels. Source: Bellman (1957)
 * @param first hour of the year @param soc at its beginning @param worth $ for a MWh that is held @param grid levels
 */
export function bestSchedule(
  cost: HourCost,
  first: number,
  soc: number,
  worth: number,
  grid: number = levels,
): Schedule {
  const battery = cost.batteries[0]!;
  const { mw, mwh, efficiency } = battery;
  const step = mwh / (grid - 1);
  const up = Math.floor((mw * efficiency) / step + 1e-9);
  const down = Math.floor(mw / efficiency / step + 1e-9);
  const power = new Float64Array(1);
  const powerOf = (more: number): number => (more > 0 ? more / efficiency : more * efficiency);
  const savingOf = (hour: number, idle: number, more: number): number => {
    power[0] = powerOf(more);
    return idle - cost.of(hour, power) + worth * more;
  };
  const idleOf = (hour: number): number => {
    power[0] = 0;
    return cost.of(hour, power);
  };
  // By hour and level, how many levels to go.
  const moves = Array.from({ length: hoursPerDay }, () => new Int16Array(grid));
  let later = new Float64Array(grid);
  for (let t = hoursPerDay - 1; t > 0; t--) {
    const idle = idleOf(first + t);
    const gain = Float64Array.from({ length: down + up + 1 }, (_, m) => savingOf(first + t, idle, (m - down) * step));
    const now = new Float64Array(grid).fill(-Infinity);
    for (let e = 0; e < grid; e++)
      for (let move = Math.max(-down, -e); move <= Math.min(up, grid - 1 - e); move++) {
        const value = gain[move + down]! + later[e + move]!;
        if (value <= now[e]!) continue;
        now[e] = value;
        moves[t]![e] = move;
      }
    later = now;
  }
  const held = soc * mwh;
  const idle = idleOf(first);
  // Standing still is a move as well, and so is whatever can be reached: from between two levels, one cannot stay on one.
  let [best, target] = [-Infinity, 0];
  for (let e = 0; e < grid; e++) {
    const more = e * step - held;
    if (more > mw * efficiency + 1e-12 || more < -mw / efficiency - 1e-12) continue;
    const value = savingOf(first, idle, more) + later[e]!;
    if (value <= best) continue;
    [best, target] = [value, e];
  }
  const schedule = new Float64Array(hoursPerDay);
  schedule[0] = powerOf(target * step - held);
  for (let t = 1, e = target; t < hoursPerDay; t++) {
    const move = moves[t]![e]!;
    schedule[t] = powerOf(move * step);
    e += move;
  }
  return { saving: best, power: schedule };
}
