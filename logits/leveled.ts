/**
 * `t = (z − mean z)/τ`, τ the mean deviation of z over its alternatives: one shift and one scale for all rows, so that a policy's logits and
 * Q-values come in the same size, no decision moves, and what tells rows apart (V(s)) stays. Where all alternatives are equal τ is 1.
 * @param z [N×K]  @returns [N×K]
 */
export function leveled(z: Float32Array, k: number): Float32Array {
  const { mean, spread } = levelOf(z, k);
  return z.map((value) => (value - mean) / spread);
}

/** Mean of z, and τ. @param z [N×K] */
function levelOf(z: Float32Array, k: number): { readonly mean: number; readonly spread: number } {
  const rows = z.length / k;
  let [all, spread] = [0, 0];
  for (let row = 0; row < rows; row++) {
    const own = z.subarray(row * k, (row + 1) * k);
    const mean = own.reduce((sum, value) => sum + value, 0) / k;
    all += mean / rows;
    spread += Math.sqrt(own.reduce((sum, value) => sum + (value - mean) ** 2, 0) / k) / rows;
  }
  return { mean: all, spread: spread > 0 ? spread : 1 };
}
