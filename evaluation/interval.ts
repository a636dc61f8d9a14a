import { ShapeError } from '../core/errors.ts';

/** A confidence interval of a mean. */
export interface Interval {
  readonly level: number;
  readonly low: number;
  readonly high: number;
}

/** Fewer values than this say too little of their own spread for an interval: the points themselves are shown. */
export const fewestForInterval = 5;

/**
 * Student's interval of a mean: `x̄ ± t_{n−1} s/√n`, or null for fewer than five values.
 *
 * Not a percentile bootstrap, which at five values covers the mean about 83 % of the time instead of 95 %.
 * Source: Student (1908), "The probable error of a mean".
 */
export function meanInterval(values: readonly number[], level = 0.95): Interval | null {
  const n = values.length;
  if (n < fewestForInterval) return null;
  const mean = values.reduce((sum, value) => sum + value, 0) / n;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (n - 1);
  const half = studentQuantile((1 + level) / 2, n - 1) * Math.sqrt(variance / n);
  return { level, low: mean - half, high: mean + half };
}

/**
 * Wilson's 95 % interval of a share, null of no trials at all; level is what normal quantile 1.959964 gives.
 * Source: Wilson (1927), "Probable inference, the law of succession, and statistical inference".
 */
export function wilson(successes: number, trials: number): { readonly low: number; readonly high: number } | null {
  if (trials === 0) return null;
  const z2 = 1.959963984540054 ** 2;
  const share = successes / trials;
  const middle = (share + z2 / (2 * trials)) / (1 + z2 / trials);
  const half = (Math.sqrt(z2) * Math.sqrt((share * (1 - share)) / trials + z2 / (4 * trials ** 2))) / (1 + z2 / trials);
  // Rounding must not leave out what was seen.
  return { low: Math.min(share, Math.max(0, middle - half)), high: Math.max(share, Math.min(1, middle + half)) };
}

/**
 * The value that Student's t with `degrees` of freedom stays under with probability p in [0.5, 1).
 * @throws {ShapeError} for other p, or degrees that are no whole number from 1.
 */
export function studentQuantile(p: number, degrees: number): number {
  if (!(p >= 0.5 && p < 1)) throw new ShapeError(`studentQuantile: p is ${p}, expected 0.5 ≤ p < 1`);
  if (!Number.isInteger(degrees) || degrees < 1)
    throw new ShapeError(`studentQuantile: ${degrees} degrees of freedom, expected an integer from 1`);
  let low = 0;
  let high = 1;
  while (central(high, degrees) < 2 * p - 1) high *= 2;
  for (let i = 0; i < 200 && high - low > 1e-15 * high; i++) {
    const middle = (low + high) / 2;
    if (central(middle, degrees) < 2 * p - 1) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

/**
 * P(|T| < t), by the finite sums for whole degrees of freedom.
 * Source: Abramowitz and Stegun (1964), "Handbook of Mathematical Functions", 26.7.3 and 26.7.4.
 */
function central(t: number, degrees: number): number {
  const angle = Math.atan2(t, Math.sqrt(degrees));
  const cos2 = Math.cos(angle) ** 2;
  const odd = degrees % 2 === 1;
  if (degrees === 1) return (2 * angle) / Math.PI;
  // Odd: cos + 2/3 cos³ + 2·4/(3·5) cos⁵ + …; even: 1 + 1/2 cos² + 1·3/(2·4) cos⁴ + …; up to cos^(degrees − 2).
  let term = odd ? Math.cos(angle) : 1;
  let sum = term;
  for (let power = odd ? 3 : 2; power <= degrees - 2; power += 2) {
    term *= ((power - 1) / power) * cos2;
    sum += term;
  }
  return odd ? (2 / Math.PI) * (angle + Math.sin(angle) * sum) : Math.sin(angle) * sum;
}
