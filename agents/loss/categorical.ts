import { logSoftmax } from '../../logits/log-softmax.ts';

/**
 * Log-probability of the chosen bins, and the entropy over all, in nats.
 *
 * `log π(a|x) = z_a − log Σ exp z`, `H = −Σ p log p`.
 * @param logits [rows×K], overwritten with log-probabilities  @param action [rows] bins  @param logProb, entropy [rows]
 */
export function categoricalLogProb(
  logits: Float32Array,
  rows: number,
  bins: number,
  action: Float32Array,
  logProb: Float64Array,
  entropy: Float64Array,
): void {
  for (let row = 0; row < rows; row++) {
    const at = row * bins;
    logSoftmax(logits, at, bins, logits);
    let sum = 0;
    for (let i = at; i < at + bins; i++) sum -= Math.exp(logits[i]!) * logits[i]!;
    logProb[row] = logits[at + action[row]!]!;
    entropy[row] = sum;
  }
}

/**
 * Gradient of `L = Σ_rows (slope·log π(a|x) − e·H) / rows` with respect to the logits.
 *
 * `∂log π/∂z_k = 1[k=a] − p_k`, `∂H/∂z_k = −p_k·(log p_k + H)`.
 * @param logProbs [rows×K] of all bins, as `categoricalLogProb` leaves them  @param slope, entropy [rows]  @param gradient [rows×K]
 */
export function categoricalGradient(
  logProbs: Float32Array,
  rows: number,
  bins: number,
  action: Float32Array,
  slope: Float64Array,
  entropy: Float64Array,
  entropyCoefficient: number,
  gradient: Float32Array,
): void {
  for (let row = 0; row < rows; row++) {
    const at = row * bins;
    const chosen = at + action[row]!;
    const own = slope[row]!;
    for (let i = at; i < at + bins; i++) {
      const p = Math.exp(logProbs[i]!);
      const flat = entropyCoefficient * p * (logProbs[i]! + entropy[row]!);
      gradient[i] = ((i === chosen ? own : 0) - own * p + flat) / rows;
    }
  }
}

/** The bin that `u` in [0, 1) falls into, by inverse transform. @param logProbs log-probabilities from `at` on */
export function sampleBin(logProbs: Float32Array, at: number, bins: number, u: number): number {
  let left = u;
  for (let i = 0; i < bins - 1; i++) {
    left -= Math.exp(logProbs[at + i]!);
    if (left < 0) return i;
  }
  return bins - 1;
}
