/** Descriptive statistics of hourly series, for the data sheet and its tests. Series start at the first hour of a day. */

export function sum(values: Float64Array): number {
  return values.reduce((total, value) => total + value, 0);
}

export function mean(values: Float64Array): number {
  return sum(values) / values.length;
}

export function maximum(values: Float64Array): number {
  return values.reduce((a, b) => Math.max(a, b), -Infinity);
}

export function minimum(values: Float64Array): number {
  return values.reduce((a, b) => Math.min(a, b), Infinity);
}

/** Pearson correlation of a [n] with b [n]. */
export function correlation(a: Float64Array, b: Float64Array): number {
  const meanA = mean(a);
  const meanB = mean(b);
  let ab = 0;
  let aa = 0;
  let bb = 0;
  for (let i = 0; i < a.length; i++) {
    ab += (a[i]! - meanA) * (b[i]! - meanB);
    aa += (a[i]! - meanA) ** 2;
    bb += (b[i]! - meanB) ** 2;
  }
  return ab / Math.sqrt(aa * bb);
}

/** Correlation of the series with itself `lag` rows later. */
export function autocorrelation(values: Float64Array, lag: number): number {
  return correlation(values.slice(0, values.length - lag), values.slice(lag));
}

/** Mean of each hour of the day [24] over the rows that `keep` keeps; `hour` is the CityLearn column, 1..24. */
export function dailyProfile(
  values: Float64Array,
  hour: Float64Array,
  keep: (row: number) => boolean = () => true,
): Float64Array {
  const total = new Float64Array(24);
  const count = new Float64Array(24);
  values.forEach((value, row) => {
    if (!keep(row)) return;
    const at = hour[row]! - 1;
    total[at] = total[at]! + value;
    count[at] = count[at]! + 1;
  });
  return total.map((value, at) => value / count[at]!);
}

/** Element-wise sum of series [n]. */
export function total(series: readonly Float64Array[]): Float64Array {
  const result = new Float64Array(series[0]!.length);
  for (const values of series) values.forEach((value, row) => (result[row] = result[row]! + value));
  return result;
}

/** Peak of the sum over the sum of the peaks. */
export function coincidence(series: readonly Float64Array[]): number {
  return maximum(total(series)) / series.reduce((peaks, values) => peaks + maximum(values), 0);
}
