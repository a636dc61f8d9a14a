import type { District, WashingMachineData } from '../data/dataset.ts';
import type { Defects } from './profile.ts';

/** A washing machine laid out for the step; columns [rows of the range]. */
export interface WashingMachine {
  /** Row of the day's hour as the file has it. */
  readonly hour: Float64Array;
  /** First and last hour (with the defect: step of the episode) in which a cycle may start; −1: none. */
  readonly start: Float64Array;
  readonly end: Float64Array;
  /** kWh a step of the cycle that would start in a row. */
  readonly profile: readonly (readonly number[])[];
  /** A cycle is booked whole in the step that starts it, and its window is one of steps. */
  readonly atOnce: boolean;
  /** State words: whether this window's cycle has started, then the kWh of this step and of those to come. */
  readonly stateSize: number;
}

const STARTED = 0;
const PENDING = 1;

export function openWashingMachine(
  data: WashingMachineData,
  { start, end }: District,
  defects: Defects,
): WashingMachine {
  const range = (column: Float64Array): Float64Array => column.subarray(start, end + 1);
  const window = (column: Float64Array): Float64Array =>
    range(column).map((value) => (Number.isNaN(value) ? -1 : Math.trunc(value)));
  const atOnce = defects['washing-at-once'];
  const profile = data.profile.slice(start, end + 1);
  const longest = profile.reduce((most, { length }) => Math.max(most, length), 0);
  return {
    hour: range(data.hour),
    start: window(data.start),
    end: window(data.end),
    profile,
    atOnce,
    stateSize: PENDING + (atOnce ? 0 : longest),
  };
}

/**
 * Starts a cycle where the action is > 0, the hour lies in the window and none has started in it.
 * @param t step of the episode @param row of the machine's columns @param rows of the episode
 * @returns kWh booked in this step. Source: specs/citylearn.md 9.2, 10.
 */
export function washStep(
  machine: WashingMachine,
  state: Float64Array,
  at: number,
  action: number,
  t: number,
  row: number,
  rows: number,
): number {
  const first = machine.start[row]!;
  const last = machine.end[row]!;
  const now = machine.atOnce ? t : machine.hour[row]!;
  const profile = machine.profile[row]!;
  const starts = action > 0 && state[at + STARTED] === 0 && first !== -1 && last !== -1 && first <= now && now <= last;
  if (starts && profile.length > 0) {
    state[at + STARTED] = 1;
    if (machine.atOnce) {
      // A float32 series that CityLearn adds to in place: rounded after each addition. Steps after the episode are left out.
      let booked = 0;
      for (let k = 0; k < profile.length && t + k < rows; k++) booked = Math.fround(booked + profile[k]!);
      return booked;
    }
    for (let k = 0; k < profile.length; k++)
      state[at + PENDING + k] = Math.fround(state[at + PENDING + k]! + profile[k]!);
  }
  return machine.stateSize > PENDING ? state[at + PENDING]! : 0;
}

/** The clock has moved to `row`: a running cycle moves on, and a new window may start a new one. */
export function washAdvance(machine: WashingMachine, state: Float64Array, at: number, row: number): void {
  const { start, end, hour } = machine;
  // Windows are hours of a day: one that the file repeats opens anew every day.
  const nextDay = !machine.atOnce && hour[row]! < hour[row - 1]!;
  if (nextDay || start[row] !== start[row - 1] || end[row] !== end[row - 1]) state[at + STARTED] = 0;
  if (machine.atOnce) return;
  const until = at + machine.stateSize - 1;
  for (let k = at + PENDING; k < until; k++) state[k] = state[k + 1]!;
  if (machine.stateSize > PENDING) state[until] = 0;
}
