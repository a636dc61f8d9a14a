/** `values` rounded to `decimals` in place: the nearest double to the decimal, so text of that many digits reads back to the same bits. */
export function rounded(values: Float64Array, decimals: number): Float64Array {
  let scale = 1;
  for (let i = 0; i < decimals; i++) scale *= 10;
  for (let i = 0; i < values.length; i++) values[i] = Math.round(values[i]! * scale) / scale + 0; // + 0: no negative zero
  return values;
}

/** The value `hours` later; the year is a ring, so its last hours look into its first ones. */
export function ahead(values: Float64Array, hours: number): Float64Array {
  const shifted = new Float64Array(values.length);
  shifted.set(values.subarray(hours));
  shifted.set(values.subarray(0, hours), values.length - hours);
  return shifted;
}

/** Lead times of the `_predicted_1|2|3` columns, in hours, as in the CityLearn 2022 data. */
export const leads = { 1: 6, 2: 12, 3: 24 } as const;
