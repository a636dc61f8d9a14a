import type { Feeder } from './feeder.ts';

interface Inverter {
  readonly bus: number;
  readonly mw: number;
  readonly mva: number;
}

interface Capacitor {
  readonly bus: number;
  readonly mvar: number;
}

/** Points of a line that are tried before the best of them is closed in on. */
const coarse = 21;
/** Rounds over all inverters, and thirds that a line is cut into. */
const [rounds, cuts] = [4, 20];

/** What an hour costs at given set-points, and the best of them. */
export class ReactiveHour {
  private readonly feeder: Feeder;
  private readonly inverters: readonly (Inverter & { readonly order: number })[];
  private readonly capacitors: readonly (Capacitor & { readonly order: number })[];
  private readonly penalty: number;
  /** Components of set-points that are inverters'. */
  private readonly own: number;

  /** @param together all inverters have the one set-point */
  constructor(
    feeder: Feeder,
    inverters: readonly Inverter[],
    capacitors: readonly Capacitor[],
    together: boolean,
    penalty: number,
  ) {
    this.feeder = feeder;
    this.inverters = inverters.map((one) => ({ ...one, order: feeder.order(one.bus) }));
    this.capacitors = capacitors.map((one) => ({ ...one, order: feeder.order(one.bus) }));
    this.penalty = penalty;
    this.own = together ? 1 : inverters.length;
  }

  /** $. @param points [inverters or 1, then capacitors] shares of the room in ±1; on from 0.5 */
  of(hour: number, points: Float64Array): number {
    const { feeder, inverters, capacitors, own } = this;
    const sun = feeder.year.solar[hour]!;
    feeder.load(hour);
    for (let i = 0; i < inverters.length; i++) {
      const { mw, mva, order } = inverters[i]!;
      const share = Math.min(1, Math.max(-1, points[own === 1 ? 0 : i]!));
      feeder.inject(order, 0, share * Math.sqrt(Math.max(0, mva * mva - (sun * mw) ** 2)));
    }
    for (let c = 0; c < capacitors.length; c++)
      if (points[own + c]! >= 0.5) feeder.inject(capacitors[c]!.order, 0, capacitors[c]!.mvar);
    feeder.solve();
    return feeder.year.price[hour]! * feeder.lossMw + this.penalty * feeder.violation;
  }

  /**
   * The cheapest set-points of an hour: for every position of the capacitors the inverters' from the best common share, one after the other by a grid and thirds of its best
   * interval, round after round. Losses are convex in reactive power and violations nearly so; what is found can be done, and is no proof that there is nothing better.
   */
  best(hour: number): { readonly cost: number; readonly points: Float64Array } {
    const { own } = this;
    const size = own + this.capacitors.length;
    let found = { cost: Infinity, points: new Float64Array(size) };
    for (let on = 0; on < 2 ** this.capacitors.length; on++) {
      const points = new Float64Array(size);
      for (let c = own; c < size; c++) points[c] = (on >> (c - own)) & 1;
      const all = Array.from({ length: own }, (_, i) => i);
      let cost = this.search(hour, points, all);
      for (let round = 0; round < (own > 1 ? rounds : 0); round++)
        for (const i of all) cost = Math.min(cost, this.search(hour, points, [i]));
      if (cost < found.cost) found = { cost, points };
    }
    return found;
  }

  /** Moves some components together to the best value of the line, and returns what it costs. */
  private search(hour: number, points: Float64Array, moved: readonly number[]): number {
    const at = (value: number): number => {
      for (const i of moved) points[i] = value;
      return this.of(hour, points);
    };
    const before = points.slice();
    const stay = this.of(hour, points);
    let [best, least] = [0, Infinity];
    for (let k = 0; k < coarse; k++) {
      const value = -1 + (2 * k) / (coarse - 1);
      const cost = at(value);
      if (cost < least) [best, least] = [value, cost];
    }
    const step = 2 / (coarse - 1);
    let [low, high] = [Math.max(-1, best - step), Math.min(1, best + step)];
    for (let k = 0; k < cuts; k++) {
      const [left, right] = [low + (high - low) / 3, high - (high - low) / 3];
      if (at(left) < at(right)) high = right;
      else low = left;
    }
    const middle = at((low + high) / 2);
    if (Math.min(least, middle) >= stay) {
      points.set(before);
      return stay;
    }
    return middle < least ? middle : at(best);
  }
}
