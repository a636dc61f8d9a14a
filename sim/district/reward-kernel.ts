import type { BuildingModel } from './model.ts';
import type { RewardAttributes } from './reward-attributes.ts';

/**
 * Rewards of all buildings of one district for one hour: `out[i]` of building i, whose hour block begins at `ats[i]` and whose row of the
 * simulation range is `rows[i]`. Allocates nothing and keeps nothing between calls.
 */
export type RewardKernel = (hours: Float64Array, ats: Int32Array, rows: Int32Array, out: Float64Array) => void;

/** One of CityLearn's reward classes. */
export interface RewardClass {
  /** Names of its attributes under a profile's release. */
  readonly attributes: readonly string[];
  /** A building's reward depends on which other buildings its district has. */
  readonly readsDistrict?: true;
  /**
   * @param models of the buildings that are rewarded
   * @param metadata of the district: head's MultiBuildingRewardFunction shows a class one building, but the metadata of all
   */
  open(
    attributes: RewardAttributes,
    models: readonly BuildingModel[],
    metadata: readonly BuildingModel[],
  ): RewardKernel;
}
