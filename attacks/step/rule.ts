/** How a point moves along a gradient; the search projects afterwards. */
export interface StepRule {
  /**
   * @param position [rows×O] moved in place  @param gradient [rows×O]  @param size [O] step per feature, normalised units
   * @param scale factor on `size` for this step
   */
  move(position: Float64Array, gradient: Float32Array, rows: number, size: Float64Array, scale: number): void;
}
