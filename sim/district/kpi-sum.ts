/**
 * Adds to the compensated sum at [at, at + 1]; NaN is left out. pandas' rolling sums and group means do the same.
 * Source: Kahan (1965), "Further remarks on reducing truncation errors".
 */
export function addTo(words: Float64Array, at: number, value: number): void {
  if (Number.isNaN(value)) return;
  const sum = words[at]!;
  const y = value - words[at + 1]!;
  const t = sum + y;
  words[at + 1] = t - sum - y;
  words[at] = t;
}

/** The same with every operation in float32, as pandas sums a float32 column by groups. */
export function addSingleTo(words: Float64Array, at: number, value: number): void {
  if (Number.isNaN(value)) return;
  const sum = words[at]!;
  const y = Math.fround(value - words[at + 1]!);
  const t = Math.fround(sum + y);
  words[at + 1] = Math.fround(Math.fround(t - sum) - y);
  words[at] = t;
}

/** What the sum at `at` would be with one more value. */
export function sumWith(words: Float64Array, at: number, value: number): number {
  return Number.isNaN(value) ? words[at]! : words[at]! + (value - words[at + 1]!);
}
