/** Spearman's correlation of values without ties. */
export function rankCorrelation(a: readonly number[], b: readonly number[]): number {
  const [ra, rb] = [ranks(a), ranks(b)];
  const mean = (a.length - 1) / 2;
  const over = (x: readonly number[], y: readonly number[]): number =>
    x.reduce((sum, v, i) => sum + (v - mean) * (y[i]! - mean), 0);
  return over(ra, rb) / Math.sqrt(over(ra, ra) * over(rb, rb));
}

function ranks(values: readonly number[]): number[] {
  const order = values.map((_, i) => i).sort((a, b) => values[a]! - values[b]!);
  const rank = Array.from(values, () => 0);
  order.forEach((i, place) => (rank[i] = place));
  return rank;
}
