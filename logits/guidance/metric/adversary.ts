import type { Rng } from '../../../core/rng.ts';
import { shuffle } from '../../../core/shuffle.ts';

const folds = 5;
/** Of the standardised features, so that columns that hang together do no harm. */
const ridge = 1e-2;
const rounds = 300;

/** The share of pairs of a positive and a negative that a score puts in order; ties count half. NaN where a score is NaN. */
export function auroc(positive: ArrayLike<number>, negative: ArrayLike<number>): number {
  const all = [
    ...Array.from(positive, (score) => ({ score, real: true })),
    ...Array.from(negative, (score) => ({ score, real: false })),
  ];
  if (all.some(({ score }) => Number.isNaN(score))) return Number.NaN;
  all.sort((a, b) => a.score - b.score);
  let wins = 0;
  let below = 0;
  for (let from = 0; from < all.length;) {
    let to = from;
    while (to < all.length && all[to]!.score === all[from]!.score) to++;
    const here = all.slice(from, to);
    const reals = here.filter(({ real }) => real).length;
    wins += reals * (below + (here.length - reals) / 2);
    below += here.length - reals;
    from = to;
  }
  return wins / (positive.length * negative.length);
}

/**
 * How well a logistic regression tells real rows from synthetic ones: area under its curve on rows that it was not fitted on, in five folds. A half is
 * ideal. (STEER's code has gradient-boosted trees in its place.)
 * @param real [N][D], @param synthetic [M][D]
 */
export function adversarialAuroc(real: readonly Float64Array[], synthetic: readonly Float64Array[], rng: Rng): number {
  const rows = [...real, ...synthetic];
  const order = Int32Array.from(rows.keys());
  shuffle(order, rng);
  const scores = new Float64Array(rows.length);
  for (let fold = 0; fold < folds; fold++) {
    const held = (at: number): boolean => at % folds === fold;
    const train = [...order].filter((_, at) => !held(at));
    const score = fitted(
      train.map((i) => rows[i]!),
      train.map((i) => (i < real.length ? 1 : 0)),
    );
    order.forEach((i, at) => {
      if (held(at)) scores[i] = score(rows[i]!);
    });
  }
  return auroc(scores.subarray(0, real.length), scores.subarray(real.length));
}

/** Logistic regression on standardised columns by accelerated gradient descent; the loops of its rounds are written out, as all the time goes there. */
function fitted(rows: readonly Float64Array[], labels: readonly number[]): (row: Float64Array) => number {
  const width = rows[0]!.length;
  const [mean, deviation] = [new Float64Array(width), new Float64Array(width)];
  for (const row of rows) row.forEach((value, d) => (mean[d]! += value / rows.length));
  for (const row of rows) row.forEach((value, d) => (deviation[d]! += (value - mean[d]!) ** 2 / rows.length));
  const standard = (row: Float64Array): Float64Array =>
    row.map((value, d) => (deviation[d]! > 1e-12 ? (value - mean[d]!) / Math.sqrt(deviation[d]!) : 0));
  const x = rows.map(standard);
  const [theta, speed, gradient] = Array.from({ length: 3 }, () => new Float64Array(width + 1)) as [
    Float64Array,
    Float64Array,
    Float64Array,
  ];
  const score = (row: Float64Array): number => {
    let sum = theta[width]!;
    for (let d = 0; d < width; d++) sum += row[d]! * theta[d]!;
    return sum;
  };
  const rate = 4 / (width + 1); // 1/L of a loss whose curvature is at most (D + 1)/4
  for (let round = 0; round < rounds; round++) {
    for (let d = 0; d < width; d++) gradient[d] = ridge * theta[d]!;
    gradient[width] = 0;
    for (let i = 0; i < x.length; i++) {
      const row = x[i]!;
      const error = (1 / (1 + Math.exp(-score(row))) - labels[i]!) / x.length;
      for (let d = 0; d < width; d++) gradient[d]! += error * row[d]!;
      gradient[width]! += error;
    }
    for (let d = 0; d <= width; d++) theta[d]! += speed[d] = 0.9 * speed[d]! - rate * gradient[d]!;
  }
  return (row) => score(standard(row));
}
