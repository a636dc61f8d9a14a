import { shareBelow } from './quantile.ts';

/** How many of a lane's latest values are remembered: a year of hours. */
const most = 8760;

/**
 * What the steps of each lane were worth so far, which a step is compared with: under attack, so those of the very states that it leads to. An
 * episode's end does not take it away.
 */
export class Seen {
  readonly #lanes: { readonly ascending: number[]; readonly latest: number[]; next: number }[] = [];

  /** Takes in a value; returns all that are known of the lane, ascending, this one included. */
  add(lane: number, value: number): readonly number[] {
    const { ascending, latest, next } = (this.#lanes[lane] ??= { ascending: [], latest: [], next: 0 });
    if (latest.length === most) ascending.splice(placeOf(ascending, latest[next]!), 1);
    ascending.splice(placeOf(ascending, value), 0, value);
    latest[next] = value;
    this.#lanes[lane]!.next = (next + 1) % most;
    return ascending;
  }
}

function placeOf(ascending: readonly number[], value: number): number {
  return Math.round(shareBelow(ascending, value) * ascending.length);
}
