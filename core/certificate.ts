/** Sound bounds on what a controller does anywhere in a box of observations: what an attack is held against. */
export interface ActionCertificate {
  /**
   * @param low, high [rows×O] ends of the boxes  @param lowest, highest [rows×A] physical: every action in a box lies between them
   */
  bounds(low: Float32Array, high: Float32Array, rows: number, lowest: Float64Array, highest: Float64Array): void;
}
