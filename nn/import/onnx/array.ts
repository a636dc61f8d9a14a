/** Constants of float32 are kept as they are, in half the room; what is computed is float64. */
export type Numbers = Float32Array | Float64Array;

/** A constant or a computed value of a graph, row-major; whole numbers (axes, shapes) too. */
export interface NumberArray {
  readonly dims: readonly number[];
  readonly data: Numbers;
}

/** Product of the dimensions; 1 for a scalar. */
export function sizeOf(dims: readonly number[]): number {
  return dims.reduce((product, size) => product * size, 1);
}

/** `[2, 3]`, for messages. */
export function shapeText(dims: readonly (number | string)[]): string {
  return `[${dims.join(', ')}]`;
}
