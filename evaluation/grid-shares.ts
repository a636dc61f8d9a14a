import type { SharesSpec } from '../core/scenario-grid.ts';
import type { PlacedDistrict } from '../sim/grid/placed/placement.ts';
import { loadingAbove, shareNeeded, voltageAbove, voltageBelow } from '../sim/grid/placed/share-needed.ts';
import type { GridGoal } from '../sim/grid/placed/share-needed.ts';
import type { DistrictSeries } from '../sim/grid/placed/solve-placed.ts';

/** KPIs of how many of the homes an attack needs, and their units. */
export const shareKpiUnits = {
  under_voltage_share_needed: 'share',
  over_voltage_share_needed: 'share',
  overload_share_needed: 'share',
} as const;

type ShareKpi = keyof typeof shareKpiUnits;

/** What the buildings of one copy of a district took in a run, step by step, kWh. */
export class DistrictHistory {
  private readonly net: number[] = [];
  private readonly inverter: number[] = [];

  push(net: Float64Array, inverter: Float64Array): void {
    this.net.push(...net);
    this.inverter.push(...inverter);
  }

  /** @param hours of a step */
  series(buildings: number, hours: number): DistrictSeries {
    const { net, inverter } = this;
    return {
      steps: net.length / buildings,
      hours,
      read(step, intoNet, intoInverter) {
        for (let b = 0; b < buildings; b++) {
          intoNet[b] = net[step * buildings + b]!;
          intoInverter[b] = inverter[step * buildings + b]!;
        }
      },
    };
  }
}

/**
 * The least shares of homes, the same at every bus, whose attack pushes some bus out of the band or some branch above its limit in some step, while the others go on as in the clean
 * twin: 0 where the clean twin does so itself, null where all of them do not.
 * @param attacked null: of the clean twin itself, where nobody is
 * @param isRated whether any branch has a limit
 */
export function sharesNeeded(
  placed: PlacedDistrict,
  clean: DistrictSeries,
  attacked: DistrictSeries | null,
  [low, high]: readonly [number, number],
  isRated: boolean,
  { parts, tolerance }: SharesSpec,
): Record<ShareKpi, number | null> {
  const needed = (goal: GridGoal): number | null => {
    if (attacked === null) return null;
    const work = shareNeeded(placed, clean, attacked, goal, { parts, tolerance });
    for (;;) {
      const { done, value } = work.next();
      if (done === true) return value.share;
    }
  };
  return {
    under_voltage_share_needed: needed(voltageBelow(low)),
    over_voltage_share_needed: needed(voltageAbove(high)),
    overload_share_needed: isRated ? needed(loadingAbove(1)) : null,
  };
}
