/** Cosine of the angle between the means of two sets of rows [N][D], [M][D]. */
export function centroidSimilarity(a: readonly Float64Array[], b: readonly Float64Array[]): number {
  const [p, q] = [mean(a), mean(b)];
  const dot = (x: Float64Array, y: Float64Array): number => x.reduce((sum, value, d) => sum + value * y[d]!, 0);
  return dot(p, q) / Math.sqrt(dot(p, p) * dot(q, q));
}

function mean(rows: readonly Float64Array[]): Float64Array {
  const sum = new Float64Array(rows[0]!.length);
  for (const row of rows) for (let d = 0; d < sum.length; d++) sum[d]! += row[d]! / rows.length;
  return sum;
}
