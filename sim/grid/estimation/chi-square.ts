import { ConfigError } from '../../../core/errors.ts';

/** P(X ≤ x) of a chi-square variable with k degrees of freedom: the regularised incomplete gamma function P(k/2, x/2). */
export function chiSquareCdf(x: number, k: number): number {
  return x <= 0 ? 0 : lowerGamma(k / 2, x / 2);
}

/** The x with P(X ≤ x) = p, by bisection: 0 < p < 1, k ≥ 1. @throws {ConfigError} */
export function chiSquareQuantile(p: number, k: number): number {
  if (!(p > 0 && p < 1)) throw new ConfigError(`a chi-square quantile of ${p}, expected within 0 and 1`);
  if (!(k >= 1)) throw new ConfigError(`a chi-square of ${k} degrees of freedom, expected at least 1`);
  let [low, high] = [0, Math.max(1, 2 * k)];
  while (chiSquareCdf(high, k) < p) high *= 2;
  while (high - low > 1e-13 * high) {
    const middle = (low + high) / 2;
    if (middle === low || middle === high) break;
    if (chiSquareCdf(middle, k) < p) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

/** P(a, x): its series below a + 1, the continued fraction of its complement above. Source: Press et al., "Numerical Recipes", 6.2 */
function lowerGamma(a: number, x: number): number {
  const scale = Math.exp(a * Math.log(x) - x - logGamma(a));
  if (x < a + 1) {
    let [term, sum] = [1 / a, 1 / a];
    for (let n = 1; n < 10_000 && term > sum * 1e-17; n++) {
      term *= x / (a + n);
      sum += term;
    }
    return sum * scale;
  }
  const tiny = 1e-300;
  let b = x + 1 - a;
  let c = 1 / tiny;
  let d = 1 / b;
  let h = d;
  for (let n = 1; n < 10_000; n++) {
    const an = -n * (n - a);
    b += 2;
    d = 1 / (an * d + b || tiny);
    c = b + an / c || tiny;
    h *= d * c;
    if (Math.abs(d * c - 1) < 1e-16) break;
  }
  return 1 - h * scale;
}

/** ln Γ by Lanczos' approximation (g = 7, nine terms): 1e-15. */
function logGamma(x: number): number {
  const terms = [
    0.99999999999980993, 676.5203681218851, -1259.1392167224028, 771.32342877765313, -176.61502916214059,
    12.507343278686905, -0.13857109526572012, 9.9843695780195716e-6, 1.5056327351493116e-7,
  ];
  const t = x + 6.5;
  const sum = terms.reduce((total, c, k) => (k === 0 ? c : total + c / (x - 1 + k)), 0);
  return 0.5 * Math.log(2 * Math.PI) + (x - 0.5) * Math.log(t) - t + Math.log(sum);
}
