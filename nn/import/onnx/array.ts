/** A constant or a computed value of a graph: row-major, in float64 whatever the file's type; whole numbers (axes, shapes) too. */
export interface NumberArray {
  readonly dims: readonly number[];
  readonly data: Float64Array;
}

/** Product of the dimensions; 1 for a scalar. */
export function sizeOf(dims: readonly number[]): number {
  return dims.reduce((product, size) => product * size, 1);
}

/** `[2, 3]`, for messages. */
export function shapeText(dims: readonly (number | string)[]): string {
  return `[${dims.join(', ')}]`;
}
