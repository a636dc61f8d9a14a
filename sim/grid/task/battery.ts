import type { Feeder } from './feeder.ts';

/** A battery at a bus of a feeder. */
export interface DispatchBattery {
  readonly bus: number;
  /** Place in the feeder. */
  readonly order: number;
  readonly mw: number;
  readonly mwh: number;
  readonly efficiency: number;
}

/** What an hour costs: $, MWh, p.u. h. */
export class HourCost {
  readonly feeder: Feeder;
  readonly batteries: readonly DispatchBattery[];
  private readonly penalty: number;
  /** Of the last `of`. */
  energy = 0;
  loss = 0;
  violation = 0;

  constructor(feeder: Feeder, batteries: readonly DispatchBattery[], penalty: number) {
    this.feeder = feeder;
    this.batteries = batteries;
    this.penalty = penalty;
  }

  /** Solves an hour and returns its cost, `price · (what the feeder takes, losses included) + penalty · violation`, $. @param mw [B] + charge */
  of(hour: number, mw: Float64Array): number {
    const { feeder, batteries } = this;
    feeder.load(hour);
    for (let b = 0; b < batteries.length; b++) feeder.inject(batteries[b]!.order, -mw[b]!, 0);
    feeder.solve();
    this.energy = feeder.year.price[hour]! * feeder.slackMw;
    this.loss = feeder.lossMw;
    this.violation = feeder.violation;
    return this.energy + this.penalty * feeder.violation;
  }
}

/** MW that a battery does of what it is told, + charge: within its rating, its room and what it holds, in one hour. */
export function limited({ mw, mwh, efficiency }: DispatchBattery, soc: number, wanted: number): number {
  const room = ((1 - soc) * mwh) / efficiency;
  const held = soc * mwh * efficiency;
  return Math.min(Math.min(mw, room), Math.max(-Math.min(mw, held), wanted));
}

/** MWh that a battery holds more after an hour at `mw`. */
export function stored({ efficiency }: DispatchBattery, mw: number): number {
  return mw > 0 ? mw * efficiency : mw / efficiency;
}
