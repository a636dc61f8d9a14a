/**
 * A load that answers to an area's frequency, `dP = −K f̃` (it rises when the frequency falls): dynamic load alteration. The frequency arrives `delay` s late, through a lag of `lag`
 * s; it is read all the time, or every `period` s and held; and there is no more load to raise than `high`, and none to drop beyond `low`, p.u.
 * Source: Amini, Pasqualetti and Mohsenian-Rad (2018), "Dynamic Load Altering Attacks Against Power System Stability"; specs/grid.md 4.6
 */
export interface FeedbackLoad {
  readonly sensor: number;
  readonly victim: number;
  /** p.u. per unit of the areas' frequency */
  readonly gain: number;
  readonly lag: number;
  readonly delay: number;
  /** 0: read all the time */
  readonly period: number;
  /** ≤ 0 ≤ */
  readonly low: number;
  readonly high: number;
  /** s */
  readonly from: number;
}
