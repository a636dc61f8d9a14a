import type { ThreatModel } from '../../core/attack.ts';

/**
 * Index in [rows×O] of the first number outside its threat set, −1 when all are inside; of a row whose features are inside one by one but
 * not together, the index of the one that counts most. Written from the definition, not from the sets, so that it can judge them. Norms of
 * a row are summed in float64 and held against 1 without a tolerance: the sets leave room for the rounding.
 */
export function firstOutside(x: Float32Array, point: Float32Array, rows: number, threat: ThreatModel): number {
  const { norm, epsilon, low, high } = threat;
  const features = epsilon.length;
  for (let row = 0, i = 0; row < rows; row++) {
    let sum = 0;
    let most = 0;
    let at = -1;
    for (let j = 0; j < features; j++, i++) {
      const clean = x[i]!;
      const value = point[i]!;
      if (Object.is(value, clean)) continue;
      const change = Math.abs(value - clean);
      const inBall = change <= epsilon[j]! && epsilon[j]! > 0;
      const inBox = value >= Math.min(low[j]!, clean) && value <= Math.max(high[j]!, clean);
      if (!inBall || !inBox) return i;
      const share = change / epsilon[j]!;
      sum += norm === 'l2' ? share * share : norm === 'l1' ? share : norm === 'l0' ? 1 : 0;
      if (share >= most) {
        most = share;
        at = i;
      }
    }
    if (sum > (norm === 'l0' ? (threat.sensors ?? 0) : 1)) return at;
  }
  return -1;
}
