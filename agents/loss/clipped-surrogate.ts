/** Means over a minibatch. */
export interface SurrogateStats {
  readonly loss: number;
  /** Schulman's estimate of KL(old ‖ new), `mean((r − 1) − log r)`. */
  readonly kl: number;
  /** Share of rows whose ratio left `1 ± c`. */
  readonly clipped: number;
}

/**
 * PPO's clipped surrogate for any policy that knows its log-probabilities, and its slope in them.
 *
 * `L = −mean min(rÂ, clip(r, 1−c, 1+c)·Â)`, `r = π(a|x)/π_old(a|x)`; `∂(rows·L)/∂log π = −rÂ` where the first is the smaller, else 0.
 *
 * Source: Schulman et al. (2017), "Proximal Policy Optimization Algorithms", eq. 7.
 * @param logProb, oldLogProb, advantage [rows]  @param slope [rows] ∂(rows·L)/∂log π
 */
export function clippedSurrogate(
  logProb: Float64Array,
  oldLogProb: Float64Array,
  advantage: Float32Array,
  rows: number,
  clip: number,
  slope: Float64Array,
): SurrogateStats {
  let loss = 0;
  let kl = 0;
  let clipped = 0;
  for (let row = 0; row < rows; row++) {
    const logRatio = logProb[row]! - oldLogProb[row]!;
    const ratio = Math.exp(logRatio);
    const gain = ratio * advantage[row]!;
    const bounded = Math.min(1 + clip, Math.max(1 - clip, ratio)) * advantage[row]!;
    slope[row] = gain <= bounded ? -gain : 0;
    loss -= Math.min(gain, bounded);
    kl += ratio - 1 - logRatio;
    if (Math.abs(ratio - 1) > clip) clipped++;
  }
  return { loss: loss / rows, kl: kl / rows, clipped: clipped / rows };
}
