import { ConfigError } from '../../core/errors.ts';
import type { LaneSpec } from './district-env.ts';
import { openFleet } from './fleet.ts';
import type { Fleet } from './fleet.ts';
import type { OpenBuilding } from './lane.ts';
import { openReward } from './reward.ts';
import type { RewardKernel, RewardSpec } from './reward.ts';

/** Lanes that are one simulated district. */
export interface Group {
  readonly lanes: Int32Array;
  /** [lanes] where each lane's hour block begins */
  readonly ats: Int32Array;
  readonly reward: RewardKernel;
  readonly fleet: Fleet | null;
  /** Where the fleet's state begins in the words of all fleets. */
  readonly fleetAt: number;
}

export interface Groups {
  readonly all: readonly Group[];
  readonly withCars: readonly Group[];
  /** [N] of each lane: its group, and its place there */
  readonly of: Int32Array;
  readonly place: Int32Array;
  readonly fleetWords: number;
}

/** @throws {ConfigError} where lanes of one group cannot be one district. */
export function openGroups(
  lanes: readonly LaneSpec[],
  buildings: readonly OpenBuilding[],
  reward: RewardSpec,
  stride: number,
): Groups {
  const members = new Map<number | string, number[]>();
  lanes.forEach(({ group }, lane) => {
    const key = group ?? `own ${lane}`;
    members.set(key, [...(members.get(key) ?? []), lane]);
  });
  // Lanes of the same buildings share a kernel: it keeps nothing.
  const kernels = new Map<string, RewardKernel>();
  const numbers = new Map<OpenBuilding, number>();
  for (const building of buildings) if (!numbers.has(building)) numbers.set(building, numbers.size);
  const of = new Int32Array(lanes.length);
  const place = new Int32Array(lanes.length);
  let fleetWords = 0;
  const all = [...members.values()].map((own, index): Group => {
    own.forEach((lane, i) => {
      of[lane] = index;
      place[lane] = i;
    });
    const models = own.map((lane) => buildings[lane]!.model);
    const key = own.map((lane) => numbers.get(buildings[lane]!)).join(' ');
    const kernel = kernels.get(key) ?? openReward(reward, models);
    kernels.set(key, kernel);
    const fleet = openFleet(models);
    const starts = new Set(own.map((lane) => lanes[lane]!.start ?? 0));
    if (fleet !== null && starts.size > 1)
      throw new ConfigError(
        `lanes ${own.join(', ')} share cars and start at different hours: ${[...starts].join(', ')}`,
      );
    const fleetAt = fleetWords;
    fleetWords += fleet?.stateSize ?? 0;
    return {
      lanes: Int32Array.from(own),
      ats: Int32Array.from(own, (lane) => lane * stride),
      reward: kernel,
      fleet,
      fleetAt,
    };
  });
  return { all, withCars: all.filter(({ fleet }) => fleet !== null), of, place, fleetWords };
}
