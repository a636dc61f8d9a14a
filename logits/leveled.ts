/**
 * `t = (z − mean z)/τ`, τ the mean deviation of z over its alternatives: one shift and one scale for all rows, so that a policy's logits and
 * Q-values come in the same size, no decision moves, and what tells rows apart (V(s)) stays. Where all alternatives are equal τ is 1.
 * @param z [N×K]  @returns [N×K]
 */
export function leveled(z: Float32Array, k: number): Float32Array {
  const mean = z.reduce((sum, value) => sum + value, 0) / z.length;
  const spread = spreadOf(z, k);
  return z.map((value) => (value - mean) / spread);
}

/** τ: mean over rows of the deviation of z over its alternatives; 1 where there is none. @param z [N×K] */
export function spreadOf(z: Float32Array, k: number): number {
  const rows = z.length / k;
  let spread = 0;
  for (let row = 0; row < rows; row++) {
    const own = z.subarray(row * k, (row + 1) * k);
    const mean = own.reduce((sum, value) => sum + value, 0) / k;
    spread += Math.sqrt(own.reduce((sum, value) => sum + (value - mean) ** 2, 0) / k) / rows;
  }
  return spread > 0 ? spread : 1;
}
