import type { ThreatSet } from '../../core/attack.ts';
import type { GradientAccess } from '../../core/victim.ts';
import type { Reach } from './reach.ts';

/**
 * Perturbs each row so that its action comes as near as can be to the one wanted: along the way from the point of the lowest attained
 * action to that of the highest, by bisection. Costs `halvings` decisions a row.
 *
 * Between two bins that the way skips, the nearer of the two that were seen is taken.
 *
 * @param wanted [rows] physical; NaN: the row stays as it is  @param out [rows×O]
 */
export function force(
  x: Float32Array,
  rows: number,
  victim: GradientAccess,
  set: ThreatSet,
  { clean, lowest, highest, low, high }: Reach,
  wanted: Float64Array,
  halvings: number,
  out: Float32Array,
): void {
  const size = x.length / rows;
  const actions = victim.actionSize;
  const from = new Float64Array(rows);
  const to = new Float64Array(rows).fill(1);
  const off = new Float64Array(rows);
  const point = x.slice();
  const action = new Float64Array(rows * actions);
  out.set(x);
  const offer = (row: number, a: number, source: Float32Array): void => {
    const distance = Math.abs(a - wanted[row]!);
    if (!(distance < off[row]!)) return;
    off[row] = distance;
    out.set(source.subarray(row * size, (row + 1) * size), row * size);
  };
  for (let row = 0; row < rows; row++) {
    off[row] = Math.abs(clean[row]! - wanted[row]!);
    offer(row, lowest[row]!, low);
    offer(row, highest[row]!, high);
  }
  for (let k = 0; k < halvings; k++) {
    for (let row = 0; row < rows; row++) {
      if (Number.isNaN(wanted[row]!)) continue;
      const share = (from[row]! + to[row]!) / 2;
      for (let i = row * size; i < (row + 1) * size; i++)
        if (set.free(i)) point[i] = low[i]! + share * (high[i]! - low[i]!);
    }
    set.project(point);
    victim.decide(point, rows, action);
    for (let row = 0; row < rows; row++) {
      if (Number.isNaN(wanted[row]!)) continue;
      const a = action[row * actions]!;
      offer(row, a, point);
      const share = (from[row]! + to[row]!) / 2;
      if (a < wanted[row]!) from[row] = share;
      else to[row] = share;
    }
  }
}
