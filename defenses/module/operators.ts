import type { Annotator } from '../../logits/preference/annotator.ts';
import type { Schedule } from './practice-days.ts';

/** What operators look at in a day; all are to be small. $, kgCO₂, kWh of the largest hour, Σ|Δnet| kWh, Σ|charge moved| kWh. */
export const concerns = ['cost', 'carbon', 'peak', 'ramping', 'wear'] as const;

export type Concern = (typeof concerns)[number];

/** A panel of simulated operators, and what they mind together. */
interface Operators {
  readonly panel: readonly Annotator<number, Schedule>[];
  /** Mean over days and operators of what they mind, in deviations. */
  readonly disutility: (schedules: readonly (readonly Schedule[])[]) => number;
}

/**
 * @param minds of each operator, its weights
 * @param shown [days][D] by which each concern is measured: its deviation among schedules of one day
 * @param noise τ of each operator
 */
export function operators(
  minds: readonly Readonly<Record<Concern, number>>[],
  shown: readonly (readonly Schedule[])[],
  noise: number,
): Operators {
  const spread = concerns.map((_concern, f) => spreadOf(shown, f));
  const members = minds.map((weights) => {
    const weight = concerns.map((concern, f) => weights[concern] / spread[f]!);
    return ({ burden }: Schedule): number => weight.reduce((sum, w, f) => sum + w * burden[f]!, 0);
  });
  const all = (schedule: Schedule): number => members.reduce((sum, own) => sum + own(schedule), 0) / members.length;
  return {
    panel: members.map((own) => ({ utilities: (_day, schedules) => schedules.map((y) => -own(y)), noise })),
    disutility: (schedules) => {
      const flat = schedules.flat();
      return flat.reduce((sum, one) => sum + all(one), 0) / flat.length;
    },
  };
}

/** Deviation of a concern among schedules of one day, over days; 1 where there is none. */
function spreadOf(schedules: readonly (readonly Schedule[])[], f: number): number {
  const variances = schedules.map((ofDay) => {
    const mean = ofDay.reduce((sum, { burden }) => sum + burden[f]!, 0) / ofDay.length;
    return ofDay.reduce((sum, { burden }) => sum + (burden[f]! - mean) ** 2, 0) / (ofDay.length - 1);
  });
  const deviation = Math.sqrt(variances.reduce((sum, variance) => sum + variance, 0) / variances.length);
  return deviation > 0 ? deviation : 1;
}
