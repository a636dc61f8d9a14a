import type { Annotator } from '../../../logits/preference/annotator.ts';
import { concerns } from './schedule.ts';
import type { Concern, Schedule } from './schedule.ts';

/** Operators by what they mind, weights of one; together they mind everything, about alike. */
const weights: Readonly<Record<string, Readonly<Partial<Record<Concern, number>>>>> = {
  treasurer: { cost: 0.6, peak: 0.2, ramping: 0.1, wear: 0.1 },
  'grid planner': { ramping: 0.45, peak: 0.45, cost: 0.1 },
  maintenance: { wear: 0.7, ramping: 0.2, cost: 0.1 },
  resilience: { unserved: 0.7, cost: 0.2, peak: 0.1 },
  'shift leader': { cost: 0.2, ramping: 0.2, wear: 0.2, peak: 0.2, unserved: 0.2 },
};

/** A panel of simulated operators, and what they mind together. */
export interface Operators {
  readonly panel: readonly Annotator<number, Schedule>[];
  /** Mean over the operators of `scale·Σ w_f burden_f/σ_f`. */
  readonly disutility: (schedule: Schedule) => number;
}

/**
 * @param spread σ [concerns], by which each concern is measured: that of the reference's schedules for one day
 * @param scale logits of a preference between schedules one σ apart in all that an operator minds
 * @param noise τ of each operator
 */
export function operators(spread: Float64Array, scale: number, noise: number): Operators {
  const members = Object.values(weights).map((minds) => {
    const weight = concerns.map((concern, f) => (scale * (minds[concern] ?? 0)) / spread[f]!);
    return ({ burden }: Schedule): number => weight.reduce((sum, w, f) => sum + w * burden[f]!, 0);
  });
  return {
    panel: members.map((minds) => ({ utilities: (_day, schedules) => schedules.map((y) => -minds(y)), noise })),
    disutility: (schedule) => members.reduce((sum, minds) => sum + minds(schedule), 0) / members.length,
  };
}

/** σ of each concern among schedules of one day, over days. @param schedules [days][D] */
export function spreadOf(schedules: readonly (readonly Schedule[])[]): Float64Array {
  return Float64Array.from(concerns, (_concern, f) => {
    const variances = schedules.map((ofDay) => {
      const mean = ofDay.reduce((sum, { burden }) => sum + burden[f]!, 0) / ofDay.length;
      return ofDay.reduce((sum, { burden }) => sum + (burden[f]! - mean) ** 2, 0) / (ofDay.length - 1);
    });
    return Math.sqrt(variances.reduce((sum, variance) => sum + variance, 0) / variances.length);
  });
}
