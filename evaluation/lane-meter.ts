import { sideChanged } from '../attacks/verdict.ts';
import type { Verdict } from '../attacks/verdict.ts';
import type { LaneResult } from '../core/run.ts';
import type { Feature } from '../core/space.ts';

/** Running success, norms and cost of one attacked lane. */
export interface LaneMeter {
  /**
   * @param clean, seen batches with this lane's row at `offset`
   * @param row of this lane in its group's verdict
   */
  add(clean: Float32Array, seen: Float32Array, offset: number, verdict: Verdict, row: number): void;
  report(): Pick<LaneResult, 'success' | 'norms' | 'constraints'>;
  /** Asked of the victim for this lane so far. */
  readonly queries: number;
  readonly gradients: number;
}

/**
 * @param discrete whether a decision can change (then `success.rate` is a share, else null)
 * @param judged whether the engine could judge decisions at all
 */
export function laneMeter(features: readonly Feature[], discrete: boolean, judged: boolean): LaneMeter {
  const size = features.length;
  const sum = new Float64Array(size);
  const max = new Float64Array(size);
  let steps = 0;
  let linfMax = 0;
  let linfSum = 0;
  let l2Sum = 0;
  let successes = 0;
  let changes = 0;
  let sides = 0;
  let queries = 0;
  let gradients = 0;
  const constraints: Record<string, { bound: number; gaveWay: number }> = {};
  return {
    get queries() {
      return queries;
    },
    get gradients() {
      return gradients;
    },
    add(clean, seen, offset, verdict, row) {
      const linf = verdict.linf[row]!;
      steps++;
      if (linf > linfMax) linfMax = linf;
      linfSum += linf;
      l2Sum += verdict.l2[row]!;
      successes += verdict.success[row]!;
      changes += verdict.actionChange[row]!;
      queries += verdict.queries[row]!;
      gradients += verdict.gradients[row]!;
      if (sideChanged(verdict, row, verdict.action.length / verdict.linf.length)) sides++;
      for (const { name, bound, gaveWay } of verdict.constraints) {
        const counts = (constraints[name] ??= { bound: 0, gaveWay: 0 });
        counts.bound += bound[row]!;
        counts.gaveWay += gaveWay[row]!;
      }
      for (let j = 0; j < size; j++) {
        const delta = Math.abs(seen[offset + j]! - clean[offset + j]!);
        sum[j]! += delta;
        if (delta > max[j]!) max[j] = delta;
      }
    },
    report() {
      const physical: Record<string, { unit: string; mean: number; max: number }> = {};
      features.forEach((feature, j) => {
        const span = Math.abs(feature.high - feature.low);
        physical[feature.name] = { unit: feature.unit, mean: (sum[j]! / steps) * span, max: max[j]! * span };
      });
      return {
        ...(judged
          ? {
              success: {
                rate: discrete ? successes / steps : null,
                meanAbsoluteActionChange: changes / steps,
                sideChangeRate: sides / steps,
              },
            }
          : {}),
        ...(Object.keys(constraints).length === 0 ? {} : { constraints }),
        norms: { linfMax, linfMean: linfSum / steps, l2Mean: l2Sum / steps, physical },
      };
    },
  };
}
