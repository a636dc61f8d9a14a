/** One threshold of a detector: the shares of clean and of attacked samples whose score is above it. */
export interface RocPoint {
  readonly falsePositive: number;
  readonly truePositive: number;
}

export interface Roc {
  /** From (0, 0) to (1, 1), thresholds falling. */
  readonly points: readonly RocPoint[];
  /** Probability that an attacked sample scores higher than a clean one, ties counting half; NaN where one kind is missing. */
  readonly area: number;
}

/** The receiver operating characteristic of scores; samples without a score are left out. */
export function roc(clean: ArrayLike<number>, attacked: ArrayLike<number>): Roc {
  const known = (values: ArrayLike<number>): Float64Array =>
    Float64Array.from(values)
      .filter((value) => !Number.isNaN(value))
      .sort();
  const [negative, positive] = [known(clean), known(attacked)];
  const points: RocPoint[] = [{ falsePositive: 0, truePositive: 0 }];
  if (negative.length === 0 || positive.length === 0) return { points, area: Number.NaN };
  let [n, p, area] = [negative.length, positive.length, 0];
  while (n > 0 || p > 0) {
    const score = Math.max(n > 0 ? negative[n - 1]! : -Infinity, p > 0 ? positive[p - 1]! : -Infinity);
    while (n > 0 && negative[n - 1] === score) n--;
    while (p > 0 && positive[p - 1] === score) p--;
    const last = points.at(-1)!;
    const next = { falsePositive: 1 - n / negative.length, truePositive: 1 - p / positive.length };
    area += ((next.falsePositive - last.falsePositive) * (next.truePositive + last.truePositive)) / 2;
    points.push(next);
  }
  return { points, area };
}

/** A curve with at most so many points, both ends among them. */
export function thinned(points: readonly RocPoint[], most: number): readonly RocPoint[] {
  if (points.length <= most) return points;
  return Array.from({ length: most }, (_, k) => points[Math.round((k * (points.length - 1)) / (most - 1))]!);
}
