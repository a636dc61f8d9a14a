import type { Recording } from '../core/attack.ts';
import type { DecisionAccess } from '../core/victim.ts';
import type { Head } from '../core/policy.ts';

/** What a module changes on clean rows. */
export function changeOf(
  { observation, lanes, steps }: Recording,
  before: DecisionAccess & { readonly head: Head },
  after: DecisionAccess,
): { readonly decisionsChanged: number; readonly meanAbsoluteActionChange: number } {
  const rows = lanes * steps;
  const x = observation.subarray(0, rows * before.observationSize);
  const was = new Float64Array(rows * before.actionSize);
  const is = new Float64Array(rows * before.actionSize);
  before.decide(x, rows, was);
  after.decide(x, rows, is);
  const { head } = before;
  const [low, high] =
    head.kind === 'categorical' ? [Math.min(...head.values), Math.max(...head.values)] : [head.low[0]!, head.high[0]!];
  const total = was.reduce((sum, value, r) => sum + Math.abs(is[r]! - value), 0);
  return {
    decisionsChanged: was.filter((value, r) => value !== is[r]).length / rows,
    meanAbsoluteActionChange: total / was.length / (high - low),
  };
}
