/*
 * The two gate functions of a recurrent network, from one exponential that is made of additions, multiplications and a table: a district
 * spends half its time here, Math.exp and Math.tanh cost several times as much, and this one has the same bits everywhere.
 */

/** A gate is closed or open to the last bit of a float64 from here on. */
const farthest = 40;
/** Steps of a factor 2 in the table. */
const fine = 8;
const perUnit = fine / Math.LN2;
const most = Math.ceil(farthest * perUnit) + 1;
/** 2^(j/8), correctly rounded. */
const eighths = [
  1,
  1.0905077326652577,
  1.189207115002721,
  1.2968395546510096,
  Math.SQRT2,
  1.5422108254079407,
  1.681792830507429,
  1.8340080864093424,
];
/** 2^((j − most)/8) at j */
const powers = Float64Array.from({ length: 2 * most + 1 }, (_, j) => {
  const exponent = j - most;
  const whole = Math.floor(exponent / fine);
  return eighths[exponent - whole * fine]! * 2 ** whole;
});
/** ln 2 / 8 in two parts, of which the first has few enough bits that a product with a table index is exact. */
const stepHigh = 0.6931471803691238 / fine;
const stepLow = 1.9082149292705877e-10 / fine;

/** e^x within 1e-13 of itself, for x within ±40 (beyond that as at ±40). NaN stays NaN. */
function exponential(x: number): number {
  const bounded = x > farthest ? farthest : x < -farthest ? -farthest : x;
  const j = Math.floor(bounded * perUnit + 0.5);
  // |r| ≤ ln 2 / 16: the series' first missing term is 6e-14. In pairs, so that the processor works on them at the same time.
  const r = bounded - j * stepHigh - j * stepLow;
  const r2 = r * r;
  const series = 1 + r + r2 * (1 / 2 + r * (1 / 6) + r2 * (1 / 24 + r * (1 / 120) + r2 * (1 / 720)));
  return series * powers[j + most]!;
}

/** 1/(1 + e^−x) */
export function sigmoid(x: number): number {
  return 1 / (1 + exponential(-x));
}

/** tanh x = 1 − 2/(e^2x + 1) */
export function hyperbolicTangent(x: number): number {
  return 1 - 2 / (exponential(2 * x) + 1);
}
