/**
 * Mean Huber loss of chosen components, and its gradient by all of them.
 *
 * `L = mean h(q_a − y)`, `h(e) = e²/2` for |e| < 1, else `|e| − 1/2`; `∂L/∂q_k = 1[k = a]·clip(e, −1, 1)/rows`.
 *
 * Source: Huber (1964), "Robust Estimation of a Location Parameter"; PyTorch's `smooth_l1_loss` with β = 1.
 * @param q [rows×K]  @param values K  @param chosen [rows] indices a  @param target [rows] y  @param gradient [rows×K] ∂L/∂q
 */
export function huber(
  q: Float32Array,
  rows: number,
  values: number,
  chosen: Float32Array,
  target: Float32Array,
  gradient: Float32Array,
): number {
  gradient.fill(0, 0, rows * values);
  let loss = 0;
  for (let row = 0; row < rows; row++) {
    const at = row * values + chosen[row]!;
    const error = q[at]! - target[row]!;
    const size = Math.abs(error);
    loss += size < 1 ? 0.5 * error * error : size - 0.5;
    gradient[at] = Math.min(1, Math.max(-1, error)) / rows;
  }
  return loss / rows;
}
